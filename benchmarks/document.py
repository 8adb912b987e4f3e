"""How long the document of a large suite takes to write and to read, and how large it is.

    uv run python -m benchmarks.document [SCENARIOS]

Each scenario has six steps; two of them carry an exchange. Sizes are those of the page with its evidence and without
(from 20,000 scenarios on it has a page for each chapter beside it), and, where npm is there to get it, of the page of
@cucumber/html-formatter, which is shown in the same browser.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from benchmarks.measuring import ACCORD, Command, run

SCENARIOS_A_FEATURE = 20
PARTS = 4
SENTENCES = (
    ("Given ", "Context", "someone signed in as user number {0}"),
    ("And ", "Context", 'there is a task "Buy {1} number {0}" that is due in {2} days'),
    ("And ", "Context", "the task is shared with {2} other people"),
    ("When ", "Action", 'the title of the task is changed to "Fetch {1} number {0}"'),
    ("Then ", "Outcome", 'the task "Fetch {1} number {0}" is on the list'),
    ("And ", "Outcome", "each of the {2} other people is told about it"),
)
GOODS = ("milk", "bread", "butter", "apples", "paper", "candles", "soap", "nails")
BROWSER = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
FORMATTER = Path(__file__).with_name("formatter.mjs")
SHOWN = "document.body?.innerText.trim() && performance.now()"
SEARCH = """async words => {
  const field = document.querySelector("[type=search]");
  const start = performance.now();
  field.value = words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""

Json = dict[str, Any]


def messages(scenarios: int, *, evidence: bool) -> Iterator[Json]:
    """A run of so many scenarios, each like the other but for its words."""
    named = {"name": "a suite", "version": "1.0"}
    ci = {"name": "local", "git": {"remote": "https://example.org/suite.git", "revision": 40 * "0", "branch": "main"}}
    machine = dict.fromkeys(("implementation", "runtime", "os", "cpu"), named)
    yield {"meta": {"protocolVersion": "34.0.0", **machine, "ci": ci}}
    yield {"testRunStarted": {"id": "run", "timestamp": _time(0)}}
    for number, (_, _, sentence) in enumerate(SENTENCES):
        reference = {"uri": "steps/tasks.py", "location": {"line": 10 * number + 1}}
        pattern = {"source": sentence, "type": "REGULAR_EXPRESSION"}
        yield {"stepDefinition": {"id": f"d{number}", "pattern": pattern, "sourceReference": reference}}
    for first in range(0, scenarios, SCENARIOS_A_FEATURE):
        numbers = range(first, min(first + SCENARIOS_A_FEATURE, scenarios))
        yield {"gherkinDocument": _feature(numbers)}
        for number in numbers:
            yield from _run(number, evidence=evidence)
    yield {"testRunFinished": {"testRunStartedId": "run", "success": False, "timestamp": _time(100 * scenarios)}}


def _uri(number: int) -> str:
    part = number // SCENARIOS_A_FEATURE
    return f"features/area_{part // 10}/part_{part}.feature"


def _feature(numbers: range) -> Json:
    number = numbers.start // SCENARIOS_A_FEATURE
    children = [{"scenario": _scenario(one)} for one in numbers]
    titled = {"keyword": "Feature", "name": f"Sharing tasks, part {number}", "description": "  As someone\n  I share."}
    fields = {"language": "en", "tags": [], "location": {"line": 1, "column": 1}, "children": children}
    return {"uri": _uri(numbers.start), "feature": fields | titled, "comments": []}


def _scenario(number: int) -> Json:
    line = 4 + number % SCENARIOS_A_FEATURE * (len(SENTENCES) + 2)
    steps = [
        {
            "id": f"{number}-{step}",
            "keyword": keyword,
            "keywordType": kind,
            "text": _text(sentence, number),
            "location": {"line": line + 1 + step, "column": 5},
        }
        for step, (keyword, kind, sentence) in enumerate(SENTENCES)
    ]
    titled = {"keyword": "Scenario", "name": _name(number), "description": ""}
    location = {"location": {"line": line, "column": 3}}
    return {"id": f"s{number}", "tags": [], "steps": steps, "examples": []} | titled | location


def _name(number: int) -> str:
    return f"A shared task keeps its people, case {number}"


def _text(sentence: str, number: int) -> str:
    return sentence.format(number, GOODS[number % len(GOODS)], number % 7 + 1)


def _run(number: int, *, evidence: bool) -> Iterator[Json]:
    steps = range(len(SENTENCES))
    pickle_steps = [
        {
            "id": f"p{number}-{step}",
            "astNodeIds": [f"{number}-{step}"],
            "type": SENTENCES[step][1],
            "text": _text(SENTENCES[step][2], number),
        }
        for step in steps
    ]
    fields = {"uri": _uri(number), "language": "en", "name": _name(number), "tags": [], "steps": pickle_steps}
    yield {"pickle": {"id": f"p{number}", "astNodeIds": [f"s{number}"], **fields}}
    tests = [
        {
            "id": f"t{number}-{step}",
            "pickleStepId": f"p{number}-{step}",
            "stepDefinitionIds": [f"d{step}"],
            "stepMatchArgumentsLists": [{"stepMatchArguments": []}],
        }
        for step in steps
    ]
    yield {"testCase": {"id": f"c{number}", "testRunStartedId": "run", "pickleId": f"p{number}", "testSteps": tests}}
    attempt = f"a{number}"
    yield {"testCaseStarted": {"id": attempt, "testCaseId": f"c{number}", "attempt": 0, "timestamp": _time(number)}}
    for step in steps:
        step_of = {"testCaseStartedId": attempt, "testStepId": f"t{number}-{step}"}
        yield {"testStepStarted": step_of | {"timestamp": _time(number)}}
        if evidence and step in (3, 4):
            body = json.dumps({"log": {"entries": [_exchange(number)]}})
            har = {"mediaType": "application/har+json", "contentEncoding": "IDENTITY", "body": body}
            yield {"attachment": step_of | har}
        result = {"status": "FAILED" if number % 500 == 3 and step == 5 else "PASSED", "duration": _time(step)}
        yield {"testStepFinished": step_of | {"testStepResult": result, "timestamp": _time(number)}}
    finished = {"timestamp": _time(number + number % 90), "willBeRetried": False}
    yield {"testCaseFinished": {"testCaseStartedId": attempt, **finished}}


def _exchange(number: int) -> Json:
    task = {"id": number, "title": f"Fetch number {number}", "completed": False, "people": list(range(number % 7))}
    headers = [{"name": "content-type", "value": "application/json"}, {"name": "authorization", "value": "[redacted]"}]
    body = {"mimeType": "application/json", "text": json.dumps(task)}
    request = {"method": "PATCH", "url": f"http://test/tasks/{number}", "headers": headers, "postData": body}
    response = {"status": 200, "statusText": "OK", "headers": headers[:1], "content": body}
    return {"time": 3.2, "request": request, "response": response, "_operation": "PATCH /tasks/{task_id}"}


def _time(milliseconds: int) -> Json:
    return {"seconds": milliseconds // 1000, "nanos": milliseconds % 1000 * 1_000_000}


def rendered(directory: Path, scenarios: int, *, evidence: bool) -> Path:
    """Write a messages file and render it in a process of its own; prints what that took. Returns the page."""
    written = directory / "messages.ndjson"
    with written.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(message) + "\n" for message in messages(scenarios, evidence=evidence))
    took = run(Command([ACCORD, "render", written.name, "-o", "."], directory))
    seconds, memory = took.seconds - starting(directory), took.megabytes
    page = directory / "index.html"
    size, of = page.stat().st_size / 1e6, written.stat().st_size / 1e6
    words = "with evidence" if evidence else "without evidence"
    of_processor = f"{took.processor:.1f} of the processor's"
    print(f"{words}: {of:.1f} MB of messages rendered in {seconds:.1f} s, {of_processor}, to {size:.1f} MB")
    print(f"  {memory:.0f} MB of memory")
    # From so many scenarios on there is a page for each chapter too.
    if chapters := [chapter.stat().st_size / 1e6 for chapter in directory.glob("chapter-*.html")]:
        print(
            f"  beside it {len(chapters)} pages of chapters: {sum(chapters):.1f} MB, each up to {max(chapters):.1f} MB"
        )
    return page


def starting(directory: Path) -> float:
    """Return how many seconds the command takes that does nothing."""
    return run(Command([ACCORD, "--help"], directory)).seconds


def merged(directory: Path, scenarios: int) -> None:
    """Print how long it takes to join the messages files of four machines that ran a quarter each."""
    parts = [directory / f"part_{number}.ndjson" for number in range(PARTS)]
    with ExitStack() as stack:
        files = [stack.enter_context(part.open("w", encoding="utf-8")) for part in parts]
        for message in messages(scenarios, evidence=True):
            [content] = message.values()
            case = (
                content["id"]
                if "testCase" in message or "testCaseStarted" in message
                else content.get("testCaseStartedId")
            )
            # What is not of one test case, such as documents, is in the file of each machine.
            targets = files if case is None else [files[int(case[1:]) % PARTS]]
            for file in targets:
                file.write(json.dumps(message) + "\n")
    names = [part.name for part in parts]
    merge = Command([ACCORD, "merge", *names, "-o", "merged.ndjson"], directory, f"{scenarios} scenarios of {PARTS} ")
    print(f"merged from {PARTS} files in {run(merge).seconds - starting(directory):.1f} s")


def formatted(directory: Path) -> Path:
    """Have @cucumber/html-formatter make its page of the messages file in the directory; prints its size."""
    packages = ["@cucumber/html-formatter", "@cucumber/messages"]
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *packages], cwd=directory, check=True)
    shutil.copy(FORMATTER, directory)
    subprocess.run(["node", "formatter.mjs"], cwd=directory, check=True)
    page = directory / "formatter.html"
    print(f"@cucumber/html-formatter, without evidence: {page.stat().st_size / 1e6:.1f} MB")
    return page


