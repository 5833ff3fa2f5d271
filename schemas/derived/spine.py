"""Derivations: levels, joints and alignment of the spine."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from schemas.derivation import Derivation
from schemas.dictionary.spine import SEGMENTS, VERTEBRAE

SCHWAB = "Schwab 2012, Spine 37:1077"


def compute_rank(level: pd.Series, order: tuple[str, ...]) -> pd.Series:
    """Return the place of a level counted from the head, shape (n,), float64; missing where it is no level."""
    codes, names = pd.factorize(level)
    places = pd.Index(order).get_indexer(names).astype("float64")
    ranks = np.append(np.where(places < 0, np.nan, places), np.nan)
    return pd.Series(ranks[codes], index=level.index, name=level.name)


def compute_n_segments(upper: pd.Series, lower: pd.Series) -> pd.Series:
    """Return the number of motion segments from `upper` to `lower`, both counted, shape (n,).

    Examples
    --------
    >>> compute_n_segments(pd.Series(["l3_4", "l5_s1"]), pd.Series(["l5_s1", "l3_4"])).tolist()
    [3.0, nan]
    """
    count = compute_rank(lower, SEGMENTS) - compute_rank(upper, SEGMENTS) + 1
    return count.where(count > 0)


def compute_n_between(upper: pd.Series, lower: pd.Series) -> pd.Series:
    """Return the number of motion segments between two vertebrae, shape (n,)."""
    count = compute_rank(lower, VERTEBRAE) - compute_rank(upper, VERTEBRAE)
    return count.where(count > 0)


def compute_mean_of_sides(left: pd.Series, right: pd.Series) -> pd.Series:
    """Return the mean of both sides, shape (n,); missing where one is."""
    return (left + right) / 2


def compute_tropism(left: pd.Series, right: pd.Series) -> pd.Series:
    """Return the difference between the sides without its sign, shape (n,)."""
    return (left - right).abs()


def compute_difference(minuend: pd.Series, subtrahend: pd.Series) -> pd.Series:
    """Return the difference, shape (n,)."""
    return minuend - subtrahend


def compute_schwab(value: pd.Series, bounds: tuple[float, float]) -> pd.Series:
    """Return the modifier: 0 below the first bound, plus up to the second, plus_plus above, shape (n,).

    Examples
    --------
    >>> compute_schwab(pd.Series([9.0, 10.0, 20.0, 21.0]), (10, 20)).tolist()
    ['0', 'plus', 'plus', 'plus_plus']
    """
    made = pd.Series("plus", index=value.index, dtype="str")
    return made.mask(value < bounds[0], "0").mask(value > bounds[1], "plus_plus").where(value.notna())


SPINE = (
    Derivation(
        name="n_levels_planned", needs=("upper_level", "lower_level"), compute=compute_n_segments,
        text="Motion segments from the upper to the lower level, none left out.",
    ),
    Derivation(
        name="n_fused_levels_planned", needs=("upper_vertebra", "lower_vertebra"), compute=compute_n_between,
        text="Motion segments between the upper and the lower instrumented vertebra.",
    ),
    Derivation(
        name="facet_orientation_deg", needs=("facet_orientation_left_deg", "facet_orientation_right_deg"),
        compute=compute_mean_of_sides, tolerance=1, binding=True, text="Mean of both sides.",
    ),
    Derivation(
        name="facet_tropism_deg", needs=("facet_orientation_left_deg", "facet_orientation_right_deg"),
        compute=compute_tropism, tolerance=2, binding=True, text="Difference between the sides, without its sign.",
    ),
    Derivation(
        name="pi_ll_mismatch_deg", needs=("pelvic_incidence_deg", "lumbar_lordosis_deg"), compute=compute_difference,
        tolerance=2, binding=True, text="Pelvic incidence minus lumbar lordosis.", source=SCHWAB,
    ),
    Derivation(
        name="schwab_pi_ll", needs=("pi_ll_mismatch_deg",), compute=partial(compute_schwab, bounds=(10, 20)),
        text="0 below 10 degrees, plus up to 20, plus plus above.", source=SCHWAB,
    ),
    Derivation(
        name="schwab_pelvic_tilt", needs=("pelvic_tilt_deg",), compute=partial(compute_schwab, bounds=(20, 30)),
        text="0 below 20 degrees, plus up to 30, plus plus above.", source=SCHWAB,
    ),
    Derivation(
        name="schwab_sva", needs=("sva_mm",), compute=partial(compute_schwab, bounds=(40, 95)),
        text="0 below 40 mm, plus up to 95, plus plus above.", source=SCHWAB,
    ),
)  # fmt: skip
"""Levels of the file may leave segments out between them, and modifiers are read off films: they are only counted."""
