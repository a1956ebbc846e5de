"""Verifies the chapter on every release that `releases.toml` lists: `python -m matrix run`. Not part of the plugin."""
