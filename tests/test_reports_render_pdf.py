"""The PDF: tagged, with bookmarks, alternative texts and embedded fonts, everything on its page, the same bytes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from test_reports_render import HASH, NASTY, make_figure, make_report, make_table, wide_table

from reports.blocks import Figure, Report, Table, Text
from reports.render.numbering import list_contents
from reports.render.pdf import render_pdf

ROOT = Path(__file__).parents[1]
AGAIN = """import sys
from test_reports_render import make_report
from reports.render.{module} import render_{name}
sys.stdout.buffer.write(render_{name}(make_report()))
"""


def render_elsewhere(module: str, name: str) -> bytes:
    """Render the same report in a fresh interpreter."""
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n" + AGAIN.format(
        module=module, name=name
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return render_pdf(make_report())


@pytest.fixture(scope="module")
def reader(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


@pytest.fixture(scope="module")
def words(reader: PdfReader) -> str:
    return flatten("\n".join(page.extract_text() for page in reader.pages))


def flatten(text: str) -> str:
    """Return the text with plain single spaces."""
    return re.sub(r"\s+", " ", text)


def structure(reader: PdfReader) -> Iterator[Any]:
    """Yield every element of the tag tree."""
    waiting = [reader.trailer["/Root"]["/StructTreeRoot"]["/K"]]
    while waiting:
        found = waiting.pop()
        found = found.get_object() if hasattr(found, "get_object") else found
        if isinstance(found, list):
            waiting += reversed(found)
        elif isinstance(found, dict) and "/S" in found:
            yield found
            waiting.append(found.get("/K", []))


def test_the_same_bytes_twice_and_in_another_process(pdf: bytes) -> None:
    assert render_pdf(make_report()) == pdf
    assert render_elsewhere("pdf", "pdf") == pdf


def test_it_holds_no_date_no_path_and_no_machine(pdf: bytes, reader: PdfReader) -> None:
    assert reader.metadata is not None
    assert reader.metadata.creation_date is None
    assert reader.metadata.title == make_report().title
    assert reader.metadata.author == "spinerisk"
    assert str(ROOT).encode() not in pdf


def test_it_is_tagged_for_readers_who_hear_it(pdf: bytes, reader: PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"] == "en-GB"
    assert b"pdfuaid" in pdf
    tags = [found["/S"] for found in structure(reader)]
    assert tags.count("/Table") == len(list(make_report().tables()))
    assert tags.count("/H1") >= 4
    assert tags.count("/LI") >= 2


def test_alternative_texts_are_the_descriptions(reader: PdfReader) -> None:
    told = [str(found["/Alt"]) for found in structure(reader) if found["/S"] == "/Figure" and "/Alt" in found]
    assert told == [figure.description for figure in make_report().figures()]


def test_bookmarks_are_the_headings(reader: PdfReader) -> None:
    report = make_report()
    expected: list[Any] = []
    for section, parts in list_contents(report):
        expected.append(section.text)
        if parts:
            expected.append([part.text for part in parts])
    assert flat_titles(reader.outline) == [*expected, "4. Further tables"]


def flat_titles(outline: list[Any]) -> list[Any]:
    return [flat_titles(entry) if isinstance(entry, list) else entry.title for entry in outline]


def test_every_font_is_embedded(reader: PdfReader) -> None:
    names = set()
    for page in reader.pages:
        for font in page["/Resources"].get_object().get("/Font", {}).values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(inner["/BaseFont"]).split("+")[1].split("-")[0])
    assert names == {"LibertinusSerif", "DejaVuSans", "DejaVuSansMono"}


def test_it_says_what_the_report_says(words: str) -> None:
    report = make_report()
    squeezed = words.replace(" ", "")
    for text in report.texts():
        assert re.sub(r"\s", "", text.text) in squeezed
    for table in report.tables():
        for cell in (cell for row in table.rows for cell in row):
            assert re.sub(r"\s", "", cell.text) in squeezed
            assert re.sub(r"\s", "", f"{cell.text}({cell.detail})" if cell.detail else "") in squeezed
    assert NASTY.replace(" ", "") in squeezed
    assert "Author: Registration number and date of the study." in words
    assert "Observed 1" in words


def test_numbers_are_those_of_the_page_and_folded_tables_stand_at_the_end(reader: PdfReader, words: str) -> None:
    for label in (
        "Table 1. Numbers of first.",
        "Table 2. Numbers of folded.",
        "Table 3. Styles.",
        "Figure 2. Drawing 2.",
    ):
        assert label in words
    last = len(reader.pages)
    assert f"Table 2. Numbers of folded: page {last}." in words
    assert "4. Further tables" in flatten(reader.pages[-1].extract_text())


def test_simulated_data_are_marked_on_every_page_and_at_every_table_and_figure(reader: PdfReader, words: str) -> None:
    for k, page in enumerate(reader.pages, start=1):
        text = flatten(page.extract_text())
        assert "Synthetic data: no patient" in text
        assert f"{k} / {len(reader.pages)}" in text
    assert len(re.findall(r"(Numbers of \w+|Styles|Drawing \d)\. Synthetic data", words)) == 6
    plain = render_pdf(make_report(banner=""))
    assert "Synthetic" not in "".join(page.extract_text() for page in PdfReader(io.BytesIO(plain)).pages)


def test_a_long_table_repeats_its_head_on_every_page(reader: PdfReader) -> None:
    pages = [page for page in reader.pages if "Model 20" in page.extract_text() or "Model 119" in page.extract_text()]
    assert len(pages) == 2
    for page in pages:
        assert "c-statistic" in page.extract_text()


def glyph_runs(page: Any) -> Iterator[tuple[float, float, float]]:
    """Yield where every run of letters begins and ends, and its height on the page, in points."""
    runs: list[tuple[float, float, float]] = []
    fonts: dict[str, dict[int, float]] = {}
    state: dict[str, Any] = {"font": "", "size": 1.0, "x": 0.0}

    def widths_of(name: str) -> dict[int, float]:
        if name not in fonts:
            listed = page["/Resources"]["/Font"][name]["/DescendantFonts"][0].get_object()["/W"]
            fonts[name] = {}
            rest = list(listed)
            while rest:
                start, wide = int(rest.pop(0)), rest.pop(0)
                if isinstance(wide, list):
                    fonts[name] |= {start + k: float(width) for k, width in enumerate(wide)}
                else:
                    width = float(rest.pop(0))
                    fonts[name] |= dict.fromkeys(range(start, int(wide) + 1), width)
        return fonts[name]

    def look(operator: bytes, given: list[Any], cm: list[float], tm: list[float]) -> None:
        if operator == b"Tf":
            state["font"], state["size"] = str(given[0]), float(given[1])
        if operator not in (b"Tj", b"TJ"):
            return
        width = 0.0
        for piece in given[0] if operator == b"TJ" else [given[0]]:
            if isinstance(piece, int | float):
                width -= float(piece)
                continue
            raw = piece.original_bytes if hasattr(piece, "original_bytes") else bytes(piece)
            widths = widths_of(state["font"])
            width += sum(widths.get(raw[k] * 256 + raw[k + 1], 0.0) for k in range(0, len(raw) - 1, 2))
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        runs.append((x, x + width / 1000 * state["size"] * abs(tm[0] * cm[0]), y))

    page.extract_text(visitor_operand_before=look)
    yield from runs


def check_boxes(reader: PdfReader) -> int:
    """Return how many runs of letters there are; each stands between the margins, but for a space at its end."""
    count = 0
    for page in reader.pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        margin = 18 / 25.4 * 72
        for left, right, y in glyph_runs(page):
            assert margin - 1 <= left <= right <= width - margin + 5, (left, right, page.page_number)
            assert 20 < y < height - 20
            count += 1
    return count


def test_no_letter_stands_outside_the_margins(reader: PdfReader) -> None:
    assert check_boxes(reader) > 400


def test_a_wide_table_stands_on_a_turned_page_and_loses_nothing() -> None:
    table = wide_table(14)
    blocks = (Text(text="One", kind="section", anchor="one"), make_table("a"), table, Text(text="After."))
    reader = PdfReader(io.BytesIO(render_pdf(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    sizes = [round(float(page.mediabox.width)) for page in reader.pages]
    assert sizes == [595, 842, 595]
    text = flatten(reader.pages[1].extract_text())
    assert text.count("\u22120.0620 to 0.0252") == 4 * 13
    assert check_boxes(reader) > 60


def test_a_fresh_section_begins_a_page() -> None:
    blocks = (
        Text(text="Before."),
        Text(text="Signatures", kind="section", anchor="s", fresh=True),
        Text(text="After."),
    )
    reader = PdfReader(io.BytesIO(render_pdf(Report(title="T", blocks=blocks, provenance=(), kicker="K"))))
    first, second = (page.extract_text() for page in reader.pages)
    assert "Before." in first
    assert "After." in second
    assert "After." not in first


def test_a_fingerprint_can_be_copied_as_it_is(words: str) -> None:
    assert "\u200b" not in words
    assert words.replace(" ", "").count(HASH) == 2


def test_a_document_without_headings_tables_and_figures_is_a_document_too() -> None:
    plain = Report(title="T", blocks=(Text(text="Only words."),), provenance=(), kicker="K")
    text = PdfReader(io.BytesIO(render_pdf(plain))).pages[0].extract_text()
    assert "Only words." in text
    assert "Contents" not in text


def test_a_table_without_rows_is_a_head() -> None:
    table = replace(make_table("empty"), rows=())
    report = Report(title="T", blocks=(table, make_figure(1)), provenance=(), kicker="K")
    assert isinstance(report.blocks[0], Table)
    assert isinstance(report.blocks[1], Figure)
    assert "c-statistic" in PdfReader(io.BytesIO(render_pdf(report))).pages[0].extract_text()
