"""Our five providers: one file each, all in the same order."""
