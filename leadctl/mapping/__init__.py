"""Turns the cells of a row into a lead, by a profile or by the header."""
