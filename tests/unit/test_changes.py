"""What changed between two runs."""

from pathlib import Path

from accord.living_docs.changes import changes
from tests.helpers.documents import document
from tests.helpers.recording import Outcome


def scenarios(*names: str) -> str:
    return "".join(f"  Scenario: {name}\n    * {name}\n" for name in names)


def test_what_changed_is_shown(stream: Path) -> None:
    before = document(
        stream,
        "Feature: It\n" + scenarios("stays", "breaks", "is mended", "has other words", "has other steps", "goes"),
        {"is mended": Outcome("FAILED", "no")},
    )
    text = scenarios("stays", "breaks", "is mended", "is said otherwise", "has other steps", "comes", "came too")
    text = text.replace("* is said otherwise", "* has other words").replace("* has other steps", "* has better steps")
    after = document(stream, "Feature: It\n" + text, {"breaks": Outcome("FAILED", "no")})
    found = changes(before, after)
    assert [pickle.name for pickle in found.newly_broken] == ["breaks"]
    assert [pickle.name for pickle in found.fixed] == ["is mended"]
    assert {(pair.was.name, pair.now.name) for pair in found.reworded} == {
        ("has other words", "is said otherwise"),
        ("has other steps", "has other steps"),
        ("goes", "comes"),
    }
    assert [(pair.lost, pair.gained) for pair in found.reworded if pair.was.name == pair.now.name] == [
        (["* has other steps"], ["* has better steps"])
    ]
    assert [pickle.name for pickle in found.new] == ["came too"]
    assert found.gone == []
    assert found.sentence() == "1 newly broken, 1 fixed, 1 new, 3 reworded"


def test_what_is_gone_is_shown_and_what_is_the_same_is_not(stream: Path) -> None:
    before = document(stream, "Feature: It\n" + scenarios("stays", "goes"))
    after = document(stream, "Feature: It\n" + scenarios("stays"))
    assert [pickle.name for pickle in changes(before, after).gone] == ["goes"]
    assert changes(after, after).sentence() == "nothing"
