"""Runs of an import: prepared from a job, performed, taken up again."""
