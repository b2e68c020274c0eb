"""The configuration: config file, accounts, and where secrets come from."""
