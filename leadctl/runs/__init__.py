"""Runs of an import: prepared from a job, performed, resumed."""
