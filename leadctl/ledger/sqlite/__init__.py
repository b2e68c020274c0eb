"""The ledger as one SQLite file, with its key and its locks beside it."""
