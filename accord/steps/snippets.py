"""The code of step definitions to begin with, in the way in which a project writes its own."""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from accord.steps.gaps import Gap, Part, escaped, usual_name
from accord.steps.style import Kind, Style

_LONGEST_NAME = 60
_ORDER = ("given", "when", "then", "step")
_RESERVED = {"request", "datatable", "docstring", *keyword.kwlist, *dir(builtins)}
_CUCUMBER_SIGNS = re.compile(r"[\\{}()/]")


@dataclass
class NewSentence:
    """A sentence for which a definition is to be written, with what is known of where it stands."""

    parts: Sequence[Part]
    kinds: set[str]
    """`given`, `when`, `then`, `step` for any."""
    style: Style = field(default_factory=Style)
    """How the definitions beside it are written."""
    others: list[str] = field(default_factory=list)
    """Sentences that its definition must not match."""
    tables: set[bool] = field(default_factory=lambda: {False})
    """Whether there is a table under it; both, where there is one here and none there."""
    texts: set[bool] = field(default_factory=lambda: {False})


def code_of(sentences: Iterable[NewSentence], fixtures: Collection[str] = ()) -> str:
    """Return the code of their definitions, with all that it imports; arguments are not named like fixtures."""
    imports: dict[str, None] = {}
    functions: set[str] = set()
    definitions: list[str] = []
    for sentence in sentences:
        definition = _Definition(sentence, fixtures)
        name = definition.function_name(functions)
        functions.add(name)
        definitions.append(definition.code(name))
        imports.update(dict.fromkeys(definition.imports))
    return "\n\n\n".join(["\n".join(_sorted(imports)), *definitions])


def _sorted(imports: Iterable[str]) -> Iterator[str]:
    """Yield lines of imports, those of one module as one, Python's own first."""
    modules: dict[str, set[str]] = {}
    for line in imports:
        module, _, name = line.partition(" import ")
        modules.setdefault(module, set()).add(name)
    groups: list[list[str]] = [[], [], []]
    for module in sorted(modules):
        of = module.removeprefix("from ")
        group = 0 if of == "datetime" else 1 if of.partition(".")[0] == "pytest_bdd" else 2
        names = ", ".join(sorted(filter(None, modules[module])))
        groups[group].append(f"{module} import {names}" if names else module)
    yield from "\n\n".join("\n".join(group) for group in groups if group).split("\n")


@dataclass
class _Field:
    """A gap as it stands in a sentence's pattern, and as an argument."""

    gap: Gap
    name: str
    kind: Kind | None

    @property
    def annotation(self) -> str:
        if self.kind is not None:
            return self.kind.annotation
        if self.gap.kind == "number":
            return "float" if self.gap.is_decimal else "int"
        return self.gap.kind if self.gap.kind in ("date", "time", "datetime") else "str"

    @property
    def quotes(self) -> tuple[str, str]:
        """What stands around it."""
        is_text = self.gap.kind == "text" and not (self.kind is not None and not self.kind.quote)
        return (self.gap.values[0][0], self.gap.values[0][-1]) if is_text else ("", "")

    @property
    def loose(self) -> str:
        """The expression of what pytest-bdd's `parse` takes for it, which knows no limits of a text."""
        if self.kind is not None:
            return f"(?:{self.kind.expression})"
        return ".+?" if self.gap.kind in ("text", "word", "words") else self.gap.expression

    @property
    def converter(self) -> str | None:
        if self.gap.kind == "number":
            return self.annotation
        if not self.gap.form:
            return None
        parsed = f'lambda text: datetime.strptime(text, "{self.gap.form}")'
        return parsed if self.gap.kind == "datetime" else f"{parsed}.{self.gap.kind}()"


