"""What the figures in README and docs were measured with; anyone can run them."""
