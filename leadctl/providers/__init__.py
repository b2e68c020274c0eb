"""Our six providers: one file each, all in the same order."""
