"""Sends batches to a provider and decides what is sent again."""
