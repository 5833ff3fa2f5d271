"""The data-quality page of a registry: one HTML file for a person, and the same facts as JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.data_quality import Quality
from pipelines.quality.data_quality_completeness import SPARSE
from pipelines.quality.data_quality_follow_up import DIFFERENCE_ALARM, LEAST_FOLLOW_UP
from pipelines.quality.data_quality_scores import END_ALARM
from reports.blocks import Block, Cell, Report, Table, Text
from reports.files import write_at_once
from reports.quality.completeness import build_accounts, build_completeness
from reports.quality.follow_up import build_follow_up, build_responders
from reports.quality.scores import build_coding, build_digits, build_extremes
from reports.quality.words import NOT_ASSESSABLE, visit_in_words
from reports.render.html import render_html
from reports.tables import EMPTY, count_words, format_count, number_cell, records
from schemas.tables import QUALITY

FILE_NAME = "data_quality.html"
FACTS_NAME = "data_quality.json"
FORMAT = 1
DECIMALS = 6
MARK = "Synthetic data"
NAMED = 3
"""Of what was found, so many are named in the verdict."""
LEFT_OUT = ("faults", "tables", "written_to")
"""Facts that are tables of their own, or that differ from one machine to the next."""

TOPICS = {
    "quarantined": ("Rows in quarantine", "accounts"),
    "faults": ("Rules that rows break", "accounts"),
    "outside": ("Values outside the plausible range, kept", "accounts"),
    "empty": ("Columns without any value", "completeness"),
    "sparse": (f"Columns known in less than {SPARSE:g} %", "completeness"),
    "follow_up": (f"Visits answered by fewer than {LEAST_FOLLOW_UP:g} % of those due", "follow-up"),
    "follow_up_sites": ("Sites at a visit, far below the whole file", "follow-up"),
    "responders": (f"Baseline differences of {DIFFERENCE_ALARM:g} or more of those who answered", "responders"),
    "extremes": (f"Ends of scores with {END_ALARM:g} % or more of the patients", "extremes"),
    "digits": ("Numbers with preferred digits", "digits"),
    "coding": ("Columns with a sudden change", "coding"),
}
"""Words of each finding, and the section that tells more."""
AT_VISITS = ("follow_up", "follow_up_sites", "extremes")
"""Topics whose names end with a visit."""


def write_quality(quality: Quality, facts: Mapping[str, Any], folder: Path) -> Path:
    """Write the page and its facts.

    Parameters
    ----------
    quality
        What `pipelines.data_quality.compute_quality` found.
    facts
        About the reading: ``title, source, definition, fingerprint, rows_read, rows_valid, rows_quarantined, notes,
        synthetic``.
    folder
        Where to, present already.

    Returns
    -------
    Path
        ``data_quality.html``; beside it ``data_quality.json`` with every number of it. The same input gives the same
        bytes.

    Raises
    ------
    RunError
        If a file cannot be written.
    """
    page = folder / FILE_NAME
    write_at_once(folder / FACTS_NAME, render_facts(quality, facts))
    write_at_once(page, render_html(build_quality_report(quality, facts)))
    return page


def render_facts(quality: Quality, facts: Mapping[str, Any]) -> str:
    """Render all tables and the facts of the reading as JSON; a missing or hidden number is null."""
    tables = {name: _as_columns(getattr(quality, name)) for name in ("faults", *QUALITY)}
    document = {
        "format": FORMAT,
        "facts": {name: value for name, value in facts.items() if name not in LEFT_OUT},
        "data_until": quality.cut_month or None,
        "data_until_column": quality.cut_column or None,
        "suppress_below": quality.suppress_below,
        "tables": tables,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _as_columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame.columns}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; whole numbers without a point, others rounded."""
    if not isinstance(value, float):
        return value
    if value != value:
        return None
    return int(value) if value.is_integer() else round(value, DECIMALS)


