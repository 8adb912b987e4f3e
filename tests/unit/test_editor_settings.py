"""Settings for VS Code: what a file of them has stays, and what it has not is added, or said."""

import json
from pathlib import Path

import pytest

from accord.catalogue.collecting import Collected
from accord.catalogue.editors import folders_of, parameter_types
from accord.catalogue.sentences import Sentence
from accord.scaffold.editor import write_settings

TITLE = Sentence('the task "{title}"', "steps/tasks.py:3", "given", expressions={"title": ".+?"})
ALL = {
    "cucumber.features": ["features/**/*.feature"],
    "cucumber.glue": ["steps/**/*.py"],
    "cucumber.parameterTypes": [{"name": "title", "regexp": ".+?"}],
}


def write(folder: Path) -> str:
    """Write the settings of a suite with one step definition, and return what is said of it."""
    return str(write_settings(Collected(root=str(folder), sentences=[TITLE]), folder))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The settings of somebody."""
    (tmp_path / ".vscode").mkdir()
    return tmp_path / ".vscode" / "settings.json"


def test_settings_that_are_there_stay(tmp_path: Path, file: Path) -> None:
    mine = (
        '\ufeff{\r\n\t"editor.tabSize": 3,\r\n\t"cucumber.glue": ["mine/*.py"],\r\n\t"cucumber.parameterTypes": '
        '[{"name": "title", "regexp": "é"}],\r\n\t"cucumber.features": "mine"\r\n}'
    )
    file.write_bytes(mine.encode())
    said = write(tmp_path)
    text = file.read_bytes().decode()
    assert json.loads(text.removeprefix("\ufeff")) == {
        "editor.tabSize": 3,
        "cucumber.glue": ["mine/*.py", "steps/**/*.py"],
        "cucumber.parameterTypes": [{"name": "title", "regexp": "é"}],
        "cucumber.features": "mine",
    }
    assert ".vscode/settings.json: `cucumber.features` is not a list, and is left as it is: " in said
    assert ".vscode/settings.json: the parameter type `title` is left as it is; the steps take `.+?`." in said
    # In the style in which it is written.
    assert text.startswith('\ufeff{\r\n\t"editor.tabSize": 3,\r\n')
    assert text.replace("\r\n", "").count("\n") == 0
    assert text.endswith("}")


def test_an_extension_that_is_not_wanted_is_not_recommended(tmp_path: Path, file: Path) -> None:
    other = '{"unwantedRecommendations": ["cucumberopen.cucumber-official"]}'
    file.with_name("extensions.json").write_text(other, encoding="utf-8")
    assert ".vscode/extensions.json has it all." in write(tmp_path)
    assert file.with_name("extensions.json").read_text(encoding="utf-8") == other
    assert json.loads(file.read_text(encoding="utf-8")) == ALL


UNREADABLE = {
    "comments": b'{\n  // Mine.\n  "a": 1\n}\n',
    "a comma too many": b'{"a": 1,}',
    "a name twice": b'{"a": 1, "a": 2}',
    "a list": b"[]",
    "no UTF-8": b'{"a": "\xff"}',
    "no number": b'{"a": NaN}',
    "a number that is too large": b'{"a": 1e999}',
    "half an emoji": '{"é": "\\ud83d"}'.encode(),
    "brackets without end": b'{"a": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_settings_that_are_not_plain_json_are_left_and_what_to_add_is_said(
    tmp_path: Path, file: Path, text: bytes
) -> None:
    file.write_bytes(text)
    said = write(tmp_path)
    assert file.read_bytes() == text
    before, _, code = said.partition("Add to it:\n")
    assert before == ".vscode/settings.json is left as it is, since it has comments or is not plain JSON. "
    assert json.loads(code.partition("\n}\n")[0] + "}") == ALL
    recommended = json.loads(file.with_name("extensions.json").read_text(encoding="utf-8"))
    assert recommended == {"recommendations": ["CucumberOpen.cucumber-official"]}


def test_an_empty_file_is_one_without_settings(tmp_path: Path, file: Path) -> None:
    file.write_text("\n", encoding="utf-8")
    write(tmp_path)
    assert json.loads(file.read_text(encoding="utf-8")) == ALL


def test_a_field_takes_what_it_takes_in_any_sentence() -> None:
    sentences = [
        Sentence("it is {state}", "a.py:1", expressions={"state": "x"}, choices={"state": ["open", "in (progress)"]}),
        Sentence("mail is {state}", "a.py:2", expressions={"state": "y"}, choices={"state": ["up", "open"]}),
        Sentence("{n:d} of {day}", "a.py:3", expressions={"n:d": r"\d+", "day": r"(?P<d>\d)"}),
        Sentence("it costs {price:.2f}", "a.py:4", expressions={"price:.2f": r"\d"}),
    ]
    assert parameter_types(sentences) == {"day": ".+", "n:d": r"\d+", "state": r"open|in \(progress\)|up"}


def test_folders_are_as_far_in_as_they_can_be(tmp_path: Path) -> None:
    found = [tmp_path / it for it in ("features/a", "features/b/c", "tests/bdd/steps", "..")]
    assert folders_of(found, tmp_path) == [Path("features"), Path("tests/bdd/steps")]
    assert folders_of([tmp_path], tmp_path) == [Path()]
