"""The Word file: real headings, tables, captions and editable text, nothing lost when another program opens it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import docx
import pytest
from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.oxml.ns import qn
from docx.table import Table as WordTable
from test_reports_render import make_figure, make_report, make_table, wide_table
from test_reports_render_pdf import render_elsewhere

from reports.blocks import Cell, Report, Table, Text
from reports.render.formats import FORMATS
from reports.render.numbering import list_contents
from reports.render.paper import spans
from reports.render.paper_order import order_for_paper
from reports.render.word import render_word

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def word() -> bytes:
    return render_word(make_report())


@pytest.fixture(scope="module")
def document(word: bytes) -> Document:
    return docx.Document(io.BytesIO(word))


def say_beside(cell: Cell) -> str:
    """Return a cell as it stands in these narrow tables: the interval beside its estimate."""
    return f"{cell.text} ({cell.detail})" if cell.detail else cell.text


def untie(text: str) -> str:
    return text.replace("\u00a0", " ")


def tables_on_paper(report: Report) -> list[Table]:
    items = order_for_paper(report)
    return [item.block for item in items if isinstance(item.block, Table) and item.kind == "table"]


def test_the_same_bytes_twice_and_in_another_process(word: bytes) -> None:
    assert render_word(make_report()) == word
    assert render_elsewhere("word", "word") == word


def test_it_holds_no_date_no_path_and_no_machine(word: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(word)) as file:
        names = file.namelist()
        assert names == sorted(names)
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        texts = b"".join(file.read(name) for name in names if not name.endswith(".png"))
    assert not re.search(rb"dcterms|W3CDTF|rsid|Macintosh|python-docx|20[12]\d-\d\d-\d\d", texts)
    assert str(ROOT).encode() not in texts
    assert not [name for name in names if "thumbnail" in name or "customXml" in name]


def test_properties_say_title_and_language(document: Document) -> None:
    properties = document.core_properties
    assert (properties.title, properties.author) == (make_report().title, "spinerisk")
    assert properties.language == "en-GB"


def test_headings_are_headings(document: Document) -> None:
    found = [(p.style.name, p.text) for p in document.paragraphs if p.style and p.style.name.startswith("Heading")]
    assert found == [
        ("Heading 1", "1. Summary"), ("Heading 1", "2. Methods"), ("Heading 2", "Patients"), ("Heading 3", "Detail"),
        ("Heading 1", "3. Results"), ("Heading 2", "A heading that skips a level"), ("Heading 1", "4. Further tables"),
    ]  # fmt: skip


def test_the_contents_lead_to_every_section(document: Document) -> None:
    lines = [p for p in document.paragraphs if p.style and p.style.name.startswith("toc")]
    expected = [text.text for section, parts in list_contents(make_report()) for text in (section, *parts)]
    assert [line.text.rstrip("\t") for line in lines] == [*expected, "4. Further tables"]
    named = {mark.get(qn("w:name")) for mark in document.element.iter(qn("w:bookmarkStart"))}
    links = [link.get(qn("w:anchor")) for link in document.element.iter(qn("w:hyperlink"))]
    assert len(links) == len(expected) + 2  # and from the place of the folded table
    assert set(links) <= named
    pages = [code.text.split()[1] for code in document.element.iter(qn("w:instrText")) if "PAGEREF" in code.text]
    assert pages == links[: len(lines)]
    stale = [mark for mark in document.element.iter(qn("w:fldChar")) if mark.get(qn("w:dirty"))]
    assert len(stale) == len(lines)


def test_a_long_list_of_contents_stands_in_two_columns_and_the_text_beneath_in_one() -> None:
    blocks = tuple(Text(text=f"{k}. Section", kind="section", anchor=f"s{k}") for k in range(1, 40))
    document = docx.Document(io.BytesIO(render_word(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    columns = [section._sectPr.find(qn("w:cols")).get(qn("w:num")) for section in document.sections]
    assert columns == [None, "2", "1"]
    assert [section.start_type for section in document.sections][1:] == [WD_SECTION.CONTINUOUS] * 2
    assert len({section.page_width for section in document.sections}) == 1


def test_every_table_is_there_cell_by_cell(document: Document) -> None:
    expected = tables_on_paper(make_report())
    assert len(document.tables) == len(expected) == 4
    for shown, table in zip(document.tables, expected, strict=True):
        assert [untie(cell.text) for cell in shown.rows[0].cells] == list(table.columns)
        for row, cells in zip(shown.rows[1:], table.rows, strict=True):
            said = [untie(cell.text) for cell in row.cells]
            assert said == ([cells[0].text] * len(cells) if spans(cells) else [say_beside(cell) for cell in cells])


def test_heads_are_repeated_and_rows_stay_whole(document: Document) -> None:
    for table in document.tables:
        assert table.rows[0]._tr.trPr is not None
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_captions_carry_the_numbers_of_the_page(document: Document) -> None:
    captions = [p.text for p in document.paragraphs if p.style and p.style.name.endswith("Caption")]
    assert [untie(caption.split(".")[0]) for caption in captions] == [
        "Table 1", "Figure 1", "Table 3", "Table 4", "Figure 2", "Table 2",
    ]  # fmt: skip
    codes = [code.text.strip() for code in document.element.iter(qn("w:instrText")) if "SEQ" in code.text]
    # Word counts on its own; it is told where the order on paper is another.
    assert codes == [
        "SEQ Table \\* ARABIC", "SEQ Figure \\* ARABIC", "SEQ Table \\* ARABIC \\r 3", "SEQ Table \\* ARABIC",
        "SEQ Figure \\* ARABIC", "SEQ Table \\* ARABIC \\r 2",
    ]  # fmt: skip
    assert any(untie(p.text) == "Table 2. Numbers of folded: at the end." for p in document.paragraphs)


def test_figures_are_vectors_with_a_picture_beside_and_words(word: bytes, document: Document) -> None:
    figures = list(make_report().figures())
    with zipfile.ZipFile(io.BytesIO(word)) as file:
        for number, figure in enumerate(figures, start=1):
            assert file.read(f"word/media/figure-{number}.svg").decode() == figure.svg
            png = file.read(f"word/media/figure-{number}.png")
            assert png.startswith(b"\x89PNG")
            if number == 1:  # 400 points at 200 dots per inch
                assert int.from_bytes(png[16:20], "big") == pytest.approx(400 / 72 * 200, abs=1)
        body = file.read("word/document.xml").decode()
    assert body.count("asvg:svgBlip") == len(figures)
    told = [element.get("descr") for element in document.element.iter(qn("wp:docPr"))]
    assert told == [figure.description for figure in figures]


def test_open_places_are_marked_and_can_be_written_in(document: Document) -> None:
    place = next(p for p in document.paragraphs if p.style and p.style.name == "Author Place")
    assert place.text == "Author: Registration number and date of the study."
    assert all(run.font.highlight_color is not None for run in place.runs)


def test_lists_warnings_code_and_blank_fields(document: Document) -> None:
    styles = {p.style.name: p.text for p in document.paragraphs if p.style}
    points = [p.text for p in document.paragraphs if p.style and p.style.name == "List Bullet"]
    assert [untie(point) for point in points] == ["First point at 5 %.", "Second point."]
    assert styles["Attention"] == "What needs a person."
    assert styles["Code"] == 'key = "value"\n  indented = 1'
    blank = document.tables[1].rows[-1]
    assert blank.cells[1].text == ""
    assert blank.height is not None
    assert blank.height.mm == pytest.approx(11, abs=0.1)


def test_simulated_data_are_marked_on_every_page_and_at_every_caption(document: Document) -> None:
    assert "Synthetic data: no patient" in document.sections[0].header.paragraphs[0].text
    captions = [p.text for p in document.paragraphs if p.style and p.style.name.endswith("Caption")]
    assert all(untie(caption).endswith(" Synthetic data ") for caption in captions)
    plain = docx.Document(io.BytesIO(render_word(make_report(banner=""))))
    assert "Synthetic" not in plain.sections[0].header.paragraphs[0].text + "".join(p.text for p in plain.paragraphs)


def test_pages_are_numbered(document: Document) -> None:
    codes = [code.text.strip() for code in document.sections[0].footer._element.iter(qn("w:instrText"))]
    assert codes == ["PAGE", "NUMPAGES"]


def test_a_wide_table_stands_on_a_turned_page_with_its_heading() -> None:
    blocks = (make_table("a"), Text(text="Wide", kind="section", anchor="wide"), wide_table(14), Text(text="After."))
    document = docx.Document(io.BytesIO(render_word(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    assert [round(section.page_width.mm) for section in document.sections if section.page_width] == [210, 297, 210]
    inside = [block.text for block in document.sections[1].iter_inner_content() if not isinstance(block, WordTable)]
    assert inside[0] == "Wide"


def test_a_fresh_section_begins_a_page() -> None:
    blocks = (
        Text(text="Before."),
        Text(text="Signatures", kind="section", anchor="s", fresh=True),
        Text(text="After."),
    )
    document = docx.Document(io.BytesIO(render_word(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    assert [p.text for p in document.paragraphs if p.paragraph_format.page_break_before] == ["Signatures"]


def test_signs_that_no_file_may_hold_are_left_out() -> None:
    blocks = (Text(text="before\x00\x0bafter"),)
    document = docx.Document(io.BytesIO(render_word(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    assert document.paragraphs[-1].text == "beforeafter"


def test_a_document_without_headings_tables_and_figures_is_a_document_too() -> None:
    plain = Report(title="T", blocks=(Text(text="Only words."),), provenance=(), kicker="K")
    texts = [p.text for p in docx.Document(io.BytesIO(render_word(plain))).paragraphs]
    assert texts == ["K", "T", "Only words."]


def convert(word: bytes, folder: Path, kind: str) -> Path:
    """Let LibreOffice open the file and save it as another kind."""
    if OFFICE is None:
        pytest.skip("needs LibreOffice Writer")
    (folder / "document.docx").write_bytes(word)
    settings = f"-env:UserInstallation={(folder / 'settings').as_uri()}"
    run = [OFFICE, "--headless", settings, "--convert-to", kind, "--outdir", str(folder), str(folder / "document.docx")]
    subprocess.run(run, capture_output=True, timeout=180, check=True)
    return folder / f"document.{kind.split(':')[0]}"


@pytest.mark.slow
def test_another_program_opens_it_and_loses_no_table(word: bytes, tmp_path: Path) -> None:
    made = convert(word, tmp_path, "odt")
    with zipfile.ZipFile(made) as file:
        content = ElementTree.fromstring(file.read("content.xml"))
        pictures = [name for name in file.namelist() if name.startswith("Pictures/")]
    names = {
        "t": "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}",
        "x": "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}",
    }
    tables = list(content.iter(f"{names['t']}table"))
    expected = tables_on_paper(make_report())
    assert len(tables) == len(expected)
    for shown, table in zip(tables, expected, strict=True):
        rows = list(shown.iter(f"{names['t']}table-row"))
        assert len(rows) == 1 + len(table.rows)
        assert len(list(shown.iter(f"{names['t']}table-header-rows"))) == 1
        said = re.sub(r"\s", "", "".join(shown.itertext()))
        for cell in (cell for row in table.rows for cell in row):
            assert re.sub(r"\s", "", say_beside(cell)) in said
    assert len(pictures) >= 2
    heads = ["".join(head.itertext()) for head in content.iter(f"{names['x']}h")]
    assert [head for head in heads if head[0].isdigit()] == [
        "1. Summary",
        "2. Methods",
        "3. Results",
        "4. Further tables",
    ]


@pytest.mark.slow
def test_printed_by_another_program_it_says_the_same(word: bytes, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(convert(word, tmp_path, "pdf")).pages
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    for table in make_report().tables():
        for cell in (cell for row in table.rows for cell in row):
            assert re.sub(r"\s", "", say_beside(cell)) in text
    assert all("Synthetic data: no patient" in page.extract_text() for page in pages)


@pytest.mark.slow
def test_a_long_document_takes_seconds() -> None:
    blocks = [
        block for n in range(1, 21) for block in (make_figure(n), make_table(f"t{n}", 12), make_table(f"u{n}", 12))
    ]
    report = replace(make_report(), blocks=tuple(blocks))
    before = time.process_time()
    for form in FORMATS.values():
        form.render(report)
    assert time.process_time() - before < 6
