"""What the documents tell: chapters of features, their rules and scenarios, what became of each, and the evidence."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import cached_property


class State(Enum):
    """What became of a promise, the worst first."""

    BROKEN = "broken"
    UNMADE = "not yet made"
    UNRUN = "not run"
    KEPT = "kept"

    @property
    def key(self) -> str:
        """One word, for addresses and style sheets."""
        return self.name.lower()


badness = list(State).index
IN_THE_SENTENCE = (State.KEPT, State.BROKEN, State.UNMADE, State.UNRUN)
STATES = {
    "PASSED": State.KEPT,
    "FAILED": State.BROKEN,
    "AMBIGUOUS": State.BROKEN,
    "PENDING": State.UNMADE,
    "UNDEFINED": State.UNMADE,
    "SKIPPED": State.UNRUN,
    "UNKNOWN": State.UNRUN,
}

Table = list[list[str]]


@dataclass(slots=True)
class Written:
    """A step as its feature says it, of an outline as one row of the examples says it."""

    keyword: str
    text: str
    table: Table | None = None
    doc: str | None = None
    background: bool = False
    hook: bool = False


@dataclass(slots=True)
class Evidence:
    """What a step attached."""

    media_type: str
    body: str
    base64: bool = False
    name: str = ""
    url: str = ""


@dataclass(slots=True)
class Failure:
    """Why a step, a hook or the run failed, and where that came to light."""

    message: str
    trace: str = ""

    @property
    def first_line(self) -> str:
        """What it says first; after a colon, what follows it too."""
        first, second, *_ = [*filter(str.strip, self.message.splitlines()), "", ""]
        return f"{first.strip()} {second.strip()}" if first.endswith(":") else first.strip()


@dataclass(slots=True)
class Step:
    """A step as it ran."""

    written: Written
    status: str = "UNKNOWN"
    seconds: float = 0.0
    failure: Failure | None = None
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What became of the step."""
        return STATES[self.status]

    @property
    def notable(self) -> bool:
        """Whether there is more to tell than that it was kept."""
        return self.state is not State.KEPT or bool(self.evidence)


@dataclass(eq=False)
class Run:
    """A test case as it ran: its last attempt, and why the ones before that failed."""

    steps: list[Step]
    seconds: float | None = None
    started: bool = False
    finished: bool = False
    earlier: list[str] = field(default_factory=list)

    @cached_property
    def state(self) -> State:
        """The worst of its steps; one that never came to its end was not run."""
        worst = min((step.state for step in self.steps), key=badness, default=State.UNRUN)
        return worst if self.finished or worst is State.BROKEN else State.UNRUN

    @property
    def reason(self) -> str:
        """What to say besides the state."""
        if not self.started:
            return "never started"
        if not self.finished:
            return "never finished"
        if not self.steps:
            return "it has no steps"
        return "" if (worst := self.worst) is None or worst.status in ("FAILED", "UNKNOWN") else worst.status.lower()

    @property
    def worst(self) -> Step | None:
        """The first of the steps that made it what it is, unless it was kept."""
        found = min(self.steps, key=lambda step: badness(step.state), default=None)
        return None if found is None or found.state is State.KEPT else found


@dataclass(eq=False)
class Promise:
    """A scenario, or an outline with one row of its examples."""

    scenario: "Scenario"
    steps: list[Written]
    tags: list[str]
    cells: list[str] | None = None
    runs: list[Run] = field(default_factory=list)
    slug: str = ""

    @cached_property
    def run(self) -> Run | None:
        """The worst of its runs."""
        return min(self.runs, key=lambda run: badness(run.state), default=None)

    @property
    def state(self) -> State:
        """What became of it; one that no test case stands for was not run."""
        return self.run.state if self.run else State.UNRUN

    @property
    def reason(self) -> str:
        """What to say besides the state."""
        return self.run.reason if self.run else "deselected"

    @property
    def seconds(self) -> float | None:
        """How long it took, all runs together."""
        times = [run.seconds for run in self.runs if run.seconds is not None]
        return sum(times) if times else None

    @property
    def name(self) -> str:
        """What it is called, with its row of the examples."""
        return f"{self.scenario.name} ({', '.join(self.cells)})" if self.cells is not None else self.scenario.name

    @property
    def notable(self) -> bool:
        """Whether there is more to tell of its runs than that they kept it."""
        return len(self.runs) > 1 or any(run.earlier or any(step.notable for step in run.steps) for run in self.runs)

    @property
    def path(self) -> list[str]:
        """Where it stands: chapter, feature, rule, its own name."""
        rule, feature = self.scenario.rule, self.scenario.feature
        return [name for name in (feature.chapter, feature.name, rule and rule.name, self.name) if name] or ["Unnamed"]


