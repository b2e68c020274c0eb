"""Providers that are declared in YAML: the grammar, and what plays it."""
