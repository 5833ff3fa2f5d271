"""What is known of each group, and a reader who tries to solve the shown numbers for the hidden ones."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from unknown_worlds import make_cohort

from outcomes.cohort import Cohort
from pipelines.ascertainment import describe_ascertainment
from pipelines.intervals import compute_wilson
from pipelines.subgroups import ANY, audit_subgroups
from pipelines.suppression import find_hidden_levels, find_suppressed
from schemas.tables import ASCERTAINMENT

BELOW = 5
Codes = npt.NDArray[np.int64]


def build(levels: dict[str, Any], y: Any, *, missing: float = 0.0, seed: int = 1) -> Cohort:
    """Return a cohort with subgroups; `y` is NaN where the outcome is not known."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(len(y), 4)), columns=list("wxyz"))
    X = X.mask(rng.random(X.shape) < missing)
    cohort = make_cohort(X, np.asarray(y, dtype=float), truth=np.full(len(y), 0.3))
    return replace(cohort, subgroups=pd.DataFrame(levels).astype("str"))


def repeat(**counts: tuple[int, int, int]) -> tuple[dict[str, Any], npt.NDArray[np.float64]]:
    """Return levels and outcomes with the given events, non-events and unknown outcomes by level."""
    y = np.concatenate([np.repeat([1.0, 0.0, math.nan], triple) for triple in counts.values()])
    return {"site": np.repeat(list(counts), [sum(triple) for triple in counts.values()])}, y


def describe(cohort: Cohort) -> pd.DataFrame:
    return describe_ascertainment(cohort, dataset="development", suppress_below=BELOW)


def test_known_outcomes_are_counted_by_level_with_wilsons_interval() -> None:
    table = describe(build(*repeat(a=(20, 60, 20), b=(30, 30, 40))))
    assert tuple(table.columns) == ASCERTAINMENT
    row = table.set_index("level").loc["a"]
    wilson = compute_wilson(0.8, 100, kind="Wilson")
    assert (row["n"], row["n_known"], row["percent_known"]) == (100, 80, 80.0)
    assert (row["lower"], row["upper"]) == pytest.approx((100 * wilson.lower, 100 * wilson.upper))
    assert (row["status"], row["outcome"], row["dataset"]) == ("ok", "outcome", "development")


def test_missing_predictor_values_are_a_share_of_all_values_of_the_level() -> None:
    levels, y = repeat(a=(20, 60, 20), b=(30, 30, 40))
    cohort = build(levels, y, missing=0.2)
    inside = levels["site"] == "a"
    expected = 100 * cohort.X[inside].isna().to_numpy().mean()
    found = describe(cohort).set_index("level")["percent_predictors_missing"]
    assert found["a"] == pytest.approx(expected, abs=0.05)


def test_a_small_number_of_missing_values_is_left_out_with_another_one() -> None:
    levels, y = repeat(a=(20, 60, 20), b=(30, 30, 40), c=(30, 60, 40))
    cohort = build(levels, y)
    X = cohort.X.copy()
    X.iloc[0, 0] = math.nan  # one value in a
    X.iloc[110:120, 1] = math.nan  # ten in b
    X.iloc[210:250, 1] = math.nan  # forty in c
    table = describe(replace(cohort, X=X)).set_index("level")
    assert table["percent_predictors_missing"].isna().to_dict() == {"a": True, "b": True, "c": False}
    assert set(table["status"]) == {"ok"}


@pytest.mark.parametrize("small", [(3, 60, 20), (60, 3, 20), (40, 60, 3), (1, 1, 1)])
def test_a_level_with_a_small_count_of_any_kind_is_hidden_with_another(small: tuple[int, int, int]) -> None:
    table = describe(build(*repeat(a=small, b=(30, 30, 40), c=(50, 50, 50)))).set_index("level")
    assert table["status"].to_dict() == {"a": "suppressed", "b": "suppressed", "c": "ok"}
    assert table.loc[["a", "b"]].drop(columns=["outcome", "dataset", "subgroup", "status"]).isna().all(axis=None)


