"""The ten behaviours under Accord."""
