"""The command `kerasch2` of this working copy, for interpreters in which it is not installed."""

import sys

from pytest_kerasch2 import cli

if __name__ == "__main__":
    sys.exit(cli.main())
