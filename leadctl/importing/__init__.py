"""Checks the rows of a job's files and hands the accepted leads to delivery."""
