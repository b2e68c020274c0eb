"""Reads a file of leads, whatever its format, as blocks of rows."""
