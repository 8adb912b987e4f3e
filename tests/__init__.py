"""Tests of Accord itself."""
