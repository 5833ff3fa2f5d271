"""Every format says the same: numbers, order, lists, open places; the page's tables as CSV; layout on paper."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pytest

from reports.blocks import Block, Cell, CellStyle, Figure, Report, Table, Text
from reports.render.html import render_html
from reports.render.numbering import list_contents, number_blocks, tie
from reports.render.paper import LANDSCAPE_MM, PORTRAIT_MM, lay_out_table, running_title, size_figure
from reports.render.paper_order import order_for_paper
from reports.render.pdf import FACE as PDF_FACE
from reports.render.word_tables import FACE as WORD_FACE

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HASH = "0123456789abcdef" * 4
NASTY = '<b>& #strong[x] $y$ "quoted" \\end {{ z }} = + - *'
"""What one of the formats would take for markup."""
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="{w}pt" height="{h}pt" viewBox="0 0 {w} {h}" version="1.1">
<path d="M 10 10 L {w} 10" style="stroke: #0072b2; stroke-width: 2"/>
<text x="10" y="30" style="font: 7px Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif">Observed {n}</text>
</svg>
"""


def make_figure(n: int, *, width: int = 400, height: int = 120) -> Figure:
    return Figure(
        name=f"figure-{n}",
        caption=f"Drawing {n}.",
        description=f"Drawing {n}: observed against predicted, slope 0.9{n} & more.",
        svg=DRAWING.format(w=width, h=height, n=n),
    )


def make_table(name: str, rows: int = 3, *, folded: bool = False) -> Table:
    body = tuple(
        (Cell(text=f"Model {k}"), Cell(text=f"1\u202f{k:03d}", style="number"),
         Cell(text=f"0.{k:03d}", detail=f"0.{k:03d} to 0.{k + 90:03d}", style="number"))
        for k in range(rows)
    )  # fmt: skip
    return Table(
        name=name, caption=f"Numbers of {name}.", columns=("Model", "n", "c-statistic"), rows=body, folded=folded
    )


def style_table() -> Table:
    """Every style of a cell once."""
    styles: tuple[CellStyle, ...] = ("", "number", "muted", "suppressed", "indent", "code", "blank")
    rows: list[tuple[Cell, ...]] = [(Cell(text="Group of rows", style="group"), Cell(text=""), Cell(text=""))]
    texts = {"suppressed": "suppressed", "code": HASH, "blank": "", "number": "\u22120.12"}
    rows += [
        (Cell(text=f"row {k}", style="indent"), Cell(text=texts.get(style, NASTY), style=style), Cell(text="12.5 %"))
        for k, style in enumerate(styles)
    ]
    note = "\u2020 Hidden: fewer than 5 patients."
    return Table(
        name="styles", caption="Styles.", columns=("", "Value", "Share (n = 40)"), rows=tuple(rows), notes=(note,)
    )


def make_report(*, banner: str = "Synthetic data: no patient. Nothing here is about a real operation.") -> Report:
    """Every kind of block, with what could break a format."""
    blocks: list[Block] = [
        Text(text="1. Summary", kind="section", anchor="summary"),
        Text(text=f"A paragraph with {NASTY} and SHA-256 {HASH}."),
        Text(text="First point at 5 %.", kind="bullet"),
        Text(text="Second point.", kind="bullet"),
        Text(text="Registration number and date of the study.", kind="author"),
        Text(text="2. Methods", kind="section", anchor="methods"),
        Text(text="Patients", kind="subsection", anchor="patients"),
        Text(text="Detail", kind="heading"),
        make_table("first"),
        make_table("folded", folded=True),
        Text(text="What needs a person.", kind="warning"),
        Text(text="In small letters.", kind="note"),
        make_figure(1),
        style_table(),
        Text(text='key = "value"\n  indented = 1', kind="code"),
        Text(text="3. Results", kind="section", anchor="results"),
        Text(text="A heading that skips a level", kind="heading"),
        make_table("long", 120),
        make_figure(2, width=900, height=1400),
    ]
    return Report(title=f"A study of {NASTY}", blocks=tuple(blocks), provenance=(), banner=banner, kicker="Test report")


