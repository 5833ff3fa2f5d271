"""Reading from a database by its SQLAlchemy URL: one SELECT, in a connection that only reads.

Messages name the kind of database, tables and the database's code for an error. Of the URL and of the database's own
words nothing is shown: they may hold a password, a user or a patient.
"""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import sqlalchemy
from sqlalchemy.engine import URL, Connection, Engine, Inspector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from schemas.errors import DataError, unknown_name
from schemas.plans import FilePlan
from schemas.raw import as_raw, is_nested, stack_raw
from schemas.reading.source import Columns, compute_sha256

CHUNK_ROWS = 10_000
LOG = "spinerisk"
LOGGERS = (f"sqlalchemy.engine.Engine.{LOG}", f"sqlalchemy.pool.impl.NullPool.{LOG}")
PASSWORD_VARIABLE = "SPINERISK_DATABASE_PASSWORD"
LOOPBACK = ("localhost", "127.0.0.1", "::1", None, "")
DRIVERS = {"postgresql": "pip install 'spinerisk[postgresql]', and let the URL begin with postgresql+pg8000://"}
"""What to do where a driver is not installed, by kind of database."""

FAILURES = (SQLAlchemyError, sqlite3.Error, OSError, ValueError, ArithmeticError)
"""What SQLAlchemy and drivers raise, the latter also when they read what they do not expect."""

LITERALS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\] | \$(\w*)\$.*?\$\1\$ | --[^\n]* | /\*.*?\*/""",
    re.DOTALL | re.VERBOSE,
)
"""What may stand in a statement without being a part of its grammar: texts, quoted names, comments."""
WRITING = re.compile(r"\b(insert|update|delete|merge|into)\b", re.IGNORECASE)
STATEMENT = re.compile(r"[\s(]*(select|with)\b", re.IGNORECASE)
NAME = re.compile(r"[^'\";()=<>]{1,200}")
ONE_SELECT = (
    "[file] query must be one SELECT (which may begin with WITH), or the name of a table or view; nothing else is run"
)


def is_url(data: str | Path) -> bool:
    """Tell a database's URL from a path."""
    return isinstance(data, str) and "://" in data


def read_database(address: str, plan: FilePlan) -> tuple[str, Columns]:
    """Read a table, a view or the rows of a query, in chunks.

    Parameters
    ----------
    address
        SQLAlchemy URL. Without a password, that of the environment variable `PASSWORD_VARIABLE` is taken.
    plan
        Its `query`; without one the database must have one table only.

    Returns
    -------
    tuple
        Name of the table or view, or ``query``; headers and columns.

    Raises
    ------
    DataError
        If the URL, the driver, the connection, the query or a type of its columns cannot be used.
    """
    url = _parse_url(address)
    what = f"the {url.get_backend_name()} database"
    if plan.query is not None and not plan.query.strip():
        raise DataError(f"{ONE_SELECT}; got none")
    try:
        with _connect(url, what) as connection:
            name, statement = _choose_statement(connection, plan.query, what)
            return name, _read_rows(connection, statement, name, plan.decimal)
    except FAILURES as error:
        raise DataError(
            f"{what}: must answer the query, it does not{_code(error)}; check the names of tables and columns in "
            f"[file] query, and the right to read them"
        ) from None


def list_tables(address: str) -> list[str]:
    """Return the names of the tables and views that the URL's user sees in the database's usual schema.

    Raises
    ------
    DataError
        As `read_database`.
    """
    url = _parse_url(address)
    what = f"the {url.get_backend_name()} database"
    try:
        with _connect(url, what) as connection:
            return _list_names(sqlalchemy.inspect(connection), None)
    except FAILURES as error:
        raise DataError(
            f"{what}: must list its tables, it does not{_code(error)}; check the right to see them"
        ) from None


def _parse_url(address: str) -> URL:
    try:
        url = sqlalchemy.make_url(address)
        url.get_dialect()
    except (SQLAlchemyError, ValueError):
        raise DataError(
            "the database's URL must be such as sqlite:///registry.db or postgresql+pg8000://user@host/database; it is "
            "not, or of a kind that SQLAlchemy does not know"
        ) from None
    except ImportError:
        raise _driver_missing(address.split(":", 1)[0]) from None
    return url if url.password else url.set(password=os.environ.get(PASSWORD_VARIABLE) or None)


def _driver_missing(name: str) -> DataError:
    kind = re.split(r"\W", name)[0]
    return DataError(
        f"the Python driver of {name!r} must be installed to read from it; it is not: "
        f"{DRIVERS.get(kind, 'install it beside spinerisk, as the documentation of SQLAlchemy says')}"
    )


