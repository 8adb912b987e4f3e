"""The page in a real browser: a product owner's, with a keyboard, on a phone, on paper, without JavaScript."""

import os
import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader

from accord.living_docs import pages, rendering
from tests.helpers.pages import HOSTILE
from tests.helpers.project import copy_program
from tests.helpers.recording import Outcome, exchange, har, ndjson, recorded, text
from tests.page.tasks import FEATURES, OPENAPI, OUTCOMES, shown

# A browser is on the event loop of the session that began it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_first_screen_says_how_it_stands_and_what_is_broken(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Task service")
    await expect(page.locator(".state")).to_have_text("6 promises kept, 1 broken, 1 not yet implemented")
    broken = page.get_by_role("region", name="Broken")
    await expect(broken).to_be_in_viewport()
    await expect(broken).to_contain_text("Tasks > Creating tasks > A title is neither empty nor endless > Titles")
    await expect(broken).to_contain_text("the title is accepted")


@pytest.mark.parametrize(
    "anchor",
    [
        "creating-tasks",
        "creating-tasks.a-title-is-neither-empty-nor-endless",
        "creating-tasks.a-new-task-starts-out-open",
        "creating-tasks.titles.201-refused",
    ],
)
async def test_a_link_leads_to_its_place_even_past_a_filter(page: Page, address: str, anchor: str) -> None:
    await page.goto(f"{address}?q=password#{anchor}")
    await expect(page.locator(f"[id='{anchor}']")).to_be_in_viewport()
    await expect(page.get_by_role("searchbox")).to_have_value("")


async def test_evidence_is_out_of_sight_until_it_is_asked_for(page: Page, address: str) -> None:
    await page.goto(address)
    kept = page.locator("[id='creating-tasks.a-new-task-starts-out-open']")
    await expect(kept.get_by_text("POST /tasks/: 201")).to_be_hidden()
    await kept.get_by_text("evidence", exact=True).click()
    await kept.get_by_text("POST /tasks/: 201").click()
    await expect(kept.get_by_text("POST /tasks/ HTTP/1.1")).to_be_visible()
    broken = page.locator("[id='creating-tasks.titles']")
    await broken.get_by_text("evidence", exact=True).click()
    await expect(broken.get_by_text("POST /tasks/ HTTP/1.1")).to_be_visible()
    assert await broken.locator("dd").all_inner_texts() == ["422", "201"]
    await expect(broken.get_by_text("steps/tasks.py:41: in created")).to_be_hidden()


async def test_the_evidence_of_all_is_opened_at_once_and_by_an_address(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("evidence").check()
    await expect(page.get_by_text("POST /tasks/ HTTP/1.1").first).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("POST /tasks/ HTTP/1.1").first).to_be_visible()
    await page.get_by_label("evidence").uncheck()
    await expect(page.get_by_text("POST /tasks/ HTTP/1.1").first).to_be_hidden()


async def test_paper_has_no_evidence_unless_it_was_opened_and_a_chapter_starts_a_page(page: Page, address: str) -> None:
    await page.goto(address)
    await page.emulate_media(media="print")
    await expect(page.get_by_text("the title is accepted").first).to_be_visible()
    await expect(page.get_by_text("evidence", exact=True).first).to_be_hidden()
    await expect(page.get_by_text("traceback").first).to_be_hidden()
    await expect(page.locator("form")).to_be_hidden()
    breaks = await page.locator(".chapter").evaluate_all("all => all.map(one => getComputedStyle(one).breakBefore)")
    assert set(breaks) == {"page"}


async def test_paper_is_light_whatever_the_system_is(browser: Browser, address: str) -> None:
    colours = []
    for scheme in ("light", "dark"):
        async with await browser.new_context(color_scheme=scheme) as context:
            page = await context.new_page()
            await page.goto(address)
            await page.emulate_media(media="print")
            colours.append(await page.locator("article .st").first.evaluate("one => getComputedStyle(one).color"))
    assert colours[0] == colours[1]


async def test_a_print_of_a_part_says_that_it_is_one(page: Page, address: str) -> None:
    await page.goto(address + "?q=password")
    text = "\n".join(sheet.extract_text() for sheet in PdfReader(BytesIO(await page.pdf())).pages)
    assert "A part of it: 2 of 8 promises" in text
    await page.goto(address)
    assert "A part of it" not in PdfReader(BytesIO(await page.pdf())).pages[0].extract_text()


