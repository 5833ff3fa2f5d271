"""Sites left out in turn: which stand together, what is fitted, what is said of each, and of all of them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import oracle_16
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from outcomes.cohort import Cohort, build_cohort
from outcomes.outcomes import build_outcomes
from pipelines.by_site.site_folds import choose_site_models, list_site_tasks, merge_sites, reason_to_skip_sites
from pipelines.by_site.site_summary import summarise_sites
from pipelines.by_site.sites import list_parts, tabulate_sites
from pipelines.evaluate import evaluate_fold_predictions
from pipelines.fold_tasks import list_skipped_sites, list_tasks
from pipelines.folds import Plan, work_fold
from pipelines.intervals import compute_standard_error
from pipelines.measures.discrimination import compute_c_statistic, compute_delong
from pipelines.measures.placements import linearise_c_statistic
from pipelines.models import find_rival
from pipelines.prepare import prepare_study
from schemas.errors import StudyError
from schemas.registry import read_registry
from schemas.study import MarginPlan, Study, parse_study, read_study
from schemas.synthetic import simulate_registry
from schemas.tables import META, SITES

ROOT = Path(__file__).parents[1]
KNEE = ROOT.parent / "shared" / "data" / "nhs_proms" / "knee_2016-17.csv.zip"
EXPECTED = json.loads((Path(__file__).parent / "oracles" / "16_internal_external.json").read_text(encoding="utf-8"))
TEXT = """
title = "Test"
definition = "lumbar"
seed = 3
outcomes = ["odi_mcid_12m", "odi_12m_score"]
predictors = ["age", "odi_0", "depression"]
models = ["elastic_net", "lightgbm"]
[internal_external]
least_events = 10
[split]
outer_folds = 2
inner_folds = 2
[tuning]
trials = 1
"""


def plan(**changes: str) -> Study:
    text = TEXT
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return parse_study(text, folder=Path())


@pytest.fixture(scope="module")
def cohorts() -> dict[str, Cohort]:
    study = plan()
    registry = simulate_registry("lumbar", n=900, seed=5)
    outcomes = build_outcomes(study, registry.definition, registry.columns)
    return {name: build_cohort(registry, outcome, study) for name, outcome in outcomes.items()}


def place(cohort: Cohort, sites: dict[str, tuple[int, int]], *, patients: list[str] | None = None) -> Cohort:
    """Return the cohort cut to sites with given numbers of events and non-events."""
    site = [name for name, (events, others) in sites.items() for _ in range(events + others)]
    y = [value for events, others in sites.values() for value in [1.0] * events + [0.0] * others]
    n = len(site)
    patient = np.array(patients or [f"p{k}" for k in range(n)], dtype=object)
    return replace(
        cohort, X=cohort.X.iloc[:n], y=np.array(y), row_id=np.arange(n).astype(str).astype(object), patient=patient,
        site=np.array(site, dtype=object), year=cohort.year[:n], subgroups=cohort.subgroups.iloc[:n],
        settled=None, answered=None, basis=cohort.basis.iloc[:n],
    )  # fmt: skip


def predict(sites: dict[str, tuple[int, int]], *, models: tuple[str, ...] = ("reference", "rival"), seed: int = 1):
    """Return predictions of made-up models, one fold per site, in the order of the names."""
    rng = np.random.default_rng(seed)
    tables = []
    for fold, (name, (events, others)) in enumerate(sorted(sites.items())):
        y = np.repeat([1.0, 0.0], [events, others])
        logit = y - 0.5 + rng.normal(0, 1, y.size)
        for model in models:
            own = logit + rng.normal(0, 0.2, y.size) * (model != "reference")
            tables.append(_table(name, fold, y, expit(own), model))
    return pd.concat(tables, ignore_index=True)


def _table(site: str, fold: int, y: np.ndarray, risk: np.ndarray, model: str) -> pd.DataFrame:
    row = [f"{site}-{k}" for k in range(y.size)]
    return pd.DataFrame(
        {
            "row_id": row, "patient": row, "outcome": "event", "model": model, "dataset": "development",
            "validation": "internal-external", "repeat": 0, "fold": fold, "imputation": 0, "y_true": y, "y_prob": risk,
            "y_pred": np.nan, "y_low": np.nan, "y_high": np.nan, "scale": "probability", "weight": 1.0, "n_train": 99,
            "site": site, "year": "",
        }
    )  # fmt: skip


def tabulate(predictions: pd.DataFrame, **changes: object) -> pd.DataFrame:
    settings = {"reference": "reference", "thresholds": {"event": (0.5,)}, "seed": 1, **changes}
    return tabulate_sites(predictions, **settings)  # type: ignore[arg-type]


def pick(table: pd.DataFrame, **values: object) -> pd.Series:
    for name, value in values.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


LEAVES = {
    f"{group}/{leaf}" if "value" not in value else group: (value if "value" in value else value[leaf])
    for group, value in EXPECTED["expected"].items()
    for leaf in value
}


def test_oracle_leaf_by_leaf():
    ours = oracle_16.compute_leaves()
    assert set(ours) == set(LEAVES)
    for path, leaf in LEAVES.items():
        np.testing.assert_allclose(ours[path], leaf["value"], rtol=0, atol=leaf["abs_tol"], err_msg=path)


def test_large_sites_stand_alone_and_small_ones_are_put_together_in_the_order_of_names(cohorts: dict[str, Cohort]):
    sites = {"D": (40, 40), "A": (50, 12), "F": (6, 30), "B": (3, 90), "E": (4, 9), "C": (90, 1)}
    # B and C have ten of both kinds together, and so have E and F
    assert merge_sites(place(cohorts["odi_mcid_12m"], sites), least=10) == (("A",), ("D",), ("B", "C"), ("E", "F"))


def test_what_remains_joins_the_last_group_or_else_the_smallest_site(cohorts: dict[str, Cohort]):
    base = {"D": (40, 40), "A": (50, 12), "B": (3, 90), "C": (90, 1)}
    cohort = cohorts["odi_mcid_12m"]
    assert merge_sites(place(cohort, base | {"F": (4, 9)}), least=10) == (("A",), ("D",), ("B", "C", "F"))
    assert merge_sites(place(cohort, {"D": (40, 40), "A": (50, 12), "C": (4, 9)}), least=10) == (("D",), ("A", "C"))


def test_a_site_without_an_event_is_left_out_with_others_and_named(cohorts: dict[str, Cohort]):
    cohort = place(cohorts["odi_mcid_12m"], {"A": (30, 30), "B": (25, 30), "C": (0, 12)})
    assert merge_sites(cohort, least=10) == (("A",), ("B", "C"))
    (first, second) = list_site_tasks(plan(), "odi_mcid_12m", cohort)
    assert set(cohort.site[second.test]) == {"B", "C"}
    assert set(cohort.site[first.test]) == {"A"}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=9), st.integers(1, 15))
def test_every_site_is_left_out_once_and_no_part_is_too_small(
    cohorts: dict[str, Cohort], counts: list[tuple[int, int]], least: int
):
    sites = {f"S{k}": pair for k, pair in enumerate(counts)}
    cohort = place(cohorts["odi_mcid_12m"], sites)
    parts = merge_sites(cohort, least=least)
    there = {name for name, pair in sites.items() if sum(pair)}
    assert sorted(name for part in parts for name in part) == sorted(there)
    if len(parts) > 1:
        assert all(min(sum(sites[name][kind] for name in part) for kind in (0, 1)) >= least for part in parts)
    shuffled = np.random.default_rng(0).permutation(len(cohort.y))
    other = replace(cohort, y=cohort.y[shuffled], site=cohort.site[shuffled], patient=cohort.patient[shuffled])
    assert merge_sites(other, least=least) == parts


def test_a_patient_of_two_sites_is_never_on_both_sides(cohorts: dict[str, Cohort]):
    patients = [f"p{k}" for k in range(120)]
    patients[70] = patients[5]  # operated in A, then in B
    cohort = place(cohorts["odi_mcid_12m"], {"A": (30, 30), "B": (30, 30)}, patients=patients)
    tasks = list_site_tasks(plan(), "odi_mcid_12m", cohort)
    for task in tasks:
        assert not set(cohort.patient[task.train]) & set(cohort.patient[task.test])
        assert len(task.train) == 59
    assert sorted(np.concatenate([task.test for task in tasks])) == list(range(120))  # each is predicted once


def test_operations_without_a_site_are_predicted_and_never_trained_on(cohorts: dict[str, Cohort]):
    cohort = place(cohorts["odi_mcid_12m"], {"A": (30, 30), "B": (30, 30), "": (20, 20)})
    tasks = list_site_tasks(plan(), "odi_mcid_12m", cohort)
    assert [set(cohort.site[task.test]) for task in tasks] == [{"A"}, {"B"}, {""}]
    assert all("" not in set(cohort.site[task.train]) for task in tasks)


def test_tasks_are_of_the_reference_and_what_the_study_names(cohorts: dict[str, Cohort]):
    task = list_site_tasks(plan(), "odi_mcid_12m", cohorts["odi_mcid_12m"])[0]
    assert task.models == ("spline_logistic", "lightgbm"), "the only learner, which the verdict is about"
    assert (task.validation, task.explained, task.repeat) == ("internal-external", False, 0)
    both = plan(**{"[internal_external]": '[internal_external]\nmodels = ["lightgbm", "elastic_net"]'})
    assert choose_site_models(both) == ("spline_logistic", "lightgbm", "elastic_net")
    with pytest.raises(StudyError, match="a model of internal_external must be a known name, got 'lightgb'"):
        choose_site_models(plan(**{"[internal_external]": '[internal_external]\nmodels = ["lightgb"]'}))
    none = plan(**{"[internal_external]\nleast_events = 10\n": ""})
    assert list_site_tasks(none, "odi_mcid_12m", cohorts["odi_mcid_12m"]) == []
    assert reason_to_skip_sites(none, cohorts["odi_mcid_12m"]) == ""


@pytest.mark.parametrize(
    ("models", "refitted"),
    [
        ('["elastic_net", "random_forest", "xgboost"]', ("random_forest", "xgboost")),
        ('["elastic_net", "spline_elastic_net"]', ("elastic_net",)),
        ("[]", ()),
    ],
)
def test_without_names_it_is_about_what_the_verdict_is_about(models: str, refitted: tuple[str, ...]):
    study = plan(**{'["elastic_net", "lightgbm"]': models})
    assert choose_site_models(study) == ("spline_logistic", *refitted)
    rival = find_rival(study.all_models, study.reference)
    # the models of a site have the same rival, so that the verdict's difference is there by site
    assert find_rival(choose_site_models(study), study.reference) == rival


def test_the_arm_is_there_by_site(cohorts: dict[str, Cohort]):
    study = plan(**{'["elastic_net", "lightgbm"]': '["random_forest", "lightgbm"]'})
    cohort = cohorts["odi_mcid_12m"]
    task = list_site_tasks(study, "odi_mcid_12m", cohort)[0]
    predictions = work_fold(Plan(study=study, cohorts=cohorts), task).predictions
    assert set(predictions["model"]) == {"spline_logistic", "random_forest", "lightgbm", "machine_learning"}


TOO_FEW = "at least two sites, or groups of sites, must have 10 patients with the event and without it"


@pytest.mark.parametrize(
    ("sites", "words"),
    [
        ({"A": (30, 30)}, TOO_FEW),
        ({"A": (30, 30), "B": (4, 30)}, TOO_FEW),
        ({"": (30, 30)}, "no operation has a recorded site (column site)"),
    ],
)
def test_one_site_is_refused(cohorts: dict[str, Cohort], sites: dict[str, tuple[int, int]], words: str):
    cohort = place(cohorts["odi_mcid_12m"], sites)
    assert words in reason_to_skip_sites(plan(), cohort)
    with pytest.raises(StudyError, match=re.escape(words)):
        list_site_tasks(plan(), "odi_mcid_12m", cohort)


def test_data_without_a_site_are_told_of_in_one_sentence():
    table = simulate_registry("lumbar", n=300, seed=5).frame.drop(columns="site")
    registry = replace(simulate_registry("lumbar", n=300, seed=5), frame=table)
    registry = replace(registry, columns={name: one for name, one in registry.columns.items() if name != "site"})
    prepared = prepare_study(plan(), registry, {})
    (told,) = list_skipped_sites(plan(), prepared)
    assert told.startswith("no site is left out in turn, though the study asks for it: the data have no column site;")
    assert not [task for task in list_tasks(plan(), prepared) if task.validation == "internal-external"]


def test_others_with_too_few_events_are_refused(cohorts: dict[str, Cohort]):
    # all of B's patients were operated in A as well: nobody is left to train on
    patients = [f"p{k}" for k in range(60)] * 2
    cohort = place(cohorts["odi_mcid_12m"], {"A": (30, 30), "B": (30, 30)}, patients=patients)
    with pytest.raises(StudyError, match="without any one site the others must have 2 patients"):
        list_site_tasks(plan(), "odi_mcid_12m", cohort)


@pytest.fixture(scope="module")
def fitted(cohorts: dict[str, Cohort]) -> pd.DataFrame:
    study = plan(**{'models = ["elastic_net", "lightgbm"]': 'models = ["elastic_net"]'})
    tables = [
        work_fold(Plan(study=study, cohorts=cohorts), task).predictions
        for name, cohort in cohorts.items()
        for task in list_site_tasks(study, name, cohort)
    ]
    return pd.concat(tables, ignore_index=True)


def test_the_whole_way_from_sites_to_what_they_say_together(fitted: pd.DataFrame, cohorts: dict[str, Cohort]):
    assert set(fitted["validation"]) == {"internal-external"}
    for name, cohort in cohorts.items():
        own = fitted[(fitted["outcome"] == name) & (fitted["model"] == "spline_logistic")]
        assert sorted(own["row_id"]) == sorted(cohort.row_id)  # everyone is predicted once
    table = tabulate_sites(fitted, reference="spline_logistic", thresholds={"odi_mcid_12m": (0.5,)}, seed=3)
    assert tuple(table.columns) == SITES
    meta = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    assert tuple(meta.columns) == META
    assert set(meta["status"]) <= {"ok", "not assessable"}
    risk = meta[meta["outcome"] == "odi_mcid_12m"]
    for metric in ("c_statistic", "calibration_slope", "oe_ratio", "log_loss"):
        row = pick(risk, model="spline_logistic", reference="", metric=metric)
        assert row["prediction_lower"] < row["lower"] < row["estimate"] < row["upper"] < row["prediction_upper"]
    difference = pick(risk, model="elastic_net", reference="spline_logistic", metric="log_loss")
    assert math.isfinite(difference["prediction_lower"])
    assert difference["statement"].startswith("lower by more than 0.5 %")
    score = meta[(meta["outcome"] == "odi_12m_score") & (meta["reference"] == "")]
    assert set(score["metric"]) == {"mae", "mean_difference", "score_slope"}


def test_nothing_hangs_on_the_order_of_rows_or_on_other_models(fitted: pd.DataFrame):
    def make(rows: pd.DataFrame) -> pd.DataFrame:
        table = tabulate_sites(rows, reference="spline_logistic", thresholds={}, seed=3)
        return table[table["model"] == "spline_logistic"].sort_values(["outcome", "site", "metric"], ignore_index=True)

    shuffled = fitted.sample(frac=1, random_state=0)
    alone = fitted[fitted["model"] == "spline_logistic"]
    for other in (shuffled, alone):
        pd.testing.assert_frame_equal(make(fitted), make(other))


def test_overall_numbers_of_the_evaluation_fit_the_sites(fitted: pd.DataFrame):
    own = fitted[fitted["outcome"] == "odi_mcid_12m"]
    overall = evaluate_fold_predictions(own, thresholds={}, threshold_sets={}, subgroups=(), seed=3)
    table = tabulate_sites(own, reference="spline_logistic", thresholds={}, seed=3)
    sites = table[(table["model"] == "spline_logistic") & (table["metric"] == "c_statistic")]
    row = pick(overall, model="spline_logistic", metric="c_statistic")
    assert row["estimate"] == pytest.approx(sites["estimate"].mean())  # the mean of within-site values
    assert row["n"] == sites["n"].sum()
    for metric in ("oe_ratio", "calibration_in_the_large"):  # sites are no stratified folds: these are informative
        assert pick(overall, model="spline_logistic", metric=metric)["status"] == "ok"


def test_a_site_is_measured_as_fixed_predictions_of_its_own(fitted: pd.DataFrame):
    sites = {"A": (40, 60), "B": (30, 50), "C": (25, 30)}
    predictions = predict(sites)
    table = tabulate(predictions)
    own = predictions[(predictions["site"] == "B") & (predictions["model"] == "rival")]
    other = predictions[(predictions["site"] == "B") & (predictions["model"] == "reference")]
    y, scores = own["y_true"].to_numpy(), np.stack([own["y_prob"], other["y_prob"]])
    values, covariance = compute_delong(y, scores)
    row = pick(table, site="B", model="rival", reference="", metric="c_statistic")
    assert row["estimate"] == pytest.approx(values[0])
    assert row["standard_error"] * values[0] * (1 - values[0]) == pytest.approx(math.sqrt(covariance[0, 0]))
    difference = pick(table, site="B", model="rival", reference="reference", metric="c_statistic")
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert difference["estimate"] == pytest.approx(values[0] - values[1])
    assert difference["standard_error"] == pytest.approx(math.sqrt(variance))


def test_weights_and_repeated_patients_of_the_c_statistic():
    rng = np.random.default_rng(0)
    y, score = rng.integers(0, 2, 60).astype(float), rng.normal(size=60)
    weights = rng.integers(1, 4, 60).astype(float)
    zeros = np.zeros(60, dtype=np.int64)
    found = linearise_c_statistic(y, score, weights, zeros)
    assert found.estimate == pytest.approx(compute_c_statistic(y, score, weights))
    assert found.influence.sum() == pytest.approx(0, abs=1e-12)
    # rows that stand twice, as two patients, halve the variance; as one patient they leave it
    twice = np.tile(np.arange(60), 2)
    once = linearise_c_statistic(y, score, np.ones(60), zeros)
    doubled = linearise_c_statistic(y[twice], score[twice], np.ones(120), np.zeros(120, dtype=np.int64))
    alone = compute_standard_error(once.influence, np.arange(60), ddof=0)
    assert compute_standard_error(doubled.influence, twice, ddof=0) == pytest.approx(alone, rel=0.02)
    assert compute_standard_error(doubled.influence, np.arange(120), ddof=0) == pytest.approx(alone / 2**0.5, rel=0.02)
    assert math.isnan(linearise_c_statistic(np.ones(4), score[:4], np.ones(4), zeros[:4]).estimate)


def test_few_events_are_not_assessed_and_small_counts_not_shown():
    sites = {"A": (60, 90), "B": (50, 80), "C": (45, 70), "D": (12, 48), "E": (8, 60), "F": (3, 50)}
    table = tabulate(predict(sites))
    own = table[(table["model"] == "reference") & (table["reference"] == "")]
    hidden = own[own["n"].isna()]
    # with F alone hidden the total would give it away, so that the next smallest is hidden too
    assert set(hidden["site"]) == {"F", "D"}
    assert set(hidden["status"]) == {"suppressed"}
    assert hidden[["events", "estimate", "standard_error", "lower", "upper"]].isna().all().all()
    assert set(own[own["site"] == "E"]["status"]) == {"not assessable"}  # listed, though nothing can be said
    assert pick(own, site="E", metric="log_loss")["n"] == 68


def test_a_site_without_events_is_hidden_with_the_smallest_other():
    sites = {"A": (60, 90), "B": (50, 80), "C": (45, 70), "D": (12, 48), "E": (0, 60)}
    table = tabulate(predict(sites))
    own = table[(table["model"] == "reference") & (table["reference"] == "")]
    assert set(own[own["n"].isna()]["site"]) == {"D", "E"}


def test_the_slope_needs_more_events():
    table = tabulate(predict({"A": (60, 90), "B": (50, 80), "D": (12, 40), "E": (9, 40)}))
    own = table[(table["model"] == "reference") & (table["reference"] == "")]
    assert pick(own, site="D", metric="c_statistic")["status"] == "ok"
    assert pick(own, site="D", metric="calibration_slope")["status"] == "not assessable"
    assert set(own[own["site"] == "E"]["status"]) == {"not assessable"}


@pytest.mark.parametrize(("tiny", "shown"), [((2, 2), False), ((8, 9), True)])
def test_a_group_does_not_give_away_a_site_that_is_counted_elsewhere(tiny: tuple[int, int], shown: bool):
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70), "D": (44, 60), "tiny": tiny})
    # C and D are shown as levels of a subgroup; B, the smaller of what is left, is hidden beside tiny
    predictions["fold"] = predictions["site"].map({"A": 0, "B": 1, "C": 2, "tiny": 2, "D": 3})
    assert not tabulate(predictions)["n"].isna().any()
    closed = tabulate(predictions, sites_shown=True)
    group = closed[closed["site"] == "2 sites together"]
    assert set(group["members"]) == {"C; tiny"}
    assert group["n"].notna().all() == shown


def test_several_groups_are_numbered_and_their_sites_named():
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70), "D": (44, 70), "E": (40, 50)})
    predictions["fold"] = predictions["site"].map({"A": 0, "B": 1, "C": 1, "D": 2, "E": 2})
    parts = list_parts(predictions)
    assert [part.name for part in parts] == ["A", "2 sites together, group 1", "2 sites together, group 2"]
    assert parts[2].sites == ("D", "E")


def test_net_benefit_with_few_on_one_side_is_hidden():
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70)})
    few = (predictions["site"] == "A") & (predictions["model"] == "reference")
    predictions.loc[few, "y_prob"] = np.where(np.arange(150) < 3, 0.9, 0.2)
    table = tabulate(predictions)
    own = table[(table["metric"] == "net_benefit") & (table["model"] == "reference")].set_index("site")["status"]
    assert own["A"] == "suppressed"
    assert (own == "suppressed").sum() == 2  # or the total would give it away
    summary = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    assert pick(summary, metric="net_benefit", model="reference")["status"] == "not assessable"  # one site is left


def test_a_published_score_is_ranked_and_compared_where_it_is_recorded():
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70)})
    score = predictions[predictions["model"] == "rival"].assign(model="score", scale="score", n_train=0)
    score = score.assign(y_pred=score["y_prob"], y_prob=np.nan)
    score.loc[score["row_id"].isin([f"A-{k}" for k in range(0, 150, 3)]), ["weight", "y_pred"]] = (0.0, np.nan)
    without = predictions["row_id"].isin([f"A-{k}" for k in range(1, 150, 3)]) & (predictions["model"] == "reference")
    for shown in (False, True):
        table = tabulate(pd.concat([predictions[~without], score]), sites_shown=shown)
        own = table[table["model"] == "score"]
        assert pick(own, site="A", reference="", metric="c_statistic")["n"] == 100
        assert pick(own, site="A", reference="reference", metric="c_statistic")["n"] == 50
        assert set(own[own["metric"] != "c_statistic"]["status"]) == {"not assessable"}


def test_the_summary_is_of_what_is_shown_and_says_what_a_new_site_may_expect():
    table = tabulate(predict({"A": (60, 90), "B": (50, 80), "C": (45, 70), "D": (30, 30)}))
    meta = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    c = pick(meta, model="reference", reference="", metric="c_statistic")
    assert (c["scale"], c["n_sites"], c["statement"]) == ("logit", 4, "c-statistic above 0.7")
    assert 0 <= c["probability"] <= 1
    assert 0 < c["prediction_lower"] < c["prediction_upper"] < 1
    assert "hardly informative" in c["interval_kind"]
    assert pick(meta, model="reference", reference="", metric="oe_ratio")["scale"] == "log"
    citl = pick(meta, model="reference", reference="", metric="calibration_in_the_large")
    assert citl["statement"] == "calibration in the large from -0.2 to 0.2"
    hidden = table.assign(status=table["status"].where(table["site"] != "D", "suppressed"))
    fewer = summarise_sites(hidden, margin=MarginPlan(), calibration_margin=0.2)
    assert pick(fewer, model="reference", reference="", metric="c_statistic")["n_sites"] == 3


def test_equal_models_differ_by_nothing_and_that_is_no_summary():
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70)}, models=("reference",))
    table = tabulate(pd.concat([predictions, predictions.assign(model="rival")]))
    assert set(table[table["reference"] == "reference"]["estimate"]) == {0.0}
    meta = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    row = pick(meta, reference="reference", metric="log_loss")
    assert row["status"] == "not assessable"
    assert row["interval_kind"] == "no site with a standard error: no summary over sites"


def test_operations_without_a_site_are_no_site_of_the_summary():
    table = tabulate(predict({"A": (60, 90), "B": (50, 80), "C": (45, 70), "": (50, 50)}))
    assert "unknown" in set(table["site"])
    meta = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    assert pick(meta, model="reference", reference="", metric="log_loss")["n_sites"] == 3


def test_perfect_ranking_in_a_site_has_an_interval_and_no_weight():
    predictions = predict({"A": (60, 90), "B": (50, 80), "C": (45, 70)})
    perfect = predictions["site"] == "C"
    predictions.loc[perfect, "y_prob"] = 0.3 + 0.4 * predictions.loc[perfect, "y_true"]
    table = tabulate(predictions)
    row = pick(table, site="C", model="reference", reference="", metric="c_statistic")
    assert row["estimate"] == 1
    assert row["lower"] < 1
    assert math.isnan(row["standard_error"])
    meta = summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2)
    found = pick(meta, model="reference", reference="", metric="c_statistic")
    assert found["n_sites"] == 2
    assert "1 without a standard error left out" in found["interval_kind"]


def test_no_predictions_by_site_give_no_rows():
    internal = predict({"A": (60, 90)}).assign(validation="internal")
    table = tabulate(internal)
    assert table.empty
    assert tuple(table.columns) == SITES
    assert tuple(summarise_sites(table, margin=MarginPlan(), calibration_margin=0.2).columns) == META


@pytest.mark.skipif(not KNEE.exists(), reason=f"the NHS PROMs are not in {KNEE}")
def test_the_providers_of_the_example_make_some_thirty_parts():
    study = read_study(ROOT / "studies" / "nhs_knee_sites.toml")
    registry = read_registry(KNEE, ROOT / "studies" / "definitions" / "nhs_proms_knee.toml")
    ((name, outcome),) = build_outcomes(study, registry.definition, registry.columns).items()
    cohort = build_cohort(registry, outcome, study)
    tasks = list_site_tasks(study, name, cohort)
    assert 20 <= len(tasks) <= 40
    assert {task.models for task in tasks} == {("spline_logistic", "lightgbm")}
    for task in tasks:
        y = cohort.y_counted[task.test]
        assert min((y == 1).sum(), (y == 0).sum()) >= 200
    assert sorted(np.concatenate([task.test for task in tasks])) == list(range(len(cohort.y)))
