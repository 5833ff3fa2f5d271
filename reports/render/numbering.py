"""What every format starts from: blocks in order, tables and figures with their numbers, points gathered to lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reports.blocks import Block, Figure, Report, Table, Text

LEVELS = {"section": 1, "subsection": 2, "heading": 3}
AUTHOR = "Author:"
"""What every place begins with that only the author can fill."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A block as a renderer sees it.

    Parameters
    ----------
    kind
        ``table``, ``figure``, ``list``, or the kind of a text.
    block
        The block; of a list its first point.
    number
        Of tables and figures, counted apart; the same in every format.
    points
        All points of a list.
    level
        Of headings, from 1 on; one that skips a level stands one below the heading before it.
    """

    kind: str
    block: Block
    number: int = 0
    points: tuple[Text, ...] = ()
    level: int = 0


def number_blocks(blocks: Iterable[Block]) -> tuple[Item, ...]:
    """Number tables and figures in reading order, and make one list of points that follow each other."""
    counts = {"table": 0, "figure": 0}
    items: list[Item] = []
    level = 0
    for block in blocks:
        if isinstance(block, Text):
            level = min(LEVELS[block.kind], level + 1) if block.kind in LEVELS else level
            _add_text(items, block, level)
            continue
        kind = "table" if isinstance(block, Table) else "figure"
        counts[kind] += 1
        items.append(Item(kind=kind, block=block, number=counts[kind]))
    return tuple(items)


def _add_text(items: list[Item], text: Text, level: int) -> None:
    if text.kind in LEVELS:
        items.append(Item(kind=text.kind, block=text, level=level))
    elif text.kind != "bullet":
        items.append(Item(kind=text.kind, block=text))
    elif items and items[-1].kind == "list":
        items[-1] = replace(items[-1], points=(*items[-1].points, text))
    else:
        items.append(Item(kind="list", block=text, points=(text,)))


def list_contents(report: Report) -> list[tuple[Text, list[Text]]]:
    """List the sections, each with its subsections."""
    contents: list[tuple[Text, list[Text]]] = []
    for text in report.texts():
        if text.kind == "section":
            contents.append((text, []))
        elif text.kind == "subsection" and contents:
            contents[-1][1].append(text)
    return contents


def tie(text: str) -> str:
    """Keep on one line what belongs together: a number and its percent sign, a size."""
    return text.replace(" %", "\u00a0%").replace("(n = ", "(n\u00a0=\u00a0")


def mark_of(report: Report) -> str:
    """Return the few words that stand at every table and figure of simulated data, else an empty text."""
    return "Synthetic data" if report.banner else ""


def name_item(item: Item) -> str:
    """Return what a table or a figure is called in the text: ``"Table 3"``."""
    what = "Figure" if isinstance(item.block, Figure) else "Table"
    return f"{what} {item.number}"
