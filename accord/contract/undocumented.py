"""The responses of a run that no document has and that fail nothing: statuses of the 4xx class, such as a 401."""

from collections.abc import Iterable, Iterator

# How many the summary of a run lists unless it is verbose.
_LONGEST_LIST = 10


class Undocumented:
    """Responses that are not documented, as `POST /login 401`, each once, over all processes of a run."""

    def __init__(self) -> None:
        self.responses: set[str] = set()

    def add(self, responses: Iterable[str]) -> None:
        """Add some, such as another process has noted."""
        self.responses.update(responses)

    def operations(self) -> set[str]:
        """Return the operations that had such responses."""
        return {response.rpartition(" ")[0] for response in self.responses}

    def summary(self, *, in_full: bool) -> Iterator[str]:
        """Say how many there are, what to do, and which: ten of them, or all `in_full`."""
        if not self.responses:
            return
        found = sorted(self.responses)
        are, them = ("s are", "them") if len(found) > 1 else (" is", "it")
        yield (
            f"contract: {len(found)} response{are} not in the app's OpenAPI document. Document {them}, "
            f'or set accord_contract = "strict" to have {them} fail:'
        )
        yield from (f"  {response}" for response in (found if in_full else found[:_LONGEST_LIST]))
        if len(found) > _LONGEST_LIST and not in_full:
            yield f"  and {len(found) - _LONGEST_LIST} more; -v names them."
