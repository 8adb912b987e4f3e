"""The command `accord`."""

import argparse
import asyncio
import sys
from pathlib import Path

from accord import lies, living_docs
from accord.refusal import Refusal


def main() -> None:
    """Run the command; exits with 1 if it is refused or a lie is not caught, and with 2 for words it does not know."""
    parser = argparse.ArgumentParser(prog="accord", description="Acceptance suites that tell the truth.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(
        "lies", help="show how a suite passes while a promise is broken, with the common pattern and with Accord"
    ).set_defaults(run=_lies)
    _add_render(commands.add_parser("render", help="write the living documentation of a run, of any Cucumber's"))
    arguments = parser.parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except Refusal as refusal:
        sys.exit(str(refusal))


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", type=Path, help="Cucumber Messages, as NDJSON")
    parser.add_argument("-o", dest="directory", type=Path, required=True, help="where index.html and summary.md go")
    parser.add_argument("--baseline", type=Path, metavar="STREAM", help="tell what changed since this run")
    parser.add_argument("--tag-link", metavar="ADDRESS", help="where tags lead, as https://tracker.example/{tag}")
    parser.set_defaults(run=_render)


def _render(arguments: argparse.Namespace) -> int:
    print(living_docs.write(arguments.stream, arguments.directory, arguments.baseline, arguments.tag_link))
    return 0


def _lies(_: argparse.Namespace) -> int:
    found = asyncio.run(lies.findings())
    print(lies.table(found))
    caught = sum(finding.caught for finding in found)
    print(f"\n{caught} of {len(found)} lies caught.")
    return 0 if caught == len(found) else 1