async def test_what_is_printed_has_each_chapter_on_a_page_of_its_own_with_the_contents_and_what_is_broken(
    page: Page, address: str
) -> None:
    await page.goto(address)

    sheets = [sheet.extract_text() for sheet in PdfReader(BytesIO(await page.pdf())).pages]

    # What stands in the margins comes first.
    begun = [line for text in sheets for line in text.splitlines()[:3]]
    assert [title for title in begun if title in ("Accounts", "Tasks", "Index")] == ["Accounts", "Tasks", "Index"]
    assert "Creating tasks" in sheets[0]
    assert "the title is accepted" in sheets[0]
    assert not any("POST /tasks/ HTTP/1.1" in text for text in sheets)


async def test_a_phone_need_not_scroll_sideways(browser: Browser, address: str) -> None:
    async with await browser.new_context(viewport={"width": 360, "height": 640}) as context:
        page = await context.new_page()
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_on_a_phone_the_contents_and_all_filters_can_be_seen(browser: Browser, address: str) -> None:
    async with await browser.new_context(viewport={"width": 360, "height": 640}) as context:
        page = await context.new_page()
        await page.goto(address)
        for field in await page.locator("form label").all():
            await expect(field).to_be_in_viewport(ratio=1)
        await page.get_by_text("Contents").click()
        for link in await page.get_by_role("navigation").get_by_role("link").all():
            await expect(link).to_be_in_viewport(ratio=1)


async def test_on_a_phone_a_filter_leaves_nothing_of_what_it_does_not_show(browser: Browser, address: str) -> None:
    async with await browser.new_context(viewport={"width": 360, "height": 640}) as context:
        page = await context.new_page()
        await page.goto(address + "?tag=@ISSUE-12")
        assert await page.locator("h3:visible").all_text_contents() == ["Signing in"]


async def test_everything_is_there_without_javascript(browser: Browser, address: str) -> None:
    async with await browser.new_context(java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(address)
        assert len(await shown(page)) == 5
        await expect(page.get_by_role("search")).to_be_hidden()
        await page.locator("summary", has_text="evidence").first.click()
        await page.get_by_text("POST /tasks/: 201").first.click()
        await expect(page.get_by_text("POST /tasks/ HTTP/1.1").first).to_be_visible()


async def test_the_keyboard_alone_gets_everywhere(page: Page, address: str) -> None:
    await page.goto(address)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To the promises")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(address + "#promises")
    await page.locator("summary", has_text="evidence").first.focus()
    await page.keyboard.press("Enter")
    await page.get_by_text("POST /tasks/: 201").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("POST /tasks/ HTTP/1.1").first).to_be_visible()


async def test_what_a_browser_cannot_show_here_is_saved_from_the_page(page: Page, tmp_path: Path) -> None:
    letter = text("JVBERi0xLjQ=", "application/pdf", fileName="letter.pdf", contentEncoding="BASE64")
    table = text("a;b\n1;2", "text/csv", fileName="table.csv")
    picture = text("<svg xmlns='http://www.w3.org/2000/svg' width='3' height='3'/>", "image/svg+xml")
    outcome = Outcome("FAILED", "no", attachments=[letter, table, picture, text("\x1b[31mred\x1b[0m")])
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded(FEATURES, {"I get a letter": outcome})), encoding="utf-8")
    rendering.write(stream, tmp_path)
    await page.goto(tmp_path.joinpath("index.html").as_uri())
    await page.get_by_label("evidence").check()
    for name, content in (("letter.pdf", b"%PDF-1.4"), ("table.csv", b"a;b\n1;2")):
        async with page.expect_download() as saving:
            await page.locator(f"a[download='{name}']").click()
        saved = await saving.value
        assert saved.suggested_filename == name
        assert Path(await saved.path()).read_bytes() == content
    cells = page.locator("article table :is(th, td)").filter(visible=True)
    assert {"a", "b", "1", "2"} <= {cell.strip() for cell in await cells.all_text_contents()}
    assert await page.locator("img").evaluate("image => image.complete && image.naturalWidth") == 3
    colour, plain = await page.locator(".ansi-1").evaluate(
        "span => [getComputedStyle(span).color, getComputedStyle(span.parentElement).color]"
    )
    assert colour != plain


async def test_the_contents_stay_in_reach_and_close_behind_the_reader(page: Page, address: str) -> None:
    await page.goto(address + "#signing-in")
    await page.get_by_text("Contents").click()
    await page.get_by_role("navigation").get_by_role("link", name="Creating tasks").click()
    await expect(page.get_by_role("navigation").get_by_role("link", name="Creating tasks")).to_be_hidden()
    await expect(page.get_by_role("heading", name="Creating tasks")).to_be_in_viewport()


