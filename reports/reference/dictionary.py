"""The printed data dictionary: one page that needs no network, and the same facts as rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.reference.markdown import tabulate
from schemas.aliases import ALIASES, SCORE_ALIASES, VISIT_WORDS
from schemas.column import KNOWN_AT, Column
from schemas.columns import COLUMNS, FAMILIES
from schemas.dictionary.common import ALL
from schemas.validation import describe_range

TEMPLATES = Path(__file__).parents[1] / "templates"

TIMES = {
    "preop": "Known before the operation",
    "planned": "Known when the operation is booked",
    "intraop": "Known during the operation",
    "discharge": "Known at discharge",
    "followup": "Known afterwards",
}
OWN = "Columns of this registry only"
INTRODUCTION = (
    "Every column that the toolkit understands, by family and by when it is known. Columns that differ in the visit "
    "only share a line: `odi_6w` `_3m` are `odi_6w` and `odi_3m`. `spinerisk list columns --out columns.html` writes a "
    "page with a search box, `.md` this one, `.csv` a table with one row per column."
)
FAMILY = {column.name: family for family, columns in FAMILIES.items() for column in columns}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a table: a column, or several that differ in the visit only, with the facts that they share."""

    names: tuple[str, ...]
    column: Column
    aliases: tuple[str, ...]

    @property
    def words(self) -> str:
        """Everything that a reader may look for, in small letters."""
        shown = (*self.names, *self.aliases, self.column.text, self.column.source, *self.column.levels)
        return " ".join(shown).replace("\n", " ").lower()

    @property
    def possible(self) -> str:
        """The possible range with its unit."""
        return f"{describe_range(self.column.hard)} {say_unit(self.column)}".strip() if self.column.hard else ""

    @property
    def plausible(self) -> str:
        """The range beyond which a value is warned of."""
        return describe_range(self.column.plausible) if self.column.plausible else ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table of the page: what is known at one time, within one family."""

    anchor: str
    known_at: str
    title: str
    lines: tuple[Line, ...]

    @property
    def n(self) -> int:
        """Number of columns."""
        return sum(len(line.names) for line in self.lines)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of the page: a family."""

    anchor: str
    title: str
    parts: tuple[Part, ...]

    @property
    def n(self) -> int:
        """Number of columns."""
        return sum(part.n for part in self.parts)


def render_dictionary(columns: Iterable[Column], *, title: str) -> str:
    """Render the data dictionary for people.

    Parameters
    ----------
    columns
        What to print, in order; those of the dictionary stand in their families, a registry's own come last.
    title
        Heading of the page.

    Returns
    -------
    str
        One HTML page without any outside resource, with a list of contents and a search box; readable without its
        script, in light and dark, and on paper. Each column can be linked to by its name. Columns that differ in the
        visit only share a line.
    """
    known = tuple(columns)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("dictionary.html.j2").render(
        title=title,
        n=len(known),
        sections=arrange_columns(known),
        times=TIMES,
        cohorts=tuple(dict.fromkeys(cohort for column in known for cohort in column.cohorts)),
        everywhere=ALL,
        # Our own file without a text of a registry.
        style=Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
    )


