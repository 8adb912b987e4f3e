"""What the documents show: chapters of features, their rules and scenarios, what became of each, and of the API."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accord.catalogue.sentences import Sentence
from accord.living_docs.run import Attachment, Failure, Run, StepText
from accord.living_docs.state import IN_THE_SENTENCE, State, badness
from accord.recording.provenance import Provenance

if TYPE_CHECKING:
    from accord.living_docs.former import Former


# Compared by identity, as keys of dicts that refer to each other in a circle. A large suite has a hundred thousand.
@dataclass(slots=True, eq=False)
class Pickle:
    """A scenario, or an outline with one row of its examples: a promise of the page."""

    scenario: "Scenario"
    steps: list[StepText]
    tags: tuple[str, ...]
    cells: list[str] | None = None
    title: str = ""
    """Its name, in which the placeholders of an outline are filled in."""
    runs: list[Run] = field(default_factory=list)
    slug: str = ""

    @property
    def run(self) -> Run | None:
        """The worst of its runs."""
        if len(self.runs) == 1:
            return self.runs[0]
        return min(self.runs, key=lambda run: badness(run.state), default=None)

    @property
    def state(self) -> State:
        """What became of it; without a test case it was not run."""
        return self.run.state if self.run else State.UNRUN

    @property
    def reason(self) -> str:
        """What to say besides the state."""
        return self.run.reason if self.run else "deselected"

    @property
    def because(self) -> str:
        """Why it is as it is, in a line: what its failure says, or else its reason."""
        return self.run.why if self.run else self.reason

    @property
    def command(self) -> str:
        """The command that runs it alone; empty where it is not known."""
        return next((run.command for run in self.runs if run.command), "")

    @property
    def again(self) -> datetime | None:
        """When it ran last, if that was in a run of a part, after that of the whole."""
        return max((run.again for run in self.runs if run.again), default=None)

    @property
    def seconds(self) -> float | None:
        """How long it took, all runs together."""
        times = [run.seconds for run in self.runs if run.seconds is not None]
        return sum(times) if times else None

    @property
    def name(self) -> str:
        """Its name, with its row of the examples where the name does not say it."""
        if self.cells is None or (self.title and self.title != self.scenario.name):
            return self.title or self.scenario.name
        return f"{self.scenario.name} ({', '.join(self.cells)})"

    @property
    def failure(self) -> Failure | None:
        """Why the worst of its runs failed."""
        return self.run.failure if self.run else None

    @property
    def page(self) -> str:
        """The file that has it; empty where the document is one page."""
        return self.scenario.feature.page

    @property
    def place(self) -> str:
        """Where its failed step is written, or else it itself, as `file:line`."""
        step = self.run.worst.source if self.run and self.run.worst else None
        line = (step and step.line) or self.scenario.line
        return f"{self.scenario.feature.uri}:{line}" if line else self.scenario.feature.uri

    @property
    def notable(self) -> bool:
        """Whether its runs have more to show than that they passed."""
        return len(self.runs) > 1 or any(run.earlier or any(step.notable for step in run.steps) for run in self.runs)

    @property
    def path(self) -> list[str]:
        """The names that lead to it: chapter, feature, rule, its own."""
        rule, feature = self.scenario.rule, self.scenario.feature
        return [name for name in (feature.chapter, feature.name, rule and rule.name, self.name) if name] or ["Unnamed"]


@dataclass(slots=True)
class Examples:
    """A table of examples; each row has its pickle, unless none was made of it."""

    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
    header: list[str]
    rows: list[tuple[list[str], list[Pickle]]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Scenario:
    """A scenario or an outline."""

    feature: "Feature"
    rule: "Rule | None"
    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
    steps: list[StepText]
    examples: Sequence[Examples] = ()
    pickles: list[Pickle] = field(default_factory=list)
    slug: str = ""
    line: int | None = None
    """Where it stands in its feature file."""

    @property
    def title(self) -> str:
        """Its name, with an ellipsis for each placeholder: `A title of … characters`."""
        title = self.name
        for column in {column for examples in self.examples for column in examples.header}:
            title = title.replace(f"<{column}>", "…")
        return title

    @property
    def state(self) -> State:
        """The worst of its pickles."""
        return min((pickle.state for pickle in self.pickles), key=badness, default=State.UNRUN)


@dataclass(slots=True)
class Background:
    """The steps that are run before each scenario."""

    keyword: str
    name: str
    description: str
    steps: list[StepText]


@dataclass(slots=True, eq=False)
class Rule:
    """A business rule, and the scenarios that illustrate it."""

    keyword: str
    name: str
    description: str
    tags: tuple[str, ...]
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
    tags: tuple[str, ...]
    background: Background | None = None
    scenarios: list[Scenario] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    chapter: str = ""
    slug: str = ""
    page: str = ""
    """The file that has its chapter; empty where the document is one page."""

    def all_scenarios(self) -> Iterator[Scenario]:
        """Those of the feature itself, then those of its rules: Gherkin has them in this order."""
        yield from self.scenarios
        for rule in self.rules:
            yield from rule.scenarios

    def pickles(self) -> Iterator[Pickle]:
        """All of its pickles, in the order of the file."""
        for scenario in self.all_scenarios():
            yield from scenario.pickles


@dataclass(slots=True)
class Chapter:
    """A folder of features."""

    title: str
    features: list[Feature]
    slug: str = ""
    description: str = ""
    page: str = ""
    """The file that has it; empty where the document is one page."""

    def pickles(self) -> Iterator[Pickle]:
        """All of its pickles, in the order of the document."""
        for feature in self.features:
            yield from feature.pickles()


@dataclass(slots=True)
class RunMetadata:
    """When the run was, of which commit, and where."""

    started: datetime | None = None
    seconds: float | None = None
    revision: str = ""
    branch: str = ""
    remote: str = ""
    ci: str = ""
    """The server of CI that ran it; empty where none did."""
    build: str = ""
    url: str = ""

    @property
    def commit(self) -> str:
        """The commit as people write it."""
        return self.revision.removesuffix("-dirty")[:7] + (" with uncommitted changes" if self.is_dirty else "")

    @property
    def finished(self) -> datetime | None:
        """When it ended; None where it did not."""
        return None if self.started is None or self.seconds is None else self.started + timedelta(seconds=self.seconds)

    @property
    def is_dirty(self) -> bool:
        """Whether changes were not committed."""
        return self.revision.endswith("-dirty")


@dataclass(slots=True)
class Document:
    """All that the messages of a run say."""

    title: str
    metadata: RunMetadata
    provenance: Provenance
    """What made the messages, of all runs that are in them."""
    digest: str
    """The SHA-256 of the messages, which are not compressed."""
    parts: list[datetime]
    """When runs of a part began, after that of the whole; the one that was put into it last is the last."""
    chapters: list[Chapter]
    sentences: list[Sentence]
    """What one may write: the step definitions, with the steps that they are used for."""
    problems: list[tuple[str, Failure]]
    """What is wrong with the run itself: a title, and why."""
    unread: Counter[str]
    """The feature files that could not be read, as a whole or in part, and in how many places."""
    attachments: list[Attachment]
    openapi: dict[str, object] | None
    mounted: list[dict[str, object]]
    """The OpenAPI documents of apps that are mounted in the one that `openapi` is of."""
    responses: dict[tuple[str, str], list[Pickle]]
    """The pickles in which an operation gave a status."""
    undocumented: dict[tuple[str, str], list[Pickle]]
    """The same of what no OpenAPI document has, also of paths that are no operation."""
    beside: dict[str, bytes] = field(default_factory=dict)
    """The files beside the features that the run has recorded, by their paths."""
    hidden: int = 0
    """In how many places of the messages there is `[redacted]` for a value."""
    not_read: Sequence["Former"] = ()
    """The promises of unread feature files, as the run that this one is compared with had them."""

    def pickles(self) -> Iterator[Pickle]:
        """All pickles, in the order of the document."""
        for chapter in self.chapters:
            yield from chapter.pickles()

    def of(self, state: State) -> list[Pickle]:
        """Those of that state."""
        return [pickle for pickle in self.pickles() if pickle.state is state]

    def broken(self) -> list[Pickle]:
        """Those that are broken."""
        return self.of(State.BROKEN)

    def flaky(self) -> list[Pickle]:
        """Those that are kept, and were broken in an attempt before."""
        return self.of(State.FLAKY)

    def surprising(self) -> list[tuple[Pickle, str]]:
        """Those that are kept and were not expected to be, each with what is said of it."""
        found = ((pickle, run.surprise) for pickle in self.pickles() for run in pickle.runs)
        return [(pickle, surprise) for pickle, surprise in found if surprise]

    def run_since(self) -> list[Pickle]:
        """Those that ran in runs of a part, after that of the whole."""
        return [pickle for pickle in self.pickles() if pickle.again]

    def counts(self) -> dict[State, int]:
        """How many are kept, broken, flaky, not yet implemented, not run, in this order."""
        return counts(self.pickles())

    def part_sentence(self, when: str = "") -> str:
        """What the last run of a part ran, and when: `3 of 220 promises run: 2 kept, 1 broken`."""
        promises = list(self.pickles())
        run = [pickle for pickle in promises if pickle.again == self.parts[-1]]
        plural = "" if len(promises) == 1 else "s"
        return ": ".join(filter(None, (f"{len(run):,} of {len(promises):,} promise{plural} run{when}", tally(run))))

    def sentence(self) -> str:
        """The state in a sentence: `62 promises kept, 1 broken, 5 not read; 1 feature could not be read`."""
        (_kept, count), *others = self.counts().items()
        parts = [f"{count:,} promise{'' if count == 1 else 's'} kept"]
        parts += [f"{count:,} {state.value}" for state, count in others if count]
        parts += [f"{len(self.not_read):,} not read"] if self.not_read else []
        return "; ".join(filter(None, (", ".join(parts), *self._problems())))

    def _problems(self) -> Iterator[str]:
        if self.unread:
            yield f"{len(self.unread):,} feature{'' if len(self.unread) == 1 else 's'} could not be read"
        if len(self.problems) > self.unread.total():
            yield "the run itself failed"


def counts(pickles: Iterable[Pickle]) -> dict[State, int]:
    """How many of them are kept, broken, flaky, not yet implemented, not run, in this order."""
    counted = Counter(pickle.state for pickle in pickles)
    return {state: counted[state] for state in IN_THE_SENTENCE}


def tally(pickles: Iterable[Pickle]) -> str:
    """How many of them are kept, broken and so on: `8 kept, 1 broken`."""
    states = [pickle.state for pickle in pickles]
    return ", ".join(f"{states.count(state)} {state.value}" for state in IN_THE_SENTENCE if state in states)
