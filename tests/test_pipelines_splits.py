"""Folds and seeds: patients never split, events spread, names decide seeds."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from pipelines.seeds import child_seed
from pipelines.splits import assign_folds, make_nested_cv
from schemas.errors import InputError
from schemas.study import SplitPlan


def cohort(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.2).astype(float)
    y[rng.random(n) < 0.1] = np.nan
    patient = np.array([f"p{i}" for i in rng.integers(0, n // 2, n)], dtype=object)
    return y, patient


def test_a_patient_is_never_on_both_sides():
    y, patient = cohort()
    for fold in make_nested_cv(y, patient, plan=SplitPlan(outer_folds=5, repeats=2), seed=1, outcome="o"):
        assert not set(patient[fold.train]) & set(patient[fold.test])
        assert len(fold.train) + len(fold.test) == len(y)


def test_each_row_is_held_out_once_per_repeat():
    y, patient = cohort()
    folds = make_nested_cv(y, patient, plan=SplitPlan(outer_folds=4, repeats=3), seed=1, outcome="o")
    for repeat in range(3):
        held = np.concatenate([fold.test for fold in folds if fold.repeat == repeat])
        np.testing.assert_array_equal(np.sort(held), np.arange(len(y)))


def test_repeats_and_outcomes_have_folds_of_their_own():
    y, patient = cohort()
    plan = SplitPlan(outer_folds=4, repeats=2)
    folds = make_nested_cv(y, patient, plan=plan, seed=1, outcome="o")
    other = make_nested_cv(y, patient, plan=plan, seed=1, outcome="p")
    assert folds[0].test.tolist() != folds[4].test.tolist()
    assert folds[0].test.tolist() != other[0].test.tolist()


@pytest.mark.parametrize("repeated", [False, True])
def test_events_are_spread_over_the_folds(repeated: bool):
    y, patient = cohort(1000)
    if not repeated:
        patient = np.arange(len(y)).astype(str).astype(object)
    folds = assign_folds(y, patient, n_folds=5, seed=3)
    rates = [np.nanmean(y[folds == k]) for k in range(5)]
    assert max(rates) - min(rates) < (0.05 if repeated else 0.011)


def test_a_stratum_rarer_than_the_folds_is_no_obstacle():
    y = np.zeros(50)
    y[:3] = 1
    y[3:5] = np.nan
    folds = assign_folds(y, np.arange(50).astype(str).astype(object), n_folds=5, seed=0)
    assert sorted(np.bincount(folds)) == [10] * 5


def test_child_seeds_depend_on_every_part_of_the_name():
    names = [(1, "a", "b"), (1, "ab", ""), (1, "a", "c"), (2, "a", "b"), (1, "a", "b", 0)]
    assert len({child_seed(*name) for name in names}) == len(names)
    assert child_seed(1, "a", 0) == child_seed(1, "a", 0) < 2**31


def assign_by_library(strata: np.ndarray, patient: np.ndarray, *, n_folds: int, seed: int) -> np.ndarray:
    folds = np.empty(len(strata), dtype=np.int64)
    parts = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(strata, strata, patient.astype(str))
    for k, (_, held) in enumerate(parts):
        folds[held] = k
    return folds


@pytest.mark.filterwarnings("ignore:The least populated class")
@pytest.mark.parametrize("case", range(60))
def test_folds_of_repeating_patients_are_those_of_the_library(case: int):
    rng = np.random.default_rng(case)
    n, n_folds, n_strata = int(rng.integers(30, 400)), int(rng.integers(2, 12)), int(rng.integers(1, 7))
    share = rng.uniform(0.1, 0.9)
    strata = np.where(rng.random(n) < share, 0, rng.integers(0, n_strata, n)).astype(float)
    patient = np.array([f"p{i}" for i in rng.integers(0, rng.integers(20, n), n)], dtype=object)
    patient[:2] = "p0"
    values, counts = np.unique(strata, return_counts=True)
    common = np.where(np.isin(strata, values[counts < n_folds]), values[np.argmax(counts)], strata)
    expected = assign_by_library(common, patient, n_folds=n_folds, seed=case)
    np.testing.assert_array_equal(assign_folds(strata, patient, n_folds=n_folds, seed=case), expected)


@pytest.mark.parametrize(("repeated", "digest"), [(False, "3eb8a9bb73858da3"), (True, "6f70e8aaa23cfd34")])
def test_folds_stay_what_they_were(repeated: bool, digest: str):
    y, patient = cohort(1000, seed=5)
    if not repeated:
        patient = np.arange(len(y)).astype(str).astype(object)
    folds = assign_folds(y, patient, n_folds=5, seed=17)
    assert hashlib.sha256(folds.astype("<i8").tobytes()).hexdigest()[:16] == digest


def test_fewer_patients_than_folds_are_refused():
    patient = np.array(["a", "b", "a", "b"], dtype=object)
    with pytest.raises(InputError, match="at least as many patients as folds"):
        assign_folds(np.array([0.0, 1.0, 0.0, 1.0]), patient, n_folds=3, seed=0)
