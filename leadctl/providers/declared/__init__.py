"""Providers declared in YAML: the grammar, and the code that runs it."""
