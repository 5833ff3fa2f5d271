"""Columns that say who a patient is: refused unless the definition says what becomes of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from schemas.codes import without_decimals
from schemas.errors import DataError, DefinitionError, suggest
from schemas.identifying import BIRTH, HOSPITAL_NUMBER, NATIONAL, find_identifying
from schemas.plans import IdentifiersPlan
from schemas.raw import as_text

KEY_VARIABLE = "SPINERISK_PSEUDONYM_KEY"
LEAST_KEY_LENGTH = 32
PSEUDONYM_DIGITS = 32
"""Hexadecimal digits kept of the 64 of HMAC-SHA256: 128 bits, so that two patients never share one by chance."""


def protect_identifiers(
    table: pd.DataFrame,
    plan: IdentifiersPlan,
    *,
    source: str,
    dates: Collection[str] = (),
    decimal: str = ".",
    known: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the raw table without what says who a patient is.

    Parameters
    ----------
    table
        Raw table, shape (n, p).
    plan
        Headers to drop, to pseudonymise and to allow. A header that this table lacks is passed over: a plan serves all
        tables of an export (`note_absent` tells which none has).
    source
        Name of the file, for messages.
    dates
        Headers that are read as dates of birth, which become ages and then leave.
    decimal
        Decimal sign of the file.
    known
        Headers that the definition reads; a table with none of them may lack a line of headers, and what would be a
        value is then never named. None: not asked.

    Returns
    -------
    DataFrame
        Shape (n, p minus the dropped columns); pseudonyms are the first 32 hexadecimal digits of HMAC-SHA256 of the
        stripped text, a number written as a CSV would hold it and a whole one without decimals, as where keys are
        compared (`schemas.keys`): 11.0 and 11 are one patient. Blank stays blank.

    Raises
    ------
    DataError
        If a column looks as if it said who somebody is and the plan does not say what becomes of it; or if something
        is to be pseudonymised and the environment variable SPINERISK_PSEUDONYM_KEY does not hold 32 characters or more.
    DefinitionError
        If a header stands in two lists of the plan.

    Notes
    -----
    The same text has the same pseudonym in every table and column, so that tables still belong together; another key
    gives other pseudonyms. The key is read where it is needed and kept nowhere. What is seen: `find_identifying`.
    """
    _check_plan(plan)
    kept = table.drop(columns=[header for header in plan.drop if header in table.columns])
    settled = {*plan.allow, *plan.pseudonymise, *dates}
    undecided = find_identifying(kept[[header for header in kept.columns if header not in settled]])
    if undecided and known is not None and not set(known) & set(table.columns):
        raise DataError(_describe_nameless(undecided, list(table.columns), source))
    if undecided:
        raise DataError(_describe_undecided(undecided, plan, source))
    hidden = [header for header in plan.pseudonymise if header in kept.columns]
    if not hidden:
        return kept
    key = _read_key(source, hidden)
    return kept.assign(**{header: _pseudonymise(kept[header], key, decimal) for header in hidden})


def note_absent(plan: IdentifiersPlan, headers: Iterable[str]) -> tuple[str, ...]:
    """Return a note for each header to drop or to pseudonymise that no table has; `headers` are those of all tables."""
    known = set(headers)
    lists = {"drop": plan.drop, "pseudonymise": plan.pseudonymise}
    return tuple(
        f"identifiers.{name} names {header!r}, which no table has{suggest(header, known)}"
        for name, named in lists.items()
        for header in named
        if header not in known
    )


def _check_plan(plan: IdentifiersPlan) -> None:
    named = [*set(plan.drop), *set(plan.pseudonymise), *set(plan.allow)]
    twice = sorted({header for header in named if named.count(header) > 1})
    if twice:
        raise DefinitionError(
            f"[identifiers]: a header must stand in one of drop, pseudonymise and allow only; in more: "
            f"{', '.join(map(repr, twice))}"
        )


def _describe_undecided(undecided: Mapping[str, str], plan: IdentifiersPlan, source: str) -> str:
    """Say what was found, without values, and which lines settle it: numbers pseudonymised, the rest dropped."""
    seen = "\n".join(f"  {header!r} looks like {kind}" for header, kind in undecided.items())
    linking = [header for header, kind in undecided.items() if kind in (NATIONAL, HOSPITAL_NUMBER)]
    births = [header for header, kind in undecided.items() if kind == BIRTH]
    dropped = [header for header in undecided if header not in (*linking, *births[:1])]
    lines = ["[identifiers]"]
    if dropped:
        lines.append(f"drop = {_toml([*plan.drop, *dropped])}")
    if linking:
        lines.append(f"pseudonymise = {_toml([*plan.pseudonymise, *linking])}")
    if len(lines) == 1:
        lines = []
    # The age is needed, and comes of the day of birth, which is not kept.
    lines += [f"[columns.birth_date]\nheader = {json.dumps(header, ensure_ascii=False)}" for header in births[:1]]
    return (
        f"{source}: what says who somebody is must be dropped, pseudonymised or allowed; nothing is said of:\n{seen}\n"
        f"add to the definition:\n" + "\n".join(lines) + "\n"
        "or, for a header that only looks like it: "
        f"allow = {_toml([*plan.allow, *undecided])}"
    )


def _describe_nameless(undecided: Mapping[str, str], headers: list[str], source: str) -> str:
    """Say what was found by the position of its column, as the first line may be no line of headers."""
    seen = "\n".join(f"  column {headers.index(header) + 1} looks like {kind}" for header, kind in undecided.items())
    return (
        f"{source}: must begin with a line of headers, of which the definition reads some; none is known to it, and "
        f"what says who somebody is must be dropped, pseudonymised or allowed:\n{seen}\nname the headers in the file "
        "and in the definition"
    )


def _toml(headers: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(header, ensure_ascii=False) for header in headers)}]"


def _read_key(source: str, headers: list[str]) -> bytes:
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < LEAST_KEY_LENGTH:
        state = f"it has {len(key)}" if key else "it is not set"
        raise DataError(
            f"{source}: to pseudonymise {', '.join(map(repr, headers))} the environment variable {KEY_VARIABLE} must "
            f"hold a secret key of {LEAST_KEY_LENGTH} characters or more, {state}; make one with `openssl rand -hex "
            f"32`, keep it apart from the data, and use the same one for every export whose patients must be recognised"
        )
    return key.encode()


def _pseudonymise(column: pd.Series, key: bytes, decimal: str) -> pd.Series:
    codes, unique = pd.factorize(as_text(column, decimal).str.strip())
    texts = without_decimals(pd.Series(unique, dtype="str"), decimal)
    pseudonyms = np.array([_pseudonym(text, key) for text in texts], dtype=object)
    return pd.Series(pseudonyms[codes], index=column.index, dtype="str", name=column.name)


def _pseudonym(text: str, key: bytes) -> str:
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()[:PSEUDONYM_DIGITS] if text else ""
