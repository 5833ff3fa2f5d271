"""Headers put to columns: one header for one column, or none and the reason; nothing is guessed silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.convert import convert_column
from schemas.drafts.fit import Choices, Fit, fit_values
from schemas.drafts.match import ALIAS, EXACT, REDCAP, SIMILAR_NAME, Candidate, find_candidates, find_stem
from schemas.drafts.values import Profile, profile_column
from schemas.mapping import build_source
from schemas.plans import ColumnPlan, FilePlan

RANKS = {EXACT: 0, REDCAP: 1, ALIAS: 1, SIMILAR_NAME: 2}
SHORTER = ("points_of_50", "cm_of_10")
"""Units of a score that are told from its largest value alone."""
SCALED = ("percent", "points_of_100", "mm_of_100")
MOST_FAULTY = 0.1
ASKED_OTHERWISE = {
    "smoking": (
        Candidate(
            column="smoked_past_year",
            how=ALIAS,
            because="yes and no are not never, former and current: this is the dictionary's flag of recent smoking",
        ),
    ),
    "smoked_past_year": (
        Candidate(column="smoking", how=ALIAS, because="its codes are levels of smoking, not yes and no"),
    ),
}
"""Columns that ask the same with other answers."""
LATER = ("intraop", "discharge", "followup")


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header of a table with its values, and what else is known of it: a question and its choices, an identity."""

    table: str
    name: str
    raw: pd.Series = field(repr=False)
    profile: Profile = field(repr=False)
    label: str = ""
    choices: Choices = ()
    identifies: str = ""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A header that is read as a column: how it was found, what must be looked at, and the keys of its table."""

    header: Header
    name: str
    column: Column
    how: str
    checks: tuple[str, ...]
    keys: Mapping[str, Any]
    n_known: int

    @property
    def certainty(self) -> str:
        """``sure`` where nobody needs to look at it, else ``check``."""
        return "sure" if self.how == EXACT and not self.checks else "check"


@dataclass(frozen=True, kw_only=True)
class Option:
    """A column that a header could become, with what is known of its table and what is to be filled in."""

    name: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unplaced:
    """A header that is not read, why, and what it could become."""

    header: Header
    reason: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Placing:
    """The headers of a table, placed and not."""

    placed: tuple[Placed, ...]
    unplaced: tuple[Unplaced, ...]


def make_header(table: str, name: str, raw: pd.Series, decimal: str, marks: frozenset[str]) -> Header:
    """Return a header with the profile of its values; `marks` are texts that mean missing in this export."""
    return Header(table=table, name=name, raw=raw, profile=profile_column(raw, decimal, marks))


def try_headers(headers: Sequence[Header], known: Collection[str], plan: FilePlan) -> list[Placed | Unplaced]:
    """Look for the column of each header by itself.

    Parameters
    ----------
    headers
        Of one row per operation, or of a table that joins it.
    known
        Columns of the definition's base; others are found by their exact name or an alias only.
    plan
        How the file is written.
    """
    return [_try_with_others(header, _candidates(header, known), plan) for header in headers]


def settle_headers(tried: Sequence[Placed | Unplaced]) -> Placing:
    """Give each column to one header at most, and all visits of a score one scale."""
    placing = _settle(tried)
    return replace(placing, placed=_agree_on_scale(placing.placed))


def place_scores(headers: Sequence[Header], plan: FilePlan) -> Placing:
    """Put headers of a table of visits to the stems of scores."""
    return _settle([_try(header, _stems(header), plan) for header in headers])


def find_column(name: str) -> Column | None:
    """Return a column of the dictionary, or what the columns of a score's stem have in common; None for neither."""
    if name in COLUMNS:
        return COLUMNS[name]
    alike = next((column for other, column in COLUMNS.items() if other.rpartition("_")[0] == name), None)
    return replace(alike, name=name) if alike else None


def _candidates(header: Header, known: Collection[str]) -> tuple[Candidate, ...]:
    return find_candidates(header.name, known, label=header.label)


def _stems(header: Header) -> tuple[Candidate, ...]:
    stem = find_stem(header.name) or find_stem(header.label)
    if stem is None or find_column(stem) is None:
        return ()
    by_header = find_stem(header.name) is not None
    said = f"the header {header.name!r}" if by_header else f"the REDCap dictionary's {header.label[:60]!r}"
    exact = header.name == stem
    how = EXACT if exact else ALIAS if by_header else REDCAP
    return (Candidate(column=stem, how=how, because="" if exact else f"{said} is a known name of this score"),)


def _try_with_others(header: Header, candidates: Sequence[Candidate], plan: FilePlan) -> Placed | Unplaced:
    """Try the column that asks the same in another way, where the values do not fit the one that is named so."""
    made = _try(header, candidates, plan)
    others = [found for name in candidates[:1] for found in ASKED_OTHERWISE.get(name.column, ())]
    if isinstance(made, Placed) or len(candidates) != 1 or not others:
        return made
    second = _try(header, (*candidates, *others), plan)
    return second if isinstance(second, Placed) or header.profile.kind == "flag" else made