def render_dictionary_markdown(columns: Iterable[Column], *, title: str) -> str:
    """Render the data dictionary as it stands in the documentation: a table for each family and time."""
    known = tuple(columns)
    sections = arrange_columns(known)
    lines = [f"# {title}", "", INTRODUCTION, ""]
    lines += [*(f"- [{section.title}](#{section.anchor}): {section.n}" for section in sections), ""]
    for section in sections:
        lines += [f'<a id="{section.anchor}"></a>', "", f"## {section.title}", ""]
        for part in section.parts:
            rows = [
                (_join_names(line.names), line.column.text, say_values(line), line.column.source) for line in part.lines
            ]
            lines += [f"### {part.title}", "", *tabulate(("column", "meaning", "values", "source"), rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _join_names(names: Sequence[str]) -> str:
    """Return the names of a line as code, those that differ in the visit only as one with the endings of the others."""
    first, *others = names
    stem = first.rpartition("_")[0]
    if stem and all(name.rpartition("_")[0] == stem for name in others):
        return " ".join([f"`{first}`", *(f"`_{name.rpartition('_')[2]}`" for name in others)])
    return " ".join(f"`{name}`" for name in names)


def say_values(line: Line) -> str:
    """Return what a column can hold, in words."""
    column = line.column
    words = {"number": line.possible, "flag": "yes 1, no 0", "category": ", ".join(column.levels)}
    usual = f"; usual {line.plausible}" if line.plausible else ""
    never = "" if column.predictor else "; never a predictor"
    return words.get(column.kind, column.kind) + usual + never


def list_facts(columns: Iterable[Column]) -> list[dict[str, object]]:
    """Return the facts of each column as a row of plain texts.

    Returns
    -------
    list of dict
        Keys ``name, kind, levels, range, plausible, unit, known_at, cohorts, text, source``; blank for what does not
        apply.
    """
    return [
        {
            "name": column.name, "kind": column.kind, "levels": ", ".join(column.levels),
            "range": describe_range(column.hard) if column.hard else "",
            "plausible": describe_range(column.plausible) if column.plausible else "",
            "unit": column.unit or "", "known_at": column.known_at, "cohorts": ", ".join(column.cohorts),
            "text": column.text, "source": column.source,
        }
        for column in columns
    ]  # fmt: skip


def arrange_columns(columns: Sequence[Column]) -> tuple[Section, ...]:
    """Return the sections of the page: family by family, and within one by the time of knowledge."""
    by_family: dict[str, list[Column]] = {family: [] for family in (*FAMILIES, OWN)}
    for column in columns:
        by_family[FAMILY[column.name] if COLUMNS.get(column.name) == column else OWN].append(column)
    return tuple(_section(family, members) for family, members in by_family.items() if members)


def say_unit(column: Column) -> str:
    """Return the unit of a number for people; blank for a scale whose unit is its range."""
    unit = (column.unit or "").replace("_", " ")
    return "" if re.match(r"points|option|level$|utility|fraction|ratio|year$|quarter|decile|grade", unit) else unit


def _section(family: str, columns: Sequence[Column]) -> Section:
    anchor = f"family-{re.sub('[^a-z]+', '-', family.lower())}"
    parts = []
    for known_at in KNOWN_AT:
        members = [column for column in columns if column.known_at == known_at]
        if members:
            lines = tuple(_lines(members))
            parts.append(Part(anchor=f"{anchor}-{known_at}", known_at=known_at, title=TIMES[known_at], lines=lines))
    return Section(anchor=anchor, title=family, parts=tuple(parts))


def _lines(columns: Iterable[Column]) -> Iterator[Line]:
    """Join neighbours that share every fact but the name and the end of the text, behind the last semicolon."""
    for _, group in groupby(columns, key=lambda column: replace(column, name="", text=_start(column))):
        members = list(group)
        names = tuple(column.name for column in members)
        text = _join_texts([column.text for column in members])
        yield Line(names=names, column=replace(members[0], text=text), aliases=_aliases_of(members))


def _start(column: Column) -> str:
    start, cut, _ = column.text.rpartition("; ")
    return start if cut else column.text


def _join_texts(texts: Sequence[str]) -> str:
    """Join "x; 3 months after." and "x; 6 months after." to "x; 3 months, 6 months after."."""
    if len(texts) == 1:
        return texts[0]
    start = texts[0].rpartition("; ")[0]
    ends = [text.removeprefix(f"{start}; ").split() for text in texts]
    n_shared = sum(1 for _ in takewhile(lambda words: len(set(words)) == 1, zip(*map(reversed, ends), strict=False)))
    varying = [" ".join(end[: len(end) - n_shared]) for end in ends]
    return f"{start}; {', '.join(varying[:-1])} and {' '.join((varying[-1], *ends[-1][len(ends[-1]) - n_shared :]))}"


def _aliases_of(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return other headers of the columns, and those of a score without the visit."""
    own = [alias for column in columns for alias in ALIASES.get(column.name, ())]
    stem, _, ending = columns[0].name.rpartition("_")
    return (*own, *(SCORE_ALIASES.get(stem, ()) if ending in VISIT_WORDS else ()))
