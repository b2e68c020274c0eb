"""What every package shares: leads, outcomes, errors, lead fields, clock, files."""
