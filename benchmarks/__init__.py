"""Measurements against what users would write or take instead: `make bench`."""