def _try(header: Header, candidates: Sequence[Candidate], plan: FilePlan) -> Placed | Unplaced:
    fits = [(found, _fit(header, found, plan)) for found in candidates]
    good = [(found, fit) for found, fit in fits if not fit.misfit]
    options = tuple(Option(name=found.column, keys=_keys(header, found, fit), hints=fit.hints) for found, fit in fits)
    if not fits:
        return Unplaced(header=header, reason="no column of the dictionary has a name like it")
    if not good:
        return Unplaced(header=header, reason=f"{_names(options)}: {fits[0][1].misfit}", options=options)
    if len(good) > 1:
        reason = good[0][0].because if "no visit" in good[0][0].because else "it may be more than one column"
        return Unplaced(header=header, reason=f"{reason}: {_names(options)}", options=options)
    ((found, fit),) = good
    checks = (found.because, *fit.checks, *_others(options, found.column))
    return _placed(header, found, replace(fit, checks=tuple(check for check in checks if check)))


def _fit(header: Header, found: Candidate, plan: FilePlan) -> Fit:
    """Look at the values, then read them as the registry would: what it cannot read is no fit."""
    column = find_column(found.column)
    assert column is not None
    fit = fit_values(header.profile, column, header.name, header.choices)
    if fit.misfit:
        return fit
    n_known = _count_known(header, column, fit, plan)
    n_missing = int(header.profile.present[header.profile.present.index.isin(fit.keys.get("missing", ()))].sum())
    expected = header.profile.n_present - n_missing
    if n_known < (1 - MOST_FAULTY) * expected:
        return replace(fit, misfit=f"{expected - n_known} of {expected} values cannot be read as it")
    fit = replace(fit, n_known=n_known)
    if n_known >= expected:
        return fit
    told = f"{expected - n_known} of {expected} values cannot be read as it; their rows would be kept apart"
    return replace(fit, checks=(*fit.checks, told))


def _placed(header: Header, found: Candidate, fit: Fit) -> Placed:
    column = find_column(found.column)
    assert column is not None
    return Placed(
        header=header,
        name=found.column,
        column=column,
        how=found.how,
        checks=fit.checks,
        keys=_keys(header, found, fit),
        n_known=fit.n_known,
    )


def _count_known(header: Header, column: Column, fit: Fit, plan: FilePlan) -> int:
    """Return the number of rows that hold a possible value."""
    given = ColumnPlan.model_validate({"header": header.name, **fit.keys})
    source, faults = build_source(column.name, given, {column.name: column})
    if source is None:
        raise AssertionError(f"a drafted column must be one that a definition can say: {'; '.join(faults)}")
    values = convert_column(header.raw, source, plan).values
    known = values.notna()
    if column.kind == "number" and column.hard is not None:
        known &= values.between(*column.hard)
    if column.kind == "category":
        known &= values.isin(column.levels)
    return int(known.sum())


def _keys(header: Header, found: Candidate, fit: Fit) -> dict[str, Any]:
    named = {"header": header.name} if header.name != found.column else {}
    keys = {key: value for key, value in fit.keys.items() if value}
    column = find_column(found.column)
    later = column is not None and column.known_at in LATER and found.column in COLUMNS
    return {**named, **keys, **({"optional": True} if later else {})}


def _names(options: Sequence[Option]) -> str:
    return ", ".join(option.name for option in options)


def _others(options: Sequence[Option], chosen: str) -> tuple[str, ...]:
    others = [option for option in options if option.name != chosen]
    return (f"by its name it could be {_names(others)} too, but the values do not fit",) if others else ()


def _agree_on_scale(placed: Sequence[Placed]) -> tuple[Placed, ...]:
    """Take a shorter scale back where another visit of the same score can only be in the dictionary's unit."""
    whole = {_stem(made) for made in placed if made.column.unit in SCALED and "unit_in_file" not in made.keys}
    return tuple(
        _on_whole_scale(made) if made.keys.get("unit_in_file") in SHORTER and _stem(made) in whole else made
        for made in placed
    )


def _on_whole_scale(made: Placed) -> Placed:
    unit = made.keys["unit_in_file"]
    told = f"its values are small enough for {unit}, but other visits of the score are in {made.column.unit}"
    keys = {key: value for key, value in made.keys.items() if key != "unit_in_file"}
    return replace(made, checks=(*(check for check in made.checks if unit not in check), told), keys=keys)


def _stem(made: Placed) -> str:
    return made.name.rpartition("_")[0]


def _settle(tried: Sequence[Placed | Unplaced]) -> Placing:
    """Give each column to one header: to the one whose name is surest, or to none of those that are as sure."""
    proposals = [made for made in tried if isinstance(made, Placed)]
    best = {
        name: min(RANKS[made.how] for made in proposals if made.name == name) for name in {p.name for p in proposals}
    }
    rivals = Counter(made.name for made in proposals if RANKS[made.how] == best[made.name])
    placed, unplaced = [], []
    for made in tried:
        if isinstance(made, Unplaced):
            unplaced.append(made)
        elif RANKS[made.how] == best[made.name] and rivals[made.name] == 1:
            placed.append(made)
        else:
            others = [other.header.name for other in proposals if other.name == made.name and other is not made]
            told = f"{made.name}: the header {' or '.join(map(repr, others))} may be it as well"
            option = Option(name=made.name, keys=made.keys)
            unplaced.append(Unplaced(header=made.header, reason=told, options=(option,)))
    return Placing(placed=tuple(placed), unplaced=tuple(unplaced))
