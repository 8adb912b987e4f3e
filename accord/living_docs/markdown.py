"""Descriptions in Markdown, as HTML that can do no harm."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from accord.living_docs.beside import Picture
from accord.living_docs.links import web

# Feature, rule and scenario have the headings above.
_FIRST_HEADING = 5


@cache
def _parser() -> MarkdownIt:
    # Without HTML, which stays text. A line that the author ended stays one, as Gherkin's descriptions are written.
    return MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer).enable("table")


class _Renderer(RendererHTML):
    """Renders what may stand in a description, and as text what may not."""

    def heading_open(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        return f"<h{_level(tokens[index])}>"

    def heading_close(self, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
        return f"</h{_level(tokens[index])}>\n"

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        # A link that leads nowhere a reader should go has no address.
        address = str(tokens[index].attrs.get("href", ""))
        leads_to = address if address[:1] == "#" else web(address)
        tokens[index].attrs = {"href": leads_to, "rel": "noreferrer"} if leads_to else {}
        return self.renderToken(tokens, index, options, env)

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        alternative = self.renderInlineAsText(token.children, options, env)
        content = env["picture"](str(token.attrs.get("src", "")))
        if content is None:
            return str(Markup.escape(alternative))
        return str(Markup('<img src="{}" alt="{}">').format(content, alternative))


def _level(token: Token) -> int:
    return min(int(token.tag[1:]) + _FIRST_HEADING - 1, 6)


def html(text: str, picture: Picture) -> Markup:
    """The text as HTML: paragraphs, headings, lists, tables, links to the web, and the pictures that are given."""
    return Markup(_parser().render(text, {"picture": picture}))
