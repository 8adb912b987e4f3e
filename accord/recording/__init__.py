"""What happened, written down as Cucumber Messages without secrets, read again, and merged."""
