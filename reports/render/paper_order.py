"""In which order blocks are printed, for PDF and Word alike: where folded tables go, and which are not printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise, takewhile

from reports.blocks import Report, Table, Text
from reports.render.numbering import LEVELS, Item, number_blocks
from reports.tables import join_words

FURTHER = "Further tables"
"""Heading at the end of a printed document: what a page on the screen keeps folded, and no file holds."""
ALIKE = 3
"""Captions that begin with so many same words are named together."""


def order_for_paper(report: Report) -> tuple[Item, ...]:
    """Put the blocks in the order of a printed document.

    Parameters
    ----------
    report
        The document.

    Returns
    -------
    tuple of Item
        In reading order, numbered as everywhere. Folded tables whose data are in a file are not printed: a note in
        their place, or behind what else their heading holds where they would stand right beneath it, says what they
        are and where to find them. A section that holds nothing else, and no text but what explains them, is that note.
        Of any other folded table stands an item of kind ``elsewhere`` in its place; the table itself, under its number,
        comes last, beneath one more heading.
    """
    items = number_blocks(report.blocks)
    places: list[Item] = []
    for unprinted, together in groupby(_arrange(items), _is_unprinted):
        if unprinted:
            note = Text(text=_word_unprinted(tuple(together), report.name), kind="note")
            places.append(Item(kind="note", block=note))
        else:
            places += [replace(item, kind="elsewhere") if _is_folded(item) else item for item in together]
    folded = [item for item in items if _is_folded(item) and not _is_unprinted(item)]
    if not folded:
        return tuple(places)
    heading = Text(text=_number_heading(report), kind="section", anchor="further-tables")
    return (*places, Item(kind="section", block=heading, level=1), *folded)


def _arrange(items: Sequence[Item]) -> Iterator[Item]:
    """Yield the items so that no heading stands above nothing but what explains, or is not printed, if it can be so."""
    for section in _cut(items, level=1):
        if any(_is_unprinted(item) for item in section) and all(_is_hollow(item) for item in section):
            yield from (item for item in section if item.level == 1 or _is_unprinted(item))
            continue
        for heading, *others in _cut(section, level=max(LEVELS.values())):
            first = list(takewhile(_is_unprinted, others)) if heading.level else []
            yield from (heading, *others[len(first) :], *first)


def _cut(items: Sequence[Item], *, level: int) -> Iterator[list[Item]]:
    """Yield the items in parts, each of which begins with a heading down to a level, but for what precedes them all."""
    starts = [0, *(place for place, item in enumerate(items) if place and 0 < item.level <= level), len(items)]
    return (list(items[start:end]) for start, end in pairwise(starts) if start < end)


def _is_hollow(item: Item) -> bool:
    """Tell whether an item says nothing without the tables that are not printed."""
    return item.level > 0 or _is_unprinted(item) or (isinstance(item.block, Text) and item.block.explains)


def _is_folded(item: Item) -> bool:
    return isinstance(item.block, Table) and item.block.folded


def _is_unprinted(item: Item) -> bool:
    return isinstance(item.block, Table) and item.block.folded and bool(item.block.file)


def _word_unprinted(items: Sequence[Item], name: str) -> str:
    """Say of tables that follow each other and are not printed what they are, and where they and their data are."""
    tables = [item.block for item in items if isinstance(item.block, Table)]
    first, last = items[0].number, items[-1].number
    many = len(items) > 1
    numbers = f"Tables {first} {'and' if last == first + 1 else 'to'} {last}" if many else f"Table {first}"
    files = join_words(dict.fromkeys(f"share/{table.file}" for table in tables))
    kinds: dict[tuple[str, ...], list[Table]] = {}
    for table in tables:
        kinds.setdefault(tuple(table.caption.split()[:ALIKE]), []).append(table)
    return (
        f"Not printed: {numbers} ({'; '.join(_word_alike(alike) for alike in kinds.values())}). "
        f"See {name}.html; the numbers are in {files}."
    )


def _word_alike(tables: Sequence[Table]) -> str:
    """Name a table by the first sentence of its caption, several of the same beginning by what they share."""
    said = [table.caption.split(". ")[0].rstrip(".") for table in tables]
    if len(said) == 1:
        return said[0]
    pairs = takewhile(lambda words: len(set(words)) == 1, zip(*(text.split() for text in said), strict=False))
    beginning = " ".join(words[0] for words in pairs).rstrip(",:")
    return f"{beginning}\u00a0\u2026, {len(said)} tables"


def _number_heading(report: Report) -> str:
    """Go on with the numbers of the sections where they have any."""
    sections = [text.text for text in report.texts() if text.kind == "section"]
    numbers = [text.split(".")[0] for text in sections if text.split(".")[0].isdigit()]
    return f"{int(numbers[-1]) + 1}. {FURTHER}" if numbers else FURTHER
