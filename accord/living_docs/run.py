"""What ran: steps as they are written and as they ended, and the test cases that they make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from accord.living_docs.bodies import Bodies
from accord.living_docs.state import State, badness, state_of
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

    @property
    def said(self) -> str:
        """Its keyword and its text; Accord's own hooks have no keyword."""
        return f"{self.keyword} {self.text}".lstrip()

    def beside_it(self, said: str) -> str:
        """What is said of it, where it stands itself: Accord's sentences name the step, so as to stand alone too."""
        name = f"`{self.said}`"
        if name not in said:
            return said
        named = rf"step {re.escape(name)} \([^()]+:\d+\)"
        return re.sub(f"^The {named}", "This step", re.sub(f" in the {named}", "", said))


@dataclass(slots=True)
class Attachment:
    """What a step attached: a text, or base64, or an address."""

    media_type: str
    content: str | int
    """The body, or its offset in `bodies`."""
    base64: bool = False
    name: str = ""
    url: str = ""
    bodies: Bodies | None = None

    @property
    def body(self) -> str:
        """What was attached."""
        if isinstance(self.content, str):
            return self.content
        assert self.bodies
        return self.bodies.read(self.content)


@dataclass(slots=True)
class Failure:
    """Why a step, a hook or the run failed, with the traceback and the name of the exception."""

    message: str
    trace: str = ""
    kind: str = ""
    fails_run: bool = False
    """Whether it makes the run fail although its step is pending."""

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
    attached: list[Attachment] | None = None
    """None where there is nothing: most steps attach nothing, and a list takes room."""

    @property
    def attachments(self) -> list[Attachment]:
        """What it attached."""
        return self.attached or []

    def attach(self, attachment: Attachment) -> None:
        """Add what it attached."""
        if self.attached is None:
            self.attached = [attachment]
        else:
            self.attached.append(attachment)

    @property
    def state(self) -> State:
        """What became of the step."""
        if self.status == "PENDING" and self.failure and self.failure.fails_run:
            return State.BROKEN
        return state_of(self.status)

    @property
    def notable(self) -> bool:
        """Whether there is more to show than that it passed."""
        return self.state is not State.KEPT or self.failure is not None or bool(self.attached)


@dataclass(slots=True, eq=False)
class Attempt:
    """A test case as it ran once."""

    steps: list[Step]
    seconds: float | None = None
    started: bool = False
    finished: bool = False
    command: str = ""
    """The command that runs it alone; empty where it is not known."""

    _state: State | None = field(default=None, init=False, repr=False)

    @property
    def state(self) -> State:
        """The state of its worst step; unless it is broken, a test case that never finished was not run.

        It is known when first asked for, which is when all was read.
        """
        if self._state is None:
            self._state = self._found_state()
        return self._state

    def _found_state(self) -> State:
        worst = min((step.state for step in self.reported), key=badness, default=State.UNRUN)
        return worst if self.finished or worst is State.BROKEN else State.UNRUN

    @property
    def reported(self) -> list[Step]:
        """Its steps, without hooks and doublets of a step that have no result.

        Reqnroll lists a hook once for each step around which it ran, and a step once more for each that it calls; the
        results of all are those of the first.
        """
        if all(step.status != "UNKNOWN" for step in self.steps):
            return self.steps
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
    def failure(self) -> Failure | None:
        """Why the worst of its steps failed."""
        return self.worst.failure if self.worst else None

    @property
    def why(self) -> str:
        """Why it ended as it did, in a line; of what is flaky, why the first of its attempts failed."""
        return self._found_why()

    def _found_why(self) -> str:
        if self.worst is None or self.worst.failure is None:
            return self.reason
        return self.worst.source.beside_it(self.worst.failure.first_line)


@dataclass(slots=True, eq=False)
class Run(Attempt):
    """A test case as it ran: its last attempt, and those before."""

    earlier: Sequence[Attempt] = ()
    again: datetime | None = None
    """When it ran, if that was in a run of a part, after that of the whole."""

    def add_earlier(self, attempt: Attempt) -> None:
        """Add an attempt that is not the last."""
        if not isinstance(self.earlier, list):
            self.earlier = []
        self.earlier.append(attempt)

    def _found_state(self) -> State:
        """That of its last attempt; flaky if that passed, and one before it was broken."""
        state = Attempt._found_state(self)
        is_flaky = state is State.KEPT and any(attempt.state is State.BROKEN for attempt in self.earlier)
        return State.FLAKY if is_flaky else state

    def _found_why(self) -> str:
        if self.state is State.FLAKY:
            return next(attempt.why for attempt in self.earlier if attempt.state is State.BROKEN)
        return Attempt._found_why(self)
