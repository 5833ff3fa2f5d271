"""Scores made of their items; too few answers make an unknown score."""

from __future__ import annotations

import pandas as pd


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
    pain = pd.concat([axial_pain, limb_pain], axis=1).max(axis=1, skipna=False)
    options = [2.5 * (item - 1) for item in (function, wellbeing, quality_of_life)]
    disability = 2.5 * ((social + work) / 2 - 1)
    return (pain + options[0] + options[1] + options[2] + disability) / 5
