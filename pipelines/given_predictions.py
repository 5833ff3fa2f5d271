"""Anyone's predictions evaluated against what happened: arrays in, the tables of a study out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from pipelines.comparison import compare_fold_predictions
from pipelines.evaluate import (
    FIXED_MODEL,
    SUPPRESSED,
    describe_counts,
    evaluate_fold_predictions,
    finish_table,
    is_small,
    rests_on_few,
)
from pipelines.intervals import (
    NOT_ASSESSABLE,
    Estimate,
    FloatArray,
    compute_percentile,
    compute_wilson,
    create_draws,
    explain_absence,
)
from pipelines.measures.bootstrap import BY_THRESHOLD, OF_RISKS, observe_measures, resample_measures
from pipelines.measures.classification import count_effective_patients
from pipelines.measures.sample import ANALYSIS, Sample, build_sample, select_usable
from schemas.errors import InputError, unknown_name
from schemas.tables import EVALUATION

MODEL = "predictions"
"""Name of the model where only one is given."""
ANALYSIS_OF_GIVEN = {"outcome": "outcome", "dataset": "given", "validation": "external"}
DIFFERENCE = "_difference"
SUPPRESS_BELOW = 5
"""Counts from 1 to one less are not shown."""
LEAST_FOR_CALIBRATION, LEAST_FOR_SLOPE = 10, 20
"""Events, and non-events, below which calibration, and the calibration slope, are not to be read."""
OF_SLOPE = ("calibration_slope", "calibration_intercept", f"calibration_slope{DIFFERENCE}")
TREAT_ALL, TREAT_NONE = "treat_all", "treat_none"
"""Names of acting on everyone and on nobody, as in the decision curve."""
PERCENT = 100
LEAST_RESAMPLES, MOST_RESAMPLES = 100, 100_000
KIND = "patient bootstrap, percentile"
ICI_KIND = f"{KIND}, no coverage claimed"


def evaluate_predictions(
    y_true: npt.ArrayLike,
    y_prob: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    thresholds: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Evaluate anyone's predicted risks against what happened.

    Parameters
    ----------
    y_true
        1 event, 0 none, missing where unknown (such rows are left out and counted, see below), shape (n,).
    y_prob
        Predicted risk in [0, 1], shape (n,).
    weights
        Weight of each row, 0 or more, shape (n,); by default 1.
    groups
        Patient of each row, shape (n,): give it where patients have several operations, and intervals take them
        together. By default each row is a patient.
    thresholds
        Threshold probabilities in (0, 1) for the net benefit of acting at or above them.

    Returns
    -------
    DataFrame
        The EVALUATION columns of `schemas.tables`, as an external validation of a fixed model. ``n`` counts the rows
        that were used; ``table.attrs["n_unknown"]`` those of unknown outcome, ``table.attrs["n_without_weight"]``
        those of known outcome and weight 0. ``table.attrs["notes"]`` says in words where there are too few events to
        read calibration, or none.

    Raises
    ------
    InputError
        If lengths differ, Series have different indexes, there is no row, or a value is out of its range; rows are
        named, values are not.

    Notes
    -----
    Rows are paired by their position. Below 10 events or non-events the calibration slope and the intercept beside it
    are not assessable. Without any event, or any non-event, the event rate has Wilson's interval.

    Examples
    --------
    >>> table = evaluate_predictions([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.2, 0.6, 0.4, 0.7, 0.8, 0.9, 0.7])
    >>> float(table.set_index("metric").loc["c_statistic", "estimate"])
    0.96
    """
    table = _tabulate(y_true, {MODEL: y_prob}, weights, groups)
    return _finish(_evaluate(table, check_thresholds(thresholds)), table)


