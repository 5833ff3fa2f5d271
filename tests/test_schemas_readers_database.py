"""Databases: SQLite and a real PostgreSQL server; read only, and silent about passwords and patients."""

from __future__ import annotations

import logging
import os
import random
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy
from sqlalchemy.engine import URL

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.readers import ReadTable, read_table
from schemas.reading.database import CHUNK_ROWS, ONE_SELECT, PASSWORD_VARIABLE

USER, PASSWORD = "zebra_user", "zebra_password"
HIDDEN = ("ZEBRA", USER, PASSWORD)
"""What no message may hold: a patient, the user, the password."""


def read(data: str, query: str | None = None) -> ReadTable:
    return read_table(data, FilePlan(query=query))


def refusal(data: str, query: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        read(data, query)
    message = str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert not [word for word in HIDDEN if word in message]
    return message


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "registry.db")) as database:
        database.execute("CREATE TABLE operations (id TEXT, age INTEGER, bmi REAL, day DATE, note BLOB)")
        rows = [("ZEBRA", 50, 22.5, "2020-01-02", "a:b 100%"), ("a2", None, None, None, None)]
        database.executemany("INSERT INTO operations VALUES (?, ?, ?, ?, ?)", rows)
        database.execute("CREATE VIEW old AS SELECT id, age FROM operations WHERE age > 40")
        database.execute('CREATE TABLE "odd name %" (a TEXT)')
        database.execute("INSERT INTO \"odd name %\" VALUES (x'00ff')")
        database.commit()
    return f"sqlite:///{tmp_path / 'registry.db'}"


def test_a_table_and_a_view_are_read_by_name(sqlite: str) -> None:
    found = read(sqlite, "operations")
    expected = pd.DataFrame(
        {
            "id": ["ZEBRA", "a2"],
            "age": [50.0, np.nan],
            "bmi": [22.5, np.nan],
            "day": ["2020-01-02", ""],
            "note": ["a:b 100%", ""],
        }
    )
    pd.testing.assert_frame_equal(found.table, expected)
    assert (found.name, found.sha256) == ("operations", "")
    assert read(sqlite, " old ").table["id"].tolist() == ["ZEBRA"]


@pytest.mark.parametrize(
    "query",
    [
        "select id from operations where note like '%:b 100\\%' escape '\\'",
        "  SELECT id FROM operations WHERE age = 50;  ",
        "-- of 2020; not later\nSELECT id FROM operations WHERE day = '2020-01-02' /* insert; */",
        "WITH x AS (SELECT * FROM operations) SELECT id FROM x WHERE id <> 'a3; delete from x' LIMIT 1",
        "SELECT id AS \"id\" FROM operations WHERE id = 'ZEBRA' -- the end",
        "SELECT REPLACE(id, 'x', 'y') AS id FROM operations LIMIT 1",
    ],
)
def test_one_select_is_run(query: str, sqlite: str) -> None:
    found = read(sqlite, query)
    assert found.table["id"].tolist() == ["ZEBRA"]
    assert found.name == "query"


@pytest.mark.parametrize(
    "query",
    [
        " ",
        "DELETE FROM operations WHERE id = 'ZEBRA'",
        "SELECT 1; DELETE FROM operations",
        "SELECT 1 -- '\n; DELETE FROM operations",
        "WITH x AS (SELECT 1) DELETE FROM operations",
        "WITH x AS (DELETE FROM operations WHERE id = 'ZEBRA' RETURNING *) SELECT * FROM x",
        "SELECT * INTO copy FROM operations",
        "INSERT INTO operations SELECT * FROM operations",
        "PRAGMA writable_schema = 1",
        "ATTACH 'other.db' AS other",
        "",
    ],
)
def test_anything_else_is_not_run(query: str, sqlite: str) -> None:
    assert ONE_SELECT in refusal(sqlite, query)
    assert len(read(sqlite, "operations").table) == 2


def test_an_unknown_table_gets_the_nearest(sqlite: str) -> None:
    assert "got 'operation'; nearest is 'operations'; known: odd name %, old, operations" in refusal(
        sqlite, "operation"
    )
    assert "must have one table, it has: odd name %, old, operations; name one" in refusal(sqlite)


def test_numbers_among_texts_have_the_decimal_sign_of_the_plan(tmp_path: Path) -> None:
    """In one chunk, and where one chunk holds numbers and another texts."""
    with closing(sqlite3.connect(tmp_path / "registry.db")) as database:
        database.execute("CREATE TABLE t (mixed, late)")
        rows = [(1.5, 2.5), ("x", 2.5), *[(None, 2.5)] * CHUNK_ROWS, (None, "y")]
        database.executemany("INSERT INTO t VALUES (?, ?)", rows)
        database.commit()
    table = read_table(f"sqlite:///{tmp_path / 'registry.db'}", FilePlan(decimal=",")).table
    assert table["mixed"].unique().tolist() == ["1,5", "x", ""]
    assert table["late"].unique().tolist() == ["2,5", "y"]


