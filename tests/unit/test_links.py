"""Lines of files lead to the host of the source, and tags to a tracker."""

import pytest

from accord.errors import UsageError
from accord.living_docs.links import NO_LINKS, Links, web
from accord.living_docs.model import RunMetadata

COMMIT = "3f2a91c" + 33 * "0"


def on(ci: str, remote: str, revision: str = COMMIT) -> RunMetadata:
    return RunMetadata(ci=ci, remote=remote, revision=revision)


@pytest.mark.parametrize(
    ("run", "address"),
    [
        (
            on("GitHub Actions", "https://github.com/acme/tasks.git"),
            f"https://github.com/acme/tasks/blob/{COMMIT}/app/a%20b.py#L7",
        ),
        (
            on("GitLab", "https://gitlab.example/acme/tasks"),
            f"https://gitlab.example/acme/tasks/-/blob/{COMMIT}/app/a%20b.py#L7",
        ),
        (on("GitHub Actions", "git@github.com:acme/tasks.git"), None),
        (on("Jenkins", "https://git.example/tasks.git"), None),
        (on("GitHub Actions", "https://github.com/acme/tasks.git", f"{COMMIT}-dirty"), None),
        (RunMetadata(), None),
    ],
)
def test_on_github_and_gitlab_it_is_known_where_a_line_is_shown(run: RunMetadata, address: str | None) -> None:
    assert NO_LINKS.to_source(run)("app/a b.py:7") == address


def test_a_project_says_where_its_lines_are_shown() -> None:
    links = Links(source="https://git.example/{commit}/{path}?line={line}")
    to = links.to_source(RunMetadata(revision=COMMIT))
    assert to("app/<it>.py:7") == f"https://git.example/{COMMIT}/app/%3Cit%3E.py?line=7"
    assert to("app/it.py") is None
    assert links.to_source(RunMetadata(revision=f"{COMMIT}-dirty"))("app/it.py:7") is None


@pytest.mark.parametrize("address", ["javascript:{path}", "https://git.example/", "https:{path}"])
def test_an_address_of_lines_that_leads_nowhere_is_an_error(address: str) -> None:
    with pytest.raises(UsageError, match=r"is not an address to link lines of files to: write one as https://"):
        Links(source=address)


@pytest.mark.parametrize(
    ("address", "followed"),
    [
        ("https://shop.example/ä b/[x]?q=<1>|2#a#b", "https://shop.example/%C3%A4%20b/%5Bx%5D?q=%3C1%3E%7C2#a%23b"),
        ("https://shop.example/100%/%20%zz", "https://shop.example/100%25/%20%25zz"),
        ("HTTP://bücher.example:8080", "http://bücher.example:8080"),
        ("http://[::1]/x", "http://[::1]/x"),
        ("http://10.0.0.1/", "http://10.0.0.1/"),
    ],
)
def test_an_address_leads_there_with_what_may_not_stand_in_one_in_percent(address: str, followed: str) -> None:
    assert web(address) == followed


NOWHERE = ["http://", "https:///x", "http:x", "ftp://a.example/", "javascript:alert(1)", "http://a b/", "http://a..b/"]
NOWHERE += [
    "http://a:b@c.example/",
    "http://h:99999/",
    "http://256.1.1.1/",
    "http://[::1",
    "http://[x]/",
    "//a.example",
]
NOWHERE += [f"http://{'a' * 64}.example/", "http://xn--a/", "http://<script>/", "", "http://a.example:0/"]


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_no_address_of_the_web_leads_nowhere(address: str) -> None:
    assert web(address) is None
