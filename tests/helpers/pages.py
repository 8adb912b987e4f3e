"""Pages in each state that a run can leave one in, for whoever judges their HTML."""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from gherkin.dialect import DIALECTS

from accord.living_docs import rendering
from accord.living_docs.links import Links
from tests.helpers.documents import KIT
from tests.helpers.recording import Json, Outcome, exchange, har, ndjson, recorded, text

CORPUS = Path(__file__).parents[1] / "corpus"
HOSTILE = (
    "<script>alert(1)</script>'\"><img src=x onerror=alert(2)></pre></table></details>--><!--{{7*7}}\u202eevil\u2066"
)
SHOP = """
@shop @ISSUE-12
Feature: The shop
  What we *sell*, and to whom.

  # Prices

  1. first
  2. second

  | item | price |
  |------|-------|
  | milk | 1     |

  > [a link](https://shop.example/a b), [none](javascript:alert(1)), <https://shop.example/%zz/[x]>, [here](#the-shop)
  ![a picture](picture.png) ![](picture.png) `code`

  Background: Opened
    Given the shop is open

  Scenario: Milk is sold
    When I buy milk
    Then I have milk

  Scenario: Bread is sold
    When I buy bread
      | item | pieces |
      | rye  | 2      |
    Then I have bread
      '''
      two
        loaves
      '''

  Scenario: Cheese is sold
    When I buy cheese

  Scenario: Wine is sold
    When I buy wine

  Scenario: Water is sold
    When I buy water

  Rule: Nothing is given away
    A rule has a description.

    @cheap
    Scenario Outline: The price of <item>
      When I buy <item>
      Then I pay <price>

      @first
      Examples: Food
        These are eaten.

        | item | price | note |
        | tea  | 1     |      |
        | rice | 2     | best |

      Examples:
        | item |
""".replace("'''", '"""')
OUTCOMES = {
    "I buy milk": Outcome(attachments=[har(exchange("POST /carts/", 201, '{"item":"milk"}', '{"id":1}'))]),
    "I have bread": Outcome(
        "FAILED",
        "no bread\nassert 1 == 2\n+  where",
        "app/carts.py:41: in buy\nsteps/shop.py:7: in bought",
        [har(exchange("GET /carts/1", 500, "", "no")), text("one\n\x1b[31mtwo\x1b[0m", "text/x.cucumber.log+plain")],
    ),
    "I buy cheese": Outcome("UNDEFINED"),
    "I buy wine": Outcome("PENDING", "later"),
    "I buy water": Outcome("SKIPPED", "dried up"),
    "I pay 2": Outcome("AMBIGUOUS", "two step definitions say it"),
}
OPENAPI = {
    "info": {"title": "Shop"},
    "paths": {
        "/carts/": {"post": {"responses": {"201": {}, "422": {}}}, "get": {"responses": {"200": {}}}},
        "/carts/{id}": {"get": {"responses": {"200": {}}}},
    },
}
META = {
    "ci": {
        "name": "GitHub Actions",
        "buildNumber": "7",
        "url": "https://ci.example/runs/7?a=b c&d=[1]|<2>",
        "git": {"remote": "https://git.example/a b/shop.git", "revision": "3f2a91c" + 33 * "0", "branch": "a/b"},
    }
}
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ATTACHMENTS = [
    text(PICTURE, "image/png", contentEncoding="BASE64", fileName="one.png"),
    # As MIME has base64, in lines.
    text("\r\n".join(PICTURE[i : i + 40] for i in range(0, 120, 40)) + "\r\n", "image/png", contentEncoding="BASE64"),
    text("<svg xmlns='http://www.w3.org/2000/svg' width='3' height='3'/>", "image/svg+xml"),
    text("a,b\n1\n1,2,3\n\n,\n", "text/csv", fileName="ragged.csv"),
    text("only a header", "text/csv"),
    text("a\tb\n1\t2", "text/tab-separated-values", fileName=" \t.tsv"),
    text("x,\n" * 1200, "text/csv"),
    text('{"a": [1, 2]}', "application/json"),
    text("", "text/plain"),
    text("https://shop.example/[x] y\njavascript:no\nhttps://shop.example/%zz|<\\^`{}\"'", "text/uri-list"),
    text("https://shop.example/ä ö/%", "text/plain", url="https://shop.example/ä ö/%#a#b"),
    text("http://", "text/uri-list"),
    text("JVBERi0x\nLjQ=", "application/pdf", contentEncoding="BASE64", fileName='a "letter"\n.pdf'),
    text("AAAA", "video/mp4", contentEncoding="BASE64", fileName="film.mp4"),
    text("not base64!", "audio/ogg", contentEncoding="BASE64"),
    text("AAAA", "application/x-thing; a=b", contentEncoding="BASE64"),
    text("", "application/zip", contentEncoding="BASE64"),
    text(f"{HOSTILE},b\n{HOSTILE},\x1b[31m{HOSTILE}", "text/csv", fileName=HOSTILE),
    text("<svg onload=alert(5)>", "image/svg+xml", fileName=HOSTILE),
    text("\0 \ud800 \ufdd0 \U0001fffe \x85 \x1b[1;31mred", "text/plain"),
    har(exchange("POST /" + HOSTILE, 201, HOSTILE, HOSTILE)),
    har(),
]
FROM_RIGHT = """# language: {language}
{feature}: {name}
  {name}
  {scenario}: {name} 1 (a)
    {given}{name} "milk"
      | {name} | b |
  {outline}: {name} <c>
    {given}{name} <c>
    {examples}:
      | c      |
      | {name} |
"""


