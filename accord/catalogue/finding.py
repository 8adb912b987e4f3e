"""What is wrong in a line of a file, be it an error or a warning."""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong, and what to do, in a line of a file of the suite."""

    file: str
    """Below the root of the run, if it is there."""
    line: int
    sentence: str
    rule: str
    """The name by which it can be switched off."""
    is_error: bool = True
    """Whether a run fails for it; else it is a warning."""
    fix: tuple[str, str] | None = field(default=None, compare=False)
    """A text that stands in the line, and what mends it, where that is certain."""

    def __str__(self) -> str:
        """Return it as editors open it: `file:line: sentence [rule]`."""
        level = "" if self.is_error else "warning: "
        return f"{self.file}:{self.line}: {level}{self.sentence} [{self.rule}]"
