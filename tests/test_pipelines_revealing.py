"""No table counts a few patients by the difference between two models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from outcomes.cohort import build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.result import StudyResult
from pipelines.run import run_study
from schemas.definition import parse_definition
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import CURVES, SHARE

PLAN = """
title = "a comparator that lacks some"
definition = "lumbar"
seed = 3
outcomes = ["any_complication_30d"]
predictors = ["age", "sex", "asa_class"]
models = []
comparators = ["own_score"]
subgroups = ["sex"]
non_response = "complete_cases"
[split]
outer_folds = 2
inner_folds = 2
[bootstrap]
resamples = 0
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""
COMPARATOR = """
[comparators.own_score]
title = "A score of the file"
outcome = "any_complication_30d"
plus = ["nrs_back_0"]
"""
FEW = 5
OUTCOME = "any_complication_30d"


def run(lacking: int) -> StudyResult:
    """Run a study beside a score that `lacking` of the patients of known outcome have no value of."""
    registry = simulate_registry("lumbar", n=400, seed=9)
    alone = parse_study(PLAN.replace('"own_score"', ""), folder=Path())
    cohort = build_cohort(registry, build_outcomes(alone, registry.definition)[OUTCOME], alone)
    score = registry.frame["age"].fillna(60.0).to_numpy(dtype=np.float64).copy()
    score[registry.frame["row_id"].isin(cohort.row_id[cohort.counted][:lacking])] = np.nan
    definition = parse_definition(registry.definition.text + COMPARATOR, name="with a score")
    frame = registry.frame.assign(nrs_back_0=score)
    return run_study(parse_study(PLAN, folder=Path()), replace(registry, frame=frame, definition=definition))


@pytest.fixture(scope="module", params=[(2, "suppressed"), (150, "ok")], ids=["few", "many"])
def case(request: pytest.FixtureRequest) -> tuple[StudyResult, str]:
    lacking, status = request.param
    return run(lacking), status


@pytest.fixture
def result(case: tuple[StudyResult, str]) -> StudyResult:
    return case[0]


def test_models_at_one_place_differ_by_none_or_by_many(result: StudyResult) -> None:
    tables = {name: getattr(result, name) for name in SHARE} | {name: result.curves[name] for name in CURVES}
    for name, table in tables.items():
        # of the explanations ``n`` counts the explained rows of one model's cell
        if name in ("contributions", "explanations") or not {"model", "n"} <= set(table.columns):
            continue
        place = [key for key in ("outcome", "dataset", "validation", "subgroup", "level", "site") if key in table]
        for _, rows in table.dropna(subset=["n"]).groupby(place):
            counts = np.unique(rows["n"].astype(float))
            gaps = np.abs(counts[:, None] - counts[None, :])
            assert not ((gaps > 0) & (gaps < FEW)).any(), name


def test_a_score_is_shown_where_many_lack_it_and_not_where_few_do(case: tuple[StudyResult, str]) -> None:
    result, status = case
    frame = result.evaluation
    rows = frame[
        (frame["model"] == "own_score") & (frame["metric"] == "c_statistic") & (frame["subgroup"] == "overall")
    ]
    assert list(rows[rows["validation"] == "internal"]["status"]) == [status]


def test_hidden_rows_hold_no_number(result: StudyResult) -> None:
    hidden = result.evaluation[result.evaluation["status"] == "suppressed"]
    assert hidden[["estimate", "lower", "upper"]].isna().all(axis=None)
    assert isinstance(hidden, pd.DataFrame)