def write_all(directory: Path) -> dict[str, Path]:
    """Write a page for each state of a run, and return their paths by what is on them."""
    found: dict[str, Path] = {}
    for name, messages, baseline in chain(_runs(), _with_the_ids_of(found)):
        folder = directory / name
        folder.mkdir()
        for run, its in (("messages", messages), ("before", [*_a_day_before(baseline)])):
            folder.joinpath(f"{run}.ndjson").write_text(ndjson(its), encoding="utf-8")
        folder.joinpath("picture.png").write_bytes(b"\x89PNG\r\n")
        links = Links(source="https://git.example/{commit}/{path}#L{line}") if name == "red" else None
        before = folder / "before.ndjson"
        # The second time, the history knows of a run before.
        rendering.write(before, folder, history=folder / "history.json")
        rendering.write(folder / "messages.ndjson", folder, before, links, folder / "history.json")
        found[name] = folder / "index.html"
    for name, stream in KIT.items() | {path.stem: path for path in CORPUS.glob("*.ndjson")}.items():
        folder = directory / f"sample-{name}"
        rendering.write(stream, folder)
        found[f"sample-{name}"] = folder / "index.html"
    return found


def _runs() -> Iterator[tuple[str, list[Json], list[Json]]]:
    """Name, messages, and those of the run before."""
    shop = {"features/shop/shop.feature": SHOP, "features/top.feature": "Feature: Top\n  Scenario: x\n    * x"}
    green = recorded(shop, openapi=OPENAPI)
    red = recorded(shop, OUTCOMES, openapi=OPENAPI, meta=META, attachments=ATTACHMENTS)
    error: Json = {"source": {"uri": "features/a.feature", "location": {"line": 1}}, "message": "no feature"}
    failed: Json = {"success": False, "timestamp": {"seconds": 1_794_492_190, "nanos": 123_456_789}, "message": "out"}
    broken = [*red[:-1], {"parseError": error}, {"testRunFinished": failed}]
    yield "green", green, red
    yield "red", broken, green
    yield "reworded", recorded({uri: it.replace("milk", "cream") for uri, it in shop.items()}, OUTCOMES), green
    yield "retried", [*_retried(red)], green
    yield "part", [*red, *_of_a_part(red)], green
    yield "deselected", recorded(shop, leave_out=["Milk is sold", "x"]), green
    yield "nothing", recorded({}), recorded({})
    yield "no-promise", recorded({"a.feature": "Feature: Empty", "b.feature": ""}), recorded({})
    yield "attachments", recorded(shop, {"I buy milk": Outcome("FAILED", "no", "", ATTACHMENTS)}), green
    yield "hostile", _hostile(), green
    yield "languages", _languages(), green
    yield "many", _many("FAILED"), _many("PASSED")


def _a_day_before(messages: list[Json]) -> Iterator[Json]:
    """The run, begun a day before: the history has two runs then."""
    for message in messages:
        started = message.get("testRunStarted")
        day = (
            {"timestamp": started["timestamp"] | {"seconds": started["timestamp"]["seconds"] - 86_400}}
            if started
            else {}
        )
        yield {"testRunStarted": started | day} if started else message


def _retried(messages: list[Json]) -> Iterator[Json]:
    """The run, with each test case begun once more; the second attempt passes."""
    began = {it["testCaseStarted"]["id"]: it["testCaseStarted"] for it in messages if "testCaseStarted" in it}
    for message in messages:
        yield message
        if "testCaseFinished" in message:
            attempt = message["testCaseFinished"]["testCaseStartedId"]
            yield {"testCaseStarted": began[attempt] | {"id": attempt + "-2", "attempt": 1}}
            for step in messages:
                if step.get("testStepFinished", {}).get("testCaseStartedId") == attempt:
                    result = {"status": "PASSED", "duration": {"seconds": 0, "nanos": 1}}
                    again = {"testCaseStartedId": attempt + "-2", "testStepResult": result}
                    yield {"testStepFinished": step["testStepFinished"] | again}
            yield {"testCaseFinished": message["testCaseFinished"] | {"testCaseStartedId": attempt + "-2"}}


