"""What ran: steps as they are written and as they ended, and the test cases that they make."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from accord.living_docs.state import STATES, State, badness
from accord.living_docs.words import plain

Table = list[list[str]]


@dataclass(slots=True)
class StepText:
    """A step as it is written, in an outline with a row of the examples filled in; or a hook, by its type and name."""

    keyword: str
    text: str
    table: Table | None = None
    doc: str | None = None
    background: bool = False
    hook: bool = False
    kind: str = ""
    """`given`, `when` or `then`, where that is known."""
    line: int | None = None
    """Where it stands in its feature file."""


@dataclass(slots=True)
class Attachment:
    """What a step attached: a text, or base64, or an address."""

    media_type: str
    body: str
    base64: bool = False
    name: str = ""
    url: str = ""


@dataclass(slots=True)
class Failure:
    """Why a step, a hook or the run failed, with the traceback and the name of the exception."""

    message: str
    trace: str = ""
    kind: str = ""

    @property
    def first_line(self) -> str:
        """The first line of the message, together with the second if it ends in a colon."""
        first, second, *_ = [*filter(str.strip, plain(self.message).splitlines()), "", ""]
        return f"{first.strip()} {second.strip()}" if first.endswith(":") else first.strip()


@dataclass(slots=True)
class Step:
    """A step as it ran."""

    source: StepText
    status: str = "UNKNOWN"
    seconds: float = 0.0
    failure: Failure | None = None
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What became of the step."""
        # What raises this is pending, and makes a run of pytest's fail all the same, unless it was expected to.
        if self.status == "PENDING" and self.failure and self.failure.kind == "NotImplementedError":
            return State.BROKEN
        return STATES[self.status]

    @property
    def notable(self) -> bool:
        """Whether there is more to show than that it passed."""
        return self.state is not State.KEPT or self.failure is not None or bool(self.attachments)


@dataclass(eq=False)
class Attempt:
    """A test case as it ran once."""

    steps: list[Step]
    seconds: float | None = None
    started: bool = False
    finished: bool = False
    command: str = ""
    """The command that runs it alone; empty where it is not known."""

    @cached_property
    def state(self) -> State:
        """The state of its worst step; unless it is broken, a test case that never finished was not run."""
        worst = min((step.state for step in self.reported), key=badness, default=State.UNRUN)
        return worst if self.finished or worst is State.BROKEN else State.UNRUN

    @cached_property
    def reported(self) -> list[Step]:
        """Its steps, without hooks and doublets of a step that have no result.

        Reqnroll lists a hook once for each step around which it ran, and a step once more for each that it calls; the
        results of all are those of the first.
        """
        known = {id(step.source) for step in self.steps if step.status != "UNKNOWN"}
        return [
            step
            for step in self.steps
            if step.status != "UNKNOWN" or not (step.source.hook or id(step.source) in known)
        ]

    @property
    def reason(self) -> str:
        """What to say besides the state."""
        if not self.started:
            return "never started"
        if not self.finished:
            return "never finished"
        if not self.steps:
            return "it has no steps"
        if (worst := self.worst) is None:
            return self.surprise
        return "" if worst.status in ("FAILED", "UNKNOWN") else worst.status.lower()

    @property
    def surprise(self) -> str:
        """What is to be said of it although it passed, such as that it was expected to fail; nothing elsewhere."""
        said = (step.failure.first_line for step in self.steps if step.failure)
        return next(said, "") if self.worst is None else ""

    @property
    def worst(self) -> Step | None:
        """The first of its worst steps; none if all have passed."""
        found = min(self.reported, key=lambda step: badness(step.state), default=None)
        return None if found is None or found.state is State.KEPT else found

    @property
    def why(self) -> str:
        """Why it ended as it did, in a line."""
        return self.worst.failure.first_line if self.worst and self.worst.failure else self.reason


@dataclass(eq=False)
class Run(Attempt):
    """A test case as it ran: its last attempt, and those before."""

    earlier: list[Attempt] = field(default_factory=list)
    again: datetime | None = None
    """When it ran, if that was in a run of a part, after that of the whole."""

    @cached_property
    def state(self) -> State:
        """That of its last attempt; flaky if that passed, and one before it was broken."""
        state = super().state
        is_flaky = state is State.KEPT and any(attempt.state is State.BROKEN for attempt in self.earlier)
        return State.FLAKY if is_flaky else state

    @property
    def why(self) -> str:
        """Why it ended as it did; of what is flaky, why the first of its attempts failed."""
        if self.state is State.FLAKY:
            return next(attempt.why for attempt in self.earlier if attempt.state is State.BROKEN)
        return super().why
