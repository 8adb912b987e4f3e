"""What is not Gherkin in a file, in a sentence."""

import re

from gherkin.dialect import DIALECTS
from gherkin.token_matcher import TokenMatcher

from accord.compat.pytest_bdd import GherkinParseError
from accord.gherkin.rules.fault import Fault
from accord.gherkin.rules.keywords import Keywords


def syntax_fault(error: GherkinParseError, text: str) -> Fault:
    """Return what is not Gherkin in a file, as pytest-bdd says it, without the frame around it."""
    message = re.sub(r"Unknown parsing error: Parser errors:\n\(\d+:\d+\): ", "", error.message)
    line = error.line_content.strip()
    sentence = " ".join([message.partition("\n")[0], line]).strip()
    keywords = Keywords.of(_language(text))
    if (meant := keywords.correction(line)) is None:
        return Fault(error.line, sentence, "not-gherkin")
    below = map(str.strip, text.split("\n")[error.line :])
    fix = keywords.fix(line, next((it for it in below if it and not it.startswith("#")), ""), with_feature=True)
    return Fault(error.line, f"{sentence}: did you mean `{meant}`?", "not-gherkin", fix)


def _language(text: str) -> str:
    """Return the language of a file, as far as its first lines say one that Gherkin has."""
    found = (TokenMatcher.LANGUAGE_RE.match(line) for line in text.split("\n"))
    language = next((it[1] for it in found if it), "en")
    return language if language in DIALECTS else "en"