class _Definition:
    """The definition of one sentence."""

    def __init__(self, sentence: NewSentence, fixtures: Collection[str]) -> None:
        self._sentence = sentence
        self._style = sentence.style
        self._kinds = [Kind(**it) for it in sentence.style.kinds]
        self._parts: list[str | _Field] = []
        used = {*_RESERVED, *fixtures}
        for part in sentence.parts:
            if isinstance(part, str):
                self._parts.append(part)
                continue
            name = next(it for it in _names(part) if it not in used)
            used.add(name)
            self._parts.append(_Field(part, name, self._kind(part)))
        self._fields = [part for part in self._parts if isinstance(part, _Field)]
        self._is_expression = bool(self._fields) and self._needs_expression()
        if self._is_expression:
            for it in self._fields:
                it.kind = None

    def _kind(self, gap: Gap) -> Kind | None:
        def takes(kind: Kind) -> bool:
            values = [it[len(kind.quote) : len(it) - len(kind.quote)] for it in gap.values]
            is_quoted = not kind.quote or (gap.kind == "text" and gap.values[0][0] == kind.quote)
            return is_quoted and all(re.fullmatch(kind.expression, it) for it in values)

        return next(filter(takes, self._kinds), None)

    def _needs_expression(self) -> bool:
        """Return whether only a regular expression says what the sentence is, and nothing else."""
        style = self._style.language
        gaps = [it.gap for it in self._fields if it.kind is None]
        empty = ('""', "''", "\u201c\u201d", "\u201e\u201c", "\u201e\u201d", "\u00ab\u00bb", "")
        if style == "re" or any(value in empty for gap in gaps for value in gap.values):
            return True
        if style == "cfparse" and any(":" in gap.form for gap in gaps):
            return True
        if style == "cucumber":
            strange = (it for it in gaps if it.kind not in ("text", "number"))
            is_written = all(re.fullmatch(r"\S+", value) for gap in strange for value in gap.values)
            return not is_written or any(it.quotes not in (("", ""), ('"', '"'), ("'", "'")) for it in self._fields)
        loose = re.compile(
            "".join(
                escaped(it) if isinstance(it, str) else it.quotes[0] + it.loose + it.quotes[1] for it in self._parts
            ),
            re.IGNORECASE,
        )
        return any(loose.fullmatch(other) for other in self._sentence.others)

    @property
    def _factory(self) -> str:
        if self._is_expression and self._style.language != "re":
            return "parsers.re"
        return self._style.factory

    @property
    def imports(self) -> Iterator[str]:
        """The lines that it needs."""
        yield from (f"from pytest_bdd import {kind}" for kind in self._sentence.kinds)
        if self._fields:
            is_own = self._factory == self._style.factory
            yield from self._style.imports if is_own else ["from pytest_bdd import parsers"]
        for it in self._fields:
            if it.kind is not None and it.kind.imported:
                yield it.kind.imported
            elif it.kind is None and it.gap.form:
                yield f"from datetime import {it.gap.kind}"
                if self._is_expression:
                    yield "from datetime import datetime"

    def code(self, name: str) -> str:
        """Return its code."""
        decorators = [f"@{kind}({self._sentence_code()})" for kind in _ORDER if kind in self._sentence.kinds]
        arguments = [f"{it.name}: {it.annotation}" if it.annotation else it.name for it in self._fields]
        for argument, kind, there in (
            ("datatable", "list[list[str]]", self._sentence.tables),
            ("docstring", "str", self._sentence.texts),
        ):
            if True in there:
                arguments.append(f"{argument}: {kind}" + (" | None = None" if False in there else ""))
        head = f"async def {name}({', '.join(arguments)}) -> None:"
        return "\n".join([*decorators, head, "    raise NotImplementedError"])

    def _sentence_code(self) -> str:
        if not self._fields:
            return literal("".join(map(str, self._parts)))
        write: Callable[[str], str] = escaped
        field_of = _of_expression
        if not self._is_expression:
            is_cucumber = self._style.language == "cucumber"
            write, field_of = (_for_cucumber, _of_cucumber) if is_cucumber else (_for_parse, _of_parse)
        pattern = "".join(write(it) if isinstance(it, str) else field_of(it) for it in self._parts)
        code = f"{self._factory}({literal(pattern, is_raw=self._is_expression)})"
        converters = [f'"{it.name}": {it.converter}' for it in self._fields if it.converter and self._is_expression]
        return f"{code}, converters={{{', '.join(converters)}}}" if converters else code

    def function_name(self, used: Collection[str]) -> str:
        """Return a name that is made of the words."""
        words = _identifier(" ".join(it for it in self._parts if isinstance(it, str)))
        if len(words) > _LONGEST_NAME:
            words = words[:_LONGEST_NAME].rpartition("_")[0] or words[:_LONGEST_NAME]
        # A single word may be the name of something else in the module; pytest takes some names for its own.
        if "_" not in words or words.startswith(("test", "pytest")) or not words.isidentifier():
            words = "_".join(filter(None, (next(it for it in _ORDER if it in self._sentence.kinds), words)))
        return next(it for it in _numbered(words) if it not in {*used, *keyword.kwlist, *_ORDER})


def _for_parse(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _of_parse(it: _Field) -> str:
    if it.kind is not None:
        form = it.kind.name
    elif it.gap.kind == "number":
        form = "g" if it.gap.is_decimal else "d"
    else:
        form = it.gap.form
    before, after = it.quotes
    return f"{before}{{{it.name}{':' if form else ''}{form}}}{after}"


def _for_cucumber(text: str) -> str:
    return _CUCUMBER_SIGNS.sub(r"\\\g<0>", text)


def _of_cucumber(it: _Field) -> str:
    return {"text": "{string}", "number": "{float}" if it.gap.is_decimal else "{int}"}.get(it.gap.kind, "{word}")


def _of_expression(it: _Field) -> str:
    before, after = it.quotes
    return f"{before}(?P<{it.name}>{it.gap.expression}){after}"


def _names(gap: Gap) -> Iterator[str]:
    name = _identifier(gap.name)
    if name.isidentifier() and name not in _RESERVED:
        yield name
    yield from _numbered(usual_name(gap.kind))


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _identifier(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text.lower().replace("'", ""))
    return re.sub("_+", "_", "".join(it if f"a{it}".isidentifier() else "_" for it in letters)).strip("_")


def literal(text: str, *, is_raw: bool = False) -> str:
    """Return a text as Python code, in the quotes that need the fewest backslashes."""
    quote = "'" if '"' in text and "'" not in text else '"'
    if is_raw and "\\" in text and quote not in text and text.isprintable() and not text.endswith("\\"):
        return f"r{quote}{text}{quote}"
    # For a text with a double quote in it, `repr` chooses single ones.
    inner = repr(f'"{text}')[2:-1]
    if quote == '"':
        inner = inner.replace("\\'", "'").replace('"', '\\"')
    return f"{quote}{inner}{quote}"
