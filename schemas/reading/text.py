"""Reading tables of texts: CSV and its kin."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pyarrow as arrow
import pyarrow.compute as arrow_compute
import pyarrow.csv as arrow_csv

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.raw import find_blank_rows
from schemas.reading.source import Columns, SourceFile

SEPARATORS = {".csv": ",", ".txt": ",", ".tsv": "\t"}
SHOWN_LINES = 10
OTHER_SIGNS = (";", "\t", "|", ",")
BLOCK_BYTES = 1 << 24


def read_text(source: SourceFile, plan: FilePlan) -> Columns:
    """Read a table of texts.

    Raises
    ------
    DataError
        If it is not in the plan's encoding, empty, or a row has more or fewer fields than there are headers.
    """
    separator = plan.separator or SEPARATORS[source.suffix]
    try:
        n_columns = _count_columns(source, plan, separator)
        table = _read_rows(source, plan, separator, n_columns)
    except UnicodeError:
        raise DataError(
            f"{source.name}: must be text in {plan.encoding}; it is not: state its encoding under [file] encoding in "
            f"the definition (cp1252 is frequent in Western Europe and the Americas), or save it as UTF-8"
        ) from None
    except arrow.ArrowException:
        raise DataError(
            f"{source.name}: must be a table separated by {separator!r}; it could not be read as one"
        ) from None
    headers = [str(column[0]) for column in table.columns]
    _refuse_one_column(source, headers, separator)
    columns = [_as_texts(table.column(position)) for position in range(n_columns)]
    n = _count_rows(columns)
    return headers, [column.iloc[:n] for column in columns]


def _count_columns(source: SourceFile, plan: FilePlan, separator: str) -> int:
    with io.TextIOWrapper(source.open(), encoding=_encoding(plan), newline="") as text:
        try:
            first = next((row for row in csv.reader(text, delimiter=separator) if any(row[:1]) or len(row) > 1), None)
        except csv.Error:
            raise DataError(
                f"{source.name}: must be a table of texts; its first row could not be read as headers"
            ) from None
    if first is None or not (len(first) > 1 or first[0].strip()):
        raise DataError(f"{source.name}: must not be empty; the first row must be headers")
    return len(first)


def _read_rows(source: SourceFile, plan: FilePlan, separator: str, n_columns: int) -> arrow.Table:
    """Read all rows, the headers among them; a second time, if any is faulty, for their numbers."""
    wrong_lines: list[int | None] = []

    def refuse(row: arrow_csv.InvalidRow) -> str:
        wrong_lines.append(row.number)
        return "skip"

    names = [str(position) for position in range(n_columns)]
    parse = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=refuse)
    # Decoding has checked the encoding.
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, arrow.string()), strings_can_be_null=False, check_utf8=False
    )
    with source.open() as stream:
        content = stream.read().decode(_encoding(plan)).encode()
    # Arrow's threads are not started for one block: a process that ends while they start is brought down.
    for use_threads in (True, False) if len(content) > BLOCK_BYTES else (False,):
        wrong_lines.clear()
        table = arrow_csv.read_csv(
            arrow.BufferReader(content),
            # One thread in the second pass: only then does the reader know the number of a wrong line.
            read_options=arrow_csv.ReadOptions(use_threads=use_threads, column_names=names, block_size=BLOCK_BYTES),
            parse_options=parse,
            convert_options=convert,
        )
        if not wrong_lines:
            return table
    numbers = [line for line in wrong_lines if line is not None]
    shown = ", ".join(str(line) for line in numbers[:SHOWN_LINES])
    more = ", ..." if len(numbers) > SHOWN_LINES else ""
    raise DataError(
        f"{source.name}: every row must have as many fields as there are headers ({n_columns}); {len(wrong_lines)} "
        f"have not: row {shown}{more} of the file; check the separator, and put quotes around texts that contain it"
    )


def _refuse_one_column(source: SourceFile, headers: list[str], separator: str) -> None:
    """A table of one column whose header holds another separator has been cut at the wrong sign."""
    other = next((sign for sign in OTHER_SIGNS if len(headers) == 1 and sign != separator and sign in headers[0]), None)
    if other is not None:
        raise DataError(
            f"{source.name}: must be a table separated by {separator!r}, got one column whose header holds {other!r}; "
            "the file seems to have one column only; state its separator under [file] separator in the definition"
        )


def _as_texts(column: arrow.ChunkedArray) -> pd.Series:
    """Return the texts below the header, stripped."""
    texts = arrow_compute.utf8_trim_whitespace(column.slice(1).cast(arrow.large_string()))
    return pd.Series(texts.to_pandas(), dtype="str")


def _count_rows(columns: list[pd.Series]) -> int:
    """Return the number of rows up to the last one that holds something: spreadsheets leave separators behind it."""
    n = len(columns[0])
    blank = find_blank_rows(columns)[::-1]
    # From the end, blank rows are the last ones as long as none between them holds something.
    return n - int(np.cumprod(blank == n - 1 - np.arange(len(blank))).sum())


def _encoding(plan: FilePlan) -> str:
    return "utf-8-sig" if plan.encoding == "utf-8" else plan.encoding