def build_quality_report(quality: Quality, facts: Mapping[str, Any]) -> Report:
    """Build the page: verdict first, then faults, then the state of the valid rows."""
    mark = MARK if facts["synthetic"] else ""
    sections: dict[str, tuple[str, list[Block]]] = {
        "verdict": ("Verdict", _build_verdict(quality, facts)),
        "accounts": ("What was read, and faults", build_accounts(quality, tuple(facts["notes"]))),
        "completeness": ("Completeness", build_completeness(quality, mark)),
        "follow-up": ("Follow-up", build_follow_up(quality, mark)),
        "responders": ("Those who answered and those who did not", build_responders(quality, mark)),
        "extremes": ("Floor and ceiling of the scores", build_extremes(quality, mark)),
        "digits": ("Digit preference", build_digits(quality, mark)),
        "coding": ("Changes of coding over time", build_coding(quality, mark)),
        "provenance": ("What this page was made from", _build_provenance(quality, facts)),
    }
    blocks: list[Block] = []
    for number, (anchor, (title, own)) in enumerate(sections.items(), start=1):
        blocks += [Text(text=f"{number}. {title}", kind="section", anchor=anchor), *own]
    return Report(
        title=str(facts["title"]),
        blocks=tuple(blocks),
        provenance=tuple(_list_provenance(quality, facts)),
        banner="Synthetic data: no patient. Every number here describes simulated records." if mark else "",
        kicker="Data quality of a registry",
    )


def _build_verdict(quality: Quality, facts: Mapping[str, Any]) -> list[Block]:
    found = {row["topic"]: row for row in records(quality.findings)}
    rows = [found[topic] for topic in TOPICS if topic in found]
    urgent = [row for row in rows if row["needs_person"]]
    line = (
        f"{count_words(facts['rows_read'], 'operation')} read: {format_count(facts['rows_valid'])} valid, "
        f"{format_count(facts['rows_quarantined'])} in quarantine. "
    )
    line += f"The data reach until {quality.cut_month} ({quality.cut_column}). " if quality.cut_month else ""
    line += f"{count_words(len(urgent), 'topic')} below must be looked at." if urgent else "Nothing must be looked at."
    table = Table(
        name="verdict",
        caption="What the check found. Everything but the first two lines is about the valid rows.",
        columns=("Finding", "Found", "Of", "Which", "", "Section"),
        rows=tuple(_finding_row(row) for row in sorted(rows, key=lambda row: not row["needs_person"])),
    )
    return [Text(text=line, kind="warning" if urgent else "paragraph"), table]


def _finding_row(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    words, anchor = TOPICS[row["topic"]]
    section = list(dict.fromkeys(["verdict", *(place for _, place in TOPICS.values())])).index(anchor) + 1
    if not row["of"] and row["topic"] != "faults":
        return (Cell(text=words), Cell(text=NOT_ASSESSABLE, style="muted"), *(EMPTY,) * 3, number_cell(str(section)))
    of = EMPTY if row["topic"] == "faults" else number_cell(format_count(row["of"]))
    need = Cell(text="look at it", style="number") if row["needs_person"] else EMPTY
    which = Cell(text=_list_found(row["topic"], row["which"])) if row["which"] else EMPTY
    return (Cell(text=words), number_cell(format_count(row["count"])), of, which, need, number_cell(str(section)))


def _list_found(topic: str, names: Sequence[str]) -> str:
    """Return the first names of what was found, visits in words."""
    shown = ", ".join(_say_visit(name) if topic in AT_VISITS else name for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _say_visit(name: str) -> str:
    front, at, visit = name.rpartition(" at ")
    return f"{front}{at}{visit_in_words(visit)}"


def _list_provenance(quality: Quality, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Data", str(facts["source"])),
        ("Definition", str(facts["definition"])),
        ("Fingerprint of the data", str(facts["fingerprint"])),
        ("Latest month in the data", f"{quality.cut_month} ({quality.cut_column})" if quality.cut_month else "none"),
        ("Smallest count of patients shown", str(quality.suppress_below)),
        ("spinerisk", str(facts["spinerisk"])),
    ]


def _build_provenance(quality: Quality, facts: Mapping[str, Any]) -> list[Block]:
    table = Table(
        name="provenance",
        caption="Sources and settings.",
        columns=("What", "Value"),
        rows=tuple(
            (Cell(text=name), Cell(text=value, style="code")) for name, value in _list_provenance(quality, facts)
        ),
    )
    text = (
        "Counts of faults and of implausible values are facts of the file and are shown. Counts of patients from 1 to "
        f"{quality.suppress_below - 1}, and what would give them away, are suppressed. Every number of this page, and "
        f"those that it left out, stand in {FACTS_NAME}."
    )
    return [Text(text=text), table]
