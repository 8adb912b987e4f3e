"""What is tested by a run of pytest inside the run."""
