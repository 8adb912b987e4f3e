"""How the responses of a run are checked, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from accord.contract.coverage import Coverage
from accord.contract.rules import Mode, Rules
from accord.contract.undocumented import Undocumented

if TYPE_CHECKING:
    import httpx

    from accord.contract.check import Contract, Finding


class Checking:
    """Checks the responses of a run by its rules. One instance serves the whole run."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.coverage = Coverage()
        self.undocumented = Undocumented()
        self.is_suspended = False
        """Whether the scenario is tagged @no_contract."""

    @property
    def is_off(self) -> bool:
        """Whether no response of the run is checked."""
        return self.rules.mode is Mode.OFF

    def check(
        self,
        contract: Contract,
        request: httpx.Request,
        response: httpx.Response,
        scope: Mapping[str, Any],
        *,
        is_whole: bool,
        counts: bool,
    ) -> Finding | None:
        """Check a response as `Contract.check` does, unless the scenario is not to be checked, and note what it is.

        `counts` says whether what is documented is covered by it.
        """
        if self.is_suspended:
            return None
        finding = contract.check(request, response, scope, self.rules, is_whole=is_whole)
        if finding is not None and not finding.is_documented:
            self.undocumented.add([finding.response])
        elif finding is not None and counts:
            self.coverage.note(finding.contract, finding.response)
        return finding