def compare_predictions(
    y_true: npt.ArrayLike,
    y_prob: Mapping[str, npt.ArrayLike],
    *,
    reference: str,
    weights: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    thresholds: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Evaluate several models on the same patients, and each against a reference.

    Parameters
    ----------
    y_true, weights, groups, thresholds
        As in `evaluate_predictions`.
    y_prob
        Predicted risks by name of the model, two models at least, shape (n,) each.
    reference
        Name of the model that the others are compared with.

    Returns
    -------
    DataFrame
        The EVALUATION columns of `schemas.tables`. First the rows of every model, as `evaluate_predictions` gives
        them. Then the paired differences of every other model, model minus reference: ``model`` is the rival, and
        ``metric`` is ``<metric>_difference``, such as ``log_loss_difference``.

    Raises
    ------
    InputError
        As `evaluate_predictions` (a missing prediction is out of range), or if the reference is not among the models.

    Notes
    -----
    Fixed models on independent patients: the paired interval of DeLong for the c-statistic, and the standard error of
    the mean difference for losses and the net benefit. Where patients repeat or weights differ, a paired bootstrap of
    patients and cluster-robust standard errors. Differences in the calibration slope and the calibration index are
    described without an interval.

    Examples
    --------
    >>> y = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    >>> risks = {"old": [0.1, 0.2, 0.3, 0.2, 0.6, 0.4, 0.7, 0.8, 0.9, 0.7], "new": [0.1 * k for k in range(10)]}
    >>> table = compare_predictions(y, risks, reference="old")
    >>> round(float(table.set_index("metric").loc["c_statistic_difference", "estimate"]), 2)
    0.04
    """
    if not isinstance(y_prob, Mapping):
        raise InputError("y_prob must be a dict of risks by name of the model; name them, or use evaluate_predictions")
    if reference not in y_prob:
        raise InputError(unknown_name("the reference", reference, [str(name) for name in y_prob]))
    if len(y_prob) < 2:
        raise InputError("y_prob must hold two models or more, got 1; evaluate_predictions evaluates one")
    limits = check_thresholds(thresholds)
    tables = {name: _tabulate(y_true, {name: y_prob[name]}, weights, groups) for name in y_prob}
    found = [_evaluate(table, limits) for table in tables.values()]
    for rival in y_prob:
        if rival != reference:
            pair = {name: y_prob[name] for name in (reference, rival)}
            found.append(_compare(_tabulate(y_true, pair, weights, groups), reference, limits))
    return _finish(pd.concat(found, ignore_index=True), tables[reference])


def bootstrap_predictions(
    y_true: npt.ArrayLike,
    y_prob: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
    thresholds: Sequence[float] | None = None,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Evaluate anyone's predicted risks with intervals from a bootstrap of the patients.

    Parameters
    ----------
    y_true, y_prob, weights, groups, thresholds
        As in `evaluate_predictions`.
    n_resamples
        How often the patients are drawn anew; 1000 or more for an interval to be published.
    seed
        The same seed gives the same numbers, whatever the order of the rows.

    Returns
    -------
    DataFrame
        The EVALUATION columns of `schemas.tables`, for the measures `pipelines.measures.bootstrap.OF_RISKS`: those of
        `evaluate_predictions` but for the average precision and the quantiles of the distance to the curve.

    Raises
    ------
    InputError
        As `evaluate_predictions`, or if `n_resamples` or `seed` is out of its range.

    Notes
    -----
    Whole patients are drawn with replacement, with all of their rows. The limits are the 2.5 and 97.5 percentiles. A
    resample without a value (one class only, or a calibration model without a maximum) is left out and counted in
    ``interval_kind``, never replaced. Every measure has the same resamples. The resampled calibration index refits the
    curve with its knots kept; its percentiles need not hold the estimate, since the index is biased upwards.

    References
    ----------
    Efron B, Tibshirani RJ. An Introduction to the Bootstrap. Chapman & Hall 1993, chapter 13.

    Examples
    --------
    >>> y, p = [0, 1] * 30, [k / 60 for k in range(60)]
    >>> table = bootstrap_predictions(y, p, n_resamples=200, thresholds=[0.2]).set_index("metric")
    >>> table.loc["c_statistic", "interval_kind"]
    'patient bootstrap, percentile'
    """
    _check_whole("n_resamples", n_resamples, LEAST_RESAMPLES, MOST_RESAMPLES)
    _check_whole("seed", seed, 0, 2**32 - 1)
    table = _tabulate(y_true, {MODEL: y_prob}, weights, groups)
    draws = create_draws(seed, *(ANALYSIS_OF_GIVEN[name] for name in ANALYSIS), n_resamples=n_resamples)
    sample = build_sample(
        select_usable(table),
        validation=ANALYSIS_OF_GIVEN["validation"],
        thresholds=check_thresholds(thresholds),
        draws=draws,
    )
    hidden = is_small(sample, SUPPRESS_BELOW)
    frame: dict[str, object] = {
        **ANALYSIS_OF_GIVEN, "model": MODEL, "subgroup": "overall", "level": "all", "threshold_set": "",
        "interval_target": FIXED_MODEL, **describe_counts(sample, hidden=hidden),
    }  # fmt: skip
    # one thread: threads would change the order of sums
    with threadpool_limits(limits=1):
        estimates = _bootstrap(sample, hidden=hidden)
    rows = [frame | {"metric": name, **_describe(found)} for name, found in estimates]
    return _finish(finish_table(rows, EVALUATION), table)


def evaluate_acting(
    y_true: npt.ArrayLike,
    *,
    thresholds: Sequence[float],
    weights: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Evaluate acting on everyone and acting on nobody: what the net benefit of a model has to be above.

    Parameters
    ----------
    y_true, weights, groups, thresholds
        As in `evaluate_predictions`.

    Returns
    -------
    DataFrame
        The EVALUATION columns of `schemas.tables`: the net benefit of the models `TREAT_ALL` and `TREAT_NONE`.

    Raises
    ------
    InputError
        As `evaluate_predictions`.

    Notes
    -----
    With event rate r and odds o = t / (1 - t) of the threshold: ``r - (1 - r) o`` for everyone, 0 for nobody.

    Examples
    --------
    >>> found = evaluate_acting([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], thresholds=[0.2])
    >>> [(row.model, round(row.estimate, 3)) for row in found.itertuples()]
    [('treat_all', 0.375), ('treat_none', 0.0)]
    """
    limits, size = check_thresholds(thresholds), np.size(np.asarray(y_true))
    risks = {TREAT_ALL: np.ones(size), TREAT_NONE: np.zeros(size)}
    found = _evaluate(_tabulate(y_true, risks, weights, groups), limits)
    return found[found["metric"] == "net_benefit"].reset_index(drop=True)


def check_thresholds(thresholds: Sequence[float] | None) -> tuple[float, ...]:
    """Return threshold probabilities in order, each once.

    Raises
    ------
    InputError
        If one is no number above 0 and below 1.
    """
    try:
        values = () if thresholds is None else tuple(sorted({float(value) for value in thresholds}))
    except (TypeError, ValueError):
        raise InputError("thresholds must be a list of numbers, such as [0.1, 0.2]") from None
    wrong = [value for value in values if not 0 < value < 1]
    if wrong:
        shown = ", ".join(f"{value:g}" for value in wrong)
        remedies = {
            "drop the ends": any(value in (0, 1) for value in wrong),
            "divide percentages by 100": any(1 < value < PERCENT for value in wrong),
        }
        so = ", and ".join(text for text, needed in remedies.items() if needed) or "choose others"
        raise InputError(f"thresholds must be probabilities above 0 and below 1, got {shown}; {so}")
    return values


def _evaluate(table: pd.DataFrame, thresholds: tuple[float, ...]) -> pd.DataFrame:
    return evaluate_fold_predictions(
        table, thresholds={ANALYSIS_OF_GIVEN["outcome"]: thresholds}, threshold_sets={}, subgroups=(), seed=0,
        suppress_below=SUPPRESS_BELOW,
    )  # fmt: skip


def _compare(table: pd.DataFrame, reference: str, thresholds: tuple[float, ...]) -> pd.DataFrame:
    found = compare_fold_predictions(
        table, reference=reference, thresholds={ANALYSIS_OF_GIVEN["outcome"]: thresholds}, threshold_sets={}, seed=0,
        suppress_below=SUPPRESS_BELOW,
    )  # fmt: skip
    found = found.assign(subgroup="overall", level="all", metric=found["metric"] + DIFFERENCE)
    return found[list(EVALUATION)]


def _bootstrap(sample: Sample, *, hidden: bool) -> list[tuple[str, Estimate]]:
    """Return the estimates by name of the measure, one for each threshold where it has thresholds."""
    measures = [name for name in OF_RISKS if sample.thresholds or name not in BY_THRESHOLD]
    if hidden or sample.n == 0:
        blank = SUPPRESSED if hidden else NOT_ASSESSABLE
        return [(name, replace(blank, threshold_probability=t)) for name in measures for t in _steps(name, sample)]
    few = [rests_on_few(sample, threshold, SUPPRESS_BELOW) for threshold in sample.thresholds]
    drawn = resample_measures(sample, measures, sample.draws.patient_counts(sample.n_patients))
    observed = observe_measures(sample, measures)
    found = []
    for name in measures:
        for k, threshold in enumerate(_steps(name, sample)):
            estimate = (
                SUPPRESSED
                if name in BY_THRESHOLD and few[k]
                else _summarise(name, float(observed[name][k]), drawn[name][:, k])
            )
            found.append((name, replace(estimate, threshold_probability=threshold)))
    return found


def _steps(name: str, sample: Sample) -> tuple[float, ...]:
    return sample.thresholds if name in BY_THRESHOLD else (math.nan,)


def _summarise(name: str, value: float, draws: FloatArray) -> Estimate:
    if not math.isfinite(value):
        return NOT_ASSESSABLE
    found = compute_percentile(value, draws, kind=ICI_KIND if name == "ici" else KIND)
    if found.lower < found.upper:
        return found
    if found.lower == found.upper:
        return Estimate(estimate=value, interval_kind=explain_absence("all resamples give the same value"))
    failed = int((~np.isfinite(draws)).sum())
    return replace(found, interval_kind=explain_absence(f"{failed} of {draws.size} resamples have no value"))


def _describe(estimate: Estimate) -> dict[str, object]:
    names = ("threshold_probability", "estimate", "lower", "upper", "interval_kind", "status")
    return {name: getattr(estimate, name) for name in names}


def _finish(found: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Withhold what few events cannot bear, and note it, beside the rows that were left out."""
    unknown = table["y_true"].isna()
    # hidden counts are none here: the status says enough
    n, events = (int(found[name].fillna(0).iloc[0]) for name in ("n", "events"))
    if n and min(events, n - events) < LEAST_FOR_CALIBRATION:
        few = found["metric"].isin(OF_SLOPE) & (found["status"] == "ok")
        why = explain_absence(f"fewer than {LEAST_FOR_CALIBRATION} events or non-events")
        found.loc[few, ["estimate", "lower", "upper"]] = math.nan
        found.loc[few, ["status", "interval_kind"]] = [NOT_ASSESSABLE.status, why]
    if n and events in (0, n):
        rate = _estimate_certain(table)
        at = found["metric"] == "event_rate"
        found.loc[at, ["estimate", "lower", "upper"]] = [rate.estimate, rate.lower, rate.upper]
        found.loc[at, ["status", "interval_kind"]] = [rate.status, rate.interval_kind]
    found.attrs = {
        "n_unknown": int(unknown.sum()),
        "n_without_weight": int((~unknown & (table["weight"] == 0)).sum()),
        "notes": tuple(_list_notes(n, events)) if n else (),
    }
    return found


def _estimate_certain(table: pd.DataFrame) -> Estimate:
    """Estimate the event rate where all outcomes are alike: nobody differs from another, yet others may."""
    used = select_usable(table)
    weights, patient = used["weight"].to_numpy(), pd.factorize(used["patient"])[0]
    n = count_effective_patients(np.ones(len(used), dtype=np.bool_), weights, patient)
    return compute_wilson(float(used["y_true"].iloc[0]), n, kind="Wilson, by the number of patients")


def _list_notes(n: int, events: int) -> Iterator[str]:
    for count, name in ((events, "events"), (n - events, "non-events")):
        if count == 0:
            yield f"no {name}: discrimination and calibration cannot be assessed"
        elif count < LEAST_FOR_CALIBRATION:
            yield f"fewer than {LEAST_FOR_CALIBRATION} {name}: read no calibration from these"
        elif count < LEAST_FOR_SLOPE:
            yield f"fewer than {LEAST_FOR_SLOPE} {name}: do not read the calibration slope from these"


def _tabulate(
    y_true: npt.ArrayLike,
    y_prob: Mapping[str, npt.ArrayLike],
    weights: npt.ArrayLike | None,
    groups: npt.ArrayLike | None,
) -> pd.DataFrame:
    """Check what was given, and return it as a predictions table."""
    _check_indexes({"y_true": y_true, **_name_risks(y_prob), "weights": weights, "groups": groups})
    y = _read_numbers("y_true", y_true, None)
    named = dict(zip(y_prob, _name_risks(y_prob), strict=True))
    risks = {name: _read_numbers(named[name], p, y.size) for name, p in y_prob.items()}
    w = np.ones_like(y) if weights is None else _read_numbers("weights", weights, y.size)
    _refuse("y_true", "0, 1 or missing", ~(np.isnan(y) | (y == 0) | (y == 1)))
    if not y.size:
        raise InputError("y_true must have a row for every operation, got none; look at what was selected")
    for name, p in risks.items():
        _refuse(named[name], "a probability in [0, 1]", ~((p >= 0) & (p <= 1)))
    _refuse("weights", "0 or more and finite", ~((w >= 0) & (w < math.inf)))
    patient = np.arange(y.size) if groups is None else _read_codes(groups, y.size)
    # numbered in the order of the values, so that the order of the rows does not matter
    first = () if groups is None else (patient,)
    order = np.lexsort([w, y, *reversed(risks.values()), *first])
    position = np.arange(y.size)
    known: dict[str, object] = {
        **ANALYSIS_OF_GIVEN, "repeat": 0, "fold": 0, "imputation": 0, "y_pred": math.nan, "scale": "probability",
        "row_id": position, "patient": position if groups is None else patient[order], "y_true": y[order],
        "weight": w[order],
    }  # fmt: skip
    return pd.concat([pd.DataFrame({**known, "model": name, "y_prob": p[order]}) for name, p in risks.items()])


def _name_risks(y_prob: Mapping[str, npt.ArrayLike]) -> dict[str, npt.ArrayLike]:
    return {"y_prob" if name == MODEL else f"y_prob of {name!r}": values for name, values in y_prob.items()}


def _check_indexes(given: Mapping[str, object]) -> None:
    """Refuse Series whose indexes differ: what belongs together there does not stand in the same place."""
    indexes = {name: values.index for name, values in given.items() if isinstance(values, pd.Series)}
    first = next(iter(indexes), "")
    for name, index in indexes.items():
        if not index.equals(indexes[first]):
            raise InputError(
                f"{name} must have the index of {first}, in the same order, got a Series with another one; reindex it, "
                "or give both as arrays (to_numpy) if they are in the same order"
            )


def _read_numbers(name: str, values: npt.ArrayLike, size: int | None) -> npt.NDArray[np.float64]:
    try:
        given = np.asarray(values)
        numbers = pd.to_numeric(pd.Series(given.ravel())).to_numpy(dtype=np.float64, na_value=math.nan)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a one-dimensional list of numbers; convert it first") from None
    if given.ndim != 1:
        raise InputError(f"{name} must be a one-dimensional list of numbers, got {given.ndim} dimensions; give one")
    _check_size(name, numbers.size, size)
    return np.asarray(numbers)


def _read_codes(values: npt.ArrayLike, size: int) -> npt.NDArray[np.int64]:
    names = pd.Series(np.asarray(values).ravel())
    _check_size("groups", names.size, size)
    _refuse("groups", "a patient for every row", names.isna().to_numpy())
    codes, _ = pd.factorize(names.astype(str), sort=True)
    return codes.astype(np.int64)


def _check_size(name: str, size: int, expected: int | None) -> None:
    if expected is not None and size != expected:
        raise InputError(f"{name} must be as long as y_true ({expected}), got {size}; give one value per row")


def _check_whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise InputError(f"{name} must be a whole number from {least} to {most}, got {value!r}; choose one")


def _refuse(name: str, rule: str, wrong: npt.NDArray[np.bool_]) -> None:
    if wrong.any():
        rows = np.flatnonzero(wrong)
        shown = ", ".join(str(row) for row in rows[:20]) + (", ..." if rows.size > 20 else "")
        values = "value" if rows.size == 1 else "values"
        raise InputError(f"{name} must be {rule}, got {rows.size} other {values}; look at positions {shown} (from 0)")