@dataclass(slots=True)
class Examples:
    """A table of examples; each row is a promise, unless no pickle came of it."""

    keyword: str
    name: str
    description: str
    tags: list[str]
    header: list[str]
    rows: list[tuple[list[str], list[Promise]]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Scenario:
    """A scenario or an outline."""

    feature: "Feature"
    rule: "Rule | None"
    keyword: str
    name: str
    description: str
    tags: list[str]
    steps: list[Written]
    examples: list[Examples] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    slug: str = ""

    @property
    def state(self) -> State:
        """The worst of its promises."""
        return min((promise.state for promise in self.promises), key=badness, default=State.UNRUN)


@dataclass(slots=True)
class Background:
    """What is given before each scenario."""

    keyword: str
    name: str
    description: str
    steps: list[Written]


@dataclass(slots=True, eq=False)
class Rule:
    """A business rule, and the scenarios that illustrate it."""

    keyword: str
    name: str
    description: str
    tags: list[str]
    background: Background | None = None
    scenarios: list[Scenario] = field(default_factory=list)
    slug: str = ""


@dataclass(slots=True, eq=False)
class Feature:
    """A feature file."""

    uri: str
    language: str
    keyword: str
    name: str
    description: str
    tags: list[str]
    background: Background | None = None
    scenarios: list[Scenario] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    chapter: str = ""
    slug: str = ""

    def all_scenarios(self) -> Iterator[Scenario]:
        """Those of the feature itself, then those of its rules: Gherkin has them in this order."""
        yield from self.scenarios
        for rule in self.rules:
            yield from rule.scenarios

    def promises(self) -> Iterator[Promise]:
        """All that it promises."""
        for scenario in self.all_scenarios():
            yield from scenario.promises


@dataclass(slots=True)
class Chapter:
    """A folder of features."""

    title: str
    features: list[Feature]
    slug: str = ""


@dataclass(slots=True)
class Sentence:
    """A step definition: a sentence that one may write."""

    pattern: str
    place: str
    uses: int = 0
    example: Written | None = None


@dataclass(slots=True)
class Origin:
    """Where the stream comes from."""

    started: datetime | None = None
    seconds: float | None = None
    revision: str = ""
    branch: str = ""
    remote: str = ""
    build: str = ""
    url: str = ""

    @property
    def commit(self) -> str:
        """The commit as people write it."""
        revision, dirty = self.revision.removesuffix("-dirty"), self.revision.endswith("-dirty")
        return revision[:7] + (" with uncommitted changes" if dirty else "")


@dataclass(slots=True)
class Document:
    """All that a stream tells."""

    title: str
    origin: Origin
    chapters: list[Chapter]
    sentences: list[Sentence]
    problems: list[tuple[str, Failure]]
    evidence: list[Evidence]
    openapi: dict[str, object] | None
    responses: dict[tuple[str, str], list[Promise]]

    def promises(self) -> Iterator[Promise]:
        """All that is promised, in the order of the document."""
        for chapter in self.chapters:
            for feature in chapter.features:
                yield from feature.promises()

    def broken(self) -> list[Promise]:
        """The promises that are broken."""
        return [promise for promise in self.promises() if promise.state is State.BROKEN]

    def counts(self) -> dict[State, int]:
        """How many promises are kept, broken, not yet made, not run, in this order."""
        counted = Counter(promise.state for promise in self.promises())
        return {state: counted[state] for state in IN_THE_SENTENCE}

    def sentence(self) -> str:
        """The state in a sentence."""
        kept, *others = self.counts().items()
        said = [f"{kept[1]:,} promise{'' if kept[1] == 1 else 's'} kept"]
        said += [f"{count:,} {state.value}" for state, count in others if count]
        return ", ".join(said) + ("; the run itself failed" if self.problems else "")
