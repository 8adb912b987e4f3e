"""A module that binds the scenarios."""

from pytest_bdd import scenarios

scenarios("one.feature")
