"""Reading a table as text: CSV (plain, .gz, .zip), Parquet, Excel or a data frame.

Every reader gives the same thing: a frame of stripped texts, blank for missing, so that the same table gives the same
fingerprint whatever holds it. Messages name the file, headers and line numbers, never a cell.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import openpyxl
import pandas as pd
import pyarrow as arrow
import pyarrow.csv as arrow_csv
import pyarrow.parquet as arrow_parquet
from openpyxl.utils.exceptions import InvalidFileException

from schemas.errors import DataError, suggest
from schemas.plans import FilePlan
from schemas.raw import as_raw, cell_as_text

SEPARATORS = {".csv": ",", ".txt": ",", ".tsv": "\t"}
SHOWN_LINES = 10
PACKED = (".gz", ".zip")
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError)
"""What the archive modules of Python raise when bytes are missing or wrong."""
NO_WORKBOOK = (InvalidFileException, SyntaxError, LookupError, TypeError, AttributeError, RuntimeError)
"""What openpyxl raises besides, when an archive or its XML is no workbook; `SyntaxError` is that of XML."""
READABLE = "CSV (.csv, .tsv, .txt, also as .gz or .zip), Parquet (.parquet) or Excel (.xlsx)"


@dataclass(frozen=True, kw_only=True)
class ReadTable:
    """A raw table (`schemas.raw`), the name of what it was read from without its folder, and its SHA-256 in hex.

    `sha256` is that of the file's bytes, and blank for what is no file.
    """

    table: pd.DataFrame
    name: str
    sha256: str


def read_table(path: str | Path, plan: FilePlan) -> ReadTable:
    """Read a file as a raw table.

    Parameters
    ----------
    path
        The file; its suffix says what it is.
    plan
        Separator, encoding, decimal sign, sheet and member of the archive.

    Returns
    -------
    ReadTable
        One row per data row, columns in the file's order.

    Raises
    ------
    DataError
        If the file is missing, empty, without a data row, without a header or with one twice, or no table.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        near = suggest(path.name, [other.name for other in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise DataError(f"the data must be a readable file, got {str(path)!r}: {error.strerror}{near}") from None
    sha256 = hashlib.sha256(content).hexdigest()
    name, content = _unpack(path.name, content, plan)
    reader = READERS.get(PurePath(name).suffix.lower())
    if reader is None:
        raise DataError(f"the data must be {READABLE}, got {name!r}; save it as one of these")
    if not content.strip():
        raise DataError(f"{name}: must not be empty; the first row must be headers, followed by one row per operation")
    return ReadTable(table=_checked(reader(name, content, plan), name), name=path.name, sha256=sha256)


def frame_as_raw(frame: pd.DataFrame, plan: FilePlan | None = None) -> pd.DataFrame:
    """Return a data frame as `read_table` would read it from a typed file; its index is not read."""
    headers = [str(header) for header in frame.columns]
    columns = [as_raw(frame.iloc[:, position]) for position in range(frame.shape[1])]
    return _checked((headers, columns), "data frame")


Columns = tuple[Sequence[str], Sequence[pd.Series]]


def _checked(parts: Columns, name: str) -> pd.DataFrame:
    """Join headers and columns to a stripped table, or say why they are none."""
    headers = [header.strip() for header in parts[0]]
    if not headers or not any(headers):
        raise DataError(f"{name}: the first row must be headers; there is none")
    blank = [str(position) for position, header in enumerate(headers, start=1) if not header]
    if blank:
        raise DataError(f"{name}: every column must have a header; none in column {', '.join(blank)}")
    # By position: where a file lacks its headers, the first row is a patient's.
    twice = [str(position) for position, header in enumerate(headers, start=1) if headers.count(header) > 1]
    if twice:
        raise DataError(f"{name}: each header must stand once, got the same in columns {', '.join(twice)}; rename them")
    if not len(parts[1][0]):
        raise DataError(f"{name}: must have one data row at least, got headers only")
    return pd.DataFrame(
        {header: _stripped(series).reset_index(drop=True) for header, series in zip(headers, parts[1], strict=True)}
    )


def _stripped(series: pd.Series) -> pd.Series:
    return series.str.strip() if isinstance(series.dtype, pd.StringDtype) else series


def _unpack(name: str, content: bytes, plan: FilePlan) -> tuple[str, bytes]:
    """Take a file out of its packing; the inner name has the suffix that counts."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in PACKED:
        return name, content
    try:
        if suffix == ".gz":
            return PurePath(name).stem, gzip.decompress(content)
        return _read_member(name, content, plan.member)
    except DAMAGED:
        raise DataError(f"{name}: must be a whole {suffix} archive; it is damaged, copy it again") from None
    except RuntimeError:
        raise DataError(f"{name}: must be a usual archive without a password; unpack it first") from None


def _read_member(name: str, content: bytes, member: str | None) -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [info.filename for info in archive.infolist() if _is_real(info)]
        chosen = [found for found in members if member in (None, found)]
        if len(chosen) != 1:
            held = ", ".join(members) or "none"
            asked = f", {member!r} among them" if member else ""
            raise DataError(
                f"{name}: must hold one file{asked}; it holds: {held}; name one under [file] member in the definition"
            )
        return PurePath(chosen[0]).name, archive.read(chosen[0])


def _is_real(info: zipfile.ZipInfo) -> bool:
    """Tell files from folders and from what macOS adds to an archive."""
    path = PurePath(info.filename)
    return not info.is_dir() and "__MACOSX" not in path.parts and not path.name.startswith(".")


def _read_csv(name: str, content: bytes, plan: FilePlan) -> Columns:
    text = _decode(name, content, plan.encoding)
    separator = plan.separator or SEPARATORS[PurePath(name).suffix.lower()]
    n_columns = _count_columns(name, text, separator)
    wrong_lines: list[int] = []

    def refuse(row: arrow_csv.InvalidRow) -> str:
        wrong_lines.append(row.number)
        return "skip"

    names = [str(position) for position in range(n_columns)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            # One thread: only then does the reader know the number of a wrong line.
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, arrow.string()), strings_can_be_null=False
            ),
        )
    except arrow.ArrowInvalid:
        raise DataError(f"{name}: must be a table separated by {separator!r}; it could not be read as one") from None
    _check_lines(name, wrong_lines, n_columns)
    rows = table.to_pandas(use_threads=False)
    return rows.iloc[0].tolist(), [rows[column].iloc[1:] for column in names]


def _count_columns(name: str, text: str, separator: str) -> int:
    try:
        first = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row), None)
    except csv.Error:
        raise DataError(f"{name}: must be a table of texts; its first row could not be read as headers") from None
    if first is None:
        raise DataError(f"{name}: must not be empty; the first row must be headers")
    return len(first)


def _check_lines(name: str, wrong_lines: list[int], n_columns: int) -> None:
    if not wrong_lines:
        return
    shown = ", ".join(str(line) for line in wrong_lines[:SHOWN_LINES])
    more = ", ..." if len(wrong_lines) > SHOWN_LINES else ""
    raise DataError(
        f"{name}: every row must have as many fields as there are headers ({n_columns}); {len(wrong_lines)} have not: "
        f"row {shown}{more} of the file; check the separator, and put quotes around texts that contain it"
    )


def _decode(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeError:
        raise DataError(
            f"{name}: must be text in {encoding}; it is not: state its encoding under [file] encoding in the "
            f"definition (cp1252 is frequent in Western Europe and the Americas), or save it as UTF-8"
        ) from None


def _read_parquet(name: str, content: bytes, plan: FilePlan) -> Columns:
    try:
        table = arrow_parquet.read_table(io.BytesIO(content), use_threads=False)
    except (arrow.ArrowInvalid, OSError):
        raise DataError(f"{name}: must be a Parquet file; it could not be read as one, write it again") from None
    nested = [field.name for field in table.schema if arrow.types.is_nested(field.type)]
    if nested:
        raise DataError(f"{name}: every column must hold single values, got lists in: {', '.join(nested)}")
    columns = [as_raw(pd.Series(column.to_pandas(integer_object_nulls=True))) for column in table.columns]
    return table.column_names, columns


def _read_excel(name: str, content: bytes, plan: FilePlan) -> Columns:
    try:
        with warnings.catch_warnings():
            # Styles and drop-down lists that openpyxl does not know are of no concern here.
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            rows = [
                list(row)
                for row in book[_choose_sheet(name, [sheet.title for sheet in book.worksheets], plan.sheet)].values
            ]
    except (*DAMAGED, *NO_WORKBOOK):
        raise DataError(
            f"{name}: must be an Excel workbook (.xlsx); it could not be read as one, save it again"
        ) from None
    texts = [[cell_as_text(cell, plan.decimal) for cell in row] for row in rows]
    while texts and not any(texts[-1]):
        texts.pop()
    if not texts:
        raise DataError(f"{name}: must not be empty; the first row must be headers")
    width = max(position for row in texts for position, cell in enumerate(row, start=1) if cell)
    padded = [(row + [""] * width)[:width] for row in texts]
    body = pd.DataFrame(padded[1:], columns=range(width), dtype="str")
    return padded[0], [body[position] for position in range(width)]


def _choose_sheet(name: str, sheets: list[str], wanted: str | None) -> str:
    if wanted in sheets:
        return str(wanted)
    if wanted is None and len(sheets) == 1:
        return sheets[0]
    asked = f"the sheet {wanted!r}{suggest(wanted, sheets)}" if wanted else "one sheet"
    raise DataError(
        f"{name}: must have {asked}; it has: {', '.join(sheets)}; name one under [file] sheet in the definition"
    )


READERS: dict[str, Callable[[str, bytes, FilePlan], Columns]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
    ".xlsm": _read_excel,
}
"""What reads a file, by its suffix."""