async def shown(page: Page, file: Path) -> float:
    """Return how many seconds the page takes until there is text to read; prints them."""
    await page.goto(file.as_uri(), wait_until="commit")
    there = await page.wait_for_function(SHOWN, timeout=120_000)
    seconds = await there.json_value() / 1000
    await page.wait_for_load_state("load", timeout=120_000)
    print(f"  shown after {seconds:.2f} s")
    return float(seconds)


async def searched(page: Page) -> None:
    """Print how long a search takes, once what there is to search was gathered."""
    await page.wait_for_timeout(2000)
    took = [await page.evaluate(SEARCH, words) for words in ("fetch", "fetch bread 7", "nothing like it", "")]
    print("  searches: " + ", ".join(f"{milliseconds:.0f} ms" for milliseconds in took))


async def main() -> None:
    """Measure the document with evidence, and without, and Cucumber's."""
    scenarios = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    browser_path = next(filter(None, map(shutil.which, BROWSER)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            for evidence in (True, False):
                page = await browser.new_page()
                ours = await shown(page, rendered(directory, scenarios, evidence=evidence))
                await searched(page)
                await page.close()
            merged(directory, scenarios)
            if shutil.which("npm"):
                theirs = await shown(await browser.new_page(), formatted(directory))
                print(f"shown, ours / theirs: {ours / theirs:.2f}")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
