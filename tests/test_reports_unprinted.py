"""What paper leaves out is on the page, and its numbers are in the file that paper names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_reports_report import write_run

from pipelines.intervals import FloatArray
from reports.blocks import Table
from reports.documents import DOCUMENTS
from reports.run_folder import read_run_folder
from reports.writing import write_documents


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("unprinted"))
    write_documents(folder, formats=("html",))
    return folder


def list_unprinted(folder: Path) -> Iterator[tuple[str, Table]]:
    run = read_run_folder(folder)
    for document in DOCUMENTS.values():
        yield from ((document.name, table) for table in document.build(run).tables() if table.folded and table.file)


def read_values(path: Path) -> FloatArray:
    """Return every number of a file, and a hundred times it for what is printed in percent."""
    cells = pd.read_csv(path, dtype=str, keep_default_na=False).stack()
    values = pd.to_numeric(cells, errors="coerce").dropna().to_numpy(dtype=float)
    return np.unique(np.concatenate([values, 100 * values]))


def find_lost(table: Table, values: FloatArray) -> Iterator[str]:
    """Yield the printed numbers of which the file has none that they could be rounded from."""
    for cell in (cell for row in table.rows for cell in row[1:] if cell.style == "number"):
        said = f"{cell.text} ; {cell.detail}".replace("\u2212", "-").replace("\u202f", "")
        for number in re.findall(r"-?\d+(?:\.\d+)?", said):
            digits = len(number.partition(".")[2])
            if np.abs(values - float(number)).min() > 0.5 * 10**-digits + 1e-9:
                yield number


def test_every_number_that_is_not_printed_is_in_the_file_that_paper_names(folder: Path) -> None:
    found = list(list_unprinted(folder))
    assert {name for name, _ in found} >= {"comparison", "audit"}
    lost = {
        (name, table.name): numbers
        for name, table in found
        if (numbers := list(find_lost(table, read_values(folder / "share" / table.file))))
    }
    assert lost == {}


def test_the_check_sees_a_number_that_is_in_no_file(folder: Path) -> None:
    table = next(table for name, table in list_unprinted(folder) if name == "comparison")
    values = read_values(folder / "share" / table.file)
    assert list(find_lost(table, values + 0.4321))


def test_the_page_has_every_table_that_paper_leaves_out(folder: Path) -> None:
    pages = {name: (folder / "share" / f"{name}.html").read_text(encoding="utf-8") for name in DOCUMENTS}
    assert all(f'data-name="{table.name}"' in pages[name] for name, table in list_unprinted(folder))
