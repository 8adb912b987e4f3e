"""The catalogue to be read: the sentences by folder of features, and Given, When and Then."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from accord.basics.text import one_line
from accord.catalogue.grouping import grouped
from accord.catalogue.sentences import Sentence, Use


def chosen(sentences: Iterable[Sentence], words: Sequence[str], *, unused: bool) -> list[Sentence]:
    """Return the sentences that have all of these words, in whatever order and capitals; or only those never used."""
    looked_for = [word.casefold() for phrase in words for word in phrase.split()]
    return [it for it in sentences if not (unused and it.uses) and _has(it, looked_for)]


def _has(sentence: Sentence, words: Sequence[str]) -> bool:
    said = [it for found in (*sentence.gaps.values(), *sentence.choices.values()) for it in found]
    example = sentence.example.text if sentence.example else ""
    texts = (sentence.heading, sentence.words, sentence.pattern, sentence.place, example, *sentence.folders, *said)
    text = "\n".join(texts).casefold()
    return all(word in text for word in words)


def listing(sentences: Sequence[Sentence]) -> Iterator[str]:
    """Yield the lines of the catalogue."""
    width = shutil.get_terminal_size((100, 24)).columns
    for folder, headings in grouped(sentences):
        yield one_line(folder)
        for heading, found in headings.items():
            yield f"  {heading}"
            for sentence in found:
                yield from _entry(sentence, folder, width)
        yield ""
    unused = sum(not sentence.uses for sentence in sentences)
    number = len(sentences)
    yield f"{number} sentence{'' if number == 1 else 's'}{f', {unused} of them never used' if unused else ''}."


def _entry(sentence: Sentence, folder: str, width: int) -> Iterator[str]:
    yield f"    {one_line(sentence.words)}"
    names = dict.fromkeys([*sentence.gaps, *sentence.choices])
    rows = [(name, _said(list(sentence.gaps.get(name, ())), sentence.choices.get(name, ()))) for name in names]
    if (example := sentence.example) is not None:
        rows.append(("for example", one_line(f"{example.keyword} {example.text} ({example.place})")))
    rows.append(("defined", one_line(f"{sentence.place}{_used(sentence, folder)}")))
    column = max(len(name) for name, _text in rows) + 2
    for name, text in rows:
        yield from textwrap.wrap(
            text,
            width=max(width, 60),
            initial_indent=f"      {name:{column}}",
            subsequent_indent=" " * (6 + column),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _said(values: Sequence[str], choices: Sequence[str]) -> str:
    """Return what was said in a gap, and what else may be."""
    said, others = (
        ", ".join(one_line(value) or '""' for value in found)
        for found in (values, [choice for choice in choices if choice not in values])
    )
    return "; or ".join(filter(None, (said, others)))


def _used(sentence: Sentence, folder: str) -> str:
    others = [f"{count} of them in {name}" for name, count in sorted(sentence.folders.items()) if name != folder]
    times = "once" if sentence.uses == 1 else f"{sentence.uses} times"
    return ", ".join([f", used {times}", *others]) if sentence.uses else ""


def as_json(sentences: Iterable[Sentence]) -> list[dict[str, Any]]:
    """Return the catalogue as JSON has it; `kind` is `given`, `when`, `then`, or `any` of what is used as several."""
    return [
        {
            "kind": sentence.heading.lower(),
            "words": sentence.words,
            "pattern": sentence.pattern,
            "defined": _place(sentence.place),
            "uses": sentence.uses,
            "folders": dict(sentence.folders),
            "gaps": [
                {"name": name, "values": list(sentence.gaps.get(name, ())), "choices": sentence.choices.get(name)}
                for name in dict.fromkeys([*sentence.gaps, *sentence.choices])
            ],
            "example": _example(sentence.example),
        }
        for sentence in sentences
    ]


def _example(use: Use | None) -> dict[str, Any] | None:
    return None if use is None else {"keyword": use.keyword, "text": use.text, **_place(use.place)}


def _place(place: str) -> dict[str, Any]:
    file, _, line = place.rpartition(":")
    return {"file": file, "line": int(line)}
