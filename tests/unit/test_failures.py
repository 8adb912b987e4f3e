"""What an error says is its own text, however long that is."""

from accord.basics.failures import named, text_of


def test_what_an_error_says_is_its_own_text_where_it_has_one() -> None:
    assert text_of(ValueError("a\nb")) == "a\nb"
    assert text_of(ValueError("a"), repr) == "ValueError('a')"
    assert named(ValueError("a\nb")) == "ValueError: a"
    assert named(ValueError()) == "ValueError"
    assert len(named(ValueError("a" * 1000))) < 250
