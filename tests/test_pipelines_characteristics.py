"""The table of characteristics: figures by hand, and no small count that could be found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.assemble import assemble_flow
from pipelines.characteristics import compare_characteristics, describe_characteristics
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import SHIFT

STUDY = parse_study(
    'title = "a"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["any_complication_30d"]\n'
    'predictors = ["age", "diabetes", "smoking"]\n',
    folder=Path(),
)


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    registry = simulate_registry("lumbar", n=400, seed=9)
    return build_cohort(registry, build_outcomes(STUDY, registry.definition)["any_complication_30d"], STUDY)


def cell(table: pd.DataFrame, **where: str) -> pd.Series:
    for name, value in where.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def with_smoking(cohort: Cohort, events: dict[str, int], rest: dict[str, int]) -> Cohort:
    """Return a cohort whose smoking levels have the given counts among events and the others."""
    values = [level for counts in (events, rest) for level, count in counts.items() for _ in range(count)]
    y = np.array([1.0] * sum(events.values()) + [0.0] * sum(rest.values()))
    X = pd.concat([cohort.X] * 2, ignore_index=True).head(len(y)).assign(smoking=pd.array(values, dtype="str"))
    return replace(cohort, X=X, y=y, answered=None, settled=None)


def test_numbers_are_described_by_hand_formulas(cohort: Cohort):
    table = describe_characteristics(cohort, dataset="development", suppress_below=5)
    known = cohort.X["age"][cohort.y == 0].dropna()
    own = {"predictor": "age", "group": "no_event"}
    assert cell(table, **own, statistic="mean")["value"] == round(known.mean(), 1)
    assert cell(table, **own, statistic="sd")["value"] == round(known.std(), 1)
    assert cell(table, **own, statistic="q3")["value"] == round(known.quantile(0.75), 1)
    assert cell(table, **own, statistic="mean")["n"] == (cohort.y == 0).sum()


def test_percent_is_of_those_recorded(cohort: Cohort):
    table = describe_characteristics(cohort, dataset="development", suppress_below=5)
    known = cohort.X["diabetes"][np.isfinite(cohort.y)].dropna()
    got = cell(table, predictor="diabetes", group="all", level="1", statistic="percent")["value"]
    assert got == pytest.approx(100 * known.mean())


def test_a_small_count_is_hidden_in_both_groups_and_over_all_with_a_second_level(cohort: Cohort):
    made = with_smoking(cohort, {"never": 50, "former": 20, "current": 3}, {"never": 200, "former": 90, "current": 40})
    table = describe_characteristics(made, dataset="development", suppress_below=5)
    smoking = table[(table["predictor"] == "smoking") & (table["statistic"] == "count")]
    hidden = smoking[smoking["status"] == "suppressed"]
    assert set(zip(hidden["group"], hidden["level"], strict=True)) == {
        (group, level) for group in ("all", "event", "no_event") for level in ("current", "former")
    }  # fmt: skip
    assert hidden["value"].isna().all()
    percent = table[(table["predictor"] == "smoking") & (table["statistic"] == "percent")]
    assert (percent["status"].to_numpy() == smoking["status"].to_numpy()).all()


def test_a_level_in_which_nobody_had_the_event_is_hidden_over_all_too(cohort: Cohort):
    made = with_smoking(cohort, {"never": 30, "former": 20, "current": 0}, {"never": 40, "former": 30, "current": 25})
    table = describe_characteristics(made, dataset="development", suppress_below=5)
    smoking = table[(table["predictor"] == "smoking") & (table["statistic"] == "count")]
    hidden = smoking[smoking["status"] == "suppressed"]
    assert set(hidden["group"]) == {"all", "event", "no_event"}
    assert set(hidden["level"]) == {"current", "former"}, "with one level alone the total would give it away"
    assert hidden["value"].isna().all()


def test_of_a_variable_that_is_hidden_whole_by_outcome_the_levels_are_shown_over_all(cohort: Cohort):
    made = with_smoking(cohort, {"never": 50, "former": 2, "current": 0}, {"never": 200, "former": 90, "current": 0})
    assert show(made, "count") == {"never": 250, "former": 92, "current": 0}


def test_a_level_that_is_small_over_all_is_hidden_there_too(cohort: Cohort):
    made = with_smoking(cohort, {"never": 50, "former": 20, "current": 1}, {"never": 200, "former": 90, "current": 2})
    table = describe_characteristics(made, dataset="development", suppress_below=5)
    whole = cell(table, predictor="smoking", group="all", level="current", statistic="count")
    assert whole["status"] == "suppressed"


def test_small_exclusions_are_hidden_in_pairs(cohort: Cohort):
    steps = [(0, 0, 400), (1, 0, 400), (2, 3, 397), (3, 40, 357), (4, 7, 350), (5, 0, 350)]
    flow = pd.DataFrame(steps, columns=["step", "excluded", "remaining"]).assign(
        outcome="o", reason="r", events=np.nan, status="ok"
    )
    shown = assemble_flow({"development": {"o": replace(cohort, flow=flow)}}, suppress_below=5)
    assert shown.loc[shown["status"] == "suppressed", "step"].tolist() == [2, 4]
    assert shown.loc[[2, 4], "excluded"].isna().all()
    assert shown.loc[3, "excluded"] == 40
    assert shown.loc[[2, 3, 4], "remaining"].isna().all()


def test_a_small_outcome_group_shows_no_figure_at_all(cohort: Cohort):
    y = np.zeros(len(cohort.y))
    y[:3] = 1
    table = describe_characteristics(replace(cohort, y=y), dataset="development", suppress_below=5)
    groups = table[table["group"] != "all"]
    assert groups[["value", "n"]].isna().all(axis=None)
    assert (groups["status"] == "suppressed").all()
    assert table.loc[table["group"] == "all", "n"].notna().all()


def test_a_number_recorded_in_few_patients_shows_no_figure(cohort: Cohort):
    X = cohort.X.copy()
    X["age"] = np.nan
    X.loc[X.index[:3], "age"] = [40.0, 50.0, 60.0]
    table = describe_characteristics(replace(cohort, X=X, y=np.zeros(len(X))), dataset="development", suppress_below=5)
    age = table[(table["predictor"] == "age") & (table["statistic"] != "missing")]
    assert age["value"].isna().all()


def test_few_events_are_hidden_in_the_flow(cohort: Cohort):
    steps = [(0, 0, 400, np.nan), (1, 0, 400, np.nan), (2, 0, 400, 3.0)]
    flow = pd.DataFrame(steps, columns=["step", "excluded", "remaining", "events"]).assign(
        outcome="o", reason="r", status="ok"
    )
    shown = assemble_flow({"development": {"o": replace(cohort, flow=flow)}}, suppress_below=5)
    assert np.isnan(shown["events"].iloc[-1])
    assert shown["status"].iloc[-1] == "suppressed"


def with_levels(cohort: Cohort, counts: dict[str | None, int]) -> Cohort:
    """Return a cohort whose smoking levels (None: missing) have the given counts, every third of them events."""
    values = [level for level, count in counts.items() for _ in range(count)]
    X = pd.concat([cohort.X] * 2, ignore_index=True).head(len(values)).assign(smoking=pd.array(values, dtype="str"))
    return replace(cohort, X=X, y=(np.arange(len(values)) % 3 == 0) * 1.0, answered=None, settled=None)


def show(cohort: Cohort, statistic: str) -> dict[str, float]:
    table = describe_characteristics(cohort, dataset="development", suppress_below=5)
    rows = table[(table["predictor"] == "smoking") & (table["group"] == "all") & (table["statistic"] == statistic)]
    return dict(zip(rows["level"], rows["value"], strict=True))


def test_percentages_of_the_others_do_not_give_a_hidden_level_away(cohort: Cohort):
    made = with_levels(cohort, {"never": 200, "former": 60, "current": 3, None: 16})
    percent = show(made, "percent")
    assert show(made, "missing") == {"": 16}
    assert [level for level, value in percent.items() if np.isnan(value)] == ["former", "current"]
    assert percent["never"] == pytest.approx(100 * 200 / 263)


def test_percentages_do_not_give_a_hidden_number_of_missing_values_away(cohort: Cohort):
    made = with_levels(cohort, {"never": 200, "former": 60, "current": 40, None: 3})
    assert np.isnan(show(made, "missing")[""])
    percent, count = show(made, "percent"), show(made, "count")
    assert np.isnan(percent["current"])
    assert {level: 303 * percent[level] / 100 for level in ("never", "former")} == pytest.approx(
        {level: count[level] for level in ("never", "former")}
    )


def test_other_data_are_compared_with_the_development_by_what_is_published_of_both(cohort: Cohort):
    base = with_levels(cohort, {"never": 200, "former": 60, "current": 40})
    other = with_levels(cohort, {"never": 100, "former": 60, "current": 3})
    parts = [
        describe_characteristics(made, dataset=name, suppress_below=5)
        for name, made in (("development", base), ("later", other))
    ]
    table1 = pd.concat(parts, ignore_index=True)
    table = compare_characteristics(table1, development="development")
    assert table.columns.tolist() == list(SHIFT)
    assert set(table["dataset"]) == {"later"}
    age = cell(table, predictor="age")
    figures = {
        (name, statistic): cell(table1, dataset=name, predictor="age", group="all", statistic=statistic)["value"]
        for name in ("development", "later")
        for statistic in ("mean", "sd")
    }
    pooled = np.sqrt((figures["later", "sd"] ** 2 + figures["development", "sd"] ** 2) / 2)
    gap = figures["later", "mean"] - figures["development", "mean"]
    assert age["difference"] == pytest.approx(gap / pooled)
    assert age["lower"] < age["difference"] < age["upper"]
    assert (age["value"], age["n"], age["n_developed"]) == (figures["later", "mean"], 163, 300)
    never = cell(table, predictor="smoking", level="never")
    p, q = 100 / 163, 200 / 300
    assert never["difference"] == pytest.approx((p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2))
    hidden = table[(table["predictor"] == "smoking") & (table["level"] != "never")]
    assert (hidden["status"] == "suppressed").all()
    assert hidden[["value", "developed", "difference", "n", "n_developed"]].isna().all(axis=None)


def test_a_single_dataset_is_compared_with_nothing(cohort: Cohort):
    table1 = describe_characteristics(cohort, dataset="development", suppress_below=5)
    found = compare_characteristics(table1, development="development")
    assert found.empty
    assert found.columns.tolist() == list(SHIFT)
