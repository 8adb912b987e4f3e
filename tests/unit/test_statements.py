"""What isolation reads of a statement: whether it writes, and what it does to its transaction and its connection."""

import pytest

from accord.isolation.statements import level, read, settings_of, split

READS = [
    "SELECT 1",
    "  (SELECT 1) UNION (SELECT 2);",
    "-- who asks\nSELECT 1",
    "/* delete /* from */ it */ SELECT 1",
    "SELECT 'INSERT INTO item; DELETE'",
    "SELECT E'it\\'s', 'SET'",
    "SELECT $$ DELETE $$, $a$ SET $$ $a$",
    "SELECT \"it's\" FROM item -- '\n",
    'SELECT item."delete", task.set, "set" FROM item',
    "SELECT a FROM item WHERE a = $1 AND b = $2",
    "VALUES (1)",
    "TABLE item",
    "SHOW search_path",
    "EXPLAIN SELECT 1",
    "WITH it AS (SELECT 1) SELECT * FROM it",
    "SELECT 1; SELECT 2",
    "",
    ";",
]
WRITES = [
    "INSERT INTO item VALUES (1)",
    "/* SELECT */ DELETE FROM item",
    "WITH it AS (DELETE FROM item RETURNING id) SELECT * FROM it",
    "WITH it AS (SELECT 1) UPDATE item SET a = 1",
    "WITH it AS (SELECT 1) MERGE INTO item USING it ON true WHEN MATCHED THEN DO NOTHING",
    "SELECT 1 AS a INTO item",
    "EXPLAIN ANALYZE INSERT INTO item VALUES (1)",
    "EXPLAIN (ANALYZE) DELETE FROM item",
    "COPY item FROM STDIN",
    "CALL it()",
    "DO $$ BEGIN DELETE FROM item; END $$",
    "MERGE INTO item USING a ON true WHEN MATCHED THEN DELETE",
    "TRUNCATE item",
    "NOTIFY it",
    "CREATE TABLE item (a int)",
    "SELECT 1; INSERT INTO item VALUES (1)",
    "EXECUTE it(1)",
    "REFRESH MATERIALIZED VIEW it",
]
LEAVES_NOTHING = [
    "SELECT 1 FOR UPDATE",
    "SELECT 1 FOR NO KEY UPDATE",
    "LOCK TABLE item",
    "LISTEN it",
    "UNLISTEN *",
    "DECLARE it CURSOR FOR SELECT 1",
    "SET LOCAL app.tenant = 'a'",
    "SELECT set_config('app.tenant', 'a', true)",
    "SAVEPOINT it",
]


@pytest.mark.parametrize("sql", READS)
def test_what_only_looks_reads(sql: str) -> None:
    statement = read(sql)
    assert (statement.reads, statement.leaves_rows, statement.changes_schema) == (True, False, False)


@pytest.mark.parametrize("sql", WRITES)
def test_what_has_to_be_committed_leaves_rows(sql: str) -> None:
    statement = read(sql)
    assert (statement.reads, statement.leaves_rows) == (False, True)


@pytest.mark.parametrize("sql", LEAVES_NOTHING)
def test_what_holds_a_lock_or_a_setting_does_not_read_and_leaves_no_rows(sql: str) -> None:
    statement = read(sql)
    assert (statement.reads, statement.leaves_rows) == (False, False)


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("CREATE TABLE item (a int)", True),
        ("ALTER TABLE item ADD COLUMN a int", True),
        ("DO $$ BEGIN EXECUTE 'CREATE TABLE item ()'; END $$", True),
        ("SELECT 1 AS a INTO item", True),
        ("INSERT INTO item VALUES (1)", False),
        ("TRUNCATE item", False),
        ("WITH it AS (DELETE FROM item RETURNING a) SELECT a FROM it", False),
        ("INSERT INTO item VALUES (1); DROP TABLE item", True),
    ],
)
def test_what_may_leave_other_tables_changes_the_schema(sql: str, changes: bool) -> None:
    assert read(sql).changes_schema is changes


@pytest.mark.parametrize(
    ("sql", "calls"),
    [
        ("SELECT put(1), api.\"Put it\"(2), 'none(3)'", {"put", "put it"}),
        ("SELECT 1 -- none(1)", set()),
        ("SELECT count (*) FROM item", {"count"}),
    ],
)
def test_the_functions_that_a_statement_calls_are_known(sql: str, calls: set[str]) -> None:
    assert read(sql).calls == calls


