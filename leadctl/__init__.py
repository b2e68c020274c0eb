"""leadctl: a command-line bulk lead importer for outbound dialers."""

__version__ = "0.1.0"
