"""A database for the run: where it comes from, by what it is known, and how it is removed."""
