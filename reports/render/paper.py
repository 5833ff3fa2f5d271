"""How a document stands on paper, for PDF and Word alike: how wide every column is, and which pages are turned.

Widths are taken from the letters of DejaVu Sans, which comes with matplotlib, so that every machine lays out the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, sqrt
from pathlib import Path

import matplotlib as mpl
import typst
from matplotlib.ft2font import FT2Font, LoadFlags

from reports.blocks import Cell, Figure, Report, Table
from reports.render.numbering import Item, tie

PAGE_MM, PAGE_LENGTH_MM = 210.0, 297.0
MARGIN_MM = 18.0
PORTRAIT_MM = PAGE_MM - 2 * MARGIN_MM
LANDSCAPE_MM = PAGE_LENGTH_MM - 2 * MARGIN_MM
FIGURE_HEIGHT_MM = 205.0
"""A figure with its caption stands on one page."""
MM_PER_POINT = 25.4 / 72
LONG_CONTENTS = 30
"""Lines from which a list of contents stands in two columns."""
UNBROKEN = 24
"""Figures with up to so many letters stay on one line; longer words may be cut."""
_RUNNING_LETTERS = 95
_BOLD = 1.15
_SPARE = 0.2
_LEAST = 0.0001
_MODEST = 1.3
_SHARES, _WORTH_IT = (1.0, 0.8), 1.1
"""Of how many rows a column is made wide enough, and how much shorter a table must become to spare the last ones."""
_DETAIL, _LEAST_POINTS = 0.88, 6.5
"""Size of what stands beneath an estimate, of the size of the table; and the smallest size in points."""
_HEADING = 9.0
_WHOLE_MM, _ROW_MM = 70.0, 60.0
_LINE = 1.3
_FULL = 0.72
"""A table that fills less of the line keeps its own width."""
_MANY, _EXTREME = 5, 24
"""Columns and lines of a cell from which a table is better read across the page."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """A typeface for tables: how wide it runs compared with DejaVu Sans, the sizes to try, and how many read well."""

    words: float
    figures: float
    sizes: tuple[float, ...]
    comfortable: int
    gutter_mm: float = 3.0


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where a table stands and how.

    Parameters
    ----------
    widths_mm
        Of every column, gutters included.
    size
        Of the letters, in points.
    landscape
        It needs a page of its own, turned.
    whole
        Short enough to stand on one page together with caption and notes.
    unbroken
        For every row, whether it stays on one page.
    beside
        What stands beneath an estimate on the screen stands in brackets beside it, so that the table is half as long.
    """

    widths_mm: tuple[float, ...]
    size: float
    landscape: bool
    whole: bool
    unbroken: tuple[bool, ...]
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class Placed:
    """An item on paper: with its layout if it is a table, and whether its page is turned."""

    item: Item
    layout: Layout | None = None
    turned: bool = False


def place_items(items: Sequence[Item], face: Face) -> tuple[Placed, ...]:
    """Lay out every table, and turn the page for the wide ones together with the headings right above them."""
    placed: list[Placed] = []
    turned = False
    for item in reversed(items):
        layout = lay_out_table(item.block, face) if item.kind == "table" and isinstance(item.block, Table) else None
        turned = layout.landscape if layout else turned and item.level > 0
        placed.append(Placed(item=item, layout=layout, turned=turned))
    return tuple(reversed(placed))


def spans(row: Sequence[Cell]) -> bool:
    """Tell whether a row is a heading over the rows beneath it and nothing else."""
    first, *others = row
    return first.style == "group" and not any(cell.text or cell.detail or cell.style == "blank" for cell in others)