def test_what_an_evaluation_hides_is_hidden_here_too() -> None:
    # of the known a is small and b, the smallest beside it, its complement; of all patients c would be
    levels, y = repeat(a=(2, 30, 60), b=(20, 20, 200), c=(40, 60, 0), d=(80, 80, 10))
    hidden = describe(build(levels, y)).set_index("level")["status"] == "suppressed"
    assert hidden["a"]
    assert hidden["b"]


def test_a_study_without_subgroups_has_no_rows() -> None:
    cohort = build(*repeat(a=(10, 10, 10)))
    assert describe(replace(cohort, subgroups=cohort.subgroups[[]])).empty


# --- suppression of several attributes


def test_a_hidden_site_is_not_found_through_its_region() -> None:
    site = np.repeat(["a", "b", "c", "d"], [3, 20, 50, 60]).astype(object)
    region = np.repeat(["north", "south", "north", "south"], [3, 20, 50, 60]).astype(object)
    everyone = [np.ones(133, dtype=np.bool_)]
    settings: dict[str, Any] = {"patient": np.arange(133), "suppress_below": BELOW}
    alone = find_hidden_levels({"site": site}, everyone, **settings)
    both = find_hidden_levels({"site": site, "region": region}, everyone, **settings)
    assert alone == {"site": {"a", "b"}}
    assert both == {"site": {"a", "b"}, "region": {"north", "south"}}


def test_attributes_that_have_nothing_to_do_with_each_other_hide_nothing_more() -> None:
    rng = np.random.default_rng(1)
    levels = {
        "sex": rng.choice(["female", "male"], 500).astype(object),
        "site": rng.choice(["a", "b", "c", "d"], 500, p=[0.006, 0.1, 0.4, 0.494]).astype(object),
    }
    found = find_hidden_levels(
        levels, [np.ones(500, dtype=np.bool_)], patient=np.arange(500), suppress_below=BELOW
    )  # fmt: skip
    assert found == {"sex": frozenset(), "site": {"a", "b"}}


