"""What is found in the page: by words, by state, by tag expression, and by an address that somebody sent."""

from pathlib import Path
from urllib.parse import urlencode

import pytest
from cucumber_tag_expressions import parse
from playwright.async_api import Browser, Page, expect

from accord.living_docs import rendering
from tests.helpers.recording import ndjson, recorded
from tests.page.tasks import FEATURES, OUTCOMES, shown

# A browser is on the event loop of the session that began it.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_search_narrows_as_one_types(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("searchbox").press_sequentially("pass")
    assert await shown(page) == ["A wrong password is refused", "A lost password is replaced"]
    await page.get_by_role("searchbox").press_sequentially("word lost")
    assert await shown(page) == ["A lost password is replaced"]
    await expect(page.locator("output")).to_have_text("1 of 8 promises")
    await expect(page.get_by_role("heading", name="Creating tasks")).to_be_hidden()


async def test_filters_live_in_the_address(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_label("broken 1").check()
    await page.get_by_label("not yet implemented 1").check()
    assert await shown(page) == ["A lost password is replaced", "Titles"]
    await expect(page).to_have_url(address + "?state=broken%2Cunmade")
    await page.reload()
    assert await shown(page) == ["A lost password is replaced", "Titles"]
    await page.goto(address + "?q=MILK&tag=@ISSUE-123")
    assert await shown(page) == ["A task may be described"]
    await expect(page.get_by_role("searchbox")).to_have_value("MILK")


async def test_of_an_outline_a_filter_shows_the_examples_that_are_meant(page: Page, address: str) -> None:
    await page.goto(address)
    rows = page.locator("#promises tr[id]:visible")
    assert await rows.count() > 1
    await page.get_by_label("broken 1").check()
    assert await rows.evaluate_all("rows => rows.map(row => row.className)") == ["broken"]
    await expect(page.locator("output")).to_have_text("1 of 8 promises")
    await page.get_by_label("broken 1").uncheck()
    assert await rows.count() > 1


async def test_an_address_that_leads_nowhere_leaves_all_to_be_seen(page: Page, address: str) -> None:
    await page.goto(address + "?state=gone#%zz")
    assert len(await shown(page)) == 5
    await page.get_by_role("searchbox").fill("milk")
    assert await shown(page) == ["A new task starts out open", "A task may be described"]
    await page.get_by_role("searchbox").fill("")
    await expect(page).to_have_url(address + "#%zz")


async def test_a_tag_leads_to_what_carries_it_or_inherits_it(page: Page, address: str) -> None:
    await page.goto(address)
    await page.locator("#creating-tasks").get_by_role("link", name="@tasks").click()
    assert await shown(page) == ["A new task starts out open", "A task may be described", "Titles"]
    await expect(page.get_by_label("Tags")).to_have_value("@tasks")
    await page.get_by_label("Tags").fill("@ISSUE-12")
    assert await shown(page) == ["A wrong password is refused", "A lost password is replaced"]


TAGS = [
    "@tasks",
    "@ISSUE-12",
    "not @tasks",
    "@tasks and not @ISSUE-123",
    "@tasks or @ISSUE-12",
    "(@tasks)",
    "not not @tasks",
]
TAGS += ["@ISSUE-123 or not (@tasks or @gone) and @ISSUE-12", "@ISSUE-12 and @tasks", "@gone"]


@pytest.mark.parametrize("expression", TAGS)
async def test_tags_are_filtered_as_cucumber_does(page: Page, address: str, expression: str) -> None:
    await page.goto(f"{address}?{urlencode({'tag': expression})}")
    meant = parse(expression)
    carried = await page.locator("article").evaluate_all(
        "all => all.map(one => [one.querySelector('h4, h5').textContent,"
        " (one.dataset.tags ?? one.querySelector('[data-tags]')?.dataset.tags ?? '').split(' ')])"
    )
    assert await shown(page) == [name for name, tags in carried if meant.evaluate(tags)]


@pytest.mark.parametrize("expression", ["@a @b", "@a and", "or @a", "(@a", "@a)", "not", "()"])
async def test_what_is_no_tag_expression_is_said(page: Page, address: str, expression: str) -> None:
    await page.goto(address)
    await page.get_by_label("Tags").fill(expression)
    await expect(page.locator("output")).to_have_text(f"{expression} is no tag expression: write one as @a and not @b")
    assert len(await shown(page)) == 5


async def test_a_filter_shows_what_it_found_and_not_what_stands_above(page: Page, address: str) -> None:
    await page.goto(address + "?q=password")
    await expect(page.get_by_role("region", name="Broken")).to_be_hidden()
    await expect(page.get_by_text("A wrong password is refused").first).to_be_in_viewport()


async def test_words_are_searched_each_by_itself_and_in_quotes_as_they_stand(page: Page, address: str) -> None:
    await page.goto(address)
    await page.get_by_role("searchbox").fill("password lost")
    assert await shown(page) == ["A lost password is replaced"]
    await page.get_by_role("searchbox").fill('"password lost"')
    assert await shown(page) == []
    await page.get_by_role("searchbox").fill('"LOST password" replaced')
    assert await shown(page) == ["A lost password is replaced"]


async def test_of_an_outline_the_search_finds_the_examples_that_say_it(page: Page, address: str) -> None:
    await page.goto(address + "?q=accepted+200")
    rows = page.locator("#promises tr[id]:visible")
    assert await rows.evaluate_all("rows => rows.map(row => row.cells[0].textContent.trim())") == ["200"]
    await expect(page.locator("output")).to_have_text("1 of 8 promises")


async def test_what_only_evidence_says_is_found_and_counted_apart(page: Page, address: str) -> None:
    await page.goto(address + "?q=http%2F1.1")
    assert await shown(page) == ["A new task starts out open", "Titles"]
    await expect(page.locator("output")).to_have_text("2 of 8 promises, 2 by evidence alone")
    await page.get_by_role("searchbox").fill("created")
    await expect(page.locator("output")).to_have_text("1 of 8 promises, 1 by evidence alone")
    await page.get_by_role("searchbox").fill("422")
    await expect(page.locator("output")).to_have_text("1 of 8 promises")


async def test_what_is_wrong_with_the_run_is_found_too(page: Page, tmp_path: Path) -> None:
    fault = {"source": {"uri": "features/lost.feature", "location": {"line": 3}}, "message": "expected: #Feature"}
    stream = tmp_path / "messages.ndjson"
    stream.write_text(ndjson([*recorded(FEATURES, OUTCOMES), {"parseError": fault}]), encoding="utf-8")
    rendering.write(stream, tmp_path)
    broken = page.get_by_role("region", name="Broken")
    await page.goto(tmp_path.joinpath("index.html").as_uri() + "?q=%23feature")
    await expect(broken).to_contain_text("features/lost.feature:3 is not understood")
    await expect(broken.get_by_text("Titles")).to_be_hidden()
    await page.get_by_role("searchbox").fill("milk")
    await expect(broken).to_be_hidden()
    await page.get_by_role("searchbox").fill("")
    await expect(broken.get_by_text("Titles")).to_be_visible()


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("@nothing", "0 of 8 promises: none carries @nothing"),
        ("not @nothing", "8 of 8 promises: none carries @nothing"),
        ("ISSUE-123", "0 of 8 promises: none carries ISSUE-123, but some @ISSUE-123"),
        ("@Tasks or @ISSUE-12", "2 of 8 promises: none carries @Tasks, but some @tasks"),
    ],
)
async def test_a_tag_that_nothing_carries_is_named(page: Page, address: str, expression: str, said: str) -> None:
    await page.goto(f"{address}?{urlencode({'tag': expression})}")
    await expect(page.locator("output")).to_have_text(said)


