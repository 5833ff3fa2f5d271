"""The weighted event rate: one number and one interval, wherever it is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from scipy.stats import norm
from unknown_worlds import make_cohort, make_predictions

from outcomes.outcome import Variant
from pipelines.follow_up.unknown_outcomes import shift_unknown_outcomes
from pipelines.intervals import Estimate, FloatArray, IntArray
from pipelines.measures.event_rate import compute_event_rate
from pipelines.sensitivity import tabulate_sensitivity


def rate_of(y: FloatArray, weights: FloatArray, patient: IntArray, repeats: int = 1) -> Estimate:
    return compute_event_rate(
        np.tile(y, repeats), np.tile(weights, repeats), replicate=np.repeat(np.arange(repeats), y.size),
        patient=np.tile(patient, repeats),
    )  # fmt: skip


# Newcombe 1998, table I, method 3; as R's prop.test(events, n, correct = FALSE)
@pytest.mark.parametrize(
    ("events", "n", "lower", "upper"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)]
)
@pytest.mark.parametrize("repeats", [1, 5])
@pytest.mark.parametrize("weight", [1.0, 2.5])
def test_patients_who_weigh_the_same_have_wilsons_interval(
    events: int, n: int, lower: float, upper: float, repeats: int, weight: float
) -> None:
    y = np.repeat([1.0, 0.0], [events, n - events])
    found = rate_of(y, np.full(n, weight), np.arange(n), repeats)
    assert found.interval_kind == "Wilson"
    assert (found.estimate, found.lower, found.upper) == pytest.approx((events / n, lower, upper), abs=5e-5)
    # patients of unknown outcome weigh nothing, and change nothing
    more = rate_of(np.append(y, [0.0, 0.0]), np.append(np.full(n, weight), [0.0, 0.0]), np.arange(n + 2), repeats)
    assert (more.lower, more.upper) == (found.lower, found.upper)


def test_a_patient_whose_operations_went_alike_counts_once() -> None:
    y = np.repeat([1.0, 0.0], [81, 182])
    once, twice = rate_of(y, np.ones(263), np.arange(263)), rate_of(np.repeat(y, 2), np.ones(526), np.arange(526) // 2)
    assert (twice.lower, twice.upper) == pytest.approx((once.lower, once.upper), rel=1e-12)


def test_patients_with_several_operations_have_the_robust_interval_of_the_log_odds() -> None:
    y = np.concatenate([np.repeat([1.0, 0.0], [60, 178]), [1.0, 0.0]])  # of the last patient one went otherwise
    found = rate_of(y, np.ones(240), np.arange(240) // 2)
    sums = (y - y.mean()).reshape(120, 2).sum(axis=1)
    error = np.sqrt(np.sum(sums**2) * 120 / 119) / 240 / (y.mean() * (1 - y.mean()))
    half = norm.ppf(0.975) * error
    assert logit([found.lower, found.upper]) == pytest.approx(logit(y.mean()) + np.array([-half, half]))
    assert found.interval_kind == "Wald, cluster-robust by patient, logit scale"
    uneven = rate_of(np.repeat([1.0, 0.0], [30, 91]), np.ones(121), np.append(np.arange(120), 119))
    assert uneven.interval_kind == "Wald, cluster-robust by patient, logit scale"


def test_unequal_weights_have_the_robust_interval_of_the_log_odds():
    y, weights = np.repeat([1.0, 0.0], [30, 90]), np.where(np.arange(120) % 3, 1.0, 2.0)
    found = rate_of(y, weights, np.arange(120))
    assert found.interval_kind == "Wald, cluster-robust by patient, logit scale"
    rate = np.average(y, weights=weights)
    error = np.sqrt(np.sum((weights * (y - rate)) ** 2) * 120 / 119) / weights.sum() / (rate * (1 - rate))
    half = norm.ppf(0.975) * error
    assert logit([found.lower, found.upper]) == pytest.approx(logit(rate) + np.array([-half, half]))


def test_where_nobody_or_everybody_had_it_nothing_can_be_said():
    zeros = np.zeros(9, dtype=np.int64)
    for y in (np.zeros(9), np.ones(9)):
        found = compute_event_rate(y, np.ones(9), replicate=zeros, patient=np.arange(9))
        assert found.status == "not assessable"


def test_both_tables_tell_the_same():
    rng = np.random.default_rng(4)
    y = np.where(rng.random(300) < 0.8, (rng.random(300) < 0.4) * 1.0, np.nan)
    cohort = make_cohort(pd.DataFrame(index=range(300)), y, truth=np.full(300, 0.4))
    known = np.isfinite(y)
    one, two = (
        make_predictions(cohort, np.arange(300), np.full(300, 0.4), np.where(known, 1 + rng.random(300), 0.0)).assign(
            repeat=repeat, validation="internal", patient=[str(i // 2) for i in range(300)]
        )
        for repeat in (0, 1)
    )
    predictions = pd.concat([one, two], ignore_index=True)
    shifted = shift_unknown_outcomes(predictions, reference="model", deltas=(), suppress_below=5)
    weighted = shifted.query("assumption == 'weighted' and metric == 'event_rate'").iloc[0]
    name = cohort.outcome.name
    variant = Variant(
        base=name, outcome=cohort.outcome, analysis="threshold_set", level="x", text="", reference_only=False
    )
    table = tabulate_sensitivity(
        predictions, predictions, outcomes={name: cohort.outcome}, variants=(variant,), cohorts={name: cohort},
        dataset="development", seed=1, suppress_below=5,
    )  # fmt: skip
    own = table.query("primary and metric == 'event_rate'").iloc[0]
    for column in ("estimate", "lower", "upper"):
        assert own[column] == pytest.approx(weighted[column], rel=1e-12)
    assert (own["n"], own["events"]) == (known.sum(), np.nansum(y))
