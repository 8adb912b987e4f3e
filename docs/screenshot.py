"""The picture of the living documentation in the README: what a product owner sees once a promise is broken.

    uv run python docs/screenshot.py

It runs the features in a clone in which a title may have 199 characters, and takes the page's first screen.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from accord.basics.filenames import PAGE

ROOT = Path(__file__).parents[1]
PICTURE = Path(__file__).with_name("living-docs.png")
BROWSER = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def publish(directory: Path) -> Path:
    """Run the features before and after the fault; returns the page of the second run."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(directory)], check=True)
    run = [sys.executable, "-m", "pytest", "features", "-q", "-p", "no:cacheprovider"]
    subprocess.run(run, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    schema = directory / "app" / "schemas" / "task.py"
    fault = schema.read_text(encoding="utf-8").replace("max_length=200)", "max_length=199)")
    schema.write_text(fault, encoding="utf-8")
    subprocess.run(run, cwd=directory, check=False, stdout=subprocess.DEVNULL)
    return directory / "living-docs" / PAGE


async def take(page_file: Path) -> None:
    """Take the picture of the page's first screen."""
    path = next(filter(None, map(shutil.which, BROWSER)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1100, "height": 760})
        await page.goto(page_file.as_uri())
        await page.screenshot(path=PICTURE)
        await browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(take(publish(Path(name, "accord"))))
