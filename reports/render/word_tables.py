"""Tables for Word: real ones, with a repeated head, rows that stay whole, and widths that fit the page."""

from __future__ import annotations

from reports.blocks import Cell, Table
from reports.figures.canvas import PALETTE
from reports.render.numbering import tie
from reports.render.paper import Face, Layout, bracket, size_detail, spans, tie_cell
from reports.render.word_parts import make, mark, to_twips, write_paragraph, write_run

FACE = Face(words=0.9, figures=0.89, sizes=(8.0, 7.5, 7.0, 6.5, 6.0), comfortable=3)
"""Arial, or Liberation Sans, which runs as wide."""
BLANK_MM = 11.0
"""Height of a row in which something is written by hand."""
INK, SOFT, FAINT = (PALETTE[name].removeprefix("#").upper() for name in ("ink", "soft", "faint"))
_STAYS = ("w:keepNext",)


def write_table(table: Table, layout: Layout, label: str) -> str:
    """Write a table.

    Parameters
    ----------
    table
        What it holds.
    layout
        Its widths and the size of its letters.
    label
        Its name and number, for readers who hear the document.

    Returns
    -------
    str
        A table of fixed widths, whose first row is repeated on every page. A row that is a heading goes over all
        columns and stays with the row beneath.
    """
    grid = make("w:tblGrid", children=[make("w:gridCol", {"w:w": to_twips(width)}) for width in layout.widths_mm])
    last = len(table.rows) - 1
    rows = [
        _write_row(row, layout, stays=_STAYS if spans(row) or (layout.whole and k < last) else ())
        for k, row in enumerate(table.rows)
    ]
    looks = _write_looks(layout, f"{label}. {table.caption}")
    return make("w:tbl", children=[looks, grid, _write_head(table, layout), *rows])


def _write_looks(layout: Layout, caption: str) -> str:
    borders = [_write_rule("w:top", 8, INK), _write_rule("w:bottom", 8, INK), _write_rule("w:insideH", 2, FAINT)]
    margins = [_write_length("w:left", 0.0), _write_length("w:right", FACE.gutter_mm)]
    return make(
        "w:tblPr",
        children=[
            _write_length("w:tblW", sum(layout.widths_mm)),
            make("w:tblBorders", children=borders),
            make("w:tblLayout", {"w:type": "fixed"}),
            make("w:tblCellMar", children=margins),
            make("w:tblLook", {"w:val": "04A0", "w:firstRow": "1", "w:firstColumn": "1", "w:noVBand": "1"}),
            mark("w:tblCaption", caption),
        ],
    )


def _write_rule(tag: str, eighths: int, color: str) -> str:
    return make(tag, {"w:val": "single", "w:sz": str(eighths), "w:space": "0", "w:color": color})


def _write_length(tag: str, millimetres: float) -> str:
    return make(tag, {"w:w": to_twips(millimetres), "w:type": "dxa"})


def _write_head(table: Table, layout: Layout) -> str:
    cells = []
    for title, width in zip(table.columns, layout.widths_mm, strict=True):
        border = make("w:tcBorders", children=[_write_rule("w:bottom", 4, INK)])
        looks = make("w:tcPr", children=[_write_length("w:tcW", width), border, mark("w:vAlign", "bottom")])
        cells.append(_fill(looks, [write_run(tie(title), make("w:b"), *_size(layout.size))], _STAYS))
    return make("w:tr", children=[make("w:trPr", children=[make("w:cantSplit"), make("w:tblHeader")]), *cells])


def _write_row(row: tuple[Cell, ...], layout: Layout, *, stays: tuple[str, ...]) -> str:
    looks = [make("w:cantSplit")]
    if any(cell.style == "blank" for cell in row):
        looks.append(make("w:trHeight", {"w:val": to_twips(BLANK_MM), "w:hRule": "atLeast"}))
    if spans(row):
        width = [_write_length("w:tcW", sum(layout.widths_mm)), mark("w:gridSpan", len(row))]
        cells = [_fill(make("w:tcPr", children=width), _write_runs(row[0], layout), stays)]
    else:
        cells = [
            _fill(_write_cell_looks(cell, width), _write_runs(cell, layout), stays, indent=cell.style == "indent")
            for cell, width in zip(row, layout.widths_mm, strict=True)
        ]
    return make("w:tr", children=[make("w:trPr", children=looks), *cells])


def _write_cell_looks(cell: Cell, width: float) -> str:
    looks = [_write_length("w:tcW", width)]
    if cell.style == "blank":
        looks.append(make("w:tcBorders", children=[_write_rule("w:bottom", 6, INK)]))
        looks.append(mark("w:vAlign", "bottom"))
    return make("w:tcPr", children=looks)


def _fill(looks: str, runs: list[str], stays: tuple[str, ...], *, indent: bool = False) -> str:
    given = [make(tag) for tag in stays]
    if indent:
        given.append(make("w:ind", {"w:left": "170"}))
    return make("w:tc", children=[looks, write_paragraph("TableText", runs, given)])


def _write_runs(cell: Cell, layout: Layout) -> list[str]:
    size = layout.size
    looks = {
        "group": [make("w:b")],
        "muted": [make("w:i"), mark("w:color", SOFT)],
        "suppressed": [mark("w:color", SOFT)],
        "code": [make("w:rFonts", {"w:ascii": "Courier New", "w:hAnsi": "Courier New", "w:cs": "Courier New"})],
    }.get(cell.style, [])
    runs = [write_run(tie_cell(cell.text, cell), *looks, *_size(size))] if cell.text else []
    if cell.detail:
        detail = tie_cell(cell.detail, cell)
        beside = layout.beside and cell.style == "number"
        if not beside:
            runs.append(make("w:r", children=[make("w:br")]))
        runs.append(write_run(bracket(detail) if beside else detail, mark("w:color", SOFT), *_size(size_detail(size))))
    return runs


def _size(points: float) -> list[str]:
    """Word counts letters in half points; the style has the largest size."""
    if points == FACE.sizes[0]:
        return []
    return [mark("w:sz", round(points * 2)), mark("w:szCs", round(points * 2))]
