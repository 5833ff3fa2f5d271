"""The searcher of the privacy gate finds what is planted, in every kind of file."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pandas as pd
import pypdf
import pytest
import xgboost
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from privacy_search import Search, Wanted, search_folder, spell_day, unpack

from reports.blocks import Cell, Report, Table, Text
from reports.render.pdf import render_pdf

NAME, AGE, DAY = "QX-Ødegård 77/3", 61.73712943, date(2009, 3, 17)
WANTED = Wanted(texts={"name": NAME}, days={"day": DAY}, numbers={"age": AGE})
EVERYTHING = {"name", "day", "age"}


def write_docx(path: Path) -> None:
    document = docx.Document()
    document.core_properties.author = f"{DAY:%d.%m.%Y}"
    table = document.add_table(1, 1)
    paragraph = table.cell(0, 0).paragraphs[0]
    for part in (NAME[:4], NAME[4:]):
        paragraph.add_run(part).bold = part == NAME[:4]
    picture = path.with_suffix(".png")
    write_png(picture)
    document.add_picture(str(picture))
    picture.unlink()
    document.save(str(path))


def write_png(path: Path) -> None:
    figure = Figure((1, 1))
    FigureCanvasAgg(figure).print_png(str(path), metadata={"Title": f"{NAME} {DAY} {AGE}"})


def write_pdf(path: Path) -> None:
    table = Table(name="t", caption="A table", columns=("a", "b"), rows=((Cell(text=NAME), Cell(text=f"{AGE:.6f}")),))
    heading = Text(text=f"On {DAY:%d/%m/%Y}", kind="section", anchor="on")
    path.write_bytes(render_pdf(Report(title="Title", blocks=(heading, table), provenance=())))


def write_database(path: Path) -> None:
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE a (b, c, d)")
        base.execute("INSERT INTO a VALUES (?, ?, ?)", (NAME, AGE, f"{DAY:%Y-%m-%d}"))
    base.close()


def write_deleted(path: Path) -> None:
    """Rows that were deleted stay in the pages of the file."""
    write_database(path)
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA secure_delete = OFF")
        base.execute("DELETE FROM a")
    base.close()


def write_booster(path: Path) -> None:
    X = np.array([[1.0], [AGE], [80.0]] * 20)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(X, np.array([0, 1, 1] * 20), nthread=1), 2)
    booster.set_attr(note=f"{NAME} {DAY}")
    booster.save_model(path)


def write_html(path: Path) -> None:
    inner = base64.b64encode(f"{NAME},{AGE!r}".encode()).decode()
    drawn = base64.b64encode(f"<svg>{DAY}</svg>".encode()).decode()
    path.write_text(f'<a href="data:text/csv;base64,{inner}">x</a><img src="data:image/svg+xml;base64,{drawn}"/>')


def write_text(path: Path) -> None:
    path.write_text(f"{NAME.upper()}\n{AGE:.5f}\n{DAY:%B} {DAY.day}, {DAY.year}\n")


def write_json(path: Path) -> None:
    path.write_text(json.dumps({NAME: [AGE], "b": f"{DAY:%Y%m%d}"}))


def write_arrays(path: Path) -> None:
    np.savez_compressed(path, a=np.array([3.0, AGE], dtype=np.float32), b=np.array([NAME, f"{DAY}"]))


def write_parquet(path: Path) -> None:
    pd.DataFrame({"a": [NAME], "b": [AGE], "c": [pd.Timestamp(DAY)]}).to_parquet(path)


def write_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(f"{NAME} {AGE} {DAY}".encode()))


def write_wide(path: Path) -> None:
    path.write_bytes(f"{NAME} {DAY}".encode("utf-16-le"))


def write_svg(path: Path) -> None:
    path.write_text(f"<svg><title>{NAME}</title><text x='1'>{AGE}</text><desc>{DAY}</desc></svg>")


@pytest.mark.parametrize(
    ("name", "write", "there"),
    [
        ("a.docx", write_docx, EVERYTHING),
        ("a.png", write_png, EVERYTHING),
        ("a.pdf", write_pdf, EVERYTHING),
        ("a.db", write_database, EVERYTHING),
        ("b.db", write_deleted, {"name", "day"}),
        ("a.ubj", write_booster, EVERYTHING),
        ("a.html", write_html, EVERYTHING),
        ("a.txt", write_text, EVERYTHING),
        ("MLmodel", write_text, EVERYTHING),
        ("a.json", write_json, EVERYTHING),
        ("a.npz", write_arrays, EVERYTHING),
        ("a.parquet", write_parquet, EVERYTHING),
        ("a.csv.gz", write_gzip, EVERYTHING),
        ("a.db-wal", write_wide, {"name", "day"}),
        ("a.svg", write_svg, EVERYTHING),
    ],
)
def test_what_is_planted_is_found(tmp_path: Path, name: str, write: Callable[[Path], None], there: set[str]) -> None:
    write(tmp_path / name)
    search = search_folder(tmp_path, WANTED)
    assert {finding.what for finding in search.findings} == there
    assert {finding.where.partition(" > ")[0] for finding in search.findings} == {name}
    nobody = Wanted(texts={"name": "QX-Ødegård 78/3"}, days={"day": date(2009, 3, 18)}, numbers={"age": 61.73713943})
    assert search_folder(tmp_path, nobody).findings == []


def test_the_letters_of_a_pdf_are_those_that_a_reader_sees(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf")
    pages = pypdf.PdfReader(tmp_path / "a.pdf").pages
    seen = "".join(page.extract_text() for page in pages)
    pieces = [piece for piece in unpack("a.pdf", (tmp_path / "a.pdf").read_bytes()) if " > page" in piece.where]
    found = b"".join(piece.data for piece in pieces[1::3]).decode()
    assert 0 <= found.count("\ufffd") < 5, "signs of the page that are no letters"
    assert sorted("".join(seen.split())) == sorted("".join(found.replace("\ufffd", "").split()))


def test_a_base64_text_is_found_wherever_it_begins(tmp_path: Path) -> None:
    for shift in range(6):
        coded = base64.b64encode(b"x" * shift + NAME.encode() + b"yz")
        (tmp_path / f"{shift}.txt").write_bytes(b"the attachment: " + coded)
    assert len(search_folder(tmp_path, WANTED).findings) == 6


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("61.73713", True), ("61.737129", True), ("61.7371294", True), ("61.73712943000001", True),
        ("6.173712943e1", True), ("6173.712943 %", True), ("0.6173712943", True), ("61,73712943", True),
        ("61,73713", True), ("0,61,73713", True), ("61, 73712943", False), ("61.73712921142578", True),
        ("-61.73712943", True), ("6,173.712943", True), ("1,173.712943", False),
        ("61.7371", False), ("61.73712", False), ("61.7371295", False),
        ("161.73712943", False), ("6173712.943", False), ("1.61.7371", False),
    ],
)  # fmt: skip
def test_a_number_is_found_from_seven_digits_on(told: str, found: bool) -> None:
    search = Search(WANTED)
    search.add_text(f"a;{told};b", "printed")
    assert bool(search.findings) == found


def test_coordinates_of_a_drawing_tell_no_value(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(f'<svg><path d="M {AGE} 3"/><text x="{AGE}">3</text></svg>')
    assert search_folder(tmp_path, WANTED).findings == []


def test_names_of_files_are_searched_and_some_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / f"{DAY}.txt").touch()
    assert [finding.what for finding in search_folder(tmp_path, WANTED).findings] == ["day"]
    search = search_folder(tmp_path, WANTED, leave_out=lambda path: path.suffix == ".txt")
    assert (search.findings, search.files) == ([], 0)


def test_an_unknown_kind_of_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.pickle").write_bytes(b"\x80\x04")
    with pytest.raises(ValueError, match=r"no way is known to search 'a\.pickle'"):
        search_folder(tmp_path, WANTED)


def test_days_are_spelled_in_the_usual_ways() -> None:
    assert {"2009-03-17", "17.03.2009", "03/17/2009", "17 March 2009", "Mar 17, 2009", "20090317", "1237248000"} <= (
        spell_day(DAY)
    )


@pytest.mark.parametrize(
    "told",
    [
        "Quixley, Zebulon", "QUIXLEY", "zebulon\u00a0quixley", "Zebu\u00adlon", "Zebu\u200blon", "\uff3aebulon",
        "QXdevclean0071", "QX devclean 0071", "QX\u2010devclean\u20110071", "qx_devclean_0071", "fell off the dev",
        "he fell  off\nthe camel", "felloffthe",
    ],
)  # fmt: skip
def test_a_text_is_found_however_it_is_written(told: str, tmp_path: Path) -> None:
    wanted = Wanted(
        texts={"id": "QX-devclean-0071", "first": "Zebulon", "last": "Quixley", "text": "fell off the"},
    )
    search = Search(wanted)
    search.add_text(f"of {told}; and", "printed")
    assert search.findings
    (tmp_path / "a.html").write_text(f"<p>of {told}; and</p>")
    (tmp_path / "a.json").write_text(json.dumps([told]))
    assert {finding.where.partition(" > ")[0] for finding in search_folder(tmp_path, wanted).findings} == {
        "a.html", "a.json",
    }  # fmt: skip


def test_words_that_tags_cut_are_joined(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>QX-<b>devc</b>lean-0071</p>")
    assert search_folder(tmp_path, Wanted(texts={"id": "QX-devclean-0071"})).findings


@pytest.mark.parametrize(
    "told",
    [
        "30-Jul-2010", "30JUL2010", "7/30/10", "30/07/10", "30.07.10", "July 30 2010", "30th July 2010",
        "July 30th, 2010", "30. July 2010", "30 jul 2010", "2010-Jul-30", "30-jul-10", "2010.07.30",
        "30th of July 2010", "30\u00a0July 2010", "07-30-2010", "30.7.2010", "1280448000", "1280448000000",
    ],
)  # fmt: skip
def test_a_day_is_found_however_it_is_written(told: str) -> None:
    search = Search(Wanted(days={"day": date(2010, 7, 30)}))
    search.add_text(f"on {told}, at noon", "printed")
    assert search.findings
    search = Search(Wanted(days={"day": date(2010, 7, 29)}))
    search.add_text(f"on {told}, at noon", "printed")
    assert not search.findings


@pytest.mark.parametrize("number", [AGE, 0.01 * AGE, 100 * AGE, round(AGE, 6), np.float32(AGE)])
def test_a_number_is_found_in_an_array_rounded_and_as_a_percentage(number: float) -> None:
    assert WANTED.find_values(np.array([1, 61.7, number])) == {"age"}
    assert WANTED.find_values(np.array([1, 61.7, number + 0.001])) == set()


@pytest.mark.parametrize(
    "array",
    [
        np.array([DAY], dtype="datetime64[D]"), np.array([1j * AGE]), np.array([(1, AGE)], dtype="i4,f8"),
        np.array([np.timedelta64(3, "D")]), np.array([NAME], dtype=object),
    ],
)  # fmt: skip
def test_an_array_of_an_unknown_kind_is_an_error(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(ValueError, match=r"no way is known to search an array of|allow_pickle=False"):
        search_folder(tmp_path, WANTED)


def test_whole_numbers_in_a_database_are_searched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE a (b, c)")
        base.execute("INSERT INTO a VALUES (?, ?)", (3141592653, int(f"{DAY:%Y%m%d}")))
    base.close()
    wanted = Wanted(days={"day": DAY}, numbers={"number": 3141592653.0})
    assert {finding.what for finding in search_folder(tmp_path, wanted).findings} == {"day", "number"}


@pytest.mark.parametrize(
    ("told", "found"),
    [("103.7", True), ("103.70", True), ("103.704", True), ("104", False), ("103.8", False), ("1037", False),
     ("10370", False), ("1.037", False), ("1103.7", False), ("0.1037", False)],
)  # fmt: skip
def test_an_unmistakable_number_is_found_by_four_digits_where_readers_look(
    tmp_path: Path, told: str, found: bool
) -> None:
    table = Table(name="t", caption="A table", columns=("a", "b"), rows=((Cell(text="age"), Cell(text=told)),))
    document = docx.Document()
    document.add_paragraph(f"up to {told} years")
    document.save(str(tmp_path / "a.docx"))
    (tmp_path / "a.pdf").write_bytes(render_pdf(Report(title="Title", blocks=(table,), provenance=())))
    (tmp_path / "a.html").write_text(f"<style>103.7</style><p title='103.7'>up to {told} years</p>")
    (tmp_path / "a.csv").write_text(f"age,{told},3\n")
    (tmp_path / "a.json").write_text("[103.7]")
    wanted = Wanted(unmistakable={"age": 103.704183211})
    where = {finding.where.partition(" > ")[0] for finding in search_folder(tmp_path, wanted).findings}
    assert where == ({"a.docx", "a.pdf", "a.html", "a.csv"} if found else set())