def test_the_only_table_needs_no_name(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "one.db")) as database:
        database.execute("CREATE TABLE only_one (a, A2)")
        database.execute("INSERT INTO only_one VALUES (1, 2)")
        database.commit()
    assert read(f"sqlite:///{tmp_path / 'one.db'}").name == "only_one"


def test_odd_names_and_bytes_are_told(sqlite: str) -> None:
    assert refusal(sqlite, "odd name %") == "odd name %: every column must hold single values, got lists or bytes in: a"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nosuch FROM operations", r"must answer the query, it does not \(its code: SQLITE_ERROR\); check the"),
        ("SELECT 1 AS a, 2 AS a", "query: each header must stand once, got the same in columns 1, 2"),
        ("SELECT * FROM operations WHERE 1 = 2", "query: must have one data row at least, got headers only"),
    ],
)
def test_faulty_queries_are_told(query: str, message: str, sqlite: str) -> None:
    with pytest.raises(DataError, match=message):
        read(sqlite, query)


def test_a_query_is_read_in_chunks_of_any_type(tmp_path: Path) -> None:
    """A column that holds numbers for a whole chunk, and a text after it, is a column of texts."""
    n = CHUNK_ROWS + 5
    with closing(sqlite3.connect(tmp_path / "t.db")) as database:
        database.execute("CREATE TABLE t (i, late, mixed)")
        rows = [(i, None if i < CHUNK_ROWS else 1.5, 7 if i < CHUNK_ROWS else "x") for i in range(n)]
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        database.commit()
    table = read(f"sqlite:///{tmp_path / 't.db'}").table
    assert table["i"].tolist() == list(range(n))
    assert table["late"].dtype == "float64"
    assert table["late"].notna().sum() == 5
    assert table["mixed"].iloc[[0, -1]].tolist() == ["7", "x"]


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    assert "No such file or directory" in refusal(f"sqlite:///{tmp_path / 'nosuch.db'}")
    assert not list(tmp_path.iterdir())


def test_a_damaged_database_is_read_or_refused(sqlite: str, tmp_path: Path) -> None:
    path, rng = tmp_path / "registry.db", random.Random(1)
    whole = path.read_bytes()
    for _ in range(100):
        content = bytearray(whole)
        place = rng.randrange(len(content))
        content[place : place + 6] = rng.randbytes(rng.choice([0, 6]))
        path.write_bytes(content)
        try:
            read(sqlite, "operations")
        except DataError:
            refusal(sqlite, "operations")
    path.write_bytes(b"id,age\n1,2\n" * 100)
    assert "the sqlite database: must answer the query, it does not (its code: SQLITE_NOTADB)" in refusal(sqlite)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite://", "the database's URL must name a file, such as sqlite:///registry.db"),
        ("sqlite:///:memory:", "must name a file"),
        (f"nosuch://{USER}:{PASSWORD}@host/db", "the database's URL must be such as .* SQLAlchemy does not know"),
        (f"postgresql+pg8000://{USER}:{PASSWORD}@host:{PASSWORD}/db", "the database's URL must be such as"),
        (f"://{USER}:{PASSWORD}@host", "the database's URL must be such as"),
        (f"postgresql+psycopg2://{USER}:{PASSWORD}@host/db", r"pip install 'spinerisk\[postgresql\]', and let the URL"),
        (f"oracle://{USER}:{PASSWORD}@host/db", "the Python driver of 'oracle' must be installed .* install it beside"),
        (f"postgresql+pg8000://{USER}:{PASSWORD}@127.0.0.1:1/db", "the postgresql database: must be reachable, it is"),
    ],
)
def test_urls_that_cannot_be_used_are_refused_without_their_secrets(url: str, message: str) -> None:
    refusal(url, "t")
    with pytest.raises(DataError, match=message):
        read(url, "t")


