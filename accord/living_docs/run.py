"""What ran: steps as they are written and as they ended, and the test cases that they make."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from accord.living_docs.state import STATES, State, badness

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
    """Why a step, a hook or the run failed, with the traceback."""

    message: str
    trace: str = ""

    @property
    def first_line(self) -> str:
        """The first line of the message, together with the second if it ends in a colon."""
        first, second, *_ = [*filter(str.strip, self.message.splitlines()), "", ""]
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
        return STATES[self.status]

    @property
    def notable(self) -> bool:
        """Whether there is more to show than that it passed."""
        return self.state is not State.KEPT or bool(self.attachments)


@dataclass(eq=False)
class Run:
    """A test case as it ran: its last attempt, and why the ones before that failed."""

    steps: list[Step]
    seconds: float | None = None
    started: bool = False
    finished: bool = False
    earlier: list[str] = field(default_factory=list)
    command: str = ""
    """The command that runs it alone; empty where it is not known."""
    again: datetime | None = None
    """When it ran, if that was in a run of a part, after that of the whole."""

    @cached_property
    def state(self) -> State:
        """The state of its worst step; unless it is broken, a test case that never finished was not run."""
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
        """The first of its worst steps; none if all have passed."""
        found = min(self.steps, key=lambda step: badness(step.state), default=None)
        return None if found is None or found.state is State.KEPT else found
