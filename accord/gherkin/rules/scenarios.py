"""The rules for what a feature, its rules and its scenarios have."""

from collections.abc import Iterator

from accord.gherkin.document import Document, Node
from accord.gherkin.rules.fault import Finding, line_of


def no_then(document: Document) -> Iterator[Finding]:
    """A scenario has a Then, or another step that says what must have happened."""
    for scenario in document.scenarios():
        steps = scenario["steps"]
        # The type that Gherkin gives a keyword, which is the same in every language.
        is_said = any(step["keywordType"] == "Outcome" or _may_be_any(step) for step in steps)
        # Steps that all begin with `*` are of any kind; one that follows a Given or a When is of that one's.
        if steps and not is_said and any(step["keyword"].strip() != "*" for step in steps):
            sentence = "has no Then, so it checks nothing: say what must have happened."
            yield line_of(scenario), f'the scenario "{scenario["name"]}" {sentence}'


def _may_be_any(step: Node) -> bool:
    """Return whether the keyword of a step is that of several kinds, as in some languages."""
    return bool(step["keywordType"] == "Unknown" and step["keyword"].strip() != "*")


def no_steps(document: Document) -> Iterator[Finding]:
    """A scenario has steps."""
    for scenario in document.scenarios():
        if not scenario["steps"]:
            sentence = "has no steps, so it would always pass: write them, or remove it."
            yield line_of(scenario), f'the scenario "{scenario["name"]}" {sentence}'


def leading_and(document: Document) -> Iterator[Finding]:
    """The first step of a scenario is no And or But, unless its background has steps."""
    feature = document.tree["feature"]
    for parent, before in ((feature, False), *((rule, _has_background(feature)) for rule in document.rules())):
        has_background = before or _has_background(parent)
        for child in parent["children"]:
            node = child.get("background") or child.get("scenario")
            follows = before if "background" in child else has_background
            if node and node["steps"] and node["steps"][0]["keywordType"] == "Conjunction" and not follows:
                step = node["steps"][0]
                keyword = step["keyword"].strip()
                yield line_of(step), f"no step is before this {keyword}: begin with a Given, When or Then, or with `*`."


def unnamed(document: Document) -> Iterator[Finding]:
    """A scenario, and a rule, has a name."""
    for kind, nodes in (("scenario", document.scenarios()), ("rule", document.rules())):
        for node in nodes:
            if not node["name"]:
                yield line_of(node), f"a {kind} needs a name: say what is promised."


def duplicate_name(document: Document) -> Iterator[Finding]:
    """A scenario has a name that no other of its rule has, and a rule one that no other rule has."""
    feature = document.tree["feature"]
    for parent in (feature, *document.rules()):
        for kind in ("scenario", "rule"):
            lines: dict[str, int] = {}
            for node in (child[kind] for child in parent["children"] if kind in child):
                line, name = line_of(node), node["name"]
                if name in lines and name:
                    yield (
                        line,
                        f'line {lines[name]} has a {kind} "{name}" too, and only one would be found: rename one.',
                    )
                lines.setdefault(name, line)


def no_scenario(document: Document) -> Iterator[Finding]:
    """A feature, and a rule, has a scenario."""
    for node in (document.tree["feature"], *document.rules()):
        if not any("scenario" in child or "rule" in child for child in node["children"]):
            yield line_of(node), f'"{node["name"]}" has no scenario, so nothing would run: write one, or remove it.'


def _has_background(node: Node) -> bool:
    return any(child["background"]["steps"] for child in node["children"] if "background" in child)
