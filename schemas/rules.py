"""Rules that look at several columns of a row, or at the rows of one patient."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.crossfield.dates import DAYS, ORDER
from schemas.crossfield.patient import DISEASES, PATIENT, PLAN
from schemas.crossfield.scores import LIFE, VERSIONS
from schemas.crossfield.units import UNITS_OF_SCORES
from schemas.derivation import Derivation
from schemas.derivations import DERIVATIONS, is_as_in_dictionary, name_inputs
from schemas.fault import Fault
from schemas.rule import Rule


def _differs(rows: pd.DataFrame, entry: Derivation) -> pd.Series:
    differs = entry.differs(rows[entry.name], entry.compute_from(rows))
    if entry.excuse is not None and differs.any():
        differs = differs & ~entry.excuse.holds(rows[differs]).reindex(rows.index, fill_value=False)
    return differs


def _as_derived(entry: Derivation) -> Rule:
    """Return the rule that a column agrees with what it could be derived from."""
    share = f" or {100 * entry.share:g} percent, whichever is more" if entry.share else ""
    within = f", within {entry.tolerance:g}{share}" if entry.tolerance else ""
    excuse = f"; not asked {entry.excuse.text}" if entry.excuse else ""
    return Rule(
        name=f"{entry.name}_as_derived",
        columns=(entry.name, *entry.needs),
        further=tuple(dict.fromkeys((*entry.further, *(entry.excuse.further if entry.excuse else ())))),
        text=f"must agree with {name_inputs(entry)}{within}{excuse}",
        broken=partial(_differs, entry=entry),
    )


AGREEMENT: tuple[Rule, ...] = tuple(_as_derived(entry) for entry in DERIVATIONS.values() if entry.binding)

ENTRIES: tuple[Rule, ...] = PATIENT + ORDER + DAYS + DISEASES + PLAN + AGREEMENT + UNITS_OF_SCORES + VERSIONS + LIFE

RULES: dict[str, Rule] = {rule.name: rule for rule in ENTRIES}
"""Rule by name; all that are made for visits are among them."""


def find_broken_rules(
    values: pd.DataFrame, columns: Mapping[str, Column], own: Sequence[Derivation] = ()
) -> list[Fault]:
    """Check typed values against every rule whose columns there are.

    Parameters
    ----------
    values
        Typed columns with a RangeIndex, shape (n, p), before anything was taken out for being out of range.
    columns
        Their dictionary entries.
    own
        Scores of the registry's own instruments, which must agree with their items as well; what the dictionary asks of
        a score of such a name is then not asked.

    Returns
    -------
    list of Fault
        One per rule that is broken, in the order of `RULES`; the column is the one that the rule checks.

    Notes
    -----
    A rule is passed over where one of its columns is the registry's own, of another kind than the dictionary's; what a
    rule only looks at where there is any is then not looked at.
    Nothing unknown breaks a rule.
    """
    rules = [_as_derived(entry) for entry in own]
    instead = {rule.name for rule in rules}
    found = [fault for rule in rules if columns.keys() >= {*rule.columns} for fault in _find(rule, values, values)]
    usable = {name for name, column in columns.items() if name in COLUMNS and is_as_in_dictionary(column)}
    for rule in ENTRIES:
        if rule.name not in instead and usable.issuperset(rule.columns):
            found += _find(rule, values, usable)
    return found


def _find(rule: Rule, values: pd.DataFrame, usable: Container[str]) -> list[Fault]:
    faulty = _find_faulty(rule, values[[*rule.columns, *(name for name in rule.further if name in usable)]])
    return [Fault(column=rule.columns[0], rule=rule.text, positions=faulty)] if len(faulty) else []


def _find_faulty(rule: Rule, rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the positions that break a rule, by pandera; its error carries a value and ends here."""
    check = pa.Check(lambda given: ~rule.broken(given), error=rule.text, ignore_na=False, n_failure_cases=1)
    try:
        pa.DataFrameSchema(checks=check, name=rule.name).validate(rows, lazy=True)
    except SchemaErrors as error:
        (failure,) = error.schema_errors
        return np.flatnonzero(~failure.check_output.to_numpy(dtype=np.bool_))
    return np.array([], dtype=np.intp)
