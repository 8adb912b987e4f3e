"""The command `accord`."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from accord import extras
from accord.basics.filenames import MESSAGES, PAGE, PAPER, REQUIREMENTS, SUMMARY
from accord.basics.text import one_line, visible
from accord.errors import AccordError, UsageError
from accord.living_docs import history
from accord.living_docs.links import Links
from accord.living_docs.rendering import write
from accord.living_docs.verifying import verify
from accord.recording.merge import merge

if TYPE_CHECKING:
    from accord.database.cleaning import Leftover


def main() -> None:
    """Run the command; exits with 1 if something is wrong, 2 for unknown arguments, 130 at Ctrl-C."""
    parser = argparse.ArgumentParser(prog="accord", description="Acceptance suites that tell the truth.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_init(commands.add_parser("init", help="write a first feature, its steps and a conftest for a FastAPI service"))
    commands.add_parser(
        "pitfalls", help="show how a suite passes while a promise is broken, with the common pattern and with Accord"
    ).set_defaults(run=_pitfalls)
    _add_check(commands.add_parser("check", help="check feature files as a run does, without running them"))
    _add_steps(commands.add_parser("steps", help="list the sentences of the suite, and what was said by each so far"))
    _add_render(commands.add_parser("render", help="write the living documentation of a run, of any Cucumber's"))
    _add_verify(
        commands.add_parser("verify", help=f"say whether {PAGE}, {MESSAGES} and all beside them are as written")
    )
    _add_merge(commands.add_parser("merge", help="join the messages files of several machines into one run's"))
    commands.add_parser(
        "clean", help="list what killed runs left on the run's server, and in the cache; remove it after a yes"
    ).set_defaults(run=_clean)
    arguments = parser.parse_args()
    # A file's name may have characters that this terminal has not.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = arguments.run(arguments)
        # What reads this may have seen enough, as `head` does: known here, and not when Python ends.
        sys.stdout.flush()
        sys.exit(status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except AccordError as error:
        sys.exit(one_line(str(error)))
    except OSError as error:
        sys.exit(one_line(f"{error.filename or 'A file'}: {error.strerror or error}"))
    except KeyboardInterrupt:  # As a shell has it; what was to be written is not there, and what was there still is.
        sys.exit(128 + signal.SIGINT)


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", type=Path, nargs="?", default=Path(), metavar="DIRECTORY", help="where the service is, if not here"
    )
    parser.add_argument(
        "--editor", action="store_true", help="only write settings with which VS Code finds the steps of a suite"
    )
    parser.set_defaults(run=_init)


def _init(arguments: argparse.Namespace) -> int:
    if arguments.editor:
        return _init_editor(arguments.directory)
    extras.check("fastapi", "accord init")
    # Of all commands, this one alone has pytest to deal with.
    from accord.scaffold.scaffolding import scaffold

    print(visible(str(scaffold(arguments.directory))))
    return 0


def _init_editor(directory: Path) -> int:
    from accord.catalogue.collecting import collect
    from accord.scaffold.editor import write_settings

    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory: name that of the suite.")
    collected = collect((), directory)
    if collected.problem:
        print(
            visible(collected.problem),
            "Nothing is written, since the suite cannot be loaded.",
            sep="\n",
            file=sys.stderr,
        )
        return 1
    print(visible(str(write_settings(collected, directory))))
    return 0


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="feature files, or folders; else the test paths")
    parser.add_argument("--rules", action="store_true", help="list the rules for feature files")
    parser.add_argument("--fix", action="store_true", help="mend what has one right answer, such as a misspelt keyword")
    parser.add_argument(
        "--format",
        choices=("text", "github", "json", "sarif"),
        default="text",
        help="as text, as annotations of GitHub's, as JSON, or as SARIF 2.1.0",
    )
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    # Loaded for this command alone; of the rules only where they are shown, since pytest-bdd comes with them.
    from accord.catalogue.collecting import collect
    from accord.catalogue.formats import FORMATS

    if arguments.rules:
        from accord.gherkin.rules.catalogue import NOT_READABLE, OF_CHECK, RULES

        width = max(map(len, (*RULES, *OF_CHECK, *NOT_READABLE)))
        parts = {"": RULES, "Of these a run says nothing, or says it otherwise:": OF_CHECK}
        for title, rules in (parts | {"These cannot be ignored:": NOT_READABLE}).items():
            print(*([title] if title else ()), *(f"{name:{width}}  {what}" for name, what in rules.items()), sep="\n")
        return 0
    if arguments.fix:
        from accord.catalogue.fixing import fix

        mended, collected = fix(arguments.paths)
    else:
        mended, collected = [], collect(arguments.paths)
    if arguments.paths and not collected.files and not collected.problem:
        # A misspelt glob, say, would be green for ever.
        named = ", ".join(arguments.paths)
        collected.problem = f"There is no feature file in {named}: name feature files, or folders with some."
    # What is written as a document has nothing else beside it.
    beside = sys.stdout if arguments.format == "text" else sys.stderr
    print(*(visible(str(it)) for it in mended), sep="\n", end="\n" * bool(mended), file=beside)
    print(*FORMATS[arguments.format](collected), sep="\n")
    if collected.problem:
        print(visible(collected.problem), file=sys.stderr)
    return 1 if collected.errors or collected.problem else 0


def _add_steps(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="feature files, or folders, whose steps count; else the test paths"
    )
    parser.add_argument(
        "--search", nargs="+", default=(), metavar="WORD", help="list only sentences that have all of these words"
    )
    parser.add_argument("--unused", action="store_true", help="list only sentences that no step uses")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.set_defaults(run=_steps)


def _steps(arguments: argparse.Namespace) -> int:
    from accord.catalogue.collecting import collect
    from accord.catalogue.listing import as_json, chosen, listing

    collected = collect(arguments.paths)
    if collected.problem:
        print(visible(collected.problem), file=sys.stderr)
    not_loaded = [finding for finding in collected.findings if finding.rule == "not-loaded"]
    print(*(one_line(str(finding)) for finding in not_loaded), sep="\n", end="\n" * bool(not_loaded), file=sys.stderr)
    sentences = chosen(collected.sentences, arguments.search, unused=arguments.unused)
    if arguments.json:
        print(json.dumps({"sentences": as_json(sentences)}, indent=2))
    else:
        print(*listing(sentences), sep="\n")
    return 1 if collected.problem or not_loaded else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "messages",
        type=Path,
        metavar="FILE",
        help="Cucumber Messages: NDJSON, also compressed by gzip; `-` is standard input",
    )
    parser.add_argument(
        "-o", dest="directory", type=Path, required=True, help=f"where {PAGE}, {SUMMARY} and {REQUIREMENTS} go"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="show what changed since this run")
    parser.add_argument("--pdf", action="store_true", help=f"write {PAPER} as well, where Chromium is on the PATH")
    parser.add_argument("--history", type=Path, metavar="FILE", help="the last runs, to which this one is added")
    parser.add_argument("--tag-link", metavar="ADDRESS", help="where tags lead, as https://tracker.example/{tag}")
    parser.add_argument(
        "--source-link",
        metavar="ADDRESS",
        help="where lines of files lead, as https://git.example/tasks/{commit}/{path}#L{line}",
    )
    parser.set_defaults(run=_render)


def _render(arguments: argparse.Namespace) -> int:
    links = Links(arguments.tag_link, arguments.source_link)
    print(
        write(arguments.messages, arguments.directory, arguments.baseline, links, arguments.history, pdf=arguments.pdf)
    )
    return 0


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help=f"where {PAGE} and {MESSAGES} lie")
    parser.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    verified = verify(arguments.directory)
    for sentence in (*verified.faults, *verified.unseen):
        print(one_line(sentence), file=sys.stderr)
    if not verified.faults and not verified.unseen:
        print(one_line(f"{verified.page} was made of {verified.messages}, and each file is as it was written:"))
        # As `sha256sum --check` reads it.
        for path, digest in verified.digests.items():
            print(f"{digest}  {one_line(str(path))}")
    for note in verified.notes:
        print(one_line(note))
    return 1 if verified.faults else 2 if verified.unseen else 0


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help="messages files, as NDJSON, or histories")
    parser.add_argument("-o", dest="into", type=_file, required=True, metavar="FILE", help="where the one run's go")
    parser.set_defaults(run=_merge)


def _file(path: str) -> Path:
    if not Path(path).name:
        raise argparse.ArgumentTypeError(f"{path!r} is not the name of a file")
    return Path(path)


def _merge(arguments: argparse.Namespace) -> int:
    files = list(_once(arguments.files))
    if any(map(history.is_history, files)):
        joined = history.merge(files, arguments.into)
        of = f"{_count(len(joined.runs), 'run')} of {_count(len(joined.promises), 'promise')}"
        print(one_line(f"{of}: {arguments.into}"))
        return 0
    merged = merge(files, arguments.into)
    of = f"{_count(merged.scenarios, 'promise')} of {_count(len(files), 'file')}"
    print(one_line(f"{of}: {arguments.into}"))
    if merged.repeated:
        print(f"{merged.repeated} of them ran more than once: the last attempt counts.")
    for fault in merged.faults:
        print(one_line(f"{fault}: what it would have shown is not run."), file=sys.stderr)
    return 1 if merged.faults else 0


def _once(files: Sequence[Path]) -> Iterator[Path]:
    """Yield each file once, and say which is named again: another one may have been meant."""
    known: set[str] = set()
    for path in files:
        if (real := os.path.realpath(path)) in known:
            print(one_line(f"{path} is named more than once, and is taken once."), file=sys.stderr)
        else:
            known.add(real)
            yield path


def _clean(_: argparse.Namespace) -> int:
    extras.check("postgres", "accord clean")
    # PostgreSQL's driver is loaded for this command alone.
    from accord.database.cleaning import in_cache, on_server
    from accord.database.given import VARIABLE, given, given_in

    server = given()
    with given_in(server.source if server else VARIABLE):
        return _remove([*(asyncio.run(on_server(server.address)) if server else ()), *in_cache()])


def _remove(found: "Sequence[Leftover]") -> int:
    if not found:
        print("Nothing is left.")
        return 0
    for where in dict.fromkeys(leftover.where for leftover in found):
        print(f"Left {where}:")
        for leftover in found:
            if leftover.where == where:
                print(f"  {leftover.name}  {tqdm.format_sizeof(leftover.size)}B")
    if not _is_agreed("Remove all of it? [y/N] "):
        print("Nothing is removed.")
        return 0
    left = 0
    for leftover in found:
        try:
            asyncio.run(leftover.remove())
        except AccordError as error:
            print(one_line(str(error)), file=sys.stderr)
            left += 1
    print(f"Removed: {len(found) - left} of {len(found)}.")
    return 1 if left else 0


def _is_agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def _pitfalls(_: argparse.Namespace) -> int:
    for extra in extras.PACKAGES:
        extras.check(extra, "accord pitfalls")
    from accord import pitfalls

    found = asyncio.run(pitfalls.findings())
    print(pitfalls.table(found))
    caught = sum(finding.caught for finding in found)
    print(f"\n{caught} of {len(found)} pitfalls caught.")
    return 0 if caught == len(found) else 1
