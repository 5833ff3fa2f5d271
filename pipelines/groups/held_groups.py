"""Groups whose mean prediction the folds themselves hold at the mean outcome: nothing can be learnt from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipelines.measures.sample import Sample

NOT_INFORMATIVE = "not informative"
UNKNOWN = "unknown"
"""Level of the patients of whom an attribute is not recorded."""
LEFT_OUT = {"internal-external": "site"}
"""By validation, the attribute whose levels are the folds: no model saw the level that it predicts."""

Predictors = Mapping[str, Collection[str]]
"""Names of the predictors of every model by its name; a model that is not named was fitted on nothing known.

With `mark_missing` of a predictor among them the model sees whether it was recorded.
"""


def mark_missing(predictor: str) -> str:
    """Return the name under which a model sees that a predictor is missing: by an indicator, a gap, or odd values."""
    return f"{predictor} (missing)"


def find_held(sample: Sample, attribute: str, levels: Collection[str], predictors: Collection[str]) -> frozenset[str]:
    """Return the groups of an attribute whose observed over expected the folds hold near 1, whatever is true.

    Parameters
    ----------
    sample, attribute, predictors
        As of `is_held`.
    levels
        Every group of the attribute, among them ``unknown`` where it is not recorded of somebody.

    Returns
    -------
    frozenset of str
        All groups, or none; without ``unknown`` where the model does not see that the attribute is missing.

    Notes
    -----
    Where a missing value is filled in, a regression does not tell its patients from those who have it: no coefficient
    is theirs, and nothing holds their mean. With one recorded group beside them the model has no coefficient of the
    attribute at all, and the two gaps are one comparison: then neither is held.
    """
    names = frozenset(levels)
    if not is_held(sample, attribute, predictors):
        return frozenset()
    if UNKNOWN not in names or mark_missing(attribute) in predictors:
        return names
    recorded = names - {UNKNOWN}
    return recorded if len(recorded) > 1 else frozenset()


def is_held(sample: Sample, attribute: str, predictors: Collection[str]) -> bool:
    """Tell whether the folds hold observed over expected of groups of an attribute near 1, whatever is true.

    Which of them, says `find_held`.

    Parameters
    ----------
    sample
        One model's predictions of one analysis.
    attribute
        Name of the subgroup variable; of bands, the number that they are cut from.
    predictors
        Predictors of the model.

    Returns
    -------
    bool
        True where the folds' own models predict, and the attribute is a predictor of theirs.

    Notes
    -----
    A model that knows the group predicts the event rate that it saw. With folds of m of the group's M patients, of whom
    ``s_k`` in fold k and S in all have the event, the expected number is ``sum_k m (S - s_k) / (M - m) = S``: what a
    fold has too many of, the other folds' models expect too many of. It holds exactly for a model that knows nothing
    but the group, about so for others, and less so the more the groups' numbers differ between folds or the model
    shrinks. A site that is left out is not held: no model saw it.

    Examples
    --------
    >>> import numpy as np
    >>> events = np.array([7, 2, 4, 9, 3])
    >>> float((20 * (events.sum() - events) / 80).sum()), int(events.sum())
    (25.0, 25)
    """
    return sample.fitted_by_fold and attribute in predictors and attribute != LEFT_OUT.get(sample.validation)
