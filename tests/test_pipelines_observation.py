"""Who stands for whom: weights fitted on training rows, and how those of unknown outcome differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from unknown_worlds import BY_SEVERITY, HORIZON, HorizonWorld, make_cohort, take

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcome
from pipelines.follow_up.censoring import LEAST_PROBABILITY, fit_censoring
from pipelines.follow_up.observation import Answered, CensoredByPredictors, Unweighted, fit_observation
from pipelines.follow_up.respondents import compare_respondents
from pipelines.preprocess import Preprocessor, fit_preprocessor
from schemas.column import Column
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import RESPONSE

Floats = npt.NDArray[np.float64]


def learn(cohort: Cohort, rows: Any = None) -> tuple[Any, Preprocessor]:
    rows = np.arange(len(cohort.y)) if rows is None else rows
    preprocessor = fit_preprocessor(cohort.X.iloc[rows], cohort.columns, n_knots=3)
    return fit_observation(cohort, rows, preprocessor), preprocessor


def answer(shares: dict[tuple[float, float], float], each: int = 400) -> Cohort:
    """Return patients by (severity, smoker), of whom the first share has a known outcome."""
    rows = [(*group, 1.0 if i < share * each else np.nan) for group, share in shares.items() for i in range(each)]
    severity, smoker, y = (np.array(values) for values in zip(*rows, strict=True))
    return make_cohort(pd.DataFrame({"severity": severity, "smoker": smoker}), y, truth=np.zeros(len(y)))


def test_each_patient_stands_for_those_like_him() -> None:
    cohort = answer({(-1.0, 0.0): 0.9, (-1.0, 1.0): 0.45, (1.0, 0.0): 0.9, (1.0, 1.0): 0.45})
    observation, _ = learn(cohort)
    assert isinstance(observation, Answered)
    weights = observation.weigh(cohort, np.arange(1600))
    smoker, known = cohort.X["smoker"].to_numpy() == 1, np.isfinite(cohort.y)
    assert (weights[~known] == 0).all()
    # one in nine tenths, and in 45 hundredths, but for the small penalty
    np.testing.assert_allclose(weights[known & ~smoker], 1 / 0.9, rtol=0.01)
    np.testing.assert_allclose(weights[known & smoker], 1 / 0.45, rtol=0.01)
    assert weights.sum() == pytest.approx(1600, rel=0.005)


def test_who_is_settled_stands_for_himself_and_for_nobody_else() -> None:
    # of each group of 400, 40 are reoperated: failures without an answer; of the other 360 these shares answer
    shares = {(-1.0, 0.0): 0.9, (-1.0, 1.0): 0.45, (1.0, 0.0): 0.9, (1.0, 1.0): 0.45}
    others, reoperated = answer(shares, each=360), answer(dict.fromkeys(shares, 1.0), each=40)
    cohort = make_cohort(
        pd.concat([others.X, reoperated.X], ignore_index=True),
        np.append(others.y, np.zeros(160)),
        truth=np.zeros(1600),
        settled=np.arange(1600) >= 1440,
    )
    observation, _ = learn(cohort)
    weights = observation.weigh(cohort, np.arange(1600))
    smoker, answered = cohort.X["smoker"].to_numpy() == 1, np.isfinite(cohort.y) & ~cohort.settled
    np.testing.assert_array_equal(weights[1440:], 1)
    np.testing.assert_allclose(weights[answered & ~smoker], 1 / 0.9, rtol=0.01)
    np.testing.assert_allclose(weights[answered & smoker], 1 / 0.45, rtol=0.01)
    # the failures are one in ten, as they are among everybody
    assert np.average(np.nan_to_num(cohort.y), weights=weights) == pytest.approx(0.9, abs=0.002)


def test_who_is_known_only_because_of_an_event_has_no_weight_and_is_stood_for() -> None:
    cohort = answer({(-1.0, 0.0): 0.9, (1.0, 1.0): 0.9})
    answered = np.isfinite(cohort.y) & (np.arange(800) % 3 > 0)
    observation, _ = learn(replace(cohort, answered=answered))
    weights = observation.weigh(replace(cohort, answered=answered), np.arange(800))
    assert (weights[~answered] == 0).all()
    np.testing.assert_allclose(weights[answered], 1 / 0.6, rtol=0.01)
    table = compare_respondents(replace(cohort, answered=answered), dataset="d", suppress_below=5)
    assert (table["n_known"] == answered.sum()).all()


def test_where_nobody_answers_the_settled_are_left_as_they_are() -> None:
    settled = np.arange(60) < 20
    y = np.where(settled, 0.0, np.nan)
    cohort = make_cohort(
        pd.DataFrame({"severity": np.arange(60.0), "smoker": settled * 1.0}), y, truth=y, settled=settled
    )
    observation, _ = learn(cohort)
    np.testing.assert_array_equal(observation.weigh(cohort, np.arange(60)), settled * 1.0)


def test_weights_are_truncated() -> None:
    cohort = answer({(-1.0, 0.0): 1.0, (-1.0, 1.0): 0.03, (1.0, 0.0): 1.0, (1.0, 1.0): 0.03})
    observation, _ = learn(cohort)
    weights = observation.weigh(cohort, np.arange(1600))
    assert weights.max() == 1 / LEAST_PROBABILITY
    # a level in which everyone is known does no harm
    assert 1 <= weights[weights > 0].min() < 1.05


def test_where_every_outcome_is_known_nobody_is_weighted() -> None:
    cohort = answer({(-1.0, 0.0): 1.0, (1.0, 1.0): 1.0})
    observation, _ = learn(cohort)
    assert isinstance(observation, Unweighted)
    np.testing.assert_array_equal(observation.weigh(cohort, np.arange(800)), np.ones(800))


@pytest.mark.parametrize("censoring", ["kaplan_meier", "by_predictors"])
@pytest.mark.parametrize("timed", [False, True])
def test_held_out_rows_move_no_weight(censoring: str, *, timed: bool) -> None:
    world = BY_SEVERITY.draw(500, np.random.default_rng(1))
    cohort = replace(world, censoring=censoring)
    if not timed:
        cohort = replace(cohort, outcome=replace(cohort.outcome, follow_up=None))
    train = np.arange(300)
    other = BY_SEVERITY.draw(500, np.random.default_rng(2))
    mixed = {"X": pd.concat([cohort.X[:300], other.X[300:] * 3]), "y": np.append(cohort.y[:300], other.y[300:])}
    assert cohort.time_days is not None
    assert cohort.cause is not None
    assert other.time_days is not None
    scrambled = replace(cohort, **mixed, time_days=np.append(cohort.time_days[:300], other.time_days[300:] / 2))
    np.testing.assert_array_equal(
        learn(cohort, train)[0].weigh(cohort, train), learn(scrambled, train)[0].weigh(scrambled, train)
    )


@pytest.mark.parametrize("censoring", ["kaplan_meier", "by_predictors"])
def test_a_patient_has_the_same_weight_alone_and_among_others(censoring: str) -> None:
    cohort = replace(BY_SEVERITY.draw(300, np.random.default_rng(3)), censoring=censoring)
    observation, _ = learn(cohort)
    together = observation.weigh(cohort, np.arange(300))
    alone = [observation.weigh(cohort, np.array([i]))[0] for i in range(20)]
    np.testing.assert_array_equal(together[:20], alone)


def test_censoring_by_predictors_is_that_of_each_group() -> None:
    cohort = replace(BY_SEVERITY.draw(20_000, np.random.default_rng(4)), censoring="by_predictors")
    observation, _ = learn(cohort)
    assert isinstance(observation, CensoredByPredictors)
    weights = observation.weigh(cohort, np.arange(20_000))
    assert cohort.time_days is not None
    assert cohort.cause is not None
    _, _, loss = BY_SEVERITY.hazards(cohort.X["severity"].to_numpy(), cohort.X["smoker"].to_numpy())
    known = np.isfinite(cohort.y)
    truth = np.exp(loss * np.minimum(cohort.time_days, HORIZON))[known]
    off = np.abs(np.log(weights[known] / truth))
    assert off.max() < 0.15
    assert off.mean() < 0.02
    # Kaplan-Meier of everyone gives those who are lost more often too little
    model = fit_censoring(cohort.time_days, cohort.cause > 0)
    all_alike = model.weights(cohort.y, cohort.time_days, horizon_days=HORIZON)[known]
    assert np.abs(np.log(all_alike / truth)).mean() > 0.15


def test_without_losses_nothing_is_modelled() -> None:
    world = replace(HorizonWorld().draw(200, np.random.default_rng(5)), censoring="by_predictors")
    assert world.time_days is not None
    complete = replace(
        world, cause=np.ones(200, dtype=np.int64), y=(world.time_days <= HORIZON).astype(np.float64)
    )  # fmt: skip
    observation, _ = learn(complete)
    np.testing.assert_array_equal(observation.weigh(complete, np.arange(200)), np.ones(200))


def test_the_study_says_how_censoring_is_modelled() -> None:
    text = 'title = "t"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["reherniation_24m"]\npredictors = ["age"]\n'
    registry = simulate_registry("lumbar", n=200, seed=1)
    for line, expected in (("", "kaplan_meier"), ('censoring = "by_predictors"\n', "by_predictors")):
        study = parse_study(text + line, folder=Path())
        outcome = build_outcome("reherniation_24m", study, registry.definition, registry.columns)
        assert build_cohort(registry, outcome, study).censoring == expected


def test_respondents_by_hand() -> None:
    # severity 0 or 2 in the known, 2 or 4 in the unknown; smokers 1 in 4 against 3 in 4
    known = pd.DataFrame({"severity": np.tile([0.0, 2.0], 40), "smoker": np.tile([1.0, 0.0, 0.0, 0.0], 20)})
    unknown = pd.DataFrame({"severity": np.tile([2.0, 4.0], 20), "smoker": np.tile([0.0, 1.0, 1.0, 1.0], 10)})
    y = np.append(np.ones(80), np.full(40, np.nan))
    cohort = make_cohort(pd.concat([known, unknown], ignore_index=True), y, truth=np.zeros(120))
    table = compare_respondents(cohort, dataset="d", suppress_below=5)
    assert list(table.columns) == list(RESPONSE)
    severity, smoker = (table.iloc[i] for i in range(2))
    sd = np.sqrt((80 / 79 + 40 / 39) / 2)
    assert severity[["known", "unknown"]].tolist() == [1.0, 3.0]
    assert severity["difference"] == pytest.approx(-2 / sd)
    half = 1.959964 * np.sqrt(120 / 3200 + severity["difference"] ** 2 / 240)
    assert severity["upper"] - severity["difference"] == pytest.approx(half, rel=1e-6)
    assert smoker[["level", "known", "unknown"]].tolist() == ["1", 25.0, 75.0]
    assert smoker["difference"] == pytest.approx(-0.5 / np.sqrt(3 / 16))
    assert table[["n_known", "n_unknown"]].to_numpy().tolist() == [[80, 40], [80, 40]]


def test_respondents_who_are_few_are_not_shown() -> None:
    X = pd.DataFrame({"severity": np.arange(60.0), "smoker": np.zeros(60)})
    y = np.append(np.ones(56), np.full(4, np.nan))
    few = compare_respondents(make_cohort(X, y, truth=y), dataset="d", suppress_below=5)
    assert (few["status"] == "suppressed").all()
    assert few[["n_known", "n_unknown", "known", "unknown", "difference"]].isna().all(axis=None)

    rare = X.assign(smoker=np.append(np.ones(3), np.zeros(57)))
    y = np.append(np.ones(30), np.full(30, np.nan))
    table = compare_respondents(make_cohort(rare, y, truth=y), dataset="d", suppress_below=5).set_index("predictor")
    assert table["status"].to_dict() == {"severity": "ok", "smoker": "suppressed"}
    # the sizes are those of the groups, whatever is missing in a predictor: no small number is their difference
    holed = rare.assign(severity=np.where(np.arange(60) < 2, np.nan, np.arange(60.0)))
    table = compare_respondents(make_cohort(holed, y, truth=y), dataset="d", suppress_below=5)
    assert (table["n_known"] == 30).all()


def test_a_level_that_the_table_of_characteristics_hides_has_no_percentage() -> None:
    column = Column(name="band", kind="category", known_at="preop", text="Band.", levels=("a", "b", "c"))
    y = np.concatenate([np.tile([0.0, 1.0], 40), np.ones(6), np.full(40, np.nan)])
    band = pd.Series(["a"] * 50 + ["b"] * 30 + ["c"] * 6 + ["a", "b"] * 20, dtype="str")
    cohort = make_cohort(pd.DataFrame({"severity": np.arange(126.0), "smoker": np.zeros(126)}), y, truth=y)
    made = replace(cohort, X=pd.DataFrame({"band": band}), columns={"band": column})
    table = compare_respondents(made, dataset="d", suppress_below=5).set_index("level")
    assert table["status"].to_dict() == {"a": "ok", "b": "suppressed", "c": "suppressed"}
    assert table.loc[["b", "c"], ["known", "unknown", "difference"]].isna().all(axis=None)


def test_nobody_is_compared_where_all_is_known() -> None:
    cohort = make_cohort(pd.DataFrame({"severity": np.zeros(9), "smoker": np.zeros(9)}), np.ones(9), truth=np.ones(9))
    assert compare_respondents(cohort, dataset="d", suppress_below=5).empty


def test_blocks_of_a_cohort_are_cohorts() -> None:
    cohort = HorizonWorld().draw(50, np.random.default_rng(6))
    part = take(cohort, np.array([3, 1]))
    assert part.row_id.tolist() == ["3", "1"]
    assert len(part.X) == 2
