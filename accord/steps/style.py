"""How a project writes its step definitions: by which parser, imported how, and with which kinds of arguments."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from accord.basics.source import defined_at
from accord.compat.pytest_bdd import StepDefinition, is_of_pytest_bdd, kinds_of, language_of

_FIELD = re.compile(r"""(["']?)\{(\w+):(\w+)\}""")
_OF_CUCUMBER = re.compile(r"\{(?:string|int|float|word)\}")
_BUILTIN = ("str", "int", "float", "bool", "list[str]")


@dataclass
class Style:
    """How a project writes its step definitions; of builtin types, since it travels from a worker of pytest-xdist."""

    factory: str = "parsers.parse"
    """What makes the parser, as the step modules call it."""
    imports: list[str] = field(default_factory=lambda: ["from pytest_bdd import parsers"])
    """The lines by which they import that."""
    language: str = "parse"
    """What its sentences are written in: `parse`, `cfparse`, `re` or `cucumber`."""
    kinds: list[dict[str, str]] = field(default_factory=list)
    """The kinds of arguments that all of them know, the most used first: as `Kind` has them."""


@dataclass(frozen=True)
class Kind:
    """A kind of argument that a project has: `{title:Text}`."""

    name: str
    expression: str
    """What it takes."""
    quote: str
    """The quote that stands before it in sentences; nothing where it takes those too."""
    annotation: str
    """How functions annotate it, and by which line that is imported; nothing where that is not known."""
    imported: str


def style_of(definitions: Iterable[StepDefinition]) -> Style:
    """Return how most of these step definitions are written; of as many, the last."""
    found: defaultdict[str, dict[int, StepDefinition]] = defaultdict(dict)
    uses: Counter[str] = Counter()
    for definition in definitions:
        if is_of_pytest_bdd(definition) or not (language := language_of(definition.parser)):
            continue
        factory = _factory(definition) or f"parsers.{language}"
        found[factory][id(definition)] = definition
        uses[factory] += 1
    for _uses, _last, factory in sorted(((uses[it], last, it) for last, it in enumerate(uses)), reverse=True):
        own = list(found[factory].values())
        languages = Counter(_language(definition) for definition in own)
        [(language, _count), *_] = languages.most_common(1)
        if language != "other":
            return Style(factory, _imports(factory, own[-1].function), language, [vars(it) for it in _kinds(own)])
    return Style()


def _language(definition: StepDefinition) -> str:
    language = language_of(definition.parser)
    return "cucumber" if language == "other" and _OF_CUCUMBER.search(definition.parser.name) else language


def _kinds(definitions: list[StepDefinition]) -> Iterator[Kind]:
    known = [kinds_of(definition.parser) for definition in definitions]
    common = {name: it for name, it in known[0].items() if all(name in other for other in known)}
    uses: Counter[tuple[str, str]] = Counter()
    annotations: dict[str, tuple[str, str]] = {}
    for definition in definitions:
        for quote, name, kind in _FIELD.findall(definition.parser.name) if common else ():
            uses[kind, quote] += 1
            annotations.setdefault(kind, _annotation(definition.function, name))
    for (kind, quote), _count in uses.most_common():
        if expression := str(getattr(common.get(kind), "pattern", "")):
            annotation, imported = annotations[kind]
            returned = getattr(getattr(common[kind], "__annotations__", {}).get("return"), "__name__", "")
            if not annotation and returned in _BUILTIN:
                annotation = returned
            yield Kind(kind, expression, quote, annotation, imported)


@dataclass(frozen=True)
class _Module:
    """What is used of a step module's source."""

    imports: dict[str, str]
    """By the name that it binds, each line that imports one."""
    levels: dict[str, int]
    functions: dict[int, ast.FunctionDef | ast.AsyncFunctionDef]
    """By the line of the first decorator."""


@lru_cache(maxsize=500)
def _module(file: str) -> _Module:
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):  # It may be in an archive, or written by a program.
        return _Module({}, {}, {})
    imports: dict[str, str] = {}
    levels: dict[str, int] = {}
    functions = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in node.names:
                of = f"{node.module or ''}" if isinstance(node, ast.ImportFrom) else ""
                bound = name.asname or name.name.partition(".")[0]
                named = f"{name.name} as {name.asname}" if name.asname else name.name
                imports[bound] = f"from {of} import {named}" if isinstance(node, ast.ImportFrom) else f"import {named}"
                levels[bound] = node.level if isinstance(node, ast.ImportFrom) else 0
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            functions[node.decorator_list[0].lineno] = node
    return _Module(imports, levels, functions)


def _factory(definition: StepDefinition) -> str | None:
    """Return what makes a definition's parser, as it stands in the decorator: `parsers.parse`."""
    file, line = defined_at(definition.function)
    node = _module(file).functions.get(line)
    calls = [it for it in (node.decorator_list if node else ()) if isinstance(it, ast.Call)]
    named = [[*it.args, *(word.value for word in it.keywords if word.arg == "name")] for it in calls]
    makers = [first for first, *_ in filter(None, named) if isinstance(first, ast.Call)]
    # Of several decorators it is the one with the sentence, unless no one can tell by that.
    own = [it for it in makers if it.args and getattr(it.args[0], "value", None) == definition.parser.name]
    return next((ast.unparse(it.func) for it in own or makers), None)


def _annotation(function: Callable[..., object], name: str) -> tuple[str, str]:
    file, line = defined_at(function)
    node = _module(file).functions.get(line)
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs] if node else []
    annotation = next((it.annotation for it in arguments if it.arg == name), None)
    if annotation is None:
        return "", ""
    text = ast.unparse(annotation)
    imported = _imported(text, function)
    return (text, imported) if imported or text in _BUILTIN else ("", "")


def _imports(factory: str, function: Callable[..., object]) -> list[str]:
    if line := _imported(factory, function):
        return [line]
    root, module = factory.partition(".")[0], function.__module__
    if root == "parsers":
        return ["from pytest_bdd import parsers"]
    # What a conftest has itself cannot be imported from it.
    return [] if module.rpartition(".")[2] == "conftest" else [f"from {module} import {root}"]


def _imported(expression: str, function: Callable[..., object]) -> str:
    """Return the line by which the module of a function imports a name; nothing where it has it otherwise."""
    module, root = _module(defined_at(function)[0]), re.split(r"\W", expression, maxsplit=1)[0]
    line = module.imports.get(root, "")
    if level := module.levels.get(root, 0):
        package = function.__module__.rsplit(".", level)[0]
        of, _, names = line.removeprefix("from ").partition(" import ")
        return f"from {'.'.join(filter(None, (package, of)))} import {names}"
    return line
