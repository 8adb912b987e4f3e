"""What is found in the page: by words, by state, by tag expression, and by an address that somebody sent."""

from urllib.parse import urlencode

import pytest
from cucumber_tag_expressions import parse
from playwright.async_api import Page, expect

from tests.page.tasks import shown

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
