"""What a registry definition may say: of its files, its columns, its further tables and what identifies patients."""

from __future__ import annotations

import codecs
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from schemas.column import Kind, KnownAt
from schemas.specs import Name, Spec

Range = tuple[float, float]
Code = bool | int | float | str
Header = Annotated[str, Field(min_length=1)]

NO_FILE = ("idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7")
"""Encodings of Python in which nobody saves a file."""


def check_date_format(text: str) -> str:
    """Return a date format that can be read, or say what it must be."""
    day = datetime(2024, 12, 31)
    try:
        written = day.strftime(text)
        good = written != text and datetime.strptime(written, text) == day
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f"must say day, month and year in the codes %d, %m and %Y, such as '%d.%m.%Y' for 31.12.2024, got {text!r}"
        )
    return text


DateFormat = Annotated[str, AfterValidator(check_date_format)]


class FilePlan(Spec):
    """How the file is read: the table ``[file]`` of a definition.

    `query` is the SQL of a database, or the name of one of its tables or views; `files` a pattern such as ``*.txt``:
    where the data is a folder, the files that match are joined row under row, by the names of their headers. `labels`
    reads the value labels of Stata and SPSS in place of their codes.
    """

    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str = "utf-8"
    decimal: Literal[".", ","] = "."
    sheet: str | None = None
    member: str | None = None
    query: str | None = None
    files: str | None = None
    headers: Literal["as_is", "upper"] = "as_is"
    labels: bool = False
    missing: tuple[str, ...] = ()

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            name = codecs.lookup(encoding).name
            "spine".encode(name).decode(name)
        except (LookupError, UnicodeError):
            name = ""
        if not name or name in NO_FILE:
            raise ValueError(f"must be a known text encoding such as utf-8 or cp1252, got {encoding!r}")
        return name


class ColumnPlan(Spec):
    """One table ``[columns.<name>]`` of a definition, as written."""

    header: Annotated[str, Field(min_length=1)] | None = None
    kind: Kind | None = None
    known_at: KnownAt | None = None
    text: str | None = None
    unit: str | None = None
    range: Range | None = None
    plausible: Range | None = None
    levels: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    predictor: bool | None = None
    source: str | None = None
    missing: tuple[str, ...] = ()
    recode: dict[str, Code] = Field(default_factory=dict)
    unit_in_file: str | None = None
    date_format: DateFormat | None = None
    constant: Code | None = None
    optional: bool = False


class TablePlan(Spec):
    """One table ``[tables.<name>]`` of a definition, as written; ``operations`` is the one with a row per operation.

    `rows` says how the others belong to it: ``one`` row per key, whose columns join the operations (patients), or
    many: ``visits``, ``levels``, ``events``. Which key needs which rows is in `schemas.table_rules`.
    """

    rows: Literal["one", "visits", "levels", "events"] = "one"
    file: Annotated[str, Field(min_length=1)] | None = None
    sheet: str | None = None
    member: str | None = None
    query: str | None = None
    where: dict[Header, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)
    key: tuple[Header, ...] = ()
    operations_key: tuple[Header, ...] = ()
    take: tuple[Header, ...] = ()
    date: Header | None = None
    date_format: DateFormat | None = None
    days: Header | None = None
    months: Header | None = None
    label: Header | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    windows: dict[str, tuple[int, int]] = Field(default_factory=dict)
    endings: tuple[str, ...] = ()
    choose: Literal["nearest", "first", "last"] = "nearest"
    first: dict[Name, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)
    count: Name | None = None
    optional: bool = False
    columns: dict[Name, dict[str, Any]] = Field(default_factory=dict)


class IdentifiersPlan(Spec):
    """The table ``[identifiers]`` of a definition: what happens to columns that say who a patient is.

    `allow` is for headers that only look like it.
    """

    drop: tuple[Header, ...] = ()
    pseudonymise: tuple[Header, ...] = ()
    allow: tuple[Header, ...] = ()
