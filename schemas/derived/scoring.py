"""Scores made of their items; too few answers make an unknown score."""

from __future__ import annotations

import pandas as pd

from schemas.specs import ScoringSpec


def compute_percentage(*items: pd.Series, highest: float, min_answered: int) -> pd.Series:
    """Return the sum of the answered items in percent of the highest sum that they could have.

    Parameters
    ----------
    items
        From 0 to `highest`, each of shape (n,).
    highest
        Of one item.
    min_answered
        Below it the score is unknown.

    Returns
    -------
    Series
        Shape (n,), 0 to 100.

    Examples
    --------
    >>> items = [pd.Series([2.0])] * 9 + [pd.Series([None], dtype="float64")]
    >>> compute_percentage(*items, highest=5, min_answered=9).tolist()
    [40.0]
    """
    return 100 * compute_mean(*items, min_answered=min_answered) / highest


def compute_mean(*items: pd.Series, min_answered: int) -> pd.Series:
    """Return the mean of the answered items, shape (n,); unknown below `min_answered`."""
    table = pd.concat(list(items), axis=1)
    return table.mean(axis=1).where(table.notna().sum(axis=1) >= min_answered)


def compute_sum(*items: pd.Series) -> pd.Series:
    """Return the sum, shape (n,); unknown where any item is."""
    return pd.concat(list(items), axis=1).sum(axis=1, skipna=False)


def compute_srs22r_total(*items: pd.Series, scales: tuple[tuple[int, ...], ...]) -> pd.Series:
    """Return the mean of the answered items 1 to 22; unknown where a scale has fewer than three answers.

    Parameters
    ----------
    items
        In the order of the questionnaire, each from 1 to 5 with 5 as the best answer.
    scales
        Numbers of the items of each scale, from 1.

    Returns
    -------
    Series
        Shape (n,), 1 to 5.
    """
    total = compute_mean(*items, min_answered=1)
    for numbers in scales:
        answered = pd.concat([items[number - 1].notna() for number in numbers], axis=1).sum(axis=1)
        total = total.where(answered >= 3)
    return total


def compute_comi(
    axial_pain: pd.Series,
    limb_pain: pd.Series,
    function: pd.Series,
    wellbeing: pd.Series,
    quality_of_life: pd.Series,
    social: pd.Series,
    work: pd.Series,
) -> pd.Series:
    """Return the mean of five domains from 0 to 10, shape (n,); unknown where any item is.

    The two pains go from 0 to 10, the options of the other items from 1 (best) to 5.
    """
    pain = compute_worst(axial_pain, limb_pain)
    options = [compute_points_of_ten(item) for item in (function, wellbeing, quality_of_life)]
    return (pain + options[0] + options[1] + options[2] + compute_points_of_ten(social, work)) / 5


def compute_worst(*items: pd.Series) -> pd.Series:
    """Return the highest answer, shape (n,); unknown where any is."""
    return pd.concat(list(items), axis=1).max(axis=1, skipna=False)


def compute_points_of_ten(*options: pd.Series) -> pd.Series:
    """Return the mean of options from 1 to 5 as points from 0 to 10, shape (n,); unknown where any is.

    Examples
    --------
    >>> compute_points_of_ten(pd.Series([1.0, 4.0]), pd.Series([2.0, 5.0])).tolist()
    [1.25, 8.75]
    """
    return 2.5 * (compute_mean(*options, min_answered=len(options)) - 1)


def compute_share(*items: pd.Series, lowest: float, highest: float, min_answered: int) -> pd.Series:
    """Return the mean of the answered items in percent of the way from `lowest` to `highest`, shape (n,), 0 to 100.

    With 1 and 5 it is 25 times the mean less 1. Unknown below `min_answered`.

    Examples
    --------
    >>> compute_share(pd.Series([3.0]), pd.Series([2.0]), lowest=1, highest=5, min_answered=2).tolist()
    [37.5]
    """
    return 100 * (compute_mean(*items, min_answered=min_answered) - lowest) / (highest - lowest)


def compute_recovery_rate(before: pd.Series, after: pd.Series, *, best: float) -> pd.Series:
    """Return the gain in percent of the gain that was possible, shape (n,), at most 100 and without a lower end.

    Parameters
    ----------
    before, after
        Scores before and after the operation, higher is better.
    best
        The highest possible score: 17, 18 or 29 of the Japanese scores.

    Returns
    -------
    Series
        Unknown where the score before was the highest possible one: there was nothing to gain.

    Examples
    --------
    >>> compute_recovery_rate(pd.Series([9.0, 17.0]), pd.Series([13.0, 17.0]), best=17).tolist()
    [50.0, nan]
    """
    return 100 * (after - before) / (best - before).where(before < best)


def compute_by_rule(*items: pd.Series, scoring: ScoringSpec) -> pd.Series:
    """Return the score that a declared rule gives, shape (n,).

    Parameters
    ----------
    items
        In the order of ``scoring.items``, each of shape (n,); an answer outside the ends is left to the checks of its
        column.
    scoring
        The rule (`schemas.declared.instruments.ScoringSpec`).

    Examples
    --------
    >>> rule = ScoringSpec(rule="sum", items=("a", "b"), low=0, high=4, reversed=("b",), min_answered=1)
    >>> compute_by_rule(pd.Series([1.0, 3.0]), pd.Series([4.0, None]), scoring=rule).tolist()
    [1.0, 6.0]
    """
    turn = scoring.low + scoring.high
    table = pd.concat(
        [turn - item if name in scoring.reversed else item for name, item in zip(scoring.items, items, strict=True)],
        axis=1,
    )
    answered = table.notna().sum(axis=1)
    total = table.sum(axis=1).where(answered >= scoring.needed)
    if scoring.rule == "count":
        return total + scoring.low * (len(items) - answered)
    mean = total / answered.where(answered > 0)
    if scoring.rule == "mean":
        return mean
    if scoring.rule == "sum":
        return total * len(items) / answered.where(answered > 0)
    return 100 * (mean - scoring.low) / (scoring.high - scoring.low)
