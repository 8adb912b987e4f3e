"""A run that holds its database until its input ends, so that the server runs all the while."""

import sys


def test_holds_its_database(database_url: str) -> None:
    print("", database_url, sep="\n", flush=True)
    assert sys.__stdin__
    sys.__stdin__.read()
