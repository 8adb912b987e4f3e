"""SQL is shown without its values, and so is what an error of the database repeats of them."""

import pytest

from accord.recording.redaction.sql import without_details, without_literals


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT 'x''y', E'a\\'b', e'\\\\', 'c'", "SELECT ?, ?, ?, ?"),
        ("SELECT U&'d\\0061', u&'x', B'101', x'1F', N'n'", "SELECT ?, ?, ?, ?, ?"),
        ("SELECT $$do'llar$$, $a$b$c$b$a$, $1::VARCHAR(20), $2", "SELECT ?, ?, $1::VARCHAR(?), $2"),
        ("SELECT 1, 1.5e-3, .5, 1_000, 0xFF, -7, t1.c2, \"3\"", 'SELECT ?, ?, ?, ?, ?, -?, t1.c2, "3"'),
        ("SELECT a->>'key', date'2026-01-01', :name, %(name)s", "SELECT a->>?, date?, :name, %(name)s"),
        ("SELECT \"we'ird\", U&\"i'd\", a$1 FROM b", "SELECT \"we'ird\", U&\"i'd\", a$1 FROM b"),
        ("SELECT 1 -- user='bob'\nFROM a /* 'x' /* y */ z */ LIMIT 3", "SELECT ? \nFROM a  LIMIT ?"),
        ("SELECT 'never closed", "SELECT ?"),
        ("SELECT $a$ never closed $b$", "SELECT ?"),
        ("SELECT 1 /* never closed", "SELECT ? "),
        ("SELECT 'a' 'b'\n'c'", "SELECT ? ?\n?"),
    ],
)  # fmt: skip
def test_a_statement_is_shown_without_its_values(statement: str, shown: str) -> None:
    assert without_literals(statement) == shown


REPEATED = {
    "a key": "DETAIL:  Key (email, lower(a::text))=(s3cret@b.c, x) already exists.",
    "a key that refers": 'DETAIL:  Key (a)=(s3cret) is not present in table "b".',
    "two keys": "Key (a, b)=(1, [s3cret,2)) conflicts with existing key (a, b)=(1, [s3cret,9)).",
    "a row": "DETAIL:  Failing row contains (1, s3(c)ret, null, two\nlines of s3cret).",
    "a number": 'invalid input syntax for type integer: "s3"cret"',
    "an enum": 'invalid input value for enum colour: "s3cret"',
    "a date": 'date/time field value out of range: "s3cret"',
    "an array": 'malformed array literal: "s3cret"',
    "a range": 'value "s3cret" is out of range for type integer',
    "an argument": "invalid input for query argument $1: 's3cret' ('str' object cannot be interpreted as an integer)",
    "an argument of several": (
        "invalid input for query argument $2 in element #0 of executemany() sequence: 's3cret' (an integer is required)"
    ),
    "a statement": (
        "[SQL: SELECT 's3cret', ARRAY[1,\n2]\n]\n[parameters: ('s3cret', 's3]cret')]\n(Background on this error at: x)"
    ),
    "a statement as pytest shows it": (
        "E   [SQL: SELECT 's3cret'\nE   FROM a]\nE   [parameters: {'a': 's3cret'}]\nE   (Background on this error at:"
    ),
    "a statement alone": "x\n[SQL: SELECT 's3cret']\ny",
    "what Python wrote of it": repr("a\n[SQL: SELECT \"a\" = 's3cret']\n[parameters: ('s3cret',)]\n(Background on"),
    "JSON": 'DETAIL:  Token "s3cret" is invalid.\nCONTEXT:  JSON data, line 1: {"a": s3cret...',
    "a line": "syntax error at or near \"SELCT\"\nLINE 1: SELCT 's3cret'",
    "a function": "CONTEXT:  SQL statement \"INSERT INTO a VALUES ('s3cret')\"",
}  # fmt: skip


@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_what_an_error_repeats_is_hidden(text: str) -> None:
    shown = without_details(f"before\n{text}\nafter")
    assert "s3cret" not in shown
    assert shown.startswith("before\n")
    assert shown.endswith("\nafter")


@pytest.mark.parametrize(
    "text",
    [
        'duplicate key value violates unique constraint "user_email_key"',
        'syntax error at or near "SELCT"',
        "The key (A) is pressed. Key (1) and so on",
        "invalid value: use another, it is out of range",
        'null value in column "name" of relation "user" violates not-null constraint',
    ],
)
def test_what_an_error_says_beside_values_is_shown(text: str) -> None:
    assert without_details(text) == text
