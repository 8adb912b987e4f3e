"""What a statement of SQL does, seen from its words, as far as isolation has to know."""

import re
from dataclasses import dataclass
from functools import lru_cache

_COMMENT = r"/\*(?:(?!/\*|\*/).)*\*/"
# A comment may have others in it; a regular expression has an end.
for _ in range(4):
    _COMMENT = rf"/\*(?:(?!/\*|\*/).|{_COMMENT})*\*/"
# Words in a comment or a text are no words of the statement; a name in quotes is, and may have a quote in it.
_COMMENT_OR_TEXT = re.compile(
    rf"(?P<comment>--[^\n]*|{_COMMENT})|(?P<name>\"(?:[^\"]|\"\")*\")|\bE'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"
    r"|(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$",
    re.DOTALL | re.IGNORECASE,
)
# The body of a function has statements of its own.
_BODY = re.compile(r"\bBEGIN\s+ATOMIC\b.*\bEND\b", re.DOTALL | re.IGNORECASE)
# After WITH, what writes has one of three words: INTO (INSERT, MERGE), DELETE, or SET (UPDATE); a word of that spelling
# elsewhere makes a read count as a write, which is the safe side. INTO after SELECT makes a table.
_READS = re.compile(
    r"(?:(?:SELECT|VALUES|TABLE|EXPLAIN|WITH)\b(?!.*(?<![.\"])\b(?:INTO|DELETE|SET|ANALYZE)\b)|(?:SHOW|FETCH)\b|$)",
    re.DOTALL | re.IGNORECASE,
)
_LOCKS = re.compile(r"\bFOR\s+(?:UPDATE|NO\s+KEY\s+UPDATE|SHARE|KEY\s+SHARE)\b", re.IGNORECASE)
# It belongs to the transaction or to the connection; nothing of it is to be committed.
_LEAVES_NO_ROWS = re.compile(
    r"(?:SAVEPOINT|RELEASE|ROLLBACK|SET|RESET|LOCK|DECLARE|CLOSE|MOVE|LISTEN|UNLISTEN|DISCARD|DEALLOCATE|BEGIN|START"
    r"|COMMIT|END|ABORT)\b",
    re.IGNORECASE,
)
_CHANGES_ROWS = re.compile(
    r"(?:INSERT|UPDATE|DELETE|MERGE|COPY|TRUNCATE|WITH|SELECT(?!.*\bINTO\b)|NOTIFY)\b", re.DOTALL | re.IGNORECASE
)
_CALLS = re.compile(r'([\w$]+|"[^"]+")\s*\(')
_BOUNDARY = re.compile(
    r"(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|PREPARE\s+TRANSACTION)\b(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b)",
    re.IGNORECASE,
)
_SAVEPOINT = re.compile(
    r"(?P<verb>SAVEPOINT|RELEASE|ROLLBACK)\s+(?:(?:WORK|TRANSACTION)\s+)?(?:TO\s+)?(?:SAVEPOINT\s+)?"
    r'(?P<name>\w+|"[^"]+")\s*$',
    re.IGNORECASE,
)
_MODES = re.compile(r"SET\s+(?:LOCAL\s+)?TRANSACTION\b(?P<modes>.*)", re.DOTALL | re.IGNORECASE)
_LEVEL = re.compile(r"ISOLATION\s+LEVEL\s+(SERIALIZABLE|REPEATABLE\s+READ|READ\s+(?:UN)?COMMITTED)", re.IGNORECASE)
_SHOWS_LEVEL = re.compile(r"SHOW\s+(?:transaction_isolation|TRANSACTION\s+ISOLATION\s+LEVEL)$", re.IGNORECASE)
_SETS = re.compile(
    r"(?:SET\s+(?:(?P<scope>LOCAL|SESSION(?!\s+AUTHORIZATION))\s+)?|RESET\s+)"
    r'(?P<name>TIME\s+ZONE|SESSION\s+AUTHORIZATION|[\w."]+)',
    re.IGNORECASE,
)
# Beginning so, it is no setting, or one that nobody can set to what PostgreSQL says of it.
_NO_SETTINGS = ("transaction", "constraints", "characteristics", "seed")
_SETTINGS = {"time zone": "timezone", "names": "client_encoding", "schema": "search_path"}
_SET_CONFIG = re.compile(
    r"\bset_config\s*\(\s*(?:\$(?P<number>\d+)|'(?P<name>[\w.]+)')(?:::\w+)?"
    # The value may be an expression; what it is need not be known.
    r"(?:\s*,.*?,\s*(?:(?P<session>false)|\$(?P<flag>\d+))(?:::\w+)?\s*\))?",
    re.DOTALL | re.IGNORECASE,
)
_GONE_AT_COMMIT = re.compile(
    r"CREATE\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP(?:ORARY)?\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r'(?:pg_temp\.)?(?P<name>\w+|"[^"]+")(?=\W).*\bON\s+COMMIT\s+(?P<how>DROP|DELETE\s+ROWS)\b',
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What isolation has to know of a statement."""

    reads: bool
    """It only looks, unless a function that it calls writes, and it holds no lock."""
    leaves_rows: bool
    """It leaves something to be committed, as far as its own words say."""
    changes_schema: bool
    """It may leave other tables, types, functions or constraints."""
    calls: frozenset[str]
    """The names of the functions that it calls."""
    boundary: str | None
    """BEGIN, COMMIT or ROLLBACK, where it begins or ends a transaction by itself."""
    is_script: bool
    """It is several statements."""
    savepoint: tuple[str, str] | None
    """SAVEPOINT, RELEASE or ROLLBACK, and the name of the savepoint."""
    modes: str | None
    """What it sets of the transaction: its isolation level, or whether it may write."""
    shows_level: bool
    """It asks for the isolation level."""
    settings: tuple[str | int, ...]
    """The names of the settings that it changes; a number is that of the parameter which has the name."""
    is_local: bool | int
    """Whether it changes them until the transaction ends only; a number is that of the parameter which says so."""
    at_commit: str | None
    """What PostgreSQL does at the commit to a temporary table that this makes."""


def words(sql: str) -> str:
    """Return the statement without its comments, and without what stands in its texts."""
    return _BODY.sub("''", _COMMENT_OR_TEXT.sub(_shortened, sql)).strip(" \t\r\n;")


@lru_cache(maxsize=2000)
def read(sql: str) -> Statement:
    """Look at a statement, or at several with a semicolon between them."""
    found = words(sql)
    parts = [part.lstrip(" \t\r\n(") for part in found.split(";")]
    reads = all(map(_READS.match, parts))
    leaves_rows = not reads and not all(_READS.match(part) or _LEAVES_NO_ROWS.match(part) for part in parts)
    boundary = next(filter(None, map(_BOUNDARY.match, parts)), None)
    savepoint = None if boundary else _SAVEPOINT.match(parts[0])
    modes = _MODES.match(parts[0])
    settings, is_local = _settings(sql, parts)
    at_commit = next(filter(None, map(_GONE_AT_COMMIT.match, parts)), None)
    return Statement(
        reads=reads and not settings and _LOCKS.search(found) is None,
        leaves_rows=leaves_rows,
        changes_schema=leaves_rows and not all(_READS.match(part) or _CHANGES_ROWS.match(part) for part in parts),
        calls=frozenset(name.strip('"').lower() for name in _CALLS.findall(found)),
        boundary=_verb(boundary[1]) if boundary else None,
        is_script=len(parts) > 1,
        savepoint=(savepoint["verb"].upper(), savepoint["name"].strip('"')) if savepoint else None,
        modes=modes["modes"].upper() if modes else None,
        shows_level=_SHOWS_LEVEL.match(parts[0]) is not None,
        settings=settings,
        is_local=is_local,
        at_commit=_at_commit(at_commit) if at_commit else None,
    )


def split(script: str) -> list[str]:
    """Return the statements of a script."""
    masked = _BODY.sub(_blank, _COMMENT_OR_TEXT.sub(_blank, script))
    ends = [found.start() for found in re.finditer(";", masked)]
    parts = [script[start:end] for start, end in zip([0, *(at + 1 for at in ends)], [*ends, len(script)], strict=True)]
    return [part for part in parts if part.strip()]


def level(modes: str) -> str | None:
    """Return the isolation level among the modes of a transaction, as PostgreSQL shows it."""
    found = _LEVEL.search(modes)
    return " ".join(found[1].lower().split()) if found else None


def settings_of(statement: Statement, arguments: tuple[object, ...]) -> tuple[list[str], bool]:
    """Return the settings that a statement changes, with these parameters, and whether until its transaction ends."""
    named = [it if isinstance(it, str) else str(arguments[it - 1]).lower() for it in statement.settings]
    local = statement.is_local
    return list(dict.fromkeys(named)), local if isinstance(local, bool) else bool(arguments[local - 1])


def _shortened(found: re.Match[str]) -> str:
    return " " if found["comment"] else found["name"] or "''"


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _verb(word: str) -> str:
    first = word.split()[0].upper()
    return {"START": "BEGIN", "END": "COMMIT", "ABORT": "ROLLBACK", "PREPARE": "COMMIT"}.get(first, first)


def _settings(sql: str, parts: list[str]) -> tuple[tuple[str | int, ...], bool | int]:
    found = [it for it in map(_SETS.match, parts) if it and not it["name"].lower().startswith(_NO_SETTINGS)]
    names: list[str | int] = []
    for it in found:
        name = " ".join(it["name"].replace('"', "").lower().split())
        names.append(_SETTINGS.get(name, name.replace(" ", "_")))
    is_local: bool | int = any((it["scope"] or "").upper() == "LOCAL" for it in found)
    for it in _SET_CONFIG.finditer(sql):
        names.append(int(it["number"]) if it["number"] else it["name"].lower())
        is_local = int(it["flag"]) if it["flag"] else not it["session"]
    return tuple(names), is_local


def _at_commit(table: re.Match[str]) -> str:
    name = f"pg_temp.{table['name']}"
    end = f"DROP TABLE {name}" if table["how"].upper() == "DROP" else f"DELETE FROM {name}"
    # It may be gone by then.
    return f"DO $accord$ BEGIN IF to_regclass($name${name}$name$) IS NOT NULL THEN {end}; END IF; END $accord$"
