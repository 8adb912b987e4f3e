"""`accord init --editor`: settings with which VS Code finds the steps of a suite that is there."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accord.basics.files import together
from accord.catalogue.collecting import Collected
from accord.catalogue.editors import folders_of, not_found, parameter_types
from accord.catalogue.sentences import Sentence
from accord.errors import UsageError

SETTINGS, EXTENSIONS = Path(".vscode", "settings.json"), Path(".vscode", "extensions.json")
_EXTENSION = "CucumberOpen.cucumber-official"
_TYPES = "cucumber.parameterTypes"
_INDENT = 4
_MOST_NAMED = 20


@dataclass
class EditorReport:
    """What was written, and what is left to do: lines for people."""

    lines: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return it as the command prints it."""
        return "\n".join(self.lines)


def write_settings(collected: Collected, directory: Path) -> EditorReport:
    """Write settings for the suite that was collected in a directory, and return what was done.

    What the files have stays; one that is not plain JSON is left as it is, and what to add is said. Raises UsageError
    where there is no step definition, and OSError; nothing is written then.
    """
    root, directory = Path(collected.root).resolve(), directory.resolve()
    own = [it for it in collected.sentences if _file(it, root).is_relative_to(directory)]
    if not own:
        raise UsageError(
            f"{directory} has no step definitions yet: `accord init` writes a first suite. Nothing is written."
        )
    report = EditorReport()
    settings = {SETTINGS: _settings(own, root, directory), EXTENSIONS: {"recommendations": [_EXTENSION]}}
    written: dict[Path, str] = {}
    for path, values in settings.items():
        written |= _merge_into(directory, path, values, report.lines)
    if written:
        directory.joinpath(SETTINGS).parent.mkdir(exist_ok=True)
        with together() as files:
            for path, text in written.items():
                files.write(directory / path, [text])
    report.lines += _found(own, root)
    return report


def _file(sentence: Sentence, root: Path) -> Path:
    return root / sentence.place.rpartition(":")[0]


def _settings(sentences: Sequence[Sentence], root: Path, directory: Path) -> dict[str, list[Any]]:
    files = {_file(it, root) for it in sentences}
    glue = [
        f"{it.as_posix()}/**/*.py"
        for it in folders_of((it.parent for it in files if it.parent != directory), directory)
    ]
    # All that is below the root would be an environment too.
    glue += sorted(it.name for it in files if it.parent == directory)
    used = folders_of(
        {root / folder for it in sentences for folder in it.folders} or {directory / "features"}, directory
    )
    features = ["*.feature" if it == Path() else f"{it.as_posix()}/**/*.feature" for it in used]
    types = [{"name": name, "regexp": it} for name, it in parameter_types(sentences).items()]
    return {"cucumber.features": features, "cucumber.glue": glue, **({_TYPES: types} if types else {})}


def _merge_into(directory: Path, path: Path, settings: Mapping[str, list[Any]], lines: list[str]) -> dict[Path, str]:
    """Return the text that a file is to have, if it is another one, and add to the lines what there is to say."""
    file, name = directory / path, path.as_posix()
    text = None
    try:
        text = file.read_bytes().decode("utf-8") if file.exists() else ""
        there = _parsed(text)
        left = list(_merge(there, settings))
        merged = _written(there, text)
    except (ValueError, RecursionError):  # What is no JSON, or no UTF-8, is a ValueError.
        code = json.dumps(settings, indent=_INDENT, ensure_ascii=False)
        lines.append(f"{name} is left as it is, since it has comments or is not plain JSON. Add to it:\n{code}")
        return {}
    lines += [f"{name}: {it}" for it in left]
    if there == _parsed(text):
        lines.append(f"{name} has it all.")
        return {}
    lines.append(f"{'Added to' if text.strip() else 'Written:'} {name}")
    return {path: merged}


def _parsed(text: str) -> dict[str, Any]:
    """Read an object. Raises ValueError where writing it again would lose something."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) < len(pairs):
            raise ValueError("a name is there twice")
        return found

    if not (text := text.removeprefix("\ufeff")).strip():
        return {}
    if not isinstance(found := json.loads(text, object_pairs_hook=once), dict):
        raise ValueError("it is no object")
    return found


def _written(values: Mapping[str, Any], before: str) -> str:
    """Return an object as JSON, in the style of the text that it replaces. Raises ValueError where that cannot be."""
    indent = found[1] if (found := re.search(r"^([ \t]+)\S", before, re.MULTILINE)) else _INDENT
    text = json.dumps(values, indent=indent, ensure_ascii=bool(before) and before.isascii(), allow_nan=False)
    text += "\n" if not before.strip() or before.endswith("\n") else ""
    text.encode()  # Half of a surrogate pair cannot be.
    return ("\ufeff" if before.startswith("\ufeff") else "") + text.replace("\n", "\r\n" if "\r\n" in before else "\n")


def _merge(there: dict[str, Any], settings: Mapping[str, list[Any]]) -> Iterator[str]:
    """Add the settings that are not there, and yield what could not be added."""
    for name, values in settings.items():
        own = there.get(name, [])
        if not isinstance(own, list):
            yield f"`{name}` is not a list, and is left as it is: {json.dumps(values, ensure_ascii=False)}"
            continue
        if name == _TYPES:
            known = {it["name"]: it for it in own if isinstance(it, dict) and isinstance(it.get("name"), str)}
            added = [it for it in values if it["name"] not in known]
            for it in values:
                if known.get(it["name"], it).get("regexp") != it["regexp"]:
                    yield f"the parameter type `{it['name']}` is left as it is; the steps take `{it['regexp']}`."
        else:
            # Names of extensions have no capitals.
            taken = {str(it).lower() for it in (*own, *_unwanted(there))}
            added = [it for it in values if it.lower() not in taken]
        if added:
            there[name] = own + added


def _unwanted(there: Mapping[str, Any]) -> list[Any]:
    unwanted = there.get("unwantedRecommendations", [])
    return unwanted if isinstance(unwanted, list) else []


def _found(sentences: Sequence[Sentence], root: Path) -> Iterator[str]:
    """Yield how many step definitions VS Code finds, and why not the others."""
    others = list(not_found(sentences, root))
    count = f"{len(sentences) - len(others)} of {len(sentences)} step definitions"
    yield f"VS Code finds {count}{', and not these:' if others else '.'}"
    for sentence, reason in others[:_MOST_NAMED]:
        yield f"  {sentence.place}: `{sentence.pattern}`: {reason}"
    if len(others) > _MOST_NAMED:
        yield f"  and {len(others) - _MOST_NAMED} more"
