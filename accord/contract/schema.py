"""The JSON Schemas of a document, and what of a value breaks one.

Schemas are JSON Schema 2020-12, which jsonschema-rs checks, formats included.
"""

import json
from itertools import chain

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

from accord.contract.formats import OF_PYDANTIC
from accord.contract.openapi import Part, escaped
from accord.contract.rules import Mode, Rules
from accord.errors import UsageError

# How many characters of a value a message repeats.
LONGEST_EXCERPT = 160

DOCUMENT = "urn:accord:openapi"
"""Under which a registry has the document."""


class Schema:
    """The JSON Schema of a header, or of a body of one media type; without one, any value will do."""

    def __init__(self, part: Part, registry: Registry) -> None:
        self._pointer = f"{part.pointer}/schema" if "schema" in part.content else None
        self._registry = registry
        # Compiled when first used.
        self._validators: dict[Rules, Draft202012Validator] = {}

    def _validator(self, rules: Rules) -> Draft202012Validator:
        if rules not in self._validators:
            try:
                self._validators[rules] = Draft202012Validator(
                    # By reference into the whole document, since its schemas refer to each other; nothing is fetched
                    # from elsewhere.
                    {"$ref": f"{DOCUMENT}{self._pointer}"},
                    registry=self._registry,
                    validate_formats=rules.formats,
                    formats=None if rules.mode is Mode.STRICT else OF_PYDANTIC,
                    offline=True,
                )
            except ValidationError as error:
                raise UsageError(
                    f"The app's OpenAPI document has no JSON Schema at {self._pointer}: {error.message}."
                ) from None
        return self._validators[rules]

    def fault(self, rules: Rules, *readings: object) -> str | None:
        """Say where and why a value breaks the schema, if each way to read it does."""
        if self._pointer is None:
            return None
        try:
            validator = self._validator(rules)
            errors = [next(validator.iter_errors(reading), None) for reading in readings]
        except UnicodeEncodeError:
            # JSON can escape half a character, which the validator cannot take; to a schema it is one character.
            return self.fault(
                rules, *(json.loads(json.dumps(it, ensure_ascii=False).encode(errors="replace")) for it in readings)
            )
        if errors[0] is None or None in errors:
            return None
        error = _cause(errors[0])
        location = "".join(f"/{escaped(step)}" for step in error.instance_path)
        schema = "".join(f"/{escaped(step)}" for step in error.schema_path)
        return f"{location and f'at {location} '}{excerpt(error.message)} (#{schema})"


def readings(value: str) -> list[object]:
    """Return what a header's text may stand for, since it does not show its type: it may be a number, or a list."""
    parts = [part.strip() for part in value.split(",")]
    return [value, _scalar(value), parts, [_scalar(part) for part in parts]]


def _scalar(value: str) -> object:
    try:
        return decode(value)
    except ValueError:
        return value


def _no_json(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


# Python's parser takes NaN and Infinity, which are not JSON.
decode = json.JSONDecoder(parse_constant=_no_json).decode


def _cause(error: ValidationError) -> ValidationError:
    """Return the fault within: where no branch of an `anyOf` fits, that of the branch which fits best."""
    branches: list[list[ValidationError]] = getattr(error.kind, "context", [])
    closest = max(chain.from_iterable(branches), key=_fit, default=None)
    if closest is None or _fit(closest) == (len(error.instance_path), False):
        return error
    return _cause(closest)


def _fit(error: ValidationError) -> tuple[int, bool]:
    """Rate a branch by its fault: the deeper that is the better, and best if the type at least is right."""
    return len(error.instance_path), error.kind.name != "type"


def excerpt(text: str) -> str:
    """Return a text as messages repeat it: of a long one, how it begins and how it ends."""
    if len(text) <= LONGEST_EXCERPT:
        return text
    return f"{text[: LONGEST_EXCERPT // 2]}…{text[-LONGEST_EXCERPT // 2 :]}"
