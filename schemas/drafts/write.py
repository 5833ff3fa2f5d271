"""The parts of a draft in their order: what to do, file, identifiers, tables, columns, what is left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.columns import COLUMNS
from schemas.drafts.codes import FLAG_TABLES, MISSING_NUMBERS, find_flag_scheme
from schemas.drafts.files import ExportTable
from schemas.drafts.listing import IdentifyingHeaders, Listed
from schemas.drafts.match import is_later, make_name
from schemas.drafts.place import Option, Placed, Placing, Unplaced
from schemas.drafts.tables import DraftedTable
from schemas.drafts.text import comment, wrap_comment, write_outcommented, write_table
from schemas.drafts.values import find_marks, plain_codes, round_outwards
from schemas.fault import OPERATIONS
from schemas.mapping import columns_of_cohort
from schemas.toml_text import quote, write_value

STEPS = (
    "1. Look at every line that begins with `# check:`, which says why something was proposed; change or delete it.",
    "2. Look at the end: headers that could not be placed. Remove the `# ` in front of a table to have it read.",
    "3. Of a column of your own, `known_at` says what may predict: preop only if known before the operation.",
    "4. spinerisk check DATA --definition THIS_FILE",
    "No value of a patient stands in this file: headers, counts and codes of five rows or more only.",
)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything that a draft says."""

    operations: ExportTable | None
    further: tuple[DraftedTable, ...]
    placing: Placing
    identifiers: IdentifyingHeaders
    listed: Listed
    derive: tuple[str, ...]
    notes: tuple[str, ...]
    n_rows: int
    n_columns: int
    name: str = "registry"
    source: str = ""
    base: str = ""
    file: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_placed(self) -> tuple[Placed, ...]:
        """Headers that are read, those of visits behind."""
        return (*self.placing.placed, *(made for table in self.further for made in table.scores.placed))

    @property
    def all_unplaced(self) -> tuple[Unplaced, ...]:
        """Headers that are not read."""
        return (*self.candidates, *self.listed.aside)

    @property
    def candidates(self) -> tuple[Unplaced, ...]:
        """Headers that are not read, of tables that are: a table ready to be filled in is written for each."""
        return (*self.placing.unplaced, *(made for table in self.further for made in table.scores.unplaced))