@pytest.mark.parametrize(
    ("sql", "boundary"),
    [
        ("BEGIN", "BEGIN"),
        ("START TRANSACTION READ ONLY", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("/* it */ commit;", "COMMIT"),
        ("END", "COMMIT"),
        ("PREPARE TRANSACTION 'it'", "COMMIT"),
        ("ROLLBACK", "ROLLBACK"),
        ("ABORT", "ROLLBACK"),
        ("ROLLBACK TO it", None),
        ("ROLLBACK WORK TO SAVEPOINT it", None),
        ("PREPARE it AS SELECT 1", None),
        ("SELECT 'COMMIT'", None),
        ("SELECT 1; COMMIT", "COMMIT"),
        ("CREATE FUNCTION it() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END", None),
    ],
)
def test_what_begins_or_ends_a_transaction_is_its_boundary(sql: str, boundary: str | None) -> None:
    assert read(sql).boundary == boundary


@pytest.mark.parametrize(
    ("sql", "savepoint"),
    [
        ("SAVEPOINT it", ("SAVEPOINT", "it")),
        ('savepoint "Its own"', ("SAVEPOINT", "Its own")),
        ("RELEASE it", ("RELEASE", "it")),
        ("RELEASE SAVEPOINT it;", ("RELEASE", "it")),
        ("ROLLBACK TO it", ("ROLLBACK", "it")),
        ("ROLLBACK TRANSACTION TO SAVEPOINT it -- again", ("ROLLBACK", "it")),
        ("ROLLBACK", None),
        ("SELECT 'SAVEPOINT it'", None),
    ],
)
def test_savepoints_are_known_by_name(sql: str, savepoint: tuple[str, str] | None) -> None:
    assert read(sql).savepoint == savepoint


@pytest.mark.parametrize(
    ("sql", "names", "is_local"),
    [
        ("SET app.tenant = 'a'", ["app.tenant"], False),
        ("SET SESSION app.tenant TO 'a'", ["app.tenant"], False),
        ("SET LOCAL app.tenant = 'a'", ["app.tenant"], True),
        ('SET LOCAL "app"."tenant" = 1', ["app.tenant"], True),
        ("SET TIME ZONE 'UTC'", ["timezone"], False),
        ("SET LOCAL TIME ZONE 'UTC'", ["timezone"], True),
        ("SET SCHEMA 'a'", ["search_path"], False),
        ("SET NAMES 'utf8'", ["client_encoding"], False),
        ("SET ROLE a", ["role"], False),
        ("SET SESSION AUTHORIZATION a", ["session_authorization"], False),
        ("RESET SESSION AUTHORIZATION", ["session_authorization"], False),
        ("RESET app.tenant", ["app.tenant"], False),
        ("RESET ALL", ["all"], False),
        ("SET LOCAL a.b = 1; SET LOCAL c.d = 2", ["a.b", "c.d"], True),
        ("SELECT set_config('App.tenant', 'a, b', true)", ["app.tenant"], True),
        ("SELECT set_config('app.tenant', 'a, b', false)", ["app.tenant"], False),
        ("SELECT pg_catalog.set_config('app.tenant', (SELECT max(id) FROM item)::text, false)", ["app.tenant"], False),
        ("SELECT set_config($1::VARCHAR, $2::VARCHAR, $3::BOOLEAN)", ["app.a"], True),
        ("SELECT set_config('a.b', '1', true), set_config('c.d', '2', true)", ["a.b", "c.d"], True),
        ("SET TRANSACTION READ ONLY", [], False),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", [], False),
        ("SET CONSTRAINTS ALL DEFERRED", [], False),
        ("SET seed = 0.5", [], False),
        ("UPDATE item SET a = 1", [], False),
    ],
)
def test_the_settings_that_a_statement_changes_are_known(sql: str, names: list[str], is_local: bool) -> None:
    assert settings_of(read(sql), ("app.A", "a", True)) == (names, is_local)


@pytest.mark.parametrize(
    ("sql", "isolation"),
    [
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "serializable"),
        ("SET LOCAL TRANSACTION READ WRITE, ISOLATION  LEVEL repeatable  read", "repeatable read"),
        ("SET TRANSACTION READ ONLY", None),
    ],
)
def test_the_isolation_level_is_read_of_the_modes(sql: str, isolation: str | None) -> None:
    modes = read(sql).modes
    assert modes is not None
    assert level(modes) == isolation


@pytest.mark.parametrize(
    ("sql", "end"),
    [
        ("CREATE TEMP TABLE it (a int) ON COMMIT DROP", "DROP TABLE pg_temp.it"),
        ('CREATE TEMPORARY TABLE IF NOT EXISTS "It"(a int) ON COMMIT DELETE ROWS', 'DELETE FROM pg_temp."It"'),
        ("CREATE LOCAL TEMP TABLE pg_temp.it ON COMMIT DROP AS SELECT 1", "DROP TABLE pg_temp.it"),
    ],
)
def test_a_temporary_table_ends_with_its_transaction_if_it_says_so(sql: str, end: str) -> None:
    at_commit = read(sql).at_commit
    assert at_commit is not None
    assert f"THEN {end}; END IF" in at_commit


@pytest.mark.parametrize("sql", ["CREATE TEMP TABLE it (a int)", "CREATE TABLE it (a text DEFAULT 'ON COMMIT DROP')"])
def test_a_table_that_says_nothing_of_it_does_not_end_with_its_transaction(sql: str) -> None:
    assert read(sql).at_commit is None


def test_a_script_is_split_where_its_statements_end() -> None:
    script = "BEGIN; INSERT INTO item VALUES ('a;b'); -- c;d\nDO $$ BEGIN; END $$ ; COMMIT;\n"
    assert [part.strip() for part in split(script)] == [
        "BEGIN",
        "INSERT INTO item VALUES ('a;b')",
        "-- c;d\nDO $$ BEGIN; END $$",
        "COMMIT",
    ]