async def test_the_contents_are_left_by_the_keyboard_too(page: Page, address: str) -> None:
    await page.goto(address)
    contents = page.locator("#contents summary")
    await contents.press("Enter")
    first = page.get_by_role("navigation").get_by_role("link", name="Creating tasks")
    await expect(first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(first).to_be_hidden()
    await expect(contents).to_be_focused()
    await contents.press("Enter")
    await page.get_by_role("navigation").get_by_role("link", name="Colophon").focus()
    await page.keyboard.press("Tab")
    await expect(first).to_be_hidden()


async def test_a_text_from_right_to_left_is_laid_out_as_its_readers_expect(page: Page, tmp_path: Path) -> None:
    feature = """
# language: ar
خاصية: قائمة المهام
  سيناريو: قائمة فيها مهمة
    متى I look at the list
"""
    outcomes = {"I look at the list": Outcome("FAILED", "no\nassert 1 == 2")}
    stream = tmp_path / "messages.ndjson"
    files = {"features/tasks/list.feature": feature.lstrip(), "features/who.feature": "Feature: W\n Scenario: s\n * a"}
    stream.write_text(ndjson(recorded(files, outcomes)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    await page.goto(tmp_path.joinpath("index.html").as_uri())
    edges = "all => all.map(one => { const box = one.getBoundingClientRect(); return [box.left, box.right]; })"
    path = await page.locator("#broken bdi").evaluate_all(edges)
    assert path[:3] == sorted(path[:3])
    step = page.locator("[lang=ar] article ol > li").first
    ((_, beside),), ((keyword, right),) = [await step.locator(it).evaluate_all(edges) for it in ("span", "b")]
    assert beside <= keyword
    ((_, column),) = await page.locator("[lang=ar] article ol").evaluate_all(edges)
    assert right <= column + 1
    await page.emulate_media(media="print")
    ((_, heading),), ((margin, _),) = [
        await page.locator(f"[lang=ar] article > {it}").evaluate_all(edges) for it in ("h4", ".st")
    ]
    assert heading <= margin


async def test_hostile_text_is_text(context: BrowserContext, tmp_path: Path) -> None:
    evil = HOSTILE.replace("|", "")
    tag = "@x'><script>alert(3)</script>"
    feature = f"""
{tag}
Feature: {evil}
  {evil}
  Background: {evil}
    Given a {evil}
  Scenario: {evil}
    When b {evil}
      | {evil} |
    Then c {evil}
      ```{evil}
      {evil}
      ```
  Rule: {evil}
    Scenario Outline: {evil}
      Then d <cell>
      Examples: {evil}
        | cell   |
        | {evil} |
"""
    attachments = [
        har(exchange("POST /" + evil, 201, evil, evil), {"request": 1}),
        text("NUL \0, bell \a, half a pair \ud800, " + evil),
        text(f"javascript:alert(4)\nhttps://a.example/{evil}", "text/uri-list"),
        text("<svg onload=alert(5)>", "image/svg+xml", fileName=evil),
        text("' onerror=alert(6)", "image/png", contentEncoding="BASE64"),
        text("x" * 1_000_000),
        text(f"{evil},b\n{evil},\x1b[31m{evil}", "text/csv", fileName=evil),
        text(f"\x1b[31m{evil}\x1b[0m", fileName=evil),
        text("PHNjcmlwdD5hbGVydCg4KTwvc2NyaXB0Pg==", "text/html", fileName=evil, contentEncoding="BASE64"),
        text("PHNjcmlwdD5hbGVydCg4KTwvc2NyaXB0Pg==", f"video/{evil}", fileName=evil, contentEncoding="BASE64"),
    ]
    outcome = Outcome("FAILED", f"{evil}\nassert {evil} == {evil}\0", f"\x1b[31m{evil}", attachments)
    stream = tmp_path / "messages.ndjson"
    meta = {
        "ci": {"name": evil, "url": "javascript:alert(7)", "git": {"remote": evil, "revision": evil, "branch": evil}}
    }
    messages = recorded({f"features/{evil}/{evil}.feature": feature}, {f"d {evil}": outcome}, meta=meta)
    stream.write_text(ndjson(messages), encoding="utf-8")
    rendering.write(stream, tmp_path)

    seen: list[str] = []
    page = await context.new_page()
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("request", lambda request: seen.append(request.url))
    address = tmp_path.joinpath("index.html").as_uri()
    await page.goto(address)
    await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    await page.get_by_role("searchbox").press_sequentially("alert(1)")
    assert seen == [address]
    assert len(await shown(page)) == 2
    assert await page.locator("script, svg:not(.bar)").count() == 1
    sources = await page.locator("img").evaluate_all("all => all.map(one => one.getAttribute('src'))")
    assert [source.partition(",")[0] for source in sources] == ["data:image/svg+xml;base64"]
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hrefs = await page.locator("[href]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert all(
        href.startswith(("#", "?tag=", "https://a.example/", "data:application/octet-stream;base64,"))
        or href in ("requirements.csv", "messages.ndjson")
        for href in hrefs
    )


@pytest.mark.skipif(shutil.which("npm") is None, reason="no npm is on the PATH to get Cucumber's formatter with")
async def test_cucumbers_own_formatter_renders_the_record_of_our_features(page: Page, tmp_path: Path) -> None:
    run = [sys.executable, "-m", "pytest", "features/tasks/titles.feature", f"--accord-docs={tmp_path}"]
    # The database of this run is in use.
    of_this_run = ("ACCORD_DATABASE_URL", "DATABASE_URL", "GITHUB_STEP_SUMMARY")
    environment = {name: it for name, it in os.environ.items() if name not in of_this_run}
    subprocess.run(run, cwd=Path(__file__).parents[2], check=True, capture_output=True, env=environment)
    packages = ["@cucumber/html-formatter@24", "@cucumber/messages"]
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", *packages], cwd=tmp_path, check=True, capture_output=True
    )
    copy_program("formatter", tmp_path)
    subprocess.run(["node", "formatter.mjs"], cwd=tmp_path, check=True)
    await page.goto(tmp_path.joinpath("formatter.html").as_uri())
    await page.get_by_text("features/tasks/titles.feature").first.click()
    await expect(page.get_by_text("How long a title may be").first).to_be_visible()


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the front page is of the same features, as if there were very many."""
    monkeypatch.setattr(pages, "LARGE", 1)
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson(recorded(FEATURES, OUTCOMES, openapi=OPENAPI)), encoding="utf-8")
    rendering.write(stream, tmp_path)
    return tmp_path.joinpath("index.html").as_uri()


async def test_the_front_page_of_a_large_document_searches_over_all_and_leads_there(page: Page, large: str) -> None:
    await page.goto(large)
    assert await page.locator("#chapters a").all_text_contents() == ["Accounts", "Tasks"]
    await page.get_by_role("searchbox").fill("letter password")
    await expect(page.locator("output")).to_have_text("1 of 8 promises")
    results = page.locator("#results a")
    await expect(results).to_have_text(["Accounts > Signing in > A lost password is replaced"])
    await expect(page.locator("#chapters, #broken")).to_have_count(2)
    assert not await page.locator("#chapters, #broken").locator("visible=true").count()
    # A link shares what was searched.
    await page.goto(page.url)
    await expect(results).to_have_count(1)
    await results.click()
    await page.wait_for_url("**/chapter-accounts.html#signing-in.a-lost-password-is-replaced")
    assert await page.locator("article:target h4").text_content() == "A lost password is replaced"
    await page.get_by_role("heading", level=1).get_by_role("link").click()
    await page.wait_for_url("**/index.html")


async def test_the_front_page_filters_by_state_and_tag_expression(page: Page, large: str) -> None:
    await page.goto(large)
    await page.get_by_label("Tags").fill("@tasks and not @ISSUE-123")
    await expect(page.locator("output")).to_have_text("5 of 8 promises")
    await page.get_by_label("Tags").fill("@tasks and")
    await expect(page.locator("output")).to_contain_text("is no tag expression")
    await page.get_by_label("Tags").fill("")
    await expect(page.locator("#results li")).to_have_count(0)
    await page.get_by_role("checkbox", name="broken").check()
    await expect(page.locator("#results li")).to_have_class(["broken"])
    await page.goto(large + "?state=unmade&evidence=open")
    await expect(page.locator("#results a")).to_have_attribute("href", re.compile(r"\?evidence=open#"))


async def test_an_address_of_the_one_page_that_it_was_leads_on_to_the_chapter(page: Page, large: str) -> None:
    await page.goto(large + "#creating-tasks.a-task-may-be-described")
    await page.wait_for_url("**/chapter-tasks.html#creating-tasks.a-task-may-be-described")


async def test_the_chapter_of_a_large_document_has_a_search_of_its_own(page: Page, large: str) -> None:
    await page.goto(large.replace("index.html", "chapter-tasks.html"))
    await page.get_by_role("searchbox").fill("described")
    assert await shown(page) == ["A task may be described"]


@pytest.mark.parametrize("file", ["index.html?q=task", "index.html", "chapter-tasks.html"])
async def test_axe_finds_nothing_to_complain_of_in_the_pages_of_a_large_document(
    page: Page, large: str, file: str
) -> None:
    await page.goto(large.replace("index.html", file))
    await page.locator("output, #chapters a, article").first.wait_for(state="attached")
    assert not (await Axe().run(page)).response["violations"]
