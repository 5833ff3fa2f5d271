"""Small cells: which counts may be shown. A hidden count must not follow from the shown ones and their totals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linprog

from pipelines.intervals import BoolArray, FloatArray, IntArray

Levels = Mapping[str, npt.NDArray[np.object_]]
"""By attribute, the level of each row as text, shape (n,)."""
Hidden = dict[str, frozenset[str]]
"""By attribute, the levels whose numbers are not shown."""
COUNTED = re.compile(r"\b(?P<count>\d+) (?:of (?P<total>\d+) )?(?P<what>rows?|values?|patients?|events?)\b")
"""How the notes of a registry count."""


def find_small(counts: IntArray, suppress_below: int) -> BoolArray:
    """Tell which counts are from 1 to ``suppress_below - 1``; 0 is no patient and may be shown."""
    return np.asarray((counts > 0) & (counts < suppress_below))


def find_telling(counts: IntArray, suppress_below: int, fates: Sequence[int]) -> BoolArray:
    """Tell which counts must not be shown where some of the kinds are what became of the patients.

    Parameters
    ----------
    counts
        Shape (levels, kinds), everyone first.
    suppress_below
        Smallest count that may be shown.
    fates
        Positions of the kinds that divide everyone by what became of them.

    Notes
    -----
    Of these a count of 0 is not shown either: that nobody of a group had the event, or that everybody had it, says of
    each of its patients what became of them.
    """
    found = find_small(counts, suppress_below)
    found[:, list(fates)] |= (counts[:, list(fates)] == 0) & (counts[:, :1] > 0)
    return found


def find_suppressed(
    counts: IntArray, suppress_below: int, *, hidden: BoolArray | None = None, fates: Sequence[int] = ()
) -> BoolArray:
    """Tell which levels of one variable must be hidden.

    Parameters
    ----------
    counts
        Shape (levels, kinds): patients, events, non-events, or any further kind of count; the first ranks the levels.
        The totals over the levels are taken to be public.
    suppress_below
        Smallest count that may be shown.
    hidden
        Levels that are hidden anyway, shape (levels,).
    fates
        Kinds of which a count of 0 is not shown either (`find_telling`).

    Returns
    -------
    ndarray of bool, shape (levels,)

    Notes
    -----
    A level with a small count is hidden. While one level only is hidden, or the hidden levels together still have a
    small count, a total minus the shown levels would give it away: then the smallest shown level is hidden too.

    Examples
    --------
    >>> import numpy as np
    >>> find_suppressed(np.array([[30, 9], [3, 1], [12, 6]]), 5).tolist()
    [False, True, True]
    """
    counts = np.asarray(counts)
    found: BoolArray = np.asarray(find_telling(counts, suppress_below, fates).any(axis=1))
    found = found if hidden is None else found | hidden
    while found.any() and gives_away(counts, found, suppress_below, fates):
        shown = np.flatnonzero(~found & (counts.sum(axis=1) > 0))
        if shown.size == 0:
            break
        found[shown[np.argmin(counts[shown, 0])]] = True
    return found


def gives_away(counts: IntArray, hidden: BoolArray, suppress_below: int, fates: Sequence[int] = ()) -> bool:
    """Tell whether a total less the shown levels is one hidden level, or a count that is not shown."""
    together = counts[hidden].sum(axis=0, keepdims=True)
    return bool(hidden.sum() == 1 or find_telling(together, suppress_below, fates).any())


def hide_levels(counts: pd.DataFrame, suppress_below: int, fates: Sequence[int]) -> list[str]:
    """Return the levels of a variable to hide, "" for the number of missing values.

    Parameters
    ----------
    counts
        Rows are the levels, "" the missing values; columns as in `find_suppressed`.
    suppress_below
        Smallest count that may be shown.
    fates
        Positions of the columns of which a count of 0 is not shown either (`find_telling`).

    Notes
    -----
    Percentages are of those recorded and say how many these are, so that levels must hide one another. A small number
    of missing values is hidden with one more, and percentages are then of all.
    """
    numbers = counts.to_numpy()
    levels: BoolArray = np.asarray(counts.index != "")
    hidden: BoolArray = np.zeros(len(counts), dtype=np.bool_)
    hidden[levels] = find_suppressed(numbers[levels], suppress_below, fates=fates)
    if find_telling(numbers[~levels], suppress_below, fates).any():
        hidden = find_suppressed(numbers, suppress_below, hidden=hidden, fates=fates)
    return [str(level) for level in counts.index[hidden]]


def hide_over_all(counts: pd.DataFrame, suppress_below: int, fates: Sequence[int]) -> list[str]:
    """Return the levels that are hidden over all since they are hidden by outcome, of `counts` as `hide_levels` takes.

    Notes
    -----
    The total less the shown levels says what became of the hidden ones together; how many each has would divide it. Of
    a variable with no shown level this is what became of everybody, and the levels are shown over all.
    """
    named = counts[counts.index != ""]
    hidden = find_suppressed(named.to_numpy(), suppress_below, fates=fates)
    is_apart = bool((~hidden & (named.to_numpy()[:, 0] > 0)).any())
    return [str(level) for level in named.index[hidden]] if is_apart else []


def count_fates(values: pd.Series, levels: Mapping[str, object], y: FloatArray | None) -> pd.DataFrame:
    """Count patients, events and patients without by level, "" the missing values; patients only where `y` is None."""
    kinds = [np.ones(len(values), dtype=np.bool_)] if y is None else [np.isfinite(y), y == 1, y == 0]
    members = {name: (values == level).fillna(value=False).to_numpy(dtype=np.bool_) for name, level in levels.items()}
    members[""] = values.isna().to_numpy()
    return pd.DataFrame.from_dict(
        {name: [int((own & kind).sum()) for kind in kinds] for name, own in members.items()}, orient="index"
    )


def find_hidden_levels(
    levels: Levels,
    kinds: Sequence[BoolArray],
    *,
    patient: IntArray,
    suppress_below: int,
    hidden: Mapping[str, frozenset[str]] | None = None,
    fates: Sequence[int] = (),
) -> Hidden:
    """Tell which levels of several attributes of the same patients must be hidden.

    Parameters
    ----------
    levels
        The level of each row (operation) by attribute.
    kinds
        What is counted in each level: everyone first, then rows with the event, without it, or any further kind,
        shape (n,) each.
    patient
        Patient of each row as a code from 0, shape (n,): a count is small where the patients are few.
    suppress_below
        Smallest count that may be shown.
    hidden
        Levels that another table hides already.
    fates
        Kinds of which a count of 0 is not shown either (`find_telling`).

    Returns
    -------
    dict
        Hidden levels of every attribute.

    Notes
    -----
    First each attribute alone (`find_suppressed`). Then the attributes together: where one is made of another, as
    regions of sites, a hidden level can be the difference of shown levels of both. Linear programmes bound each small
    hidden count, given all shown counts, the totals and the combinations of levels that occur. Where the bounds leave
    one value, or only values that are too small to be shown, the smallest shown level that shares patients with it in
    another attribute is hidden too, until none is found.
    """
    coded = {name: pd.factorize(values, sort=True) for name, values in levels.items()}
    codes = {name: code for name, (code, _) in coded.items()}
    texts = {name: np.asarray(names, dtype=str) for name, (_, names) in coded.items()}
    counts = {name: _count(code, kinds, patient) for name, code in codes.items()}
    given = {name: np.isin(texts[name], list((hidden or {}).get(name, ()))) for name in codes}
    masks = {name: find_suppressed(counts[name], suppress_below, hidden=given[name], fates=fates) for name in codes}
    if len(codes) > 1:
        cells = _Cells(codes, kinds, fates)
        while (found := cells.find_leak(masks, counts, suppress_below)) is not None:
            name, level = found
            masks[name][level] = True
            masks[name] = find_suppressed(counts[name], suppress_below, hidden=masks[name], fates=fates)
    return {name: frozenset(texts[name][mask].tolist()) for name, mask in masks.items()}


def _count(code: npt.NDArray[np.intp], kinds: Sequence[BoolArray], patient: IntArray) -> IntArray:
    """Count the distinct patients of each level and kind, shape (levels, kinds)."""
    size = int(code.max(initial=-1)) + 1
    counts = np.zeros((size, len(kinds)), dtype=np.int64)
    n_patients = int(patient.max(initial=-1)) + 1
    for k, rows in enumerate(kinds):
        pairs = np.unique(code[rows] * n_patients + patient[rows])
        counts[:, k] = np.bincount(pairs // max(n_patients, 1), minlength=size)
    return counts


class _Cells:
    """The combinations of levels that occur, and the counts of rows in each: what an attentive reader would solve."""

    def __init__(
        self, codes: Mapping[str, npt.NDArray[np.intp]], kinds: Sequence[BoolArray], fates: Sequence[int]
    ) -> None:
        self.names = tuple(codes)
        self.fates = fates
        self._safe: set[tuple[str, int, int]] = set()
        joined = np.zeros_like(next(iter(codes.values())))
        for code in codes.values():
            _, joined = np.unique(joined * (code.max(initial=0) + 1) + code, return_inverse=True)
        _, first = np.unique(joined, return_index=True)
        self.table = np.column_stack([code[first] for code in codes.values()])
        self.counts = [np.bincount(joined[rows], minlength=len(first)) for rows in kinds]

    def find_leak(
        self, masks: Mapping[str, BoolArray], counts: Mapping[str, IntArray], suppress_below: int
    ) -> tuple[str, int] | None:
        """Return a shown level that must be hidden as well, since a small hidden count follows; None if none does.

        What does not follow from the shown sums never does from fewer of them, so it is looked at once.
        """
        shown = self._list_shown(masks)
        for place, name in enumerate(self.names):
            small = find_telling(counts[name], suppress_below, self.fates)
            for level in np.flatnonzero(small.any(axis=1)):
                inside = self.table[:, place] == level
                for kind in np.flatnonzero(small[level]):
                    if (name, int(level), int(kind)) in self._safe:
                        continue
                    if self._follows(inside, shown, self.counts[kind], suppress_below):
                        found = self._choose(inside, name, masks, counts)
                        if found is not None:
                            return found
                    self._safe.add((name, int(level), int(kind)))
        return None

    def _list_shown(self, masks: Mapping[str, BoolArray]) -> FloatArray:
        """Return what is public as sums over cells, shape (sums, cells): the total and every shown level."""
        rows = [np.ones(len(self.table), dtype=np.bool_)]
        for place, name in enumerate(self.names):
            rows += [self.table[:, place] == level for level in np.flatnonzero(~masks[name])]
        return np.array(rows, dtype=np.float64)

    def _follows(self, inside: BoolArray, shown: FloatArray, counts: IntArray, suppress_below: int) -> bool:
        """Tell whether the shown sums leave one value for the hidden one, or none that may be shown."""
        wanted = inside.astype(np.float64)
        totals = shown @ counts
        most = -linprog(-wanted, A_eq=shown, b_eq=totals).fun
        if most < suppress_below - 0.5:
            return True
        least = linprog(wanted, A_eq=shown, b_eq=totals).fun
        return bool(most - least < 1 - 1e-6)

    def _choose(
        self, inside: BoolArray, own: str, masks: Mapping[str, BoolArray], counts: Mapping[str, IntArray]
    ) -> tuple[str, int] | None:
        """Return the smallest shown level that shares rows with a hidden one, of another attribute if there is one."""
        near: list[tuple[bool, int, str, int]] = []
        for place, name in enumerate(self.names):
            touched = np.unique(self.table[inside, place]) if name != own else np.arange(len(masks[name]))
            near += [
                (name == own, int(counts[name][level, 0]), name, int(level))
                for level in touched
                if not masks[name][level] and counts[name][level, 0] > 0
            ]
        return min(near)[2:] if near else None


def hide_small_counts(note: str, suppress_below: int) -> str:
    """Return what is noted of a file with its small counts of rows, values and patients in words.

    Examples
    --------
    >>> hide_small_counts("column 'age': 1 of 319 values outside", 5)
    "column 'age': fewer than 5 of 319 values outside"
    >>> hide_small_counts("known in 318 of 319 rows", 5)
    'known in all but fewer than 5 of 319 rows'
    >>> hide_small_counts("1 row of 90 years or over", 5)
    'fewer than 5 rows of 90 years or over'
    """

    def word(found: re.Match[str]) -> str:
        few, count, what = f"fewer than {suppress_below}", int(found["count"]), f"{found['what'].rstrip('s')}s"
        total = int(found["total"] or 0)
        of_all = f" of {total}" if total >= suppress_below else ""
        if 0 < count < suppress_below:
            return f"{few}{of_all} {what}"
        if 0 < total - count < suppress_below:
            return f"all but {few}{of_all} {what}"
        return found[0]

    return COUNTED.sub(word, note)
