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
from pipelines.measures.event_rate import compute_event_rate
from pipelines.sensitivity import tabulate_sensitivity


def test_without_weights_it_is_the_share_with_the_usual_interval_of_its_log_odds():
    y = np.repeat([1.0, 0.0], [30, 90])
    codes = np.arange(120)
    found = compute_event_rate(y, np.ones(120), replicate=np.zeros(120, dtype=np.int64), patient=codes)
    assert found.estimate == pytest.approx(0.25)
    # the variance of the log-odds is 1 / events + 1 / others, here with g / (g - 1) for the patients
    half = norm.ppf(0.975) * np.sqrt((1 / 30 + 1 / 90) * 120 / 119)
    assert logit([found.lower, found.upper]) == pytest.approx(logit(0.25) + np.array([-half, half]))


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
