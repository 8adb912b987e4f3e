"""Any feature file is read, or is wrong in a sentence: no rule fails on it.

As in `test_any_input`, `ACCORD_FUZZ_SECONDS=60` has other examples drawn for so long.
"""

import tempfile
from pathlib import Path

from gherkin.dialect import DIALECTS
from hypothesis import strategies as st

from accord.compat.pytest_bdd import GherkinParseError
from accord.errors import EmptyFeatureError
from accord.gherkin.document import Document, read
from accord.gherkin.names import node_ids
from accord.gherkin.rules.catalogue import CHECKS
from accord.gherkin.rules.switches import comments
from accord.gherkin.rules.syntax import syntax_fault
from tests.hostile.test_any_input import explored

LINES = [
    *["Feature: It", "Rule: One", "Background:", "Scenario: One", "Scenario Outline: <a>", "Examples:", "Example: (a+"],
    *["Given <a> and <b>", "When it is", "Then it is", "And it is", "* it is", "Gven it", "given it", "Given: it"],
    *[
        "Scenaro: One",
        "Backgroud:",
        "| a | b |",
        "| a | a |",
        "| 1 | 2 |",
        "| <b> | \\ |",
        '"""',
        "```",
        "@a @b:c(",
        "@",
    ],
    *[
        "# accord: ignore[no-then]",
        "# accord: ignore[x",
        "# accord:",
        "# language: de",
        "Szenario: Eins",
        "",
        " ",
        "prose",
    ],
]
PIECES = st.sampled_from([*LINES, *(word for it in DIALECTS.values() for word in it["given"])]) | st.text(max_size=20)
FEATURES = st.lists(st.tuples(st.sampled_from(["", "  ", "\t", "\u00a0"]), PIECES).map("".join), max_size=30)


def read_or_wrong(file: Path) -> Document | str:
    try:
        return read(file, "it.feature")
    except GherkinParseError as error:
        return syntax_fault(error, file.read_text(encoding="utf-8-sig")).sentence
    except (EmptyFeatureError, UnicodeDecodeError):
        return "of such a file no rule has to say anything"


@explored(lines=FEATURES, has_title=st.booleans())
def test_any_feature_is_read_or_wrong_in_a_sentence(lines: list[str], has_title: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "it.feature")
        file.write_text("\n".join(["Feature: It"] * has_title + lines), encoding="utf-8", errors="surrogatepass")
        document = read_or_wrong(file)
    if isinstance(document, str):
        assert document
        return
    last = document.text.count("\n") + 1
    for check in CHECKS:
        for line, sentence, *_fix in check(document):
            assert 0 < line <= last
            assert sentence
            assert all(it in document.scenarios() for it in document.concerned(line))
    for comment in comments(document):
        assert comment.line in range(1, last + 1)
    nodes = [node for _id, node in node_ids(document.uri, document.tree["feature"])]
    assert len(nodes) == len(set(nodes)) == len(document.pickles())