def lay_out_table(table: Table, face: Face) -> Layout:
    """Find widths and size for a table: as it is, else smaller, else on a turned page.

    Parameters
    ----------
    table
        At least one column.
    face
        The typeface that it will be set in.

    Returns
    -------
    Layout
        The widths add up to at most the width between the margins.
    """
    upright = _lay_out(table, face, PORTRAIT_MM)
    if any(cell.style == "number" and cell.detail for row in table.rows for cell in row):
        beside = _lay_out(table, face, PORTRAIT_MM, beside=True)
        if beside.fits and beside.size >= face.sizes[face.comfortable - 1] and beside.height < upright.height:
            upright = beside
    crowded = len(table.columns) >= _MANY and upright.highest > _EXTREME * upright.size * _LINE * MM_PER_POINT
    turned = crowded or not upright.fits
    chosen = _lay_out(table, face, LANDSCAPE_MM) if turned else upright
    return Layout(
        widths_mm=tuple(round(width - 0.005, 2) for width in chosen.widths),
        size=chosen.size,
        landscape=turned,
        whole=chosen.height < _WHOLE_MM,
        unbroken=tuple(height < _ROW_MM for height in chosen.heights),
        beside=chosen.beside,
    )


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """How a table would stand in a given room; in `fits` whether no word had to be cut for it."""

    size: float
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    fits: bool
    beside: bool

    @property
    def height(self) -> float:
        return sum(self.heights)

    @property
    def highest(self) -> float:
        return max(self.heights, default=0.0)


def _lay_out(table: Table, face: Face, room: float, *, beside: bool = False) -> _Trial:
    trials = []
    for share in _SHARES:
        columns = {size: _measure_columns(table, face, size, share, beside=beside) for size in face.sizes}
        size, widths = _fit_columns(columns, face, room)
        fits = sum(widths) <= room + 0.01
        widths = [width * min(1.0, room / sum(widths)) for width in widths]
        heights = tuple(_row_height(row, widths, size, face, beside=beside) for row in table.rows)
        trials.append(_Trial(size=size, widths=tuple(widths), heights=heights, fits=fits, beside=beside))
    best = min(trials, key=lambda trial: trial.height)
    return best if best.height * _WORTH_IT < trials[0].height else trials[0]


def _fit_columns(
    columns: Mapping[float, Sequence[tuple[float, float]]], face: Face, room: float
) -> tuple[float, list[float]]:
    """Return the largest size at which no line is cut short, else at which no word is cut, else the smallest."""
    for width_of in (max, min):
        for size in face.sizes if width_of is min else face.sizes[: face.comfortable]:
            if sum(_to_mm(width_of(column), size, face) for column in columns[size]) <= room:
                narrowest, wishes = ([_to_mm(column[k], size, face) for column in columns[size]] for k in (0, 1))
                return size, _share_room(narrowest, wishes, room)
    return face.sizes[-1], [_to_mm(least, face.sizes[-1], face) for least, _ in columns[face.sizes[-1]]]


def _to_mm(ems: float, size: float, face: Face) -> float:
    return ems * size * MM_PER_POINT + face.gutter_mm


def _share_room(narrowest: Sequence[float], wishes: Sequence[float], room: float) -> list[float]:
    """Give each column what it wishes for, or what it needs and a share of the rest."""
    if sum(wishes) <= room:
        wide = sum(wishes) > _FULL * room
        return [wish * room / sum(wishes) for wish in wishes] if wide else list(wishes)
    # What asks for little more than its fair part comes first; long texts share the rest by the root of their length,
    # so that no column of many words runs down the page.
    fair = room / len(wishes)
    wants = [3 * wish if wish <= _MODEST * fair else sqrt(fair * wish) for wish in wishes]
    columns = list(zip(narrowest, wants, wishes, strict=True))
    low, high = 0.0, room
    while high - low > _LEAST:
        level = (low + high) / 2
        widths = [min(wish, max(least, level * want)) for least, want, wish in columns]
        low, high = (level, high) if sum(widths) <= room else (low, level)
    return [min(wish, max(least, low * want)) for least, want, wish in columns]


def _measure_columns(table: Table, face: Face, size: float, share: float, *, beside: bool) -> list[tuple[float, float]]:
    """Return for every column the width of its longest piece and of the line that the share does not exceed, in em."""
    rows = [row for row in table.rows if not spans(row)]
    measured = []
    for k, title in enumerate(table.columns):
        cells = [piece for row in rows for piece in _measure_cell(row[k], face, size, beside=beside)]
        words = [_em(word, face.words * _BOLD) for word in tie(title).split(" ")]
        # A long heading takes two lines, so that it asks for half its length.
        cells.append((max(words), max(*words, min(sum(words), _HEADING), sum(words) / 2 + 1)))
        least, wishes = max(least for least, _ in cells), sorted(wish for _, wish in cells)
        measured.append((least + _SPARE, max(least, cells[-1][1], wishes[ceil(share * len(wishes)) - 1]) + _SPARE))
    return measured