async def test_a_tag_expression_that_is_none_leaves_the_other_filters_at_work(page: Page, address: str) -> None:
    await page.goto(address + "?q=password&tag=@a+and")
    await expect(page.locator("output")).to_have_text("@a and is no tag expression: write one as @a and not @b")
    assert await shown(page) == ["A wrong password is refused", "A lost password is replaced"]
    await page.get_by_role("searchbox").fill("milk")
    assert await shown(page) == ["A new task starts out open", "A task may be described"]


async def test_a_filter_is_cleared_by_a_button(page: Page, address: str) -> None:
    await page.goto(address)
    await expect(page.get_by_role("button", name="clear")).to_be_hidden()
    await page.goto(address + "?q=lost&state=unmade&tag=@ISSUE-12&evidence=open")
    assert await shown(page) == ["A lost password is replaced"]
    await page.get_by_role("button", name="clear").click()
    assert len(await shown(page)) == 5
    await expect(page).to_have_url(address + "?evidence=open")


async def test_back_returns_to_the_filter_that_a_link_left(page: Page, address: str) -> None:
    await page.goto(address + "?q=password")
    await page.get_by_text("Contents").click()
    await page.get_by_role("navigation").get_by_role("link", name="Creating tasks").click()
    assert len(await shown(page)) == 5
    await page.go_back()
    await expect(page.get_by_role("searchbox")).to_have_value("password")
    assert await shown(page) == ["A wrong password is refused", "A lost password is replaced"]
    await page.go_forward()
    await expect(page.get_by_role("searchbox")).to_have_value("")
    await expect(page.get_by_role("heading", name="Creating tasks")).to_be_in_viewport()


@pytest.mark.parametrize("width", [360, 1280])
async def test_whoever_has_scrolled_on_sees_the_first_of_what_is_found(
    browser: Browser, address: str, width: int
) -> None:
    async with await browser.new_context(viewport={"width": width, "height": 500}) as context:
        page = await context.new_page()
        await page.goto(address + "#colophon")
        await page.get_by_role("searchbox").fill("task")
        await expect(page.get_by_role("heading", name="Creating tasks")).to_be_in_viewport()
        bar, found = [await page.locator(it).bounding_box() for it in ("#tools", "h2:visible >> nth=0")]
        assert bar
        assert found
        assert found["y"] >= bar["y"] + bar["height"]