class Page(HTMLParser):
    """Tags with attributes in order, the level of every heading, and the text of every cell."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True
        elif tag == "small":
            self.tables[-1][-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.tables[-1][-1][-1] += data


def say_cell(cell: Cell) -> str:
    return f"{cell.text}\n{cell.detail}" if cell.detail else cell.text


def test_tables_and_figures_are_counted_apart_and_points_make_one_list() -> None:
    items = number_blocks(make_report().blocks)
    assert [(item.block.name, item.number) for item in items if isinstance(item.block, Table | Figure)] == [
        ("first", 1), ("folded", 2), ("figure-1", 1), ("styles", 3), ("long", 4), ("figure-2", 2),
    ]  # fmt: skip
    lists = [item for item in items if item.kind == "list"]
    assert [[point.text for point in item.points] for item in lists] == [["First point at 5 %.", "Second point."]]


def test_no_heading_skips_a_level() -> None:
    levels = [item.level for item in number_blocks(make_report().blocks) if item.level]
    assert levels == [1, 1, 2, 3, 1, 2]
    page = Page(render_html(make_report()))
    heads = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert heads[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(heads))


def test_contents_are_sections_with_their_subsections() -> None:
    contents = [(section.anchor, [part.anchor for part in parts]) for section, parts in list_contents(make_report())]
    assert contents == [("summary", []), ("methods", ["patients"]), ("results", [])]


def test_what_belongs_together_stays_on_one_line() -> None:
    assert tie("12.5 % (n = 40) suppressed") == "12.5\u00a0% (n\u00a0=\u00a040) suppressed"


def test_the_page_shows_lists_open_places_and_blank_fields() -> None:
    html = render_html(make_report())
    assert '<ul class="points">\n<li>First point at 5\u00a0%.</li>\n<li>Second point.</li>\n</ul>' in html
    assert '<p class="author" data-test="author"><b>Author:</b> Registration number' in html
    assert '<td class="blank"></td>' in html
    assert "&lt;b&gt;&amp; #strong[x]" in html
    assert "<b>&" not in html


def test_every_cell_is_on_the_page_as_the_report_says_it() -> None:
    report = make_report()
    for shown, table in zip(Page(render_html(report)).tables, report.tables(), strict=True):
        assert shown == [list(table.columns), *([say_cell(cell) for cell in row] for row in table.rows)]


def test_without_a_banner_nothing_is_marked_synthetic() -> None:
    assert "Synthetic data" not in render_html(make_report(banner=""))
    assert render_html(make_report()).count('<span class="badge">Synthetic data</span>') == 4 + 2 + 1  # folded: twice


PAIRS = (
    *((text, "paper") for text in ("ink", "soft", "link", "alert", "figure-ink", "figure-soft")),
    *((text, "wash") for text in ("ink", "soft")),
    *((text, "alert-wash") for text in ("ink", "alert")),
)


def test_text_can_be_read_in_light_dark_and_print() -> None:
    style = (Path(__file__).parents[1] / "reports" / "templates" / "style.css").read_text(encoding="utf-8")
    schemes = [
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    assert len(schemes) == 3
    light = schemes[0]
    for scheme in (light, light | schemes[1], light | schemes[2]):
        for text, ground in PAIRS:
            assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    digits = color.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


PROBE = """<script>
const kept = [];
URL.createObjectURL = (blob) => { kept.push(blob); return "blob:none"; };
HTMLAnchorElement.prototype.click = function () {
  this.setAttribute("data-done", this.download);
  document.body.append(this);
};
window.addEventListener("load", async () => {
  for (const button of document.querySelectorAll(".copy button")) {
    if (button.textContent === "Download CSV") button.click();
  }
  for (const blob of kept) {
    const pre = document.createElement("pre");
    pre.className = "kept";
    pre.textContent = JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await blob.arrayBuffer()));
    document.body.append(pre);
  }
  document.body.dataset.ready = "yes";
});
</script>"""


@pytest.mark.slow
def test_a_table_is_saved_as_csv_and_holds_what_the_page_shows(tmp_path: Path) -> None:
    if BROWSER is None:
        pytest.skip("needs chromium")
    page = tmp_path / "page.html"
    page.write_text(render_html(make_report()).replace("<head>", "<head>" + PROBE), encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--virtual-time-budget=5000",
    ]
    run = [BROWSER, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()]
    seen = subprocess.run(run, capture_output=True, text=True, timeout=120, check=True).stdout
    assert re.findall(r'data-done="([^"]+)"', seen) == [
        f"synthetic-{name}.csv" for name in ("first", "folded", "styles", "long")
    ]
    files = [json.loads(unescape(kept)) for kept in re.findall(r'<pre class="kept">(.*?)</pre>', seen, re.DOTALL)]
    assert all(file.startswith("\ufeff") for file in files)
    first, _, styles, _ = ([*csv.reader(io.StringIO(file.removeprefix("\ufeff")))] for file in files)
    assert first[:2] == [["Model", "n", "c-statistic"], ["Model 0", "1000", "0.000; 0.000 to 0.090"]]
    assert styles[3] == ["row 1", "-0.12", "12.5 %"]
    assert [row[1] for row in styles if row[0] in ("row 3", "row 5")] == ["suppressed", HASH]
    assert styles[2][1] == NASTY


def test_folded_tables_come_last_on_paper_under_their_own_number() -> None:
    items = order_for_paper(make_report())
    told = [(item.kind, item.number) for item in items if isinstance(item.block, Table)]
    assert told == [("table", 1), ("elsewhere", 2), ("table", 3), ("table", 4), ("table", 2)]
    last = items[-2].block
    assert isinstance(last, Text)
    assert (last.kind, last.text) == ("section", "4. Further tables")
    unfolded = replace(make_report(), blocks=tuple(block for block in make_report().blocks if block != items[-1].block))
    assert order_for_paper(unfolded) == number_blocks(unfolded.blocks)


def keep(number: int, *, file: str = "sites.csv", caption: str = "Sites never seen, {}. Outcome.") -> Table:
    return replace(make_table(f"kept-{number}", folded=True), file=file, caption=caption.format(f"model {number}"))


def test_folded_tables_whose_data_are_in_a_file_are_not_printed_and_their_place_says_where_they_are() -> None:
    blocks = (
        make_table("a"), keep(1), keep(2), keep(3, file="meta.csv", caption="Summary of {}. Outcome."),
        Text(text="Between."), keep(4), make_figure(1), keep(5), keep(6), make_table("folded", folded=True),
    )  # fmt: skip
    report = Report(title="T", blocks=blocks, provenance=(), kicker="K", name="comparison")
    items = order_for_paper(report)
    assert [item.number for item in items if isinstance(item.block, Table) and item.kind == "table"] == [1, 8]
    notes = [
        item.block.text.replace("\u00a0", " ") for item in items if item.kind == "note" and isinstance(item.block, Text)
    ]
    assert notes == [
        "Not printed: Tables 2 to 4 (Sites never seen, model \u2026, 2 tables; Summary of model 3). See "
        "comparison.html; the numbers are in share/sites.csv and share/meta.csv.",
        "Not printed: Table 5 (Sites never seen, model 4). See comparison.html; the numbers are in share/sites.csv.",
        "Not printed: Tables 6 and 7 (Sites never seen, model \u2026, 2 tables). See comparison.html; the numbers "
        "are in share/sites.csv.",
    ]
    page = render_html(report)
    assert all(f"Table {number}." in page for number in range(1, 9))
    open_one = replace(report, blocks=(replace(keep(1), folded=False),))
    assert [item.kind for item in order_for_paper(open_one)] == ["table"]


def test_no_section_on_paper_is_an_explanation_of_what_is_not_printed() -> None:
    part = Text(text="Pain", kind="subsection", anchor="pain")
    blocks = (
        Text(text="1. Who", kind="section", anchor="who"), Text(text="Numbers are means.", explains=True), part,
        keep(1),
        Text(text="2. Unknown", kind="section", anchor="unknown"), Text(text="Nobody knows."), part, keep(2),
        make_table("shown"),
    )  # fmt: skip
    report = Report(title="T", blocks=blocks, provenance=(), kicker="K", name="comparison")
    items = order_for_paper(report)
    told = [item.block.text[:11] if isinstance(item.block, Text) else item.block.name for item in items]
    assert told == ["1. Who", "Not printed", "2. Unknown", "Nobody know", "Pain", "shown", "Not printed"]
    assert [text.text for _, parts in list_contents(report) for text in parts] == ["Pain", "Pain"]
    beside = replace(report, blocks=(*blocks[:4], Text(text="A finding."), *blocks[4:]))
    assert len(order_for_paper(beside)) == len(beside.blocks)


@pytest.mark.parametrize("face", [PDF_FACE, WORD_FACE])
def test_no_column_is_narrower_than_its_longest_word(face: object) -> None:
    assert isinstance(face, type(PDF_FACE))
    for table in (style_table(), make_table("plain"), wide_table(8), wide_table(14)):
        layout = lay_out_table(table, face)
        assert sum(layout.widths_mm) <= (LANDSCAPE_MM if layout.landscape else PORTRAIT_MM)
        for k, width in enumerate(layout.widths_mm):
            room = (width - face.gutter_mm) / (layout.size * 25.4 / 72)
            words = [word for row in table.rows if row[0].style != "group" for word in row[k].text.split(" ")]
            assert room >= max(len(word) for word in words if len(word) < 20) * 0.4


def wide_table(columns: int) -> Table:
    row = (Cell(text="Logistic regression with splines"),) + (
        Cell(text="\u22120.0184", detail="\u22120.0620 to 0.0252", style="number"),
    ) * (columns - 1)
    names = ("Model", *(f"Standardised measure {k}" for k in range(columns - 1)))
    return Table(name="wide", caption="Wide.", columns=names, rows=(row,) * 4)


def test_a_wide_table_shrinks_then_turns_the_page_before_it_is_too_small_to_read() -> None:
    layouts = [lay_out_table(wide_table(columns), PDF_FACE) for columns in (4, 8, 9, 14)]
    sizes = [layout.size for layout in layouts]
    assert [layout.landscape for layout in layouts] == [False, False, True, True]
    assert sizes[0] == PDF_FACE.sizes[0] > sizes[1] > sizes[2] >= PDF_FACE.sizes[2]


def test_an_interval_stands_beside_its_estimate_where_there_is_room() -> None:
    roomy, tight = (lay_out_table(wide_table(columns), PDF_FACE) for columns in (4, 9))
    assert (roomy.beside, tight.beside) == (True, False)
    assert roomy.size >= PDF_FACE.sizes[PDF_FACE.comfortable - 1]
    assert not lay_out_table(style_table(), PDF_FACE).beside


def test_columns_are_shared_so_that_the_table_is_short() -> None:
    """What one row alone needs is not taken from the column that every row fills."""
    rows = [
        ("yes or no", "before the operation", "EQ-5D-3L mobility before the operation, 1 no to 3 extreme problems.")
    ]
    rows = [*rows * 20, ("category: " + "40 to 49, " * 8, "when the operation is planned", "Age, in bands.")]
    cells = tuple(tuple(Cell(text=text) for text in (f"EQ-5D at baseline, {k}", *row)) for k, row in enumerate(rows))
    table = Table(name="t", caption="T.", columns=("Predictor", "Kind", "Known", "Definition"), rows=cells)
    kind, known, definition = lay_out_table(table, PDF_FACE).widths_mm[1:]
    assert definition > 1.5 * max(kind, known)


def test_a_table_of_long_texts_turns_the_page_rather_than_fill_it() -> None:
    row = (Cell(text="1a"), *(Cell(text="Words that go on and on. " * 25) for _ in range(6)))
    table = Table(name="texts", caption="Texts.", columns=tuple("abcdefg"), rows=(row, row))
    assert lay_out_table(table, PDF_FACE).landscape
    assert not lay_out_table(replace(table, rows=((Cell(text="short"),) * 7,)), PDF_FACE).landscape


def test_short_tables_stay_whole_and_long_ones_break_between_rows() -> None:
    short, long = (lay_out_table(make_table("t", rows), PDF_FACE) for rows in (5, 100))
    assert (short.whole, long.whole) == (True, False)
    assert all(long.unbroken)


def test_a_figure_keeps_its_size_unless_the_page_is_smaller() -> None:
    assert size_figure(make_figure(1)) == pytest.approx((400 / 72 * 25.4, 120 / 72 * 25.4))
    width, height = size_figure(make_figure(1, width=900, height=1400))
    assert height == pytest.approx(205)
    assert width == pytest.approx(205 * 900 / 1400)


def test_the_running_title_is_cut_at_a_word() -> None:
    assert running_title(replace(make_report(), title="Short")) == "Test report: Short"
    cut = running_title(replace(make_report(), title="many words " * 30))
    assert len(cut) <= 96
    assert cut.endswith("words\u2026") or cut.endswith("many\u2026")


def test_the_fonts_of_the_figures_come_with_matplotlib() -> None:
    assert (Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf").is_file()
