"""Phone numbers: from a cell as people write it to one person's number, or a reason."""
