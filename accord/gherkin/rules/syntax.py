"""What is not Gherkin in a file, in a sentence."""

import re

from accord.compat.pytest_bdd import GherkinParseError
from accord.gherkin.rules.fault import Fault


def syntax_fault(error: GherkinParseError) -> Fault:
    """Return what is not Gherkin in a file, as pytest-bdd says it, without the frame around it."""
    message = re.sub(r"Unknown parsing error: Parser errors:\n\(\d+:\d+\): ", "", error.message)
    sentence = " ".join([message.partition("\n")[0], error.line_content.strip()]).strip()
    return Fault(error.line, sentence, "not-gherkin")
