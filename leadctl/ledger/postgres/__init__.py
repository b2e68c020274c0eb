"""The ledger in PostgreSQL: one truth, pace and lock for several hosts."""
