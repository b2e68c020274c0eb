"""What builds documents and makes test data; not shipped."""