def _of_a_part(messages: list[Json]) -> list[Json]:
    """The test cases of that run as those of a part, which ran after the whole."""
    run: Json = {"id": "part.1", "timestamp": {"seconds": 1_794_592_180, "nanos": 123_456_789}}
    taken = {"testCase", "testCaseStarted", "testStepFinished", "testCaseFinished"}
    cases: list[Json] = [_renamed(it) for it in messages if taken & set(it)]
    for case in cases:
        case.get("testCase", {})["testRunStartedId"] = run["id"]
    ended: Json = {"success": False, "timestamp": run["timestamp"], "testRunStartedId": run["id"]}
    return [{"testRunStarted": run}, *cases, {"testRunFinished": ended}]


def _renamed(value: Any) -> Any:
    """The message with other ids of test cases."""
    if isinstance(value, list):
        return [_renamed(it) for it in value]
    if not isinstance(value, dict):
        return value
    ids = {"id", "testCaseId", "testCaseStartedId", "testStepId"}
    return {key: f"again-{it}" if key in ids else _renamed(it) for key, it in value.items()}


def _hostile() -> list[Json]:
    tag = "@x'><script>alert(3)</script>"
    feature = f"""
{tag}
Feature: {HOSTILE}
  {HOSTILE}
  Background: {HOSTILE}
    Given a {HOSTILE}
  Scenario: {HOSTILE}
    When b {HOSTILE}
      | {HOSTILE} |
    Then c {HOSTILE}
      ```{HOSTILE}
      {HOSTILE}
      ```
  Rule: {HOSTILE}
    Scenario Outline: {HOSTILE}
      Then d <cell>
      Examples: {HOSTILE}
        | cell   |
        | {HOSTILE} |
"""
    trace = f"\x1b[31m{HOSTILE}"
    outcome = Outcome("FAILED", f"{HOSTILE}\nassert {HOSTILE} == {HOSTILE}\0", trace, ATTACHMENTS)
    git = {"remote": HOSTILE, "revision": HOSTILE, "branch": HOSTILE}
    meta = {"ci": {"name": HOSTILE, "url": "javascript:alert(7)", "git": git}}
    uri = f"features/{HOSTILE}/{HOSTILE}.feature"
    paths: Json = {f"/{HOSTILE}": {"get": {"responses": {"200": {}}}}}
    openapi = {"info": {"title": HOSTILE}, "paths": paths}
    return recorded({uri: feature}, {f"d {HOSTILE}": outcome}, meta=meta, openapi=openapi)


def _languages() -> list[Json]:
    """A feature in each language of Gherkin, and one in none that there is."""
    names = {"ar": "قائمة المهام (1)", "he": "רשימת המשימות (1)", "fa": "فهرست کارها"}
    features = {}
    for language, words in DIALECTS.items():
        said = {
            "feature": words["feature"][-1],
            "scenario": words["scenario"][-1],
            "outline": words["scenarioOutline"][-1],
            "examples": words["examples"][-1],
        }
        given = next(word for word in words["given"] if word != "* ")
        name = names.get(language, f"in {language}")
        features[f"features/{language}/it.feature"] = FROM_RIGHT.format(
            language=language, given=given, name=name, **said
        )
    messages = recorded(features, {f'{name} "milk"': Outcome("FAILED", f"{name}!") for name in names.values()})
    unknown = json.loads(json.dumps(messages[1]))
    unknown["gherkinDocument"]["uri"] = "features/none.feature"
    unknown["gherkinDocument"]["feature"] |= {"language": HOSTILE, "children": []}
    return [*messages[:-1], unknown, messages[-1]]


def _many(status: str) -> list[Json]:
    """So many that lists of causes, of what is flaky and of a large page end before all are named."""
    scenarios = "".join(
        f"  Scenario: The {n}th\n    Given the {n}th\n  Scenario: Later {n}\n    Given later {n % 2}\n"
        for n in range(260)
    )
    outcomes = {f"the {n}th": Outcome(status, f"cause {n % 30}") for n in range(0, 260, 2)}
    outcomes |= {"later 1": Outcome("PENDING"), "later 0": Outcome("SKIPPED")}
    return recorded({"many.feature": f"Feature: Many\n{scenarios}"}, outcomes)


def _with_the_ids_of(pages: dict[str, Path]) -> Iterator[tuple[str, list[Json], list[Json]]]:
    """Runs of features that are called as what those pages have in themselves."""
    ids = sorted({name for page in pages.values() for name in re.findall(' id="([^".]+)"', page.read_text("utf-8"))})
    names = [*ids, "", "!", "Chapter features", "a\tb", *ids[:3]]
    features = {f"{number}.feature": f"Feature: {name}\n  Scenario:\n    * x" for number, name in enumerate(names)}
    run = recorded(features | {"shop.feature": SHOP}, OUTCOMES, openapi=OPENAPI, attachments=ATTACHMENTS)
    yield "ids", run, recorded({})
    yield "ids-retried", [*_retried(run)], run
