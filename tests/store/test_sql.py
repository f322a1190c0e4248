"""The statements: all compile, the migrations add up, the hot ones use their index."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionsd.store import sql
from actionsd.store.connection import migrate
from actionsd.store.segment import inflated

MODULES = sorted(path.name.removesuffix(".sql") for path in sql.directory.iterdir() if path.name.endswith(".sql"))
NAMED = [(module, name) for module in MODULES if module != "schema" for name in sql.load(module)]


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.create_function("inflated", 1, inflated)
    connection.executescript((sql.directory / "schema.sql").read_text("utf-8"))
    yield connection
    connection.close()


def _schema(db: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = db.execute("select name, sql from sqlite_master where sql is not null order by name").fetchall()
    return [(name, re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.split()))) for name, text in rows]


def test_the_migrations_add_up_to_the_schema(db: sqlite3.Connection) -> None:
    migrated = sqlite3.connect(":memory:", isolation_level=None)
    migrate(migrated, Path(":memory:"))
    assert _schema(migrated) == _schema(db)
    migrated.close()


def _parameters(statement: str) -> list[None] | dict[str, None]:
    if "?" in statement:
        return [None] * statement.count("?")
    return _Anything()


class _Anything(dict[str, None]):
    def __missing__(self, key: str) -> None:
        return None


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_each_statement_compiles_against_the_schema(db: sqlite3.Connection, module: str, name: str) -> None:
    statement = sql.load(module)[name]
    if statement.startswith(("pragma", "vacuum")):
        assert " " in statement
        return
    assert not re.search(r"\?\d", statement), "Python 3.12 warns of numbered parameters in a sequence"
    assert db.execute(f"explain {statement}", _parameters(statement)).fetchall()


@pytest.mark.parametrize(("module", "name"), NAMED)
def test_each_statement_is_used(module: str, name: str) -> None:
    package = Path(sql.__file__).parent
    assert any(f'"{name}"' in path.read_text("utf-8") for path in package.glob("*.py")), f"{module}.sql: {name}"


@pytest.mark.parametrize(
    ("module", "name", "plan"),
    [
        ("journal", "read_segments", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("journal", "read_segments_of", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("journal", "read_backwards", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("journal", "measure_page", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("journal", "read_time", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("dedup", "find_in_window", "SEARCH dedup USING PRIMARY KEY (bucket=? AND key=?)"),
        ("ledger", "read_due", "USING INDEX retries_due (destination=? AND replay=? AND due_at<?)"),
        ("ledger", "list_dead_letters_of", "USING INDEX dead_letters_destination"),
        ("ledger", "list_dead_letters_at", "USING INDEX dead_letters_position"),
        ("ledger", "list_retries_at", "USING INDEX retries_position"),
        ("ledger", "delete_retry", "INDEX sqlite_autoindex_retries_1"),
        ("ledger", "count_events", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("ledger", "can_requeue", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("retention", "delete_events", "SEARCH journal USING INTEGER PRIMARY KEY"),
        ("retention", "slice_end", "SEARCH journal USING INTEGER PRIMARY KEY"),
    ],
)
def test_r34_hot_statements_use_their_index(db: sqlite3.Connection, module: str, name: str, plan: str) -> None:
    statement = sql.load(module)[name]
    lines = [row[3] for row in db.execute(f"explain query plan {statement}", _parameters(statement))]
    assert any(plan in line for line in lines), lines
    assert not any(line.startswith("SCAN journal") for line in lines), lines
