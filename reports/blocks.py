"""What a report is made of: texts, tables and figures in reading order. Plain data; no renderer is known here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

TextKind = Literal["section", "subsection", "heading", "paragraph", "bullet", "note", "warning", "author", "code"]
CellStyle = Literal["", "number", "muted", "suppressed", "indent", "group", "code", "blank"]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A heading, a paragraph or literal text.

    Parameters
    ----------
    text
        Plain text; a renderer escapes it.
    kind
        ``section``, ``subsection`` and ``heading`` are headings of level 2, 3 and 4; ``bullet`` is one point of a list;
        ``warning`` needs a person; ``author`` is a place that only the author can fill; ``code`` is printed as it
        stands.
    anchor
        Name by which a heading is linked to; empty for other kinds.
    fresh
        A section that begins a page of its own on paper.
    explains
        It only explains the tables of its section: where none of them is printed, nor is this.
    """

    text: str
    kind: TextKind = "paragraph"
    anchor: str = ""
    fresh: bool = False
    explains: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: the text, and what stands small beneath it (an interval). A ``blank`` one is filled in by hand."""

    text: str
    detail: str = ""
    style: CellStyle = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; the first cell of each row is the row's heading.

    Parameters
    ----------
    name
        Unique inside the report, lower case with hyphens.
    caption, columns, rows, notes
        Every row has as many cells as there are columns.
    folded
        Shown closed at first: detail that few readers need.
    file
        Name in ``share/`` of the data that a folded table shows. With one it is not printed: its place on paper names
        the page on the screen and the file. Without one it is printed at the end, and its place says so.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    folded: bool = False
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing: `svg` stands on its own, `description` says in words and numbers what it shows."""

    name: str
    caption: str
    description: str
    svg: str


Block = Text | Table | Figure


@dataclass(frozen=True, kw_only=True)
class Report:
    """A whole report.

    Parameters
    ----------
    title
        The study's title.
    blocks
        In reading order.
    provenance
        Pairs of name and value: what the report was made from. No time and no path, so that the same run gives
        the same bytes.
    banner
        What must be read before anything else (synthetic data), or an empty string.
    kicker
        Kind of the document, above the title.
    name
        Stem of its files.
    """

    title: str
    blocks: tuple[Block, ...]
    provenance: tuple[tuple[str, str], ...]
    banner: str = ""
    kicker: str = "Prediction study report"
    name: str = "report"

    def texts(self) -> Iterator[Text]:
        """Yield the texts in order."""
        return (block for block in self.blocks if isinstance(block, Text))

    def tables(self) -> Iterator[Table]:
        """Yield the tables in order."""
        return (block for block in self.blocks if isinstance(block, Table))

    def figures(self) -> Iterator[Figure]:
        """Yield the figures in order."""
        return (block for block in self.blocks if isinstance(block, Figure))
