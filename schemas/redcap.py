"""The data dictionary of a REDCap project: what the headers and the codes of its exports mean.

A dictionary is metadata of the project, not of patients, so that everything in it may be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pandas as pd

from schemas.errors import DataError, suggest
from schemas.plans import FilePlan
from schemas.readers import read_table

HEADERS: dict[str, tuple[str, ...]] = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "kind": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "Choices OR Calculations", "select_choices_or_calculations"),
    "validation": ("Text Validation Type OR Show Slider Number", "text_validation_type_or_show_slider_number"),
    "low": ("Text Validation Min", "text_validation_min"),
    "high": ("Text Validation Max", "text_validation_max"),
    "identifier": ("Identifier?", "identifier"),
    "branching": ("Branching Logic (Show field only if...)", "branching_logic"),
    "required": ("Required Field?", "required_field"),
}
"""Columns of the dictionary as REDCap writes them, to a file and through its programming interface."""

NEEDED = ("name", "form", "kind", "label", "choices")

KINDS = (
    "text", "notes", "calc", "dropdown", "radio", "checkbox", "yesno", "truefalse", "slider", "file", "descriptive",
    "sql",
)  # fmt: skip

FIXED_CHOICES = {"yesno": (("1", "Yes"), ("0", "No")), "truefalse": (("1", "True"), ("0", "False"))}
CHOOSING = ("dropdown", "radio", "checkbox")
NOT_EXPORTED = ("file", "descriptive")

CHECKED = (("1", "Checked"), ("0", "Unchecked"))
"""How one box of a checkbox stands in an export, raw and with labels."""

EVENT = ("redcap_event_name", "Event Name")
REPEAT = ("redcap_repeat_instrument", "Repeat Instrument")
INSTANCE = ("redcap_repeat_instance", "Repeat Instance")
GROUP = ("redcap_data_access_group", "Data Access Group")
"""Columns that REDCap adds to an export, raw and with labels."""

ADMINISTRATIVE = (*EVENT, *REPEAT, *INSTANCE)
"""Those that say which row of a record a row is."""

FORM_STATUS = frozenset({"0", "1", "2", "Incomplete", "Unverified", "Complete"})
"""What stands in the column that REDCap adds for every form, raw and with labels."""

MISSING_CODES = (
    "NI", "INV", "UNK", "NASK", "ASKU", "NAV", "MSK", "NA", "NAVU", "NP", "QS", "QI", "TRC", "UNC", "DER", "PINF",
    "NINF", "OTH",
)  # fmt: skip
"""Codes that REDCap suggests to projects that record why a value is missing; the export does not list its own."""


@dataclass(frozen=True, kw_only=True)
class RedcapField:
    """One field of a project.

    Attributes
    ----------
    name, form
        Variable, and the instrument that it belongs to.
    kind
        Field type, one of `KINDS`.
    label
        The question, without its formatting.
    choices
        (code, label) in the dictionary's order; of yes-no and true-false fields the fixed ones; else empty.
    validation
        ``number``, ``integer``, ``date_dmy`` and so on; blank where none.
    low, high
        Limits as written; blank where none.
    identifier, required
        Whether the project marks it so.
    branching
        When the field is shown; blank means always.
    """

    name: str
    form: str
    kind: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    validation: str = ""
    low: str = ""
    high: str = ""
    identifier: bool = False
    required: bool = False
    branching: str = ""

    @property
    def is_date(self) -> bool:
        """Whether it holds days; raw exports write them year-month-day whatever the form shows."""
        return self.validation.startswith("date")


@dataclass(frozen=True, kw_only=True)
class ExportHeader:
    """A header of an export: its field, what it asks, and its codes with their labels."""

    field: RedcapField
    label: str
    choices: tuple[tuple[str, str], ...] = ()


def read_dictionary(path: str | Path) -> tuple[RedcapField, ...]:
    """Read the data dictionary of a REDCap project, as the project's page of that name writes it (CSV).

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple of RedcapField
        In the order of the project; the first is the record's identifier.

    Raises
    ------
    DataError
        If it is no dictionary, or a field has an unknown type or choices that cannot be read.
    """
    read = read_table(path, FilePlan())
    at = _find_headers(list(read.table.columns), read.name)
    table = pd.DataFrame({key: read.table[header] for key, header in at.items()})
    rows = [{str(key): str(text) for key, text in row.items()} for row in table.to_dict("records")]
    faults = [fault for number, row in enumerate(rows, start=2) for fault in _faults(number, row)]
    if faults:
        raise DataError(f"{read.name}: must be a REDCap data dictionary:\n" + "\n".join(faults[:20]))
    return tuple(_field(row) for row in rows)


def export_headers(fields: Sequence[RedcapField]) -> dict[str, ExportHeader]:
    """Return every header that an export of the project may have, raw and labelled.

    Examples
    --------
    >>> boxes = RedcapField(name="ill", form="f", kind="checkbox", label="Illness", choices=(("1", "Diabetes"),))
    >>> sorted(export_headers([boxes]))
    ['Illness (choice=Diabetes)', 'ill___1']
    """
    made: dict[str, ExportHeader] = {}
    for field in fields:
        if field.kind in NOT_EXPORTED:
            continue
        for header, told in _headers_of(field):
            made.setdefault(header, told)
    return made


def parse_choices(text: str) -> tuple[tuple[str, str], ...]:
    """Return (code, label) of choices such as ``1, Male | 2, Female``; raise ValueError where a part has no comma.

    Examples
    --------
    >>> parse_choices("1, Male | 2, Female, by birth")
    (('1', 'Male'), ('2', 'Female, by birth'))
    """
    parts = [part.strip() for part in re.split(r"\||\\n|\n", text) if part.strip()]
    pairs = [part.partition(",") for part in parts]
    if any(not comma or not code.strip() for code, comma, _ in pairs):
        raise ValueError("choices must be codes and labels such as 1, Male | 2, Female")
    return tuple((code.strip(), plain_label(label)) for code, _, label in pairs)


def plain_label(label: str) -> str:
    """Return a label without the tags and the line breaks of the form."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", label)).split())


