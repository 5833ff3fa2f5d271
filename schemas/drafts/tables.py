"""How the tables of an export belong together: which are the operations, and by which key the others join them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from schemas.dictionary.spine import SEGMENTS
from schemas.drafts.codes import find_segment_scheme
from schemas.drafts.files import ExportTable
from schemas.drafts.match import find_stem, find_visit, make_name
from schemas.drafts.place import Header, Placing, make_header, place_scores
from schemas.drafts.values import SHOWN_FROM
from schemas.fault import OPERATIONS
from schemas.plans import FilePlan
from schemas.raw import as_text
from schemas.redcap import ADMINISTRATIVE, EVENT, FORM_STATUS, GROUP, REPEAT, find_header, plain_event
from schemas.toml_text import write_value
from schemas.wording import split_words, squash

Rows = Literal["one", "visits", "levels", "events"]

OPERATION_WORDS = ("operation", "operations", "surgery", "surgeries", "procedure", "procedures", "op", "ops", "index")
LEAST_OVERLAP = 0.5
"""Share of the keys of a table that must be among those of the operations."""
LEAST_DIFFERENT = 3
KIND_WORDS = frozenset({"kind", "type", "event", "what", "reason", "cause", "indication", "complication", "arsak"})
"""Words of a header that says what happened."""
DAY_WORDS = ("visit", "date", "follow", "completed", "event", "filled", "dato", "datum")


@dataclass(frozen=True, kw_only=True)
class DraftedTable:
    """A table beside the operations, how it joins them, and what must be looked at.

    `doubt` says why it is left out until somebody has decided; blank where it is not. `level` are the keys of the
    segment in a table of levels.
    """

    source: ExportTable
    name: str
    rows: Rows
    keys: Mapping[str, Any]
    checks: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    doubt: str = ""
    headers: tuple[Header, ...] = ()
    level: Mapping[str, Any] = field(default_factory=dict)
    scores: Placing = field(default_factory=lambda: Placing(placed=(), unplaced=()))


def split_events(table: ExportTable) -> tuple[ExportTable, ...]:
    """Take a longitudinal REDCap export apart: one table per kind of rows, each without the columns blank in it.

    Rows of the events that are visits go together, those of every other event and repeating instrument by themselves.
    """
    headers = list(table.table.columns)
    event, repeat = find_header(headers, EVENT), find_header(headers, REPEAT)
    if event is None and repeat is None:
        return (table,)
    instruments = as_text(table.table[repeat]) if repeat else pd.Series("", index=table.table.index, dtype="str")
    events = as_text(table.table[event]) if event else pd.Series("", index=table.table.index, dtype="str")
    made = []
    plain = instruments == ""
    later = [text for text in _unique(events[plain]) if find_visit(plain_event(text)) is not None]
    groups = [(text,) for text in _unique(events[plain]) if text not in later] + ([tuple(later)] if later else [])
    baseline = [text for text in later if find_visit(plain_event(text)) == "0"]
    for group in groups:
        where = {**({event: list(group)} if event else {}), **({repeat: [""]} if repeat else {})}
        # A visit before the operation also holds what was asked once, which is no matter of visits.
        often = [text for text in group if text not in baseline] or list(group)
        rows = plain & events.isin(group)
        made.append(_part(table, _name_of(group, later), where, rows, plain & events.isin(often)))
    if repeat:
        made += [
            _part(table, squash(instrument), {repeat: [instrument]}, instruments == instrument)
            for instrument in _unique(instruments[~plain])
        ]
    if event and baseline and len(later) > len(baseline):
        where = {event: baseline, **({repeat: [""]} if repeat else {})}
        made.append(_part(table, "baseline", where, plain & events.isin(baseline)))
    return tuple(made)


def find_operations(tables: Sequence[ExportTable], placed: Mapping[str, Collection[str]]) -> ExportTable:
    """Return the table with a row per operation: its name says so, or it has the day, or else most columns."""

    def rank(table: ExportTable) -> tuple[bool, bool, int]:
        named = bool(set(split_words(table.name)) & set(OPERATION_WORDS))
        columns = placed[table.name]
        return bool(columns) and named, not {"operation", "operation_date"}.isdisjoint(columns), len(columns)

    return max(tables, key=rank)


def draft_table(
    table: ExportTable, operations: ExportTable, headers: Sequence[Header], plan: FilePlan, dropped: Sequence[str]
) -> DraftedTable:
    """Find how a further table joins the operations, and what its rows are."""
    name = make_name(table.name, (OPERATIONS,))
    found = _find_key(table, operations, dropped)
    place: dict[str, Any] = dict(table.keys)
    if found is None:
        doubt = "no header is shared with the operations whose values are one row each in one of the two"
        return DraftedTable(source=table, name=name, rows="one", keys=place, doubt=doubt, headers=tuple(headers))
    own, theirs, single = found
    keys = {**place, "key": [own], **({} if own == theirs else {"operations_key": [theirs]})}
    drafted = DraftedTable(source=table, name=name, rows="one", keys=keys, headers=tuple(headers))
    told = f"the header {own!r} is shared with the operations"
    if single and not _repeats(table):
        return replace(drafted, checks=(f"{told}, and each of its values stands in one row here",))
    many = f"{told}, and its values may stand in many rows here"
    return _draft_long(drafted, [header for header in headers if header.name != own], plan, many)


def _draft_long(drafted: DraftedTable, headers: Sequence[Header], plan: FilePlan, told: str) -> DraftedTable:
    """Tell visits, levels and events apart by what their rows hold."""
    time = _find_time(headers)
    scores = place_scores([header for header in headers if find_stem(header.name, label=header.label)], plan)
    if scores.placed and time:
        keys = {"rows": "visits", **drafted.keys, **time}
        return replace(drafted, rows="visits", keys=keys, scores=scores, checks=(told,), headers=tuple(headers))
    level = next((header for header in headers if _is_level(header)), None)
    if level is not None:
        return _draft_levels(drafted, level, told)
    own = [header for header in headers if not is_of_redcap(header)]
    doubt = f"{told}; are they events, such as reoperations? then the header that says which, and their day, are needed"
    keys = {"rows": "events", **drafted.keys, **_find_day(own)}
    return replace(drafted, keys=keys, doubt=doubt, hints=_event_hints(drafted.name, own), headers=tuple(headers))


def _event_hints(name: str, headers: Sequence[Header]) -> tuple[str, ...]:
    """Return the table of the header that says what happened: the first with codes, one that is called so before."""
    coded = [header for header in headers if header.choices or header.profile.kind in ("category", "flag")]
    called = [header for header in coded if not KIND_WORDS.isdisjoint(split_words(header.name))]
    found = next(iter((*called, *coded)), None)
    labels = [f"# {code} is {label}" for code, label in (found.choices if found else ()) if code != label]
    return (f"[tables.{name}.columns.event]", f"header = {write_value(found.name if found else '...')}", *labels)


def is_of_redcap(header: Header) -> bool:
    """Tell whether REDCap adds a header: events, repetitions, groups, and whether a form was filled in."""
    status = header.name.endswith(("_complete", "Complete?")) and set(header.profile.present.index) <= FORM_STATUS
    return status or header.name in (*ADMINISTRATIVE, *GROUP)


def _draft_levels(drafted: DraftedTable, level: Header, told: str) -> DraftedTable:
    texts = [str(text) for text in level.profile.present.index]
    scheme = find_segment_scheme(texts)
    keys = {"rows": "levels", **drafted.keys}
    own = {"header": level.name, **({"recode": scheme} if scheme else {})}
    if scheme or set(texts) <= set(SEGMENTS):
        return replace(drafted, rows="levels", keys=keys, checks=(told,), level=own)
    hints = (f"[tables.{drafted.name}.columns.level]", f"header = {write_value(level.name)}", "recode = { }")
    return replace(
        drafted, rows="levels", keys=keys, hints=hints, doubt=f"{told}; the codes of its segments are needed"
    )


def _repeats(table: ExportTable) -> bool:
    """Tell whether a table is a repeating instrument of REDCap, of which a patient may have more than are here."""
    where = table.keys.get("where", {})
    return any(header in REPEAT and texts != [""] for header, texts in where.items())


def _find_time(headers: Sequence[Header]) -> dict[str, Any]:
    """Return the keys that say when a row was: a day, or a name of the visit; empty without one."""
    labelled = [(header, _labels(header)) for header in headers]
    best = next(((header, labels) for header, labels in labelled if labels), None)
    if best is not None:
        return {"label": best[0].name, "labels": best[1]}
    return _find_day(headers)


def _find_day(headers: Sequence[Header]) -> dict[str, Any]:
    dates = {header.name: header.profile.date_formats for header in headers}
    days = {name: formats[0] for name, formats in dates.items() if len(formats) == 1}
    named = [name for name in days if any(word.startswith(DAY_WORDS) for word in split_words(name))] or list(days)
    if len(named) != 1:
        return {}
    shape = days[named[0]]
    return {"date": named[0], **({} if shape == "%Y-%m-%d" else {"date_format": shape})}


def _labels(header: Header) -> dict[str, str]:
    """Return the windows that the texts of a header name, if nearly all of them do; each stands in enough rows."""
    texts = header.profile.present
    visits = {str(text): find_visit(plain_event(str(text))) for text in texts.index} if len(texts) <= 12 else {}
    named = {text: visit for text, visit in visits.items() if visit is not None and texts[text] >= SHOWN_FROM}
    if len(named) < 2 or sum(int(texts[text]) for text in named) < 0.9 * header.profile.n_present:
        return {}
    numeric = all(text.isdigit() for text in named)
    return {} if numeric and "visit" not in squash(header.name) else named


def _is_level(header: Header) -> bool:
    texts = [str(text) for text in header.profile.present.index]
    return any(find_segment_scheme([text]) for text in texts[:LEAST_DIFFERENT]) or bool(set(texts) & set(SEGMENTS))


def _find_key(table: ExportTable, operations: ExportTable, dropped: Sequence[str]) -> tuple[str, str, bool] | None:
    """Return the header here, that of the operations, and whether each of its values stands in one row here."""
    theirs = {squash(header): header for header in operations.table.columns if header not in dropped}
    shared = [(own, theirs[squash(own)]) for own in table.table.columns if squash(own) in theirs and own not in dropped]
    found = []
    for own, other in shared:
        here, there = as_text(table.table[own]), as_text(operations.table[other])
        here, there = here[here != ""], there[there != ""]
        if here.nunique() < LEAST_DIFFERENT or here.isin(there).mean() < LEAST_OVERLAP:
            continue
        if here.is_unique or there.is_unique:
            found.append((own, other, bool(here.is_unique)))
    # A key that is one row on both sides, or one of the operations, is the closest.
    return max(found, key=lambda made: as_text(operations.table[made[1]]).nunique(), default=None)


def _part(
    table: ExportTable, name: str, where: Mapping[str, Any], rows: pd.Series, telling: pd.Series | None = None
) -> ExportTable:
    """Return some rows of a table with the columns that hold anything in them, or in those that are `telling`."""
    looked = table.table[rows if telling is None else telling]
    filled = [header for header in looked.columns if (as_text(looked[header]) != "").any()]
    return ExportTable(
        name=name, keys={**table.keys, "where": dict(where)}, table=table.table.loc[rows, filled].reset_index(drop=True)
    )


def _name_of(group: Sequence[str], later: Sequence[str]) -> str:
    return "visits" if list(group) == list(later) else squash(plain_event(group[0])) or OPERATIONS


def _unique(texts: pd.Series) -> list[str]:
    return [str(text) for text in texts.drop_duplicates()]


def read_headers(table: ExportTable, decimal: str, marks: frozenset[str] = frozenset()) -> list[Header]:
    """Return the headers of a table with the profiles of their values."""
    return [make_header(table.name, str(header), table.table[header], decimal, marks) for header in table.table.columns]
