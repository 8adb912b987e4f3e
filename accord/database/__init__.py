"""A database for the run: where it comes from, how it is recognised, and how it is removed."""
