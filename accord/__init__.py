"""Accord: behaviour-driven acceptance suites that product owners can read and that tell the truth."""
