"""Presents the outcome of a run: report, reject file, export, HTML page."""
