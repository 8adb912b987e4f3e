"""The command `accord`."""

import argparse
import asyncio
import sys

from accord import lies
from accord.refusal import Refusal


def main() -> None:
    """Run the command; exits with 1 if a lie is not caught, and with 2 for words that it does not know."""
    parser = argparse.ArgumentParser(prog="accord", description="Acceptance suites that tell the truth.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(
        "lies", help="show how a suite passes while a promise is broken, with the common pattern and with Accord"
    ).set_defaults(run=_lies)
    sys.exit(parser.parse_args().run())


def _lies() -> int:
    try:
        found = asyncio.run(lies.findings())
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(lies.table(found))
    caught = sum(finding.caught for finding in found)
    print(f"\n{caught} of {len(found)} lies caught.")
    return 0 if caught == len(found) else 1