def _measure_cell(cell: Cell, face: Face, size: float, *, beside: bool) -> Iterator[tuple[float, float]]:
    detail = face.figures * size_detail(size) / size
    factor = face.figures if cell.style == "number" else face.words * (_BOLD if cell.style == "group" else 1.0)
    if beside and cell.style == "number" and cell.detail:
        whole = _em(cell.text, factor) + _em(bracket(cell.detail), detail)
        yield whole, whole
        return
    indent = 1.2 if cell.style == "indent" else 0.0
    for text, scale in ((cell.text, factor), (cell.detail, detail)):
        if text:
            pieces = [_em(piece, scale) for piece in split_text(text, cell)]
            yield max(pieces) + indent, _em(text, scale) + indent
    if cell.style == "blank":
        yield 8.0, 16.0


def split_text(text: str, cell: Cell) -> list[str]:
    """Split what a cell says at the places where a line may end."""
    if cell.style == "number" and len(text) <= UNBROKEN:
        return [text]
    return [piece[:UNBROKEN] for piece in tie(text).split(" ")]


def size_detail(size: float) -> float:
    """Return the size of what stands with an estimate: smaller than the table, and no smaller than can be read."""
    return max(_DETAIL * size, min(_LEAST_POINTS, size))


def bracket(detail: str) -> str:
    """Return what stands beside an estimate instead of beneath it, with the space before it."""
    return f"\u00a0({detail})"


def _row_height(row: Sequence[Cell], widths: Sequence[float], size: float, face: Face, *, beside: bool) -> float:
    """Return about how high a row is, in mm."""
    if spans(row):
        return size * _LINE * MM_PER_POINT + 2
    lines = 1.0
    for cell, width in zip(row, widths, strict=True):
        room = (width - face.gutter_mm) / (size * MM_PER_POINT)
        needed = _count_lines(_em(cell.text, face.figures if cell.style == "number" else face.words), room)
        if not (beside and cell.style == "number"):
            needed += _count_lines(_em(cell.detail, face.figures) * _DETAIL, room)
        lines = max(lines, needed)
    return lines * size * _LINE * MM_PER_POINT + 1.6


def _count_lines(ems: float, room: float) -> int:
    """Return about how many lines a text takes: words leave the ends of lines empty."""
    return ceil(ems * 1.08 / max(room, 1)) if ems > room else int(ems > 0)


def _em(text: str, factor: float) -> float:
    return sum(_advance(letter) for letter in text) * factor


@cache
def _advance(letter: str) -> float:
    font = _font()
    return float(font.load_char(ord(letter), flags=LoadFlags.NO_SCALE).horiAdvance / font.units_per_EM)


@cache
def _font() -> FT2Font:
    return FT2Font(str(font_folder() / "DejaVuSans.ttf"))


def font_folder() -> Path:
    """Return the folder of the fonts that come with matplotlib."""
    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@cache
def load_fonts() -> typst.Fonts:
    """Return the fonts that come with the libraries, and none of the machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[font_folder()])


def size_figure(figure: Figure) -> tuple[float, float]:
    """Return the width and height of a figure in mm: as it was drawn, or smaller where the page is."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', figure.svg)
    width, height = (float(side) * MM_PER_POINT for side in box.groups()) if box else (PORTRAIT_MM, PORTRAIT_MM)
    scale = min(1.0, PORTRAIT_MM / width, FIGURE_HEIGHT_MM / height)
    return width * scale, height * scale


def tie_cell(text: str, cell: Cell) -> str:
    """Keep figures and their interval on one line."""
    short = cell.style == "number" and len(text) <= UNBROKEN
    return text.replace(" ", "\u00a0") if short else tie(text)


def running_title(report: Report) -> str:
    """Return what stands at the head of every page: one line, cut at the end of a word."""
    text = f"{report.kicker}: {report.title}"
    if len(text) <= _RUNNING_LETTERS:
        return text
    return text[:_RUNNING_LETTERS].rsplit(" ", 1)[0].rstrip(".,:;") + "\u2026"
