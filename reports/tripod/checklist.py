"""The filled checklist: each subitem with its status, where it is found, and what is left to the author."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from reports.blocks import Block, Cell, Report, Table, Text
from reports.document import word_banner
from reports.render.formats import FORMATS
from reports.run_folder import RunFolder
from reports.sections.methods import list_provenance
from reports.tables import EMPTY, join_words
from reports.tripod.answers import Told, merge
from reports.tripod.item import Status

COLUMNS = (
    "item", "part", "topic", "applies", "fill", "status", "where", "artefact", "text", "reason", "author_question",
)  # fmt: skip
"""Columns of ``share/tripod.csv``; `text` holds the paragraphs, parted by empty lines."""
STATUS_WORDS: dict[Status, str] = {
    "filled": "filled",
    "drafted": "drafted",
    "author": "author needed",
    "answered": "answered",
    "not_applicable": "not applicable",
}
MEANINGS = (
    "Filled: written from the files of the run that are named, by rules that are the same for every run. Drafted: "
    "written by the same rules, but true only when the author has checked and completed it. Author needed: only the "
    "author can say it, and has not. Answered: by the author.",
    "Where: part and heading of the manuscript, and the files of the run that it comes from. Pages are set "
    "by the journal.",
)
APPLIES_WORDS = {"D": "development", "E": "evaluation", "DE": "both"}
OPEN = "While any of them is open (drafted, or author needed), nothing is claimed of the report as a whole."
COMPLETE = (
    "None is open. A complete checklist says that the points are reported, not that the study is at low risk of bias."
)
INTRO = (
    "The points of TRIPOD+AI (Collins and colleagues, BMJ 2024;385:e078378) in our own words; the wording that counts "
    "is that of the statement. Files are those of the run's folder."
)


def build_checklist(run: RunFolder) -> Report:
    """Build the checklist as a document of its own, to be sent with a manuscript.

    Parameters
    ----------
    run
        A finished run, with the author's answers where it holds any.

    Returns
    -------
    Report
        The standing in one paragraph, and the table of all subitems.
    """
    return _build(run, merge(run))


def build_checklist_blocks(run: RunFolder) -> list[Block]:
    """Build the checklist as a section of the manuscript."""
    return _build_blocks(merge(run))


def list_checklist_files(run: RunFolder) -> dict[str, bytes]:
    """Return the checklist as files by name: for Word, and one row per subitem for a machine."""
    told = merge(run)
    return {"checklist.docx": FORMATS["docx"].render(_build(run, told)), "tripod.csv": _write_rows(_list_rows(told))}


def _build(run: RunFolder, told: tuple[Told, ...]) -> Report:
    return Report(
        title=run.facts.study.title,
        blocks=(Text(text="TRIPOD+AI checklist", kind="section", anchor="checklist"), *_build_blocks(told)),
        provenance=tuple(list_provenance(run)),
        banner=word_banner(run),
        kicker="TRIPOD+AI checklist",
    )


def _build_blocks(told: tuple[Told, ...]) -> list[Block]:
    return [Text(text=INTRO), Text(text=word_standing(told)), _tabulate(told)]


def word_standing(told: Iterable[Told]) -> str:
    """Count the subitems by status, and say what may not be claimed."""
    statuses = [one.status for one in told]
    counts = [f"{statuses.count(status)} {words}" for status, words in STATUS_WORDS.items()]
    is_open = any(status in ("author", "drafted") for status in statuses)
    return f"Of {len(statuses)} subitems: {join_words(counts)}. {OPEN if is_open else COMPLETE}"


def list_rows(run: RunFolder) -> Iterator[Mapping[str, str]]:
    """Yield one row per subitem, in order, with the columns `COLUMNS`."""
    return _list_rows(merge(run))


def render_csv(run: RunFolder) -> bytes:
    """Return the rows as CSV in UTF-8 with plain line ends; the same run gives the same bytes."""
    return _write_rows(list_rows(run))


def _list_rows(all_told: tuple[Told, ...]) -> Iterator[Mapping[str, str]]:
    for told in all_told:
        yield {
            "item": told.name,
            "part": told.item.part,
            "topic": told.item.topic,
            "applies": told.item.applies,
            "fill": told.item.fill,
            "status": told.status,
            "where": told.where,
            "artefact": told.artefact,
            "text": "\n\n".join(told.paragraphs),
            "reason": told.reason,
            "author_question": told.item.question if told.is_open else "",
        }


def _write_rows(rows: Iterable[Mapping[str, str]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def _tabulate(told: tuple[Told, ...]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for part, items in groupby(told, key=lambda one: one.item.part):
        rows.append((Cell(text=part, style="group"), *[Cell(text="")] * 4))
        rows += [_list_cells(one) for one in items]
    return Table(
        name="tripod-checklist",
        caption="TRIPOD+AI, by subitem.",
        columns=("Item", "Topic", "Status", "Where", "Left to the author"),
        rows=tuple(rows),
        notes=MEANINGS,
    )


def _list_cells(told: Told) -> tuple[Cell, ...]:
    topic = f"{told.item.topic} ({APPLIES_WORDS[told.item.applies]})" if told.item.applies != "DE" else told.item.topic
    return (
        Cell(text=told.name, style="indent"),
        Cell(text=topic),
        Cell(text=STATUS_WORDS[told.status]),
        Cell(text=told.where, detail=told.artefact) if told.where else EMPTY,
        Cell(text=word_left(told)) if word_left(told) else EMPTY,
    )


def word_left(told: Told) -> str:
    """Say what the author still has to do; of what is closed, why it is."""
    if told.status == "author":
        return f"{told.item.question} {told.reason}".strip()
    return (told.reason or told.item.question) if told.status == "drafted" else told.reason