@contextmanager
def _connect(url: URL, what: str) -> Iterator[Connection]:
    """Connect without a right to write, where the database has such a thing; nothing is ever committed."""
    options: dict[str, Any] = {"poolclass": NullPool, "logging_name": LOG, "pool_logging_name": LOG}
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        path = _find_file(url)
        options["creator"] = lambda: sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        url = URL.create("sqlite")
    elif url.get_driver_name() == "pg8000":
        # Patients' data leave this machine encrypted, or not at all.
        options["connect_args"] = {"ssl_context": None if url.host in LOOPBACK else True}
        if not url.password and "password" not in url.query:
            # Without one, the driver stumbles where the server asks for it.
            options["connect_args"]["password"] = ""
    try:
        engine = sqlalchemy.create_engine(url, **options)
    except ImportError:
        raise _driver_missing(url.drivername) from None
    # What goes wrong in closing would be logged with the database's own words.
    for name in LOGGERS:
        logging.getLogger(name).disabled = True
    try:
        with _open(engine, what) as connection:
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _open(engine: Engine, what: str) -> Connection:
    try:
        connection = engine.connect()
        if engine.dialect.name == "postgresql":
            connection.execution_options(postgresql_readonly=True)
    except FAILURES as error:
        raise DataError(
            f"{what}: must be reachable, it is not{_code(error)}; check host, port, database, user and password of the "
            f"URL"
        ) from None
    return connection


def _find_file(url: URL) -> Path:
    """Return the file of an SQLite database, which must be there: SQLite would make a new one."""
    if url.database in (None, "", ":memory:"):
        raise DataError("the database's URL must name a file, such as sqlite:///registry.db; it names none")
    path = Path(str(url.database)).absolute()
    compute_sha256(path)
    return path


def _choose_statement(connection: Connection, query: str | None, what: str) -> tuple[str, str]:
    if query is not None and STATEMENT.match(_blank_literals(query)):
        return "query", _check_statement(query)
    if query is not None and not NAME.fullmatch(query.strip()):
        raise DataError(ONE_SELECT)
    schema, name = _choose_name(sqlalchemy.inspect(connection), query and query.strip(), what)
    quote_name = connection.dialect.identifier_preparer.quote_identifier
    return name, f"SELECT * FROM {quote_name(schema) + '.' if schema else ''}{quote_name(name)}"


def _check_statement(query: str) -> str:
    """Return the query without a last semicolon if it is one that only reads."""
    bare = _blank_literals(query).rstrip().removesuffix(";")
    if ";" in bare or WRITING.search(bare):
        raise DataError(f'{ONE_SELECT}; put quotes around names such as "update"')
    return query[: len(bare)]


def _blank_literals(query: str) -> str:
    """Put signs without a meaning in the place of texts and quoted names, and spaces in that of comments."""
    return LITERALS.sub(lambda found: (" " if found.group()[0] in "-/" else "?") * len(found.group()), query)


def _choose_name(inspector: Inspector, wanted: str | None, what: str) -> tuple[str | None, str]:
    """Return the schema, if it is not the database's usual one, and the name of a table or view."""
    names = _list_names(inspector, None)
    if wanted is None and len(names) != 1:
        raise DataError(
            f"{what}: must have one table, it has: {', '.join(names) or 'none'}; name one, or write a SELECT, under "
            f"[file] query in the definition"
        )
    if wanted is None or wanted in names:
        return None, wanted or names[0]
    schema, _, name = wanted.rpartition(".")
    if schema in inspector.get_schema_names():
        if name in (names := _list_names(inspector, schema)):
            return schema, name
        wanted = name
    raise DataError(f"{ONE_SELECT}: {unknown_name('the table', wanted, names)}")


def _list_names(inspector: Inspector, schema: str | None) -> list[str]:
    names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
    if inspector.dialect.name in ("postgresql", "oracle"):
        names += inspector.get_materialized_view_names(schema)
    return sorted(names)


def _read_rows(connection: Connection, statement: str, name: str, decimal: str) -> Columns:
    # Without parameters, colons and percent signs are what they are.
    options = {"stream_results": True, "max_row_buffer": CHUNK_ROWS, "no_parameters": True}
    with closing(connection.exec_driver_sql(statement, execution_options=options)) as result:
        headers = list(map(str, result.keys()))
        parts: list[list[pd.Series]] = [[] for _ in headers]
        for rows in result.partitions(CHUNK_ROWS):
            for position, values in enumerate(zip(*rows, strict=True)):
                series = pd.Series(list(values), dtype=object)
                if is_nested(series):
                    raise DataError(
                        f"{name}: every column must hold single values, got lists or bytes in: {headers[position]}"
                    )
                parts[position].append(as_raw(series, decimal))
    return headers, [stack_raw(column, decimal) if column else pd.Series(dtype="str") for column in parts]


def _code(error: Exception) -> str:
    """Return the database's code for an error: the one part of it that never holds a value."""
    cause = getattr(error, "orig", None) or error
    told = cause.args[0] if cause.args else None
    code = told.get("C") if isinstance(told, dict) else None
    code = code or getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return f" (its code: {code})" if isinstance(code, str) and re.fullmatch(r"\w{1,40}", code) else ""
