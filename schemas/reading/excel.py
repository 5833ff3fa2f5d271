"""Reading Excel workbooks: every cell as the text that a CSV would hold."""

from __future__ import annotations

import warnings
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from schemas.errors import DataError, suggest
from schemas.plans import FilePlan
from schemas.raw import cell_as_text
from schemas.reading.source import DAMAGED, Columns, SourceFile

NO_WORKBOOK = (InvalidFileException, SyntaxError, ArithmeticError, LookupError, TypeError, AttributeError, RuntimeError)
"""What openpyxl raises besides, when an archive or its XML is no workbook; `SyntaxError` is that of XML."""


def read_excel(source: SourceFile, plan: FilePlan) -> Columns:
    """Read the one sheet of a workbook, or the one that the plan names; of formulas the last values.

    Raises
    ------
    DataError
        If it is no workbook, has not the sheet, or the sheet is blank.
    """
    try:
        texts = _read_sheet(source, plan)
    except (*DAMAGED, *NO_WORKBOOK):
        raise DataError(
            f"{source.name}: must be an Excel workbook (.xlsx); it could not be read as one, save it again"
        ) from None
    while texts and not any(texts[-1]):
        texts.pop()
    if not texts:
        raise DataError(f"{source.name}: must not be empty; the first row must be headers")
    width = max(position for row in texts for position, cell in enumerate(row, start=1) if cell)
    padded = [(row + [""] * width)[:width] for row in texts]
    body = pd.DataFrame(padded[1:], columns=range(width), dtype="str")
    return padded[0], [body[position] for position in range(width)]


def list_sheets(path: Path) -> list[str]:
    """Return the names of a workbook's sheets, none of a damaged one: what it lacks is said when it is read."""
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore", UserWarning)
            book = openpyxl.load_workbook(stream, read_only=True)
            return [sheet.title for sheet in book.worksheets]
    except (*DAMAGED, *NO_WORKBOOK):
        return []


def _read_sheet(source: SourceFile, plan: FilePlan) -> list[list[str]]:
    with warnings.catch_warnings(), source.open() as stream:
        # Styles and drop-down lists that openpyxl does not know are of no concern here.
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        sheet = book[_choose_sheet(source.name, [sheet.title for sheet in book.worksheets], plan.sheet)]
        # Some programs write the size of a sheet wrongly, or that of its empty grid.
        sheet.reset_dimensions()
        return [[cell_as_text(cell, plan.decimal) for cell in row] for row in sheet.values]


def _choose_sheet(name: str, sheets: list[str], wanted: str | None) -> str:
    if wanted in sheets:
        return str(wanted)
    if wanted is None and len(sheets) == 1:
        return sheets[0]
    asked = f"the sheet {wanted!r}{suggest(wanted, sheets)}" if wanted else "one sheet"
    raise DataError(
        f"{name}: must have {asked}; it has: {', '.join(sheets)}; name one under [file] sheet in the definition"
    )
