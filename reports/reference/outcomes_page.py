"""The printed dictionary of outcomes: by family, with the rule of each, in Markdown and in HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from outcomes.outcomes import FAMILIES
from reports.blocks import Block, Report, Table, Text
from reports.reference.markdown import tabulate
from reports.render.html import render_html
from reports.tables import plain_rows

Facts = Mapping[str, object]

TITLE = "Dictionary of outcomes"
OWN = "Outcomes of this registry only"
COLUMNS = ("name", "title", "window", "rule", "columns", "source")
OFTEN = 4
"""Rules of a family that share a clause as often as this name it by a letter."""
INTRODUCTION = (
    "All outcomes with the choices of the toolkit; a study can make others. A clause that many outcomes of a family "
    "share stands once, under a letter, below the table. `spinerisk describe NAME` says more of each: who is left out, "
    "what counts as unknown and what becomes of these patients, competing events, the population and the method of a "
    "threshold; with `--study` the same under the choices of a study."
)


@dataclass(frozen=True, kw_only=True)
class Family:
    """A section of the page: its outcomes as rows, and the clauses that its rules name by a letter."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    clauses: tuple[tuple[str, str], ...]

    @property
    def anchor(self) -> str:
        """Name by which the section is linked to."""
        return re.sub("[^a-z]+", "-", self.title.lower()).strip("-")


def arrange_outcomes(facts: Sequence[Facts]) -> tuple[Family, ...]:
    """Return the sections of the page.

    Parameters
    ----------
    facts
        What ``spinerisk describe`` says of each outcome: ``name, title, window, rule, columns, source``, and
        ``cannot_run`` in the place of the rule where an outcome cannot be used as it is.
    """
    family_of = {spec.name: title for title, specs in FAMILIES.items() for spec in specs}
    by_family: dict[str, list[Facts]] = {title: [] for title in (*FAMILIES, OWN)}
    for one in facts:
        by_family[family_of.get(str(one["name"]), OWN)].append(one)
    return tuple(_arrange(title, members) for title, members in by_family.items() if members)


def _arrange(title: str, members: Sequence[Facts]) -> Family:
    rules = [_find_clauses(one) for one in members]
    counts = Counter(clause for _, *rest in rules for clause in dict.fromkeys(rest))
    shared = [clause for clause, count in counts.items() if count >= OFTEN]
    letters = {clause: f"({chr(ord('a') + k)})" for k, clause in enumerate(shared)}
    rows = tuple(_make_row(one, rule, letters) for one, rule in zip(members, rules, strict=True))
    return Family(title=title, rows=rows, clauses=tuple((letter, clause) for clause, letter in letters.items()))


def _make_row(one: Facts, rule: Sequence[str], letters: Mapping[str, str]) -> tuple[str, ...]:
    first, *rest = rule
    told = "; ".join([first, *(clause for clause in rest if clause not in letters)])
    by_letter = [letters[clause] for clause in rest if clause in letters]
    source = str(one.get("source", ""))
    found = {**one, "rule": " ".join([told, *by_letter]), "source": "" if source in first else source}
    return tuple(str(found.get(name, "")) for name in COLUMNS)


def _find_clauses(one: Facts) -> list[str]:
    """Return what is counted, and what is said beside it; of an outcome that cannot be used as it is, why."""
    if one.get("rule"):
        return split_clauses(str(one["rule"]))
    return [f"cannot be used as it is: {one['cannot_run']}"]


def split_clauses(rule: str) -> list[str]:
    """Split a rule at semicolons that stand in no brackets.

    Examples
    --------
    >>> split_clauses("any of a (b; c), d; only the first counts")
    ['any of a (b; c), d', 'only the first counts']
    """
    parts, depth = [""], 0
    for sign in rule:
        depth += (sign in "([") - (sign in ")]")
        if sign == ";" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def render_outcomes_markdown(facts: Sequence[Facts]) -> str:
    """Return the page in Markdown, as it stands in the documentation."""
    families = arrange_outcomes(facts)
    lines = [f"# {TITLE}", "", INTRODUCTION, ""]
    lines += ["`spinerisk list outcomes --out outcomes.md` writes this page (also `.html`, `.csv`).", ""]
    lines += [*(f"- [{family.title}](#{family.anchor}): {len(family.rows)}" for family in families), ""]
    for family in families:
        rows = [(f"`{name}`", *rest) for name, *rest in family.rows]
        lines += [f'<a id="{family.anchor}"></a>', "", f"## {family.title}", "", *tabulate(COLUMNS, rows), ""]
        lines += [*(f"- {letter} {clause}" for letter, clause in family.clauses), ""] if family.clauses else []
    return "\n".join(lines).rstrip() + "\n"


def render_outcomes_html(facts: Sequence[Facts]) -> str:
    """Return the page in HTML, which needs no network."""
    return render_html(Report(title=TITLE, kicker="Spinerisk", blocks=tuple(_list_blocks(facts)), provenance=()))


def _list_blocks(facts: Sequence[Facts]) -> Iterator[Block]:
    yield Text(text=INTRODUCTION.replace("`", ""))
    for family in arrange_outcomes(facts):
        yield Text(text=family.title, kind="section", anchor=family.anchor)
        yield Table(name=family.anchor, caption=f"{family.title}.", columns=COLUMNS, rows=plain_rows(family.rows))
        yield from (Text(text=f"{letter} {clause}", kind="bullet") for letter, clause in family.clauses)
