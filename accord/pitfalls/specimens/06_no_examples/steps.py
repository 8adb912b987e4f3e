"""The outline runs once, on the word `<title>` itself."""

from pytest_bdd import given, parsers, then


@given(parsers.parse('the title "{title}"'), target_fixture="kept")
def _(title: str) -> str:
    return title


@then(parsers.parse('the title "{title}" is kept'))
def _(kept: str, title: str) -> None:
    assert kept == title
