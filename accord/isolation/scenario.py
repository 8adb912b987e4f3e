"""What is known of the scenario that runs, by all that keeps it apart."""

import threading
from dataclasses import dataclass, field


@dataclass
class Scenario:
    """Whether there is a scenario, and of which kind."""

    is_under_way: bool = False
    real_commits: bool = False
    """Whether it is tagged @real_commits."""
    uses_database: bool = False
    """Whether it uses the run's database: engines that are new where it does not are a test's own."""
    thread: int = field(default_factory=threading.get_ident)
    """The thread in which scenarios run."""

    @property
    def is_rolled_back(self) -> bool:
        """Whether there is one, and its work is rolled back."""
        return self.is_under_way and not self.real_commits

    @property
    def is_real(self) -> bool:
        """Whether there is one, and its commits are real."""
        return self.is_under_way and self.real_commits