# --- PostgreSQL


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, which Debian keeps off the path."""
    found = shutil.which("postgres")
    folders = [Path(os.path.realpath(found)).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    programs = find_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL (initdb and pg_ctl)")
    # A socket's path must be short, and another user must be able to reach it.
    home = Path(
        subprocess.run(["mktemp", "-d", "/tmp/pg.XXXXXX"], capture_output=True, text=True, check=True).stdout[:-1]
    )
    (home / "password").write_text(PASSWORD, encoding="utf-8")
    as_user = []
    if os.getuid() == 0:  # the server refuses to be root's
        for path in (home, home / "password"):
            shutil.chown(path, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data, port = home / "data", free_port()

    def run(program: str, *options: str) -> None:
        command = [*as_user, str(programs / program), "-D", str(data), *options]
        # Not captured: the server would keep the pipe open.
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL)

    run("initdb", "-U", USER, "--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-sync", "-E", "UTF8")
    settings = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c timezone=Europe/Zurich"
    run("pg_ctl", "-w", "-l", str(home / "log"), "-o", settings, "start")
    try:
        url = URL.create("postgresql+pg8000", USER, PASSWORD, "127.0.0.1", port, "postgres")
        fill(url)
        yield url
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(home)


def fill(url: URL) -> None:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        for statement in STATEMENTS:
            connection.exec_driver_sql(statement)
    engine.dispose()


STATEMENTS = (
    "CREATE TABLE operations (id text, age int, bmi numeric(5, 1), long bigint, smoker boolean, day date, start "
    "timestamp, stop timestamptz, cut time, key uuid, narrow real)",
    "INSERT INTO operations VALUES ('ZEBRA', 50, 22.5, 9007199254740993, true, '2020-01-02', '2020-01-02 03:04:05', "
    "'2020-01-02 00:30:00+01', '08:30', '00000000-0000-0000-0000-000000000001', 60.1)",
    "INSERT INTO operations (id) VALUES ('a2')",
    "CREATE SCHEMA registry",
    "CREATE MATERIALIZED VIEW registry.old AS SELECT id FROM operations",
    "CREATE FUNCTION write() RETURNS int LANGUAGE sql AS 'INSERT INTO operations (id) VALUES (''new''); SELECT 1'",
    "CREATE TABLE many AS SELECT i, 'p' || i AS patient FROM generate_series(1, 25000) i",
)


def address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_types_of_postgresql_are_those_of_a_raw_table(server: URL) -> None:
    expected = pd.DataFrame(
        {
            "id": ["ZEBRA", "a2"],
            "age": [50.0, np.nan],
            "bmi": [22.5, np.nan],
            "long": [str(2**53 + 1), ""],
            "smoker": ["true", ""],
            "day": pd.to_datetime(["2020-01-02", None]).astype("datetime64[us]"),
            "start": pd.to_datetime(["2020-01-02 03:04:05", None]).astype("datetime64[us]"),
            "stop": pd.to_datetime(["2020-01-02 00:30", None]).astype("datetime64[us]"),
            "cut": ["08:30:00", ""],
            "key": ["00000000-0000-0000-0000-000000000001", ""],
            "narrow": [60.1, np.nan],
        }
    )
    pd.testing.assert_frame_equal(read(address(server), "operations").table, expected)


def test_queries_and_names_of_postgresql(server: URL) -> None:
    url = address(server)
    query = "SELECT id, $$x; delete$$ AS note FROM operations WHERE id LIKE 'ZE%A' AND '08:30'::time = cut -- one"
    assert read(url, query).table["id"].tolist() == ["ZEBRA"]
    found = read(url, "registry.old")
    assert (found.name, len(found.table)) == ("old", 2)
    assert len(read(url, "many").table.drop_duplicates()) == 25_000
    assert "got 'new'; known: old" in refusal(url, "registry.new")


def test_nothing_is_written_to_postgresql(server: URL) -> None:
    """A function may write behind a SELECT's back; the transaction does not let it (25006: read only)."""
    assert "its code: 25006" in refusal(address(server), "SELECT write() AS a")
    assert len(read(address(server), "operations").table) == 2


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT CAST('ZEBRA' AS int) AS a", "22P02"),
        ("SELECT CAST(id AS int) AS a FROM operations", "22P02"),
        ("SELECT nosuch FROM operations", "42703"),
        ("SELECT 1 / (i - 20000) AS a FROM many", "22012"),
    ],
)
def test_the_servers_own_words_are_shown_and_logged_nowhere(
    query: str, code: str, server: URL, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        message = refusal(address(server), query)
    assert f"must answer the query, it does not (its code: {code}); check the names" in message
    assert not caplog.text
    assert capfd.readouterr() == ("", "")


def without_password(url: URL) -> str:
    return address(url).replace(f":{PASSWORD}@", "@")


def test_wrong_secrets_are_refused(server: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    refused = "must be reachable, it is not"
    assert f"{refused} (its code: 28P01)" in refusal(address(server.set(password="wrong")), "operations")
    assert refused in refusal(without_password(server), "operations")
    assert f"{refused} (its code: 3D000)" in refusal(address(server.set(database="nosuch")), "operations")


def test_a_password_may_come_from_the_environment(server: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    assert len(read(without_password(server), "operations").table) == 2


def test_beyond_this_machine_patients_travel_encrypted(server: URL) -> None:
    """127.0.0.2 is this machine too, but none of its usual names: a server without TLS is refused."""
    assert "must be reachable, it is not" in refusal(address(server.set(host="127.0.0.2")), "operations")
