"""The ten behaviours as plain tests, and fixtures that differ from the tutorial's in one thing."""
