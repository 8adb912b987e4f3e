"""What was attached: to steps, to the run, and the app's OpenAPI document with the responses that were given."""

from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from sys import intern
from typing import Any
from urllib.parse import urlsplit

from accord.living_docs.bodies import Bodies
from accord.living_docs.model import Pickle
from accord.living_docs.reading.external import embedded
from accord.living_docs.reading.fields import Json, text_of
from accord.living_docs.reading.ids import UnknownIdError
from accord.living_docs.reading.test_cases import TestCases
from accord.living_docs.reading.whole_run import WholeRun
from accord.living_docs.run import Attachment
from accord.recording import ndjson
from accord.recording.beside import BESIDE
from accord.recording.envelopes import COMMAND
from accord.recording.provenance import PROVENANCE
from accord.recording.reader import UNFIT

HAR = "application/har+json"
OPENAPI = "application/openapi+json"


class Attachments:
    """Takes attachments, each of which belongs to a step, or else to the run.

    Those that are files of their own lie below the `directory`, if there is one.
    """

    def __init__(self, cases: TestCases, run: WholeRun, directory: Path | None) -> None:
        self.of_run: list[Attachment] = []
        self.openapi: Json | None = None
        # What lies beside the features, by its path.
        self.beside: dict[str, bytes] = {}
        # Those of apps that are mounted, by the names of their files.
        self.mounted: dict[str, Json] = {}
        # The pickles in which an operation gave a status, in their order.
        self.responses: dict[tuple[str, str], dict[Pickle, None]] = {}
        # The same of what no document has, also by a path that is no operation.
        self.undocumented: dict[tuple[str, str], dict[Pickle, None]] = {}
        self._cases = cases
        self._run = run
        self._directory = directory
        self._bodies = Bodies()

    def attachment(self, message: Json) -> None:
        """Take an attachment; one that is of none of the steps of its attempt is shown with the last."""
        media_type, body = text_of(message, "mediaType"), text_of(message, "body")
        # Some write an empty id where there is none.
        attempt = message.get("testCaseStartedId") or None
        # What a step attaches under this type is its own, and not the app's document.
        if attempt is None and media_type == OPENAPI and isinstance(openapi := _json(body), dict):
            name = text_of(message, "fileName")
            if name.startswith("openapi/"):
                self.mounted[name] = openapi
            else:
                self.openapi = openapi
            return
        if attempt is None and media_type == BESIDE:
            self.beside[text_of(message, "fileName")] = b64decode(body, validate=True)
            return
        if attempt is None and media_type == PROVENANCE and isinstance(found := _json(body), dict):
            self._run.add_provenance(found, text_of(message, "testRunStartedId"))
            return
        if attempt is None:
            self.of_run.append(self._attachment(message, media_type, body))
            return
        try:
            pickle, of = self._cases.of_attempt(attempt)
        except UnknownIdError:
            self.of_run.append(self._attachment(message, media_type, body))
            raise
        if media_type == COMMAND:
            of.command = body
            return
        step = next(reversed(of.steps), None)
        step_id = message.get("testStepId") or None
        # pytest-bdd-ng names the test case, which it names in place of the attempt, too.
        if step_id is not None and step_id != attempt:
            try:
                step = self._cases.step_of(attempt, step_id)
            except UnknownIdError:
                self._cases.unknown.append(step_id)
        (step.attach if step else self.of_run.append)(self._attachment(message, media_type, body))
        if media_type == HAR:
            self._note_responses(body, pickle, of_step=step_id is not None)

    def _attachment(self, message: Json, media_type: str, body: str) -> Attachment:
        is_base64, address = message.get("contentEncoding") == "BASE64", text_of(message, "url")
        name = text_of(message, "fileName")
        if address and (file := embedded(address, self._directory)):
            is_base64, address, name, body = True, "", name or file[0], file[1]
        content = self._bodies.add(body)
        # There are few types, and many attachments.
        return Attachment(intern(media_type), content, is_base64, name, address, self._bodies)

    def _note_responses(self, body: str, pickle: Pickle, *, of_step: bool) -> None:
        for entry in exchanges(body):
            response, operation = entry.get("response"), entry.get("_operation")
            status = response.get("status") if isinstance(response, dict) else None
            if not isinstance(status, int):
                continue
            # What a fixture asked for no step shows; as the run has it, it covers nothing.
            if isinstance(operation, str) and of_step:
                self.responses.setdefault((operation, str(status)), {})[pickle] = None
            if entry.get("_undocumented") is True:
                name = operation if isinstance(operation, str) else _requested(entry)
                self.undocumented.setdefault((name, str(status)), {})[pickle] = None


def _requested(entry: Json) -> str:
    """Return what was requested, as `GET /nowhere`."""
    request = entry.get("request")
    if not isinstance(request, dict):
        return ""
    address = str(request.get("url"))
    with suppress(ValueError):
        address = urlsplit(address).path
    return f"{request.get('method')} {address}"


def exchanges(body: str) -> list[Json]:
    """Return the entries of a HAR document; none if it is not one."""
    try:
        found = ndjson.loads(body)["log"]["entries"]
    except UNFIT:
        return []
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _json(body: str) -> Any:
    try:
        return ndjson.loads(body)
    except UNFIT:
        return None
