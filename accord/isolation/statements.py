"""What a statement of SQL may do, seen from its first words, as far as isolation has to know."""

import re

# Parentheses may be around a SELECT. After WITH, what writes has one of three words: INTO (INSERT, MERGE), DELETE, or
# SET (UPDATE); a word of that spelling elsewhere makes a read count as a write, which is the safe side.
_READS = re.compile(
    r"[\s(]*(?:(?:SELECT|SHOW|VALUES|TABLE|EXPLAIN|SET|SAVEPOINT|RELEASE|ROLLBACK)\b|WITH\b(?!.*\b(?:INTO|DELETE|SET)\b))",
    re.IGNORECASE | re.DOTALL,
)
_CHANGES_ROWS = re.compile(r"\s*(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


def only_reads(statement: str) -> bool:
    """Whether it leaves nothing to be committed."""
    return _READS.match(statement) is not None


def changes_only_rows(statement: str) -> bool:
    """Whether it leaves tables and constraints as they are."""
    return _CHANGES_ROWS.match(statement) is not None