def find_header(headers: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the header among `headers` that REDCap adds under one of two names, or None."""
    return next((name for name in names if name in headers), None)


def plain_event(event: str) -> str:
    """Return the name of an event without its arm: ``month_3_arm_1`` is month 3."""
    return " ".join(re.sub(r"_arm_\d+\w?$|\s*\(Arm \d+:?[^)]*\)$", "", event).replace("_", " ").split())


def _headers_of(field: RedcapField) -> Iterator[tuple[str, ExportHeader]]:
    if field.kind != "checkbox":
        told = ExportHeader(field=field, label=field.label, choices=field.choices)
        yield field.name, told
        if field.label:
            yield field.label, told
        return
    for code, label in field.choices:
        told = ExportHeader(field=field, label=label, choices=CHECKED)
        # Codes with a sign or capitals are written so in the names of an export's columns.
        yield f"{field.name}___{code.replace('-', '_').lower()}", told
        yield f"{field.label} (choice={label})", told


def _find_headers(headers: Sequence[str], source: str) -> dict[str, str]:
    found = {key: next((name for name in names if name in headers), None) for key, names in HEADERS.items()}
    absent = [HEADERS[key][0] for key in NEEDED if found[key] is None]
    if absent:
        lines = [f"  {name!r}{suggest(name, headers)}" for name in absent]
        raise DataError(
            f"{source}: must be a REDCap data dictionary (CSV) with the columns of its first row; not found:\n"
            + "\n".join(lines)
            + "\ndownload it in the project under Data Dictionary"
        )
    return {key: header for key, header in found.items() if header is not None}


def _faults(number: int, row: Mapping[str, str]) -> Iterator[str]:
    if not row["name"]:
        yield f"  row {number}: must have a variable name"
    if row["kind"] not in KINDS:
        yield f"  row {number}: the field type must be one of {', '.join(KINDS)}"
    if row["kind"] in CHOOSING and row["choices"]:
        try:
            parse_choices(row["choices"])
        except ValueError as error:
            yield f"  row {number}: {error}"


def _field(row: Mapping[str, str]) -> RedcapField:
    choices: tuple[tuple[str, str], ...] = FIXED_CHOICES.get(row["kind"], ())
    if row["kind"] in CHOOSING:
        choices = parse_choices(row["choices"])
    return RedcapField(
        name=row["name"],
        form=row["form"],
        kind=row["kind"],
        label=plain_label(row["label"]),
        choices=choices,
        validation=row.get("validation", ""),
        low=row.get("low", ""),
        high=row.get("high", ""),
        identifier=row.get("identifier", "").lower() == "y",
        required=row.get("required", "").lower() == "y",
        branching=row.get("branching", ""),
    )
