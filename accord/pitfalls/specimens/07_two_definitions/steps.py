"""Two definitions say the sentence, and one of them is not written yet."""

from pytest_bdd import parsers, then


@then(parsers.parse('the note "{text}" is on the list'))
def assert_listed(text: str) -> None:
    pass


@then(parsers.re('the note "(?P<text>.+)" is on the (?P<place>.+)'))
def assert_on_any_list(text: str, place: str) -> None:
    raise AssertionError(f"{text} is not on the {place}")
