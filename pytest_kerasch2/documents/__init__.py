"""A reader's own document: Markdown, a notebook or a script, read block by block, explained and repaired."""
