"""The outline runs once, on the word `<title>` itself."""

from pytest_bdd import given, parsers, then


@given(parsers.parse('the title "{title}"'), target_fixture="chosen")
def choose_title(title: str) -> str:
    return title


@then(parsers.parse('the title "{title}" is kept'))
def assert_title(chosen: str, title: str) -> None:
    assert chosen == title
