"""Checks of the configuration, the installation and the accounts."""
