"""Tags of XML and HTML: which of their attributes, and what of that which stands between two, are a secret's."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

from accord.recording.redaction.names import LABELS, VALUES, Strength, words

# Before Python 3.11.5 a possessive group goes on in the wrong place where the last turn of it fails half way.
_TAG = re.compile(r"""<([\w.-]+:)?([\w.-]+)((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*)>""")
_ATTRIBUTE = re.compile(r"""(?<![\w:.@-])([\w:.@-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++))""")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>|<[^<>]*+>")
# What stands between these is to be read, and no value of the field that they name.
_HTML = frozenset(words("a button form fieldset iframe input label map meta object select slot div span p"))


@dataclass
class Tag:
    """A tag that was read, and what follows it up to the next if that is a secret."""

    end: int
    """Where to read on."""
    secrets: list[tuple[int, int, list[str], Strength]] = field(default_factory=list)
    """Where a secret stands, what is to be learned from it, and how surely it is one."""
    others: list[tuple[int, int, str]] = field(default_factory=list)
    """Where other attributes have their values, and those."""


def read_tag(text: str, at: int, strength: Callable[[str], Strength], unclosed: set[str]) -> Tag:
    """Read the tag that begins there; of those in `unclosed` no end follows, so that none is looked for again."""
    tag = _TAG.match(text, at)
    if tag is None:
        return Tag(at + 1)
    read = Tag(tag.end())
    attributes = [
        (attribute[1].lower(), *attribute.span(attribute.lastindex or 1), unescape(attribute[attribute.lastindex or 1]))
        for attribute in _ATTRIBUTE.finditer(text, *tag.span(3))
    ]
    label = max((strength(value) for name, _, _, value in attributes if name in LABELS), default=Strength.NONE)
    for name, start, end, value in attributes:
        own = name.rpartition(":")[2]
        if is_secret := strength(own) or (label if own in VALUES else Strength.NONE):
            read.secrets.append((start, end, [value], is_secret))
        else:
            read.others.append((start, end, value))
    # It has no content.
    if tag.group().endswith("/>"):
        return read
    prefix, name = tag[1] or "", tag[2]
    if is_secret := strength(name):
        _between(text, read, is_secret, f"</{prefix}{name}", unclosed)
    elif label and name.lower() not in _HTML:
        _between(text, read, label, "<", unclosed)
    return read


def _between(text: str, read: Tag, strength: Strength, closing: str, unclosed: set[str]) -> None:
    end = -1 if closing in unclosed else text.find(closing, read.end)
    if end < 0:
        unclosed.add(closing)
        # Without its end, the content is taken to go on to the next tag.
        end = text.find("<", read.end)
        end = len(text) if end < 0 else end
    pieces = [unescape(piece).strip() for piece in _CDATA.split(text[read.end : end])]
    if any(pieces):
        read.secrets.append((read.end, end, pieces, strength))
    read.end = end
