"""The whole chapter as one session: what each block finds that stands after the others."""

SECTION = "The chapter as one session"
MODULES = ("claims",)
