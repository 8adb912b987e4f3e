"""The values in SQL, and in what PostgreSQL and SQLAlchemy say of an error, which nobody should write down.

Literals are as PostgreSQL's manual has them in "Lexical Structure" (4.1.2).
"""

import re

from accord.recording.redaction.values import HIDDEN

# In this order, since the first that matches counts: names before what is a literal, but for a name that is the prefix
# of a string (`E'...'`, `U&'...'`); `$1` and `%(name)s` are placeholders, and `::int` is a cast.
_TOKEN = re.compile(
    r"""
      (?P<keep> "(?:[^"]++|"")*+"? | [^\W\d][\w$]*+(?!\w*&?') | \$\d++ | %\(\w++\)s | ::?[^\W\d]\w*+ )
    | (?P<line> --[^\n]*+ )
    | (?P<block> /\* )
    | (?P<escaping> [eE]'(?:[^'\\]++|\\.|'')*+'? )
    | (?P<string> (?:[uU]&|[bBxXnN])?'(?:[^']++|'')*+'? )
    | (?P<identifier> [uU]&"(?:[^"]++|"")*+"? | [^\W\d][\w$]*+ )
    | (?P<dollar> \$(?:[^\W\d]\w*+)?\$ )
    | (?P<number> (?:0[xXoObB][0-9a-fA-F_]++ | (?:\d[\d_]*+(?:\.[\d_]*+)?|\.\d[\d_]*+)(?:[eE][+-]?\d++)?) )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")
_VALUE = "?"


def without_literals(statement: str) -> str:
    """Return the statement with `?` in the place of each string and number, and without comments."""
    parts, last = [], 0
    while (token := _TOKEN.search(statement, last)) is not None:
        parts.append(statement[last : token.start()])
        kind, last = token.lastgroup, token.end()
        if kind in ("keep", "identifier"):
            parts.append(token.group())
        elif kind == "block":
            last = _end_of_comment(statement, last)
        elif kind != "line":
            if kind == "dollar":
                # Only the same tag ends the string: `$a$ ... $a$`.
                closing = statement.find(token.group(), last)
                last = len(statement) if closing < 0 else closing + len(token.group())
            parts.append(_VALUE)
    return "".join([*parts, statement[last:]])


def _end_of_comment(statement: str, at: int) -> int:
    """Return where a comment ends, which may have others in it."""
    depth = 1
    for mark in _COMMENT.finditer(statement, at):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(statement)


# One of these is in each error that repeats values, and in hardly any other text.
_SIGNS = ["[SQL: ", "[parameters: ", "Key (", "Failing row", "nvalid ", "out of range", "malformed ", "at or near "]
_SIGNS += ["LINE ", "CONTEXT: ", "STATEMENT: ", "QUERY: ", "JSON data"]
# No group is possessive whose turn may fail half way: Python goes on in the wrong place then, before 3.11.5.
# Between which words a value stands: after the first, up to the second, or else to the end of the line.
_DETAILS = [
    (
        r"Key \((?:(?!Key \()[^=\n]|=(?!\()){1,300}=\(",
        r"\) (?:already exists|is not present|is still|is duplicated|conflicts with)",
    ),
    (r"existing key \((?:[^=\n]|=(?!\()){1,300}=\(", r"\)\.(?!\w)"),
    (r"Failing row contains \(", r"\)\.(?!\w)"),
    (
        r"(?:invalid input (?:syntax|value) for [^\":\n]{1,100}+|invalid value for [^\n:]{1,100}+|out of range|"
        r"malformed \w{1,20} literal): \\?\"",
        r"\\?\"(?=[ \t]*(?:\r?\n|\\+n|\Z|['\")]))",
    ),
    (r"invalid input for query argument \$\d{1,5}[^:\n]{0,80}+: ", r" \([^()\n]{1,200}\)(?=\s|\\+n|\Z|['\"])"),
    (r"value \\?\"(?=[^\"\n]{0,300}\" is out of range)", r"\\?\" is out of range"),
    (r"Token \\?\"(?=[^\n]{0,300}\" is invalid)", r"\\?\" is invalid"),
    (r"JSON data, line \d{1,9}: ", r"\n"),
    (r"\[parameters: ", r"\](?=\\+n\(Background|[ \t]*(?:\r?\n|\Z))"),
]
_BETWEEN = [(re.compile(opening), re.compile(closing)) for opening, closing in _DETAILS]
# How many characters a value may have: further on, an end would be another one's.
_FARTHEST = 4_000
_LINE_END = re.compile(r"\n|\Z")
_SHOWN = re.compile(r"((?:LINE \d{1,6}|QUERY|STATEMENT|CONTEXT): +|at or near \\?(?=\"))([^\n]*)")
_STATEMENT = "[SQL: "
_STATEMENT_ENDS = re.compile(
    r"\](?=(?:\s|\\n|E)*+(?:\[parameters: |\[SQL parameters|\[generated in|\[cached since|\(Background on this error))"
)
_BRACKET_ENDS = re.compile(r"\](?=[ \t]*(?:\r?\n|\\n|\Z|['\"]))")


def without_details(text: str) -> str:
    """Return the text with the values hidden that an error of the database repeats."""
    if not any(sign in text for sign in _SIGNS):
        return text
    text = _statements(text)
    for opening, closing in _BETWEEN:
        parts, last = [], 0
        while (begin := opening.search(text, last)) is not None:
            end = closing.search(text, begin.end(), begin.end() + _FARTHEST) or _LINE_END.search(text, begin.end())
            assert end is not None, "a text has an end"
            parts += [text[last : begin.end()], HIDDEN]
            last = end.start()
        text = "".join([*parts, text[last:]])
    return _SHOWN.sub(lambda match: match[1] + '"'.join(map(without_literals, match[2].split('"'))), text)


def _statements(text: str) -> str:
    """Return the text with no literals in the statements that SQLAlchemy shows."""
    parts, last = [], 0
    ends_so = True
    while (at := text.find(_STATEMENT, last)) >= 0:
        begin = at + len(_STATEMENT)
        # If none was found, none follows: not looking again keeps the time linear.
        end = _STATEMENT_ENDS.search(text, begin) if ends_so else None
        ends_so = end is not None
        if end is None or text.find(_STATEMENT, begin, end.start()) >= 0:
            end = _BRACKET_ENDS.search(text, begin)
        stop = len(text) if end is None else end.start()
        parts += [text[last:begin], without_literals(text[begin:stop])]
        last = stop
    return "".join([*parts, text[last:]])
