"""A registry's own definition, read from TOML: a new registry needs no Python.

The shape of the file, every key with its default, is in ``docs/definitions.md``::

    name = "my_registry"
    title = "My registry of lumbar surgery"
    base = "lumbar"                 # the dictionary columns of this cohort come along, all optional
    required = ["age", "sex"]       # columns that the file must have

    [file]                          # separator, encoding, decimal, sheet, member, missing
    missing = ["*"]

    [columns.sex]                   # how a column is found in the file, and what it is if it is the registry's own
    header = "Gender"
    recode = { "1" = "male", "2" = "female" }

    [tables.visits]                 # an export of several tables; the keys are in `schemas.table_rules`
    file = "visits.csv"
    rows = "visits"
    key = ["OperationID"]
    date = "VisitDate"

    [instruments.oks]               # also threshold_sets, outcomes, comparators: the keys of `schemas.specs`
    title = "Oxford Knee Score"
    low = 0
    high = 48
    direction = "higher_is_better"
    # optional: the items, stems of columns such as oks_pain_0, of which oks_0 is then made
    scoring = { rule = "sum", items = ["oks_pain", "oks_stairs"], low = 0, high = 4 }
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError, field_validator

from schemas.column import Column
from schemas.derived.own_scores import find_endings, list_own_derivations
from schemas.errors import DefinitionError, suggest, unknown_name
from schemas.fault import OPERATIONS
from schemas.mapping import SourceColumn, build_source, columns_of_cohort
from schemas.plans import ColumnPlan, FilePlan, IdentifiersPlan, TablePlan
from schemas.specs import OUTCOME_KINDS, ComparatorSpec, InstrumentSpec, Name, OutcomeSpec, Spec, ThresholdSetSpec
from schemas.study import describe_faults
from schemas.table_rules import Known, build_table_columns, describe_table_faults

BUILT_IN = ("lumbar", "cervical", "deformity")
"""Definitions that come with the toolkit; also the cohorts of the data dictionary."""

SOURCE_DEFINITIONS = ("nsqip",)
"""Further definitions that come with the toolkit: of the files of one registry, no cohort, hence no base."""

FOLDER = Path(__file__).parent / "definitions"

AnySpec = TypeVar("AnySpec", bound=Spec)
Entries = dict[Name, dict[str, Any]]


class DefinitionFile(Spec):
    """The keys of a definition's TOML; the tables inside the sections are checked one by one."""

    name: Name
    title: str
    base: str | None = None
    required: tuple[Name, ...] = ()
    synthetic: bool = False
    source: str | None = None
    derive: tuple[Name, ...] = ()
    file: FilePlan = FilePlan()
    identifiers: IdentifiersPlan = IdentifiersPlan()
    tables: dict[Name, TablePlan] = Field(default_factory=dict)
    columns: Entries = Field(default_factory=dict)
    instruments: Entries = Field(default_factory=dict)
    threshold_sets: Entries = Field(default_factory=dict)
    outcomes: Entries = Field(default_factory=dict)
    comparators: Entries = Field(default_factory=dict)

    @field_validator("base")
    @classmethod
    def _built_in(cls, base: str | None) -> str | None:
        if base is not None and base not in BUILT_IN:
            raise ValueError(unknown_name("the base of a definition", base, BUILT_IN))
        return base


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A checked registry definition.

    Attributes
    ----------
    name, title
        The registry.
    base
        Built-in cohort whose dictionary columns come along, or None.
    synthetic
        Whether the data are simulated.
    file
        How the file is read.
    source
        Name of the entry of `schemas.sources.SOURCES` that prepares the file, or None.
    derive
        Columns that are computed from others, names of `schemas.derivations.DERIVATIONS`.
    identifiers
        What happens to columns that say who a patient is.
    tables
        The tables of an export that has several, by name; empty where there is one.
    sources
        Every column that is known, by canonical name, and how it is found in the file or of which table it is made.
    table_columns
        Columns of the rows of each table with many rows per operation, by the table's name and their own; of visits
        by the stem of a score (``odi``, of which ``odi_3m`` is made).
    instruments, threshold_sets, outcomes, comparators
        What the definition declares of its own.
    text
        The exact TOML.
    needed
        The only columns that are wanted, where patients are to be predicted; else None.
    """

    name: str
    title: str
    base: str | None
    synthetic: bool
    file: FilePlan
    source: str | None
    derive: tuple[str, ...]
    identifiers: IdentifiersPlan
    tables: Mapping[str, TablePlan]
    sources: Mapping[str, SourceColumn]
    instruments: tuple[InstrumentSpec, ...]
    threshold_sets: tuple[ThresholdSetSpec, ...]
    outcomes: tuple[OutcomeSpec, ...]
    comparators: tuple[ComparatorSpec, ...]
    text: str
    table_columns: Mapping[str, Mapping[str, SourceColumn]] = field(default_factory=dict)
    needed: frozenset[str] | None = None

    def columns_of(self) -> dict[str, Column]:
        """Return every column that is known, by canonical name: the dictionary's of the base, and the registry's."""
        return {name: source.column for name, source in self.sources.items()}

    def for_prediction(self, predictors: Collection[str]) -> Definition:
        """Return the definition for patients whose outcome is not known yet: the file must have the predictors only.

        Parameters
        ----------
        predictors
            Canonical names of the columns that the model needs, those that say whom it was made for among them.

        Returns
        -------
        Definition
            With the same text and hash.

        Notes
        -----
        What is derived is derived only as far as the predictors need it. ``year`` stays optional even as a predictor,
        as the date of the operation may give it. Every further table may be absent; a predictor that is made of one
        that is, is then looked for under its own name in the operations.
        """
        needed = set(predictors) - {"year"}
        sources = {name: replace(source, optional=name not in needed) for name, source in self.sources.items()}
        tables = {
            name: plan if name == OPERATIONS else plan.model_copy(update={"optional": True})
            for name, plan in self.tables.items()
        }
        return replace(self, sources=sources, tables=tables, needed=frozenset(predictors))

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that the file must have."""
        return tuple(name for name, source in self.sources.items() if not source.optional)

    @property
    def sha256(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_definition(name_or_path: str | Path, *, folder: Path | None = None) -> Definition:
    """Read a registry definition.

    Parameters
    ----------
    name_or_path
        A built-in name (lumbar, cervical, deformity, nsqip) or the path of a TOML file.
    folder
        Folder against which a relative path is read; the working folder by default.

    Returns
    -------
    Definition

    Raises
    ------
    DefinitionError
        If there is no such definition, the file is no TOML, or a key or value is wrong; all faults are named.
    """
    path = _locate(name_or_path, folder)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DefinitionError(_missing_file(path, error)) from None
    except UnicodeDecodeError:
        raise DefinitionError(f"the definition {str(path)!r} must be text in UTF-8; save it as UTF-8") from None
    return parse_definition(text, name=str(name_or_path))


def parse_definition(text: str, *, name: str = "definition") -> Definition:
    """Build a definition from TOML text; `name` stands in the messages. See `read_definition`."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"{name} must be TOML, with texts in straight quotes: {error}") from None
    faults: list[str] = []
    head = _checked(DefinitionFile, values, "", faults)
    definition = _build(head, text, faults) if head else None
    if faults or definition is None:
        raise DefinitionError(f"{name} must follow the shape of a registry definition:\n" + "\n".join(faults))
    return definition


def _locate(name_or_path: str | Path, folder: Path | None) -> Path:
    if isinstance(name_or_path, str) and name_or_path in (*BUILT_IN, *SOURCE_DEFINITIONS):
        return FOLDER / f"{name_or_path}.toml"
    path = (folder or Path()) / name_or_path
    if isinstance(name_or_path, str) and Path(name_or_path).name == name_or_path and not path.suffix:
        known = unknown_name("a registry definition", name_or_path, (*BUILT_IN, *SOURCE_DEFINITIONS))
        raise DefinitionError(f"{known}, or the path of a TOML file")
    return path


def _missing_file(path: Path, error: OSError) -> str:
    near = suggest(path.name, [other.name for other in path.parent.glob("*.toml")]) if path.parent.is_dir() else ""
    return f"a definition must be a readable TOML file, got {str(path)!r}: {error.strerror}{near}"


def _checked(model: type[AnySpec], values: Mapping[str, Any], where: str, faults: list[str]) -> AnySpec | None:
    """Return the checked values, or None with their faults noted under `where`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults += [f"  {where}{line.strip()}" for line in describe_faults(error, model).splitlines()]
        return None


def _build(head: DefinitionFile, text: str, faults: list[str]) -> Definition:
    sources, table_columns = _sources(head, faults)
    definition = Definition(
        name=head.name,
        title=head.title,
        base=head.base,
        synthetic=head.synthetic,
        file=head.file,
        source=head.source,
        derive=head.derive,
        identifiers=head.identifiers,
        tables=head.tables,
        sources=sources,
        table_columns=table_columns,
        instruments=_entries("instruments", head.instruments, InstrumentSpec, faults),
        threshold_sets=_entries("threshold_sets", head.threshold_sets, ThresholdSetSpec, faults),
        outcomes=_outcomes(head.outcomes, faults),
        comparators=_entries("comparators", head.comparators, ComparatorSpec, faults),
        text=text,
    )
    faults += _unknown_items(definition, head.columns)
    faults += [*_unknown_columns(definition, head.columns), *_unknown_levels(definition)]
    return definition


def _entries(section: str, entries: Entries, model: type[AnySpec], faults: list[str]) -> tuple[AnySpec, ...]:
    """Check the tables of a section; the heading of a table is its name."""
    made = []
    for name, values in entries.items():
        if values.get("name", name) != name:
            faults.append(f"  {section}.{name}.name: must be left out, the heading is the name")
        spec = _checked(model, {**values, "name": name}, f"{section}.{name}.", faults)
        if spec is not None:
            made.append(spec)
    return tuple(made)


def _outcomes(entries: Entries, faults: list[str]) -> tuple[OutcomeSpec, ...]:
    """Check the declared outcomes, each against the keys of its kind."""
    made: list[OutcomeSpec] = []
    for name, values in entries.items():
        kind = str(values.get("kind", ""))
        if kind not in OUTCOME_KINDS:
            faults.append(f"  outcomes.{name}.kind: {unknown_name('the kind of an outcome', kind, OUTCOME_KINDS)}")
            continue
        made += _entries("outcomes", {name: values}, OUTCOME_KINDS[kind], faults)
    return tuple(made)


def _sources(
    head: DefinitionFile, faults: list[str]
) -> tuple[dict[str, SourceColumn], dict[str, Mapping[str, SourceColumn]]]:
    """Return the known columns and those of the tables' rows; then mark what is required."""
    base = columns_of_cohort(head.base)
    sources = {name: SourceColumn(column=column, header=name, optional=True) for name, column in base.items()}
    for name, values in head.columns.items():
        plan = _checked(ColumnPlan, values, f"columns.{name}.", faults)
        if plan is None:
            continue
        source, wrong = build_source(name, plan, base)
        faults += [f"  columns.{name}: {fault}" for fault in wrong]
        if source is not None:
            sources[name] = source
    table_columns = _add_tables(head, sources, faults)
    for name in head.required:
        if name in sources:
            sources[name] = replace(sources[name], optional=False)
        elif name not in head.columns:
            faults.append(f"  required: {unknown_name('a required column', name, sources)}")
    return sources, table_columns


def _add_tables(
    head: DefinitionFile, sources: dict[str, SourceColumn], faults: list[str]
) -> dict[str, Mapping[str, SourceColumn]]:
    """Add the columns that are made of tables to `sources`, and return the columns of the tables' own rows."""
    known = Known(
        base=columns_of_cohort(head.base),
        sources=dict(sources),
        declared=head.columns,
        dropped=head.identifiers.drop,
    )
    wrong = describe_table_faults(head.tables, known)
    table_columns = {}
    for name, plan in head.tables.items():
        columns, found = build_table_columns(name, plan, known)
        wrong += found
        wrong += [
            f"tables.{name}: the column {twice!r} is made of the table {sources[twice].table!r} already"
            for twice in columns.made
            if twice in sources and sources[twice].table
        ]
        table_columns[name] = columns.rows
        sources.update(columns.made)
    faults += [f"  {fault}" for fault in wrong]
    return table_columns


def _unknown_items(definition: Definition, declared: Mapping[str, Any]) -> list[str]:
    """Return the instruments whose items have no visit in common."""
    known = {*definition.sources, *declared}
    return [
        f"  instruments.{spec.name}.scoring.items: must have a column each at one visit at least, such as "
        f"{spec.scoring.items[0]}_0; declare them under columns"
        for spec in definition.instruments
        if spec.scoring is not None and not find_endings(spec.scoring.items, known)
    ]


def _unknown_columns(definition: Definition, declared: Mapping[str, Any]) -> list[str]:
    """Return the columns that outcomes and comparators name and the definition does not know."""
    used = [(f"outcomes.{spec.name}", spec.columns()) for spec in definition.outcomes]
    used += [(f"comparators.{spec.name}", (*spec.plus, *spec.minus)) for spec in definition.comparators]
    known = {*definition.sources, *declared}
    known |= {entry.name for entry in list_own_derivations(definition.instruments, known)}
    return [
        f"  {where}: {unknown_name('a column', name, known)}"
        for where, names in used
        for name in names
        if name not in known
    ]


def _unknown_levels(definition: Definition) -> list[str]:
    """Return the levels that outcomes name and their columns do not have: one that is misspelt would never count."""
    columns = definition.columns_of()
    return [
        f"  outcomes.{spec.name}: {unknown_name(f'a level of {name}', level, columns[name].levels)}"
        for spec in definition.outcomes
        for name, levels in spec.levels()
        if name in columns and columns[name].kind == "category"
        for level in levels
        if level not in columns[name].levels
    ]