def test_operations_of_few_patients_are_small() -> None:
    levels = {"site": np.repeat(["a", "b", "c"], [12, 40, 40]).astype(object)}
    patient = np.concatenate([np.arange(12) // 4, np.arange(12, 92)])
    found = find_hidden_levels(levels, [np.ones(92, dtype=np.bool_)], patient=patient, suppress_below=BELOW)
    assert found["site"] == {"a", "b"}


def test_levels_hidden_elsewhere_stay_hidden_and_get_a_complement() -> None:
    counts = np.array([[30], [40], [50]])
    assert find_suppressed(counts, BELOW, hidden=np.array([False, False, True])).tolist() == [True, False, True]


# --- a reader who solves


class Reader:
    """Knows every shown count of all tables, the totals, and which combinations of levels occur."""

    def __init__(self, levels: dict[str, Any], kind: Codes) -> None:
        self.names = list(levels)
        table = pd.DataFrame(levels).assign(kind=kind)
        cells = table.groupby([*self.names], sort=True).size().reset_index()
        self.cells = pd.concat([cells.assign(kind=k) for k in range(3)], ignore_index=True)
        keys = [*self.names, "kind"]
        found = self.cells.merge(table.groupby(keys).size().rename("count").reset_index(), on=keys, how="left")
        self.counts = found["count"].fillna(0).to_numpy(dtype=float)
        self.rows: list[npt.NDArray[np.float64]] = []

    def sum_of(self, name: str | None, level: str, kinds: tuple[int, ...]) -> npt.NDArray[np.float64]:
        inside = self.cells["kind"].isin(kinds)
        if name is not None:
            inside &= self.cells[name] == level
        return inside.to_numpy(dtype=float)

    def learn(self, name: str | None, level: str, kinds: tuple[int, ...], shown: float) -> None:
        row = self.sum_of(name, level, kinds)
        assert row @ self.counts == shown  # what is shown is true
        self.rows.append(row)

    def bound(self, wanted: npt.NDArray[np.float64]) -> tuple[int, int]:
        shown = np.array(self.rows)
        equal = LinearConstraint(shown, shown @ self.counts, shown @ self.counts)
        ends = []
        for sign in (1, -1):
            found = milp(sign * wanted, constraints=equal, integrality=np.ones(len(wanted)), bounds=Bounds(0, np.inf))
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


EVENT, OTHER, UNKNOWN = 0, 1, 2
TOTALS = ((EVENT,), (OTHER,), (UNKNOWN,))
SOUGHT = ((EVENT,), (OTHER,), (UNKNOWN,), (EVENT, OTHER), (EVENT, OTHER, UNKNOWN))


def invent(seed: int) -> tuple[dict[str, Any], Codes]:
    """Invent patients whose attributes are partly made of one another: sites, regions, a flag of one site, sex."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 260))
    shares = rng.dirichlet(np.full(5, 0.7))
    site = rng.choice(list("abcde"), n, p=shares)
    region = np.where(np.isin(site, rng.choice(list("abcde"), 2, replace=False)), "north", "south")
    merged = np.where(np.isin(site, ["a", "b"]), "ab", site)
    sex = rng.choice(["female", "male", "unknown"], n, p=[0.5, 0.48, 0.02])
    kind = rng.choice([EVENT, OTHER, UNKNOWN], n, p=[0.2, 0.6, 0.2]).astype(np.int64)
    names = {"site": site, "region": region, "merged": merged, "sex": sex}
    chosen = ["site", *rng.choice(["region", "merged", "sex"], int(rng.integers(1, 4)), replace=False)]
    return {str(name): names[name].astype(object) for name in chosen}, kind


@pytest.mark.parametrize("seed", range(40))
def test_no_small_hidden_count_can_be_solved_for(seed: int) -> None:
    levels, kind = invent(seed)
    y = np.choose(kind, [1.0, 0.0, math.nan])
    ascertained = describe(build(levels, y))
    known = kind != UNKNOWN
    gaps = audit_subgroups(make_table(levels, y)[known], subgroups=tuple(levels), margin=0.2, seed=1)
    reader = Reader(levels, kind)
    for total in TOTALS:  # of the flow
        reader.learn(None, "", total, float((kind == total[0]).sum()))
    for row in gaps[gaps["level"] != ANY].dropna(subset=["n"]).itertuples():
        reader.learn(row.subgroup, row.level, (EVENT, OTHER), row.n)
        reader.learn(row.subgroup, row.level, (EVENT,), row.events)
    for row in ascertained.dropna(subset=["n"]).itertuples():
        reader.learn(row.subgroup, row.level, (EVENT, OTHER, UNKNOWN), row.n)
        reader.learn(row.subgroup, row.level, (EVENT, OTHER), row.n_known)
    for name, values in levels.items():
        for level, kinds in product(sorted(set(values)), SOUGHT):
            wanted = reader.sum_of(name, level, kinds)
            if 0 < wanted @ reader.counts < BELOW and not _is_whole(kind, kinds):
                least, most = reader.bound(wanted)
                assert most > least
                assert most >= BELOW


def _is_whole(kind: Codes, kinds: tuple[int, ...]) -> bool:
    """Whether there are so few in all that the total, which the flow hides, would be small itself."""
    return 0 < int(np.isin(kind, kinds).sum()) < BELOW


def make_table(levels: dict[str, Any], y: npt.NDArray[np.float64]) -> pd.DataFrame:
    n = len(y)
    return pd.DataFrame(
        {
            "row_id": np.arange(n), "patient": np.arange(n), "outcome": "outcome", "model": "lr",
            "dataset": "development", "validation": "internal", "repeat": 0, "fold": np.arange(n) % 2,
            "imputation": 0, "y_true": y, "y_prob": np.linspace(0.1, 0.6, n), "y_pred": math.nan,
            "scale": "probability", "weight": 1.0, "n_train": 100, **levels,
        }
    )  # fmt: skip
