"""The page as a validator and a checker of accessibility judge it, in each state that a run can leave it in."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.helpers.pages import write_all

IS_CHECKED = all(map(shutil.which, ("npm", "java")))
# Also what is no fault by itself, and is off unless it is asked for.
RULES = {"rules": {"target-size": {"enabled": True}}}
# Colours do not depend on the width.
SCREENS: dict[str, tuple[Literal["light", "dark"], int, int]] = {
    "desktop": ("light", 1280, 800),
    "phone": ("dark", 360, 640),
}
SHOWN = ["red", "retried", "reworded", "nothing", "attachments", "hostile", "languages"]


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("pages"))


@pytest.mark.skipif(
    not IS_CHECKED and "CI" not in os.environ, reason="no npm and Java are on the PATH to validate with"
)
def test_each_page_is_valid_html_also_where_each_chapter_is_one(
    pages: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapters = tmp_path / "chapters"
    chapters.mkdir()
    monkeypatch.setattr("accord.living_docs.pages.LARGE", 1)
    write_all(chapters)
    wrong = tmp_path / "wrong.html"
    wrong.write_text("<!doctype html><title></title><p id=a><p id=a>", encoding="utf-8")
    found = _errors([wrong, *pages.values(), *chapters.rglob("*.html")], tmp_path)

    # Of a file that it does not read the validator says nothing.
    assert {Path(error["url"]).name for error in found} == {wrong.name}, json.dumps(found, indent=1, ensure_ascii=False)
    assert any("Duplicate ID" in error["message"] for error in found)


def _errors(paths: list[Path], scratch: Path) -> list[dict[str, Any]]:
    """The errors that the Nu Html Checker finds."""
    subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "vnu-jar@26"],
        cwd=scratch,
        check=True,
        capture_output=True,
    )
    jar = scratch / "node_modules/vnu-jar/build/dist/vnu.jar"
    # Its parser is recursive, and the pages are deep.
    options: list[str | Path] = [
        "java",
        "-Xss16m",
        "-jar",
        jar,
        "--exit-zero-always",
        "--format",
        "json",
        "--errors-only",
    ]
    ended = subprocess.run([*options, *paths], check=True, capture_output=True, text=True, encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(ended.stderr)["messages"]
    return [message for message in found if message["type"] != "info"]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", SHOWN)
async def test_axe_finds_nothing_to_complain_of(
    browser: Browser, pages: dict[str, Path], name: str, screen: str
) -> None:
    scheme, width, height = SCREENS[screen]
    async with await browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}) as context:
        page = await context.new_page()
        await page.goto(pages[name].as_uri())
        if name == "red":
            await _check(page)
            await page.get_by_text("Contents").click()
            await _check(page)
        # But the contents, which lie over the rest.
        await page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true })")
        await _check(page)
        await page.get_by_role("searchbox").fill("a")
        await _check(page)


async def _check(page: Page) -> None:
    found = await Axe().run(page, options=RULES)
    assert not found.response["violations"], found.generate_report()