def write_draft_text(contents: Contents) -> str:
    """Return the TOML of a draft."""
    lines = [
        *_write_head(contents),
        *_write_file(contents),
        *_write_identifiers(contents.identifiers),
        *_write_tables(contents),
        *(line for made in contents.placing.placed for line in _write_placed("columns", made)),
        *_write_guards(contents),
        *_write_unplaced(contents),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _write_head(contents: Contents) -> list[str]:
    size = f"{contents.n_rows} rows, {contents.n_columns} columns"
    derive = [comment("check: computed from other columns")] if contents.derive else []
    return [
        comment(f"Draft of a registry definition, made of {contents.source!r} ({size})."),
        *(line for step in STEPS for line in wrap_comment(step)),
        *(line for note in contents.notes for line in wrap_comment(f"check: {note}")),
        f"name = {quote(contents.name)}",
        f"title = {quote(contents.name.replace('_', ' '))}",
        f"base = {quote(contents.base)}",
        *derive,
        *([f"derive = {write_value(contents.derive)}"] if contents.derive else []),
        "",
    ]


def _write_file(contents: Contents) -> list[str]:
    return write_table("file", contents.file) if contents.file else []


def _write_identifiers(identifiers: IdentifyingHeaders) -> list[str]:
    if not identifiers.drop and not identifiers.hide:
        return []
    lines = [comment("check: headers that look as if they said who somebody is")]
    lines += [comment(f"  {header!r} looks like {look}") for header, look in identifiers.drop.items()]
    lines += [
        comment(f"  {header!r} looks like {look}, and may link rows") for header, look in identifiers.hide.items()
    ]
    lines += ["[identifiers]"]
    if identifiers.drop:
        lines.append(f"drop = {write_value(list(identifiers.drop))}")
    if identifiers.hide:
        lines.append(f"pseudonymise = {write_value(list(identifiers.hide))}")
    lines += [comment('allow = ["..."]  if a header only looks like it: take it out of the lists above'), ""]
    return lines


def _write_tables(contents: Contents) -> list[str]:
    if contents.operations is None:
        return []
    if not any(not table.doubt for table in contents.further) and not contents.operations.keys:
        return []
    lines = write_table(f"tables.{OPERATIONS}", contents.operations.keys)
    for table in contents.further:
        lines += _write_further(table)
    return lines


def _write_further(table: DraftedTable) -> list[str]:
    heading = f"tables.{table.name}"
    if table.doubt:
        checks = [comment(f"check: the table {table.source.name!r} is left out: {table.doubt}")]
        keys = {**table.keys, "key": table.keys.get("key", ["..."])}
        return [*checks, *write_outcommented(heading, keys, table.hints), ""]
    lines = write_table(heading, table.keys, checks=table.checks)
    if table.level:
        lines += write_table(f"{heading}.columns.level", table.level, checks=("how the file names the segments",))
    for made in table.scores.placed:
        lines += _write_placed(f"{heading}.columns", made)
    return lines


def _write_placed(section: str, made: Placed) -> list[str]:
    return write_table(f"{section}.{made.name}", made.keys, checks=made.checks)


def _write_guards(contents: Contents) -> list[str]:
    """Keep headers that carry a column's name but are not read as it from being read as it.

    A column of the base is found under its own name even if the definition does not list it.
    """
    base = columns_of_cohort(contents.base)
    placed = {made.name for made in contents.placing.placed}
    lines = []
    why = {
        made.header.name: f"the header {made.header.name!r} is read as {made.name}; this keeps it from being both"
        for made in contents.placing.placed
    }
    below = "is not read for the reason given below; delete this table once it is"
    why |= {made.header.name: f"the header {made.header.name!r} {below}" for made in contents.candidates}
    for name, told in why.items():
        if name in base and name not in placed:
            lines += write_table(f"columns.{name}", {"header": f"{name} (not read)", "optional": True}, checks=(told,))
            placed.add(name)
    return lines


def _write_unplaced(contents: Contents) -> list[str]:
    if not contents.all_unplaced:
        return []
    lines = [comment(f"Headers that could not be placed: {len(contents.all_unplaced)}"), "#"]
    taken = {*COLUMNS, *(made.name for made in contents.all_placed)}
    for made in contents.candidates:
        lines += [*_describe(made), *_write_options(made, taken), ""]
    for made in contents.listed.aside:
        lines += [*_describe(made), ""]
    return lines


def _describe(made: Unplaced) -> list[str]:
    profile = made.header.profile
    seen = f"{profile.kind}, {len(profile.present)} distinct, in {profile.n_present} of {profile.n_rows} rows"
    where = f" (table {made.header.table})" if made.header.table != OPERATIONS else ""
    return list(wrap_comment(f"{quote(made.header.name)}{where}: {seen}. Not placed: {made.reason}."))


def _write_options(made: Unplaced, taken: set[str]) -> list[str]:
    if not made.options:
        if not made.header.profile.n_present:
            return []
        name = make_name(made.header.name, taken)
        taken.add(name)
        return write_outcommented(f"columns.{name}", *_own_column(made))
    lines: list[str] = []
    for option in made.options[:4]:
        lines += _write_option(option)
    return lines


def _write_option(option: Option) -> list[str]:
    return write_outcommented(f"columns.{option.name}", option.keys, option.hints)


def _own_column(made: Unplaced) -> tuple[dict[str, Any], list[str]]:
    """Return the keys of a column of the registry's own, and what is left to be filled in."""
    profile = made.header.profile
    kind = profile.kind
    later = is_later(made.header.name)
    keys: dict[str, Any] = {"header": made.header.name, "kind": kind, "known_at": "followup" if later else "preop"}
    keys["text"] = made.header.label or "..."
    hints: list[str] = []
    if kind == "flag":
        hints = _flag_hints(made)
    marks = find_marks(profile) if kind in ("number", "category") else ()
    if marks:
        keys["missing"] = list(marks)
    if kind == "number":
        keys["range"] = list(round_outwards(profile, marks))
    if kind == "category":
        shown, n_hidden = plain_codes(profile, _words(made))
        hints = [f"levels = {write_value([text for text in shown if text not in marks] or ['...'])}"]
        hints += [f"# and {n_hidden} code(s) that are not shown"] if n_hidden else []
    if later:
        keys["optional"] = True
    return keys, hints


def _flag_hints(made: Unplaced) -> list[str]:
    """Return the lines for codes of a flag that a registry must explain itself."""
    texts = set(made.header.profile.present.index)
    odd = sorted(texts & set(MISSING_NUMBERS))
    hints = [f"missing = {write_value(odd)}"] if odd else []
    if {"1", "2"} <= texts:
        hints += [f"recode = {FLAG_TABLES[0]}", f"# or recode = {FLAG_TABLES[1]}"]
    scheme = find_flag_scheme(texts - set(odd))
    return hints + ([f"recode = {write_value(scheme)}"] if scheme else [])


def _words(made: Unplaced) -> Sequence[str]:
    """Return texts that are no patient's: those of a REDCap dictionary."""
    return [text for choice in made.header.choices for text in choice]
