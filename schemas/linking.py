"""From the file or the files of an export to one raw row per operation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from schemas.definition import Definition
from schemas.fault import OPERATIONS
from schemas.identifiers import protect_identifiers
from schemas.readers import frame_as_raw, read_table

FILES = ("table", "file", "sha256", "n_read")


@dataclass(frozen=True, kw_only=True)
class RawData:
    """What was read.

    Attributes
    ----------
    table
        Raw table with one row per operation, the columns of tables with one row per key joined to it.
    source
        Name of the file without its folder, or "data frame".
    files
        Columns `FILES`, one row per table; the operations first.
    long
        Raw rows of the tables with many rows per operation, by name.
    quarantine
        By table: rows with one per key that belong to no operation or whose key stands twice, with ``reasons``.
    notes
        What was noticed while joining; never values.
    """

    table: pd.DataFrame
    source: str
    files: pd.DataFrame
    long: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    quarantine: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_raw(data: str | Path | pd.DataFrame, definition: Definition) -> RawData:
    """Read the table or the tables of an export, as the definition says where they are."""
    if isinstance(data, pd.DataFrame):
        table, source, sha256 = frame_as_raw(data, definition.file), "data frame", ""
    else:
        read = read_table(data, definition.file)
        table, source, sha256 = read.table, read.name, read.sha256
    table = protect_identifiers(table, definition.identifiers, source=source)
    files = pd.DataFrame([(OPERATIONS, source, sha256, len(table))], columns=list(FILES))
    return RawData(table=table, source=source, files=files)
