"""What a run says to the items of methods and results: its numbers are the tables', its words are plain."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from outcome_builds import make_study
from test_reports_report import FATES, HIDDEN, MODELS, OUTCOMES, REFERENCE, write_run

from outcomes.outcomes import OUTCOMES as ENTRIES
from outcomes.outcomes import build_outcome
from pipelines.models import MODELS as MODEL_TABLE
from pipelines.result import Dataset
from pipelines.run_record import describe_dataset, describe_outcomes
from reports.blocks import Table
from reports.run_facts import DatasetFacts, DevelopedFacts, OutcomeFacts
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.participants import LEGEND
from reports.sections.summary import list_departures
from reports.tripod.approaches import list_designs, word_knots
from reports.tripod.exhibits import show_characteristics, show_coefficients, show_performance
from reports.tripod.item import Found
from reports.tripod.items import ITEMS
from reports.tripod.telling import mid, say, tidy, word_counts, word_value
from schemas.definition import read_definition

MINUS, THIN = "\u2212", "\u202f"
TELLING = tuple(item for item in ITEMS.values() if item.tell is not None)
FAULTS = re.compile(r"  |\.\.|\bnan\b|(?<!\. )\bNone\b|\(\)|,,| ,| ;|:\s*[.;]|, \.")
SHA = "e" * 64


def change(run: RunFolder, *, tables: dict[str, pd.DataFrame] | None = None, **facts: Any) -> RunFolder:
    """Return the run with other facts and tables."""
    return replace(run, facts=run.facts.model_copy(update=facts), tables=run.tables | (tables or {}))


def change_outcome(run: RunFolder, name: str, **facts: Any) -> RunFolder:
    """Return the run with one outcome changed."""
    return change(
        run,
        outcomes=tuple(one.model_copy(update=facts) if one.name == name else one for one in run.facts.outcomes),
    )


def only(run: RunFolder, name: str) -> RunFolder:
    """Return the run with one outcome."""
    return change(run, outcomes=tuple(one for one in run.facts.outcomes if one.name == name))


def evaluation_of(run: RunFolder) -> RunFolder:
    """Return what an evaluation of locked models on the temporal data is."""
    data = tuple(one.model_copy(update={"validation": "external"}) for one in run.facts.data[1:])
    kept = {
        name: frame[frame["dataset"] == "north_2023"] if "dataset" in frame else frame.iloc[:0]
        for name, frame in run.tables.items()
    }
    moved = {
        name: frame.assign(validation="external") if "validation" in frame else frame for name, frame in kept.items()
    }
    developed = DevelopedFacts.model_validate({"title": "The first study", "study_sha256": SHA})
    bundles = [{"outcome": o, "model": m, "sha256": (m[0] * 8) + "0" * 56} for o in OUTCOMES for m, _, _ in MODELS[:5]]
    facts = run.facts.model_validate(
        run.facts.model_dump() | {"kind": "evaluation", "developed": developed, "data": data, "bundles": bundles}
    )
    return replace(run, facts=facts, tables=moved)


def without_rival(run: RunFolder) -> RunFolder:
    """Return a run that has a reference and no other model."""
    tables = {
        name: frame[frame["model"] == REFERENCE] if "model" in frame else frame for name, frame in run.tables.items()
    }
    nothing = {name: run.tables[name].iloc[:0] for name in ("comparison", "verdicts", "procedures")}
    models = tuple(model for model in run.facts.models if model.name == REFERENCE)
    return change(run, models=models, tables=tables | nothing)


def score_of(run: RunFolder) -> RunFolder:
    """Return a run whose first outcome is a follow-up score."""
    values = {"mae": 11.33, "rmse": 14.2, "r_squared": 0.208, "score_slope": 1.08, "interval_coverage": 0.909}
    rows = [
        {"outcome": "odi_improved_12m", "model": model, "dataset": "development", "validation": "internal",
         "subgroup": "overall", "level": "all", "metric": metric, "estimate": value, "lower": value - 0.1,
         "upper": value + 0.1, "interval_kind": "Wald", "interval_target": "the procedure", "n": 1812.0,
         "events": np.nan, "status": "ok", "threshold_probability": np.nan, "threshold_set": ""}
        for model in (REFERENCE, "xgboost")
        for metric, value in values.items()
    ]  # fmt: skip
    rows += [rows[0] | {"metric": "mean_difference", "status": "not informative", "estimate": np.nan}]
    tables = {"evaluation": pd.DataFrame(rows), "comparison": run.tables["comparison"].iloc[:0]}
    scored = change_outcome(only(run, "odi_improved_12m"), "odi_improved_12m", kind="score", events=None)
    return change(scored, tables=tables)


def many_of(run: RunFolder) -> RunFolder:
    """Return a run of more outcomes than can be told at length, one of them derived from a score."""
    first = run.facts.outcomes[0]
    derived = first.model_copy(update={"name": "derived", "title": "Derived of it", "from_score": first.name})
    evaluation = run.tables["evaluation"]
    own = evaluation[evaluation["outcome"] == first.name].assign(outcome="derived")
    return change(
        run, outcomes=(*run.facts.outcomes, derived), tables={"evaluation": pd.concat([evaluation, own])}
    )  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run_folder(write_run(tmp_path_factory.mktemp("manuscript") / "run"))


def tell(run: RunFolder, name: str) -> Found:
    item = ITEMS[name]
    assert item.tell is not None
    return item.tell(run)


def text_of(run: RunFolder, name: str) -> str:
    return " ".join(tell(run, name).paragraphs)


KINDS = {
    "development": lambda run: run,
    "evaluation": evaluation_of,
    "without a rival": without_rival,
    "a score": score_of,
    "many outcomes": many_of,
    "one outcome": lambda run: only(run, "reoperation_24m"),
    "nothing in the tables": lambda run: change(run, tables={name: f.iloc[:0] for name, f in run.tables.items()}),
    "every outcome skipped": lambda run: change(
        run, outcomes=tuple(one.model_copy(update={"status": "skipped"}) for one in run.facts.outcomes)
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("item", [item.name for item in TELLING])
def test_every_paragraph_is_a_whole_sentence(run: RunFolder, kind: str, item: str) -> None:
    found = tell(KINDS[kind](run), item)
    for text in (*found.paragraphs, *([found.reason] if found.reason else [])):
        assert not FAULTS.search(text), text
        assert text.endswith("."), text
        assert text[0].isupper() or not text[0].isalpha(), text
        assert str(int(HIDDEN)) not in text.replace(THIN, ""), text
    if found.status == "filled":
        assert found.paragraphs
        assert found.artefact
        assert not found.reason
    if found.status == "drafted":
        assert found.reason


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_causes_and_of_judgement_are_not_used(run: RunFolder, kind: str) -> None:
    told = " ".join(text for item in TELLING for text in item.tell(KINDS[kind](run)).paragraphs)  # type: ignore[misc]
    assert not re.search(r"\bsignifican|\beffects?\b|\bexcellent\b|\baccuracy\b|\bimpact\b", told, re.IGNORECASE)


def parse_estimates(text: str, measure: str) -> list[tuple[float, ...]]:
    """Return estimate, lower and upper wherever a measure is told with its interval."""
    number = rf"({MINUS}?[\d.]+)"
    pattern = rf"{re.escape(measure)} of {number} \(95 % CI {number} to {number}\)"
    return [tuple(float(part.replace(MINUS, "-")) for part in found) for found in re.findall(pattern, text)]


@pytest.mark.parametrize("kind", ["development", "evaluation", "without a rival"])
@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    ("metric", "words", "digits"),
    [
        ("c_statistic", "c-statistic", 3),
        ("calibration_slope", "calibration slope", 2),
        ("brier_score", "Brier score", 4),
    ],
)
def test_performance_is_that_of_the_tables(
    run: RunFolder, kind: str, outcome: str, metric: str, words: str, digits: int
) -> None:
    told = only(KINDS[kind](run), outcome)
    rows = told.tables["evaluation"]
    own = rows[(rows["outcome"] == outcome) & (rows["metric"] == metric) & (rows["subgroup"] == "overall")]
    shown = {REFERENCE, "xgboost"} if kind == "development" else set(own["model"]) - {"published_score"}
    wanted = own[own["model"].isin(shown)]
    expected = sorted(tuple(round(row[name], digits) for name in ("estimate", "lower", "upper"))
                      for _, row in wanted.iterrows())  # fmt: skip
    parsed = parse_estimates(text_of(told, "23a").replace("scaled Brier", "scaled"), words)
    assert sorted(parsed) == expected
    assert len(parsed) > 0


def test_what_is_not_informative_internally_has_no_number(run: RunFolder) -> None:
    internal = next(text for text in tell(only(run, "odi_improved_12m"), "23a").paragraphs if "In internal" in text)
    assert "is not informative internally" in internal
    assert "ratio of observed to expected events of" not in internal
    external = text_of(only(run, "odi_improved_12m"), "23a")
    assert parse_estimates(external, "ratio of observed to expected events") == [(1.06, 0.97, 1.15)] * 2


def test_differences_and_verdict_are_those_of_the_run(run: RunFolder) -> None:
    text = text_of(run, "23a")
    assert f"for XGBoost, {MINUS}0.0019 (95 % CI {MINUS}0.0041 to 0.0003) in log loss (below 0 is better)" in text
    verdicts = run.tables["verdicts"]
    for words in verdicts.loc[verdicts["role"] == "primary", "text"]:
        assert f"Verdict. {words}" in text
    assert "Described only" not in text


def test_net_benefit_is_told_for_declared_thresholds_only(run: RunFolder) -> None:
    assert "Net benefit" not in text_of(only(run, "odi_improved_12m"), "23a")
    text = text_of(only(run, "reoperation_24m"), "23a")
    assert "0.040 (95 % CI 0.032 to 0.048) at 5 % and 0.020 (95 % CI 0.012 to 0.028) at 10 %" in text


def test_no_rival_is_an_ordinary_study(run: RunFolder) -> None:
    alone = without_rival(run)
    assert "No model was set beside the reference, so nothing was compared." in text_of(alone, "23a")
    assert "rival" not in text_of(alone, "2").casefold()
    assert "Conclusions" not in text_of(alone, "2")
    assert "nothing was compared" in text_of(alone, "12e")


def test_a_score_has_no_events_and_its_own_measures(run: RunFolder) -> None:
    scored = score_of(run)
    text = text_of(scored, "23a")
    assert "(1\u202f812 operations), the reference" in text
    assert "with the event" not in text
    assert parse_estimates(text, "mean absolute error")[0] == (11.33, 11.23, 11.43)
    assert parse_estimates(text, "R²")[0] == (0.208, 0.108, 0.308)
    assert "predicted score with its 90 % interval" in text_of(scored, "15")
    assert "a follow-up score, higher being better" in text_of(scored, "8a")


def test_flow_has_the_counts_of_the_flow_and_hides_what_is_hidden(run: RunFolder) -> None:
    text = text_of(run, "20a")
    for name, (n, events) in OUTCOMES.items():
        title = run.outcome_title(name)
        part = next(words for words in tell(run, "20a").paragraphs if words.startswith(f"{title}: Of 2"))
        assert f"analysed were {n:,} operations, {events:,} with the event".replace(",", THIN, 1).replace(
            f",{events % 1000:03d} with", f"{THIN}{events % 1000:03d} with"
        ) in part.replace(", none", "")
        assert "younger than 18 years at the operation (suppressed)" in part
    assert "Death within 30 days: Of 2\u202f000 rows" in text
    assert "none was analysed, since the outcome was skipped" in text


def test_a_skipped_outcome_is_named_with_its_reason(run: RunFolder) -> None:
    assert "Death within 30 days was planned too but not analysed: fewer events than folds." in text_of(run, "8a")


def test_missing_predictors_are_counted_and_losses_have_reasons(run: RunFolder) -> None:
    text = text_of(only(run, "odi_improved_12m"), "11")
    assert "age (years), 41; BMI (kg/m2), 41; ODI at baseline (percent), 41; symptom duration (months), 41" in text
    assert "all other predictors were complete" in text
    flow = run.tables["flow"]
    unknown = flow[(flow["outcome"] == "odi_improved_12m") & flow["reason"].str.startswith("no follow-up")]
    for count in unknown["excluded"]:
        assert f"between 9 and 15 months after the operation ({count:.0f})" in text
    for words in FATES.values():
        assert words[1:] in text_of(run, "11")


def test_folds_and_seed_are_those_of_the_study(run: RunFolder) -> None:
    assert "5 outer folds, and 5 inner folds" in text_of(run, "12a")
    assert f"The seed was {run.facts.seed}" in text_of(run, "12a")
    repeated = change(run, study=run.facts.study.model_copy(update={"repeats": 4, "outer_folds": 7}))
    assert "7 outer folds, repeated 4 times with other folds, and 5 inner folds" in text_of(repeated, "12a")


@pytest.mark.parametrize("missing", ["chained", "indicators", "native", "multiple"])
def test_handling_of_missing_predictors_is_the_plan_s(run: RunFolder, missing: str) -> None:
    study = run.facts.study.model_copy(update={"missing": missing, "imputations": 12})
    text = text_of(change(run, study=study), "11")
    assert ("drawn 12 times" in text) == (missing == "multiple")
    assert ("given to the boosted trees as gaps" in text) == (missing == "native")
    assert "never saw the outcome" in text


def test_each_approach_has_its_own_paragraph_with_what_was_searched(run: RunFolder) -> None:
    paragraphs = tell(only(run, "odi_improved_12m"), "12c").paragraphs
    for name, title, role in MODELS:
        (own,) = (text for text in paragraphs if text.startswith(title))
        if name in MODEL_TABLE:
            for parameter in MODEL_TABLE[name].space:
                assert f"from {word_value(parameter.low)} to {word_value(parameter.high)}" in own
        assert ("no candidate" in own) == (role == "comparator")
    own = next(text for text in paragraphs if text.startswith("XGBoost"))
    assert "depth of the trees" in own


def test_chosen_settings_are_those_of_the_tuning_table(run: RunFolder) -> None:
    rows = [
        {"outcome": "odi_improved_12m", "model": REFERENCE, "validation": "internal", "repeat": 0.0,

         "fold": float(fold), "imputation": 0.0, "parameter": "penalty", "value": value,
         "choice": "", "inner_loss": 0.6012, "trials": 1.0,
         "late_gain": 0.0}
        for fold, value in ((0, 0.001), (1, 0.25), (2, 0.00001), (-1, 0.0562))
    ]  # fmt: skip
    text = text_of(change(only(run, "odi_improved_12m"), tables={"tuning": pd.DataFrame(rows)}), "12c")
    assert "Chosen for the final model (inner log loss 0.6012): penalty 0.0562 (outer folds 0.00001 to 0.25)." in text


def test_no_imbalance_method_is_said_to_be_used(run: RunFolder) -> None:
    found = tell(run, "13")
    assert found.status == "filled"
    assert found.paragraphs[0].startswith("No method against class imbalance was used")
    assert "stood for patients of unknown outcome" in found.paragraphs[0]
    plain = change(run, outcomes=tuple(one.model_copy(update={"unknown_patients": ""}) for one in run.facts.outcomes))
    assert "stood for" not in text_of(plain, "13")


def test_thresholds_are_told_with_their_action_or_said_to_be_none(run: RunFolder) -> None:
    text = text_of(run, "15")
    assert "the threshold probabilities 5 % and 10 % for this action" in text
    assert "an extra visit at six weeks. Acted on are patients whose predicted probability is at or above 5 %" in text
    assert "No threshold probability was declared" in text_of(only(run, "odi_improved_12m"), "15")


def size_rows() -> pd.DataFrame:
    """Return criteria and inputs as a run has them, one criterion without a number."""
    base = {"outcome": "odi_improved_12m", "dataset": "development", "purpose": "development", "needed": np.nan,
            "needed_events": np.nan, "actual": 1812.0, "actual_events": 1098.0, "met": "", "value": np.nan,
            "status": "ok"}  # fmt: skip
    return pd.DataFrame(
        [
            base | {"criterion": "candidate_parameters", "value": 17.0,
                    "text": "candidate parameters of the reference"},
            base | {"criterion": "event_rate", "text": "event rate", "value": 0.606},
            base | {"criterion": "shrinkage", "text": "expected shrinkage of 0.9", "needed": 2330.0,
                    "needed_events": 1412.0, "met": "False"},
            base | {"criterion": "overall", "text": "overall risk within 0.05", "needed": 367.0, "needed_events": 222.0,
                    "met": "True"},
            base | {"purpose": "precision", "criterion": "c_statistic", "value": 0.0241,
                    "text": "half-width of the interval of the c-statistic"},
        ]
    )  # fmt: skip


def test_sample_size_has_inputs_needs_and_whether_they_are_met(run: RunFolder) -> None:
    text = text_of(change(only(run, "odi_improved_12m"), tables={"sample_size": size_rows()}), "10")
    assert "candidate parameters of the reference 17; event rate 0.606" in text
    assert "There were 1\u202f812 operations, 1\u202f098 with the event." in text
    assert "2\u202f330 operations, 1\u202f412 with the event, for expected shrinkage of 0.9 (not met)" in text
    assert "367 operations, 222 with the event, for overall risk within 0.05 (met)" in text
    assert "about 0.02 for the c-statistic" in text
    hidden = size_rows().assign(status="suppressed", actual_events=HIDDEN)
    assert "fewer than 5 with or without the event" in text_of(
        change(only(run, "odi_improved_12m"), tables={"sample_size": hidden}), "10"
    )


def meta_rows() -> pd.DataFrame:
    """Return a summary over sites of the reference, its rival and their difference."""
    base = {"outcome": "odi_improved_12m", "reference": "", "validation": "internal-external", "status": "ok",
            "threshold_probability": np.nan, "scale": "logit", "n_sites": 7.0, "estimate": 0.701, "lower": 0.65,
            "upper": 0.75, "prediction_lower": 0.58, "prediction_upper": 0.8, "tau": 0.21, "tau_lower": 0.0,
            "tau_upper": 0.6, "i_squared": 30.0, "statement": "", "probability": np.nan, "interval_kind": "REML",
            "metric": "c_statistic"}  # fmt: skip
    return pd.DataFrame(
        [
            base | {"model": REFERENCE},
            base | {"model": REFERENCE, "metric": "calibration_slope", "status": "not assessable"},
            base | {"model": "xgboost", "estimate": 0.694},
            base | {"model": "xgboost", "reference": REFERENCE, "metric": "log_loss", "scale": "identity",
                    "estimate": -0.0021, "lower": -0.0101, "upper": 0.0059},
        ]
    )  # fmt: skip


def test_sites_are_summarised_with_the_interval_for_a_new_one(run: RunFolder) -> None:
    text = text_of(change(only(run, "odi_improved_12m"), tables={"meta": meta_rows()}), "23b")
    assert "c-statistic 0.701 (95 % CI 0.650 to 0.750) over 7 sites, in a new site 0.580 to 0.800, tau 0.210" in text
    assert "calibration slope not assessable" in text
    assert f"Difference of XGBoost from the reference over sites: log loss {MINUS}0.0021" in text


def test_without_sites_left_out_each_site_is_a_group_or_the_item_stays_open(run: RunFolder) -> None:
    assert tell(run, "12d").status == "filled"
    assert "c-statistic" not in text_of(run, "23b")
    frame = run.tables["evaluation"]
    bare = change(run, tables={"evaluation": frame[frame["subgroup"] == "overall"]})
    assert tell(bare, "12d").status == tell(bare, "23b").status == "drafted"
    assert "Sites were not left out in turn, so heterogeneity between sites was not" in text_of(bare, "12d")
    elsewhere = text_of(evaluation_of(bare), "12d")
    assert elsewhere == "Performance was not estimated by site, so heterogeneity between sites was not estimated."


def test_groups_are_told_by_their_conclusion(run: RunFolder) -> None:
    base = {"outcome": "odi_improved_12m", "model": REFERENCE, "dataset": "development", "validation": "internal",
            "against": "rest", "metric": "calibration_in_the_large", "margin": 0.2, "status": "ok"}  # fmt: skip
    rows = [
        base | {"subgroup": "age", "level": "65 and over", "conclusion": "inconclusive"},
        base | {"subgroup": "age", "level": "under 50", "conclusion": "inconclusive"},
        base | {"subgroup": "age", "level": "(any)", "conclusion": "inconclusive"},
        base | {"subgroup": "sex", "level": "male", "conclusion": "equivalent"},
        base | {"subgroup": "site", "level": "A", "conclusion": "outside"},
    ]
    gaps = pd.DataFrame(rows, columns=list(run.tables["gaps"].columns))
    text = text_of(change(only(run, "odi_improved_12m"), tables={"gaps": gaps}), "23a")
    assert "inconclusive, age (under 50, 65 and over); equivalent within the margin, sex (male)." in text
    assert "Predictors of the models are age (years) and sex" in text
    assert "outside the margin" not in text


ELSEWHERE = ("9a", "12a", "12b", "12c", "15", "22")


@pytest.mark.parametrize("item", ELSEWHERE)
def test_what_is_about_development_does_not_apply_to_an_evaluation(run: RunFolder, item: str) -> None:
    found = tell(evaluation_of(run), item)
    assert found.status == "not_applicable"
    assert "the models were developed in the study \u201cThe first study\u201d" in found.reason


def test_an_evaluation_names_its_bundles_and_fits_nothing(run: RunFolder) -> None:
    evaluation = evaluation_of(run)
    text = text_of(evaluation, "12g")
    assert "Nothing was fitted, chosen or recalibrated on the evaluation data." in text
    for bundle in evaluation.facts.bundles:
        assert bundle.sha256 in text
    assert "No model was updated" in text_of(evaluation, "12f")
    assert tell(evaluation, "24").status == "not_applicable"
    assert "imputation that each locked model carries" in text_of(evaluation, "11")
    assert "Verdict" not in text_of(evaluation, "23a")
    assert SHA in text_of(evaluation, "5a")


def test_a_development_without_other_data_has_nothing_to_say_of_them(run: RunFolder) -> None:
    alone = change(run, data=run.facts.data[:1])
    assert {tell(alone, name).status for name in ("12f", "12g", "16", "20c")} == {"not_applicable"}


def test_dates_and_places_are_never_filled_by_the_run(run: RunFolder) -> None:
    for name in ("5a", "5b", "6a", "6b", "6c", "7", "8a", "9b", "10", "14"):
        assert tell(run, name).status == "drafted", name
    assert "keeps no dates" in tell(run, "5b").reason


def test_coefficients_are_rounded_to_four_figures_and_knots_survive_the_reading(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    rows = [
        ("", "intercept", "", "", 1.42516210, "risk = 1 / (1 + exp(-sum)), the sum of this and of every coefficient"),
        ("age", "value", "", "31.0; 49.0; 79.4", -0.01048841348, "x = age"),
        ("age", "spline 1", "", "31.0; 49.0; 79.4", 0.000012345678, "(pos(x - t1)^3) / (t3 - t1)^2"),
        ("sex", "reference level", "female", "", 0.0, "0"),
        ("sex", "level", "male", "", 123.456, "1 if of this level, else 0"),
    ]
    names = ("predictor", "term", "level", "knots", "coefficient", "formula")
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows]).assign(
        outcome="odi_improved_12m", model=REFERENCE, imputation=0, unit=""
    )
    frame.to_csv(folder / "share" / "coefficients.csv", index=False)
    run = read_run_folder(folder)
    (table,) = (one for one in show_coefficients(run) if isinstance(one, Table))
    assert [row[2].text for row in table.rows] == ["1.425", f"{MINUS}0.01049", "0.00001235", "0 (reference)", "123.5"]
    assert table.rows[1][1].detail == "knots 31, 49, 79.4"
    assert "Spline 1 is (pos(x - t1)^3) / (t3 - t1)^2." in table.notes[0]
    assert "the sum of the intercept and of every coefficient" in text_of(run, "22")
    assert "age (years) 31, 49 and 79.4" in text_of(only(run, "odi_improved_12m"), "12b")


def test_the_performance_table_has_the_numbers_of_the_run(run: RunFolder) -> None:
    tables = [one for one in show_performance(only(run, "odi_improved_12m")) if isinstance(one, Table)]
    table = next(one for one in tables if one.name == "performance-odi-improved-12m-internal-development")
    assert "O:E" not in table.columns
    assert "1\u202f812 operations, 1\u202f098 with the event" in table.caption
    by_title = {row[0].text: row for row in table.rows}
    assert [row[0].detail for row in table.rows[:4]] == ["reference", "", "", "rival"]
    assert by_title["XGBoost"][1].text == "0.716"
    assert by_title["XGBoost"][-1].text == "0.004"
    assert by_title["Published point score"][2].text == "not assessable"


def test_a_long_study_points_to_where_the_rest_stands(run: RunFolder) -> None:
    told = many_of(run)
    assert "share/coefficients.csv" in text_of(told, "12b")
    assert "share/tuning.csv" in text_of(told, "12c")
    assert "Derived of it" in text_of(told, "23a")
    assert "From the predicted score these probabilities were derived" in text_of(told, "8a")


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_titles_of_outcomes_keep_their_names_inside_a_sentence(name: str) -> None:
    title = ENTRIES[name].title
    assert mid(title)[1:] == title[1:]
    first = title.split()[0]
    keeps = any(sign.isupper() or sign.isdigit() for sign in first[1:])
    assert (mid(title)[0] == title[0]) is keeps


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("A  b",), "A b."), (("A.", "", "B"), "A. B."), (("Half of it, 50%",), "Half of it, 50 %."),
        (("Ends..",), "Ends."), (("One\n two",), "One two."),
    ],
)  # fmt: skip
def test_a_sentence_ends_once(parts: tuple[str, ...], text: str) -> None:
    assert say(*parts) == text


def test_hidden_counts_are_words(run: RunFolder) -> None:
    outcome = run.facts.outcomes[0]
    assert word_counts(run, outcome, 602.0, None) == "602 operations, fewer than 5 with or without the event"
    assert "fewer than 5 operations" in word_counts(run, outcome, None, 3.0)
    score = OutcomeFacts.model_validate(outcome.model_dump() | {"kind": "score", "unit": "patient"})
    assert word_counts(run, score, 40.0, None) == "40 patients"


def test_names_of_columns_become_words(run: RunFolder) -> None:
    assert tidy(run, "odi_12m not recorded (scoap15_2_2)") == "ODI at 12 months not recorded (scoap15_2_2)"
    assert word_knots("20.939999999999998; 25.1; 28.3") == "20.94, 25.1 and 28.3"


def test_facts_of_the_run_are_what_the_file_says(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    run = read_run_folder(folder)
    text = text_of(run, "5a")
    for data in facts["data"]:
        assert data["fingerprint"][:12] in text
        assert f"{data['n_read']:,}".replace(",", THIN) in text
    assert f"{len(facts['study']['predictors'])} candidate predictors" in text_of(run, "9a")


def test_data_without_patients_keep_nobody_together(run: RunFolder) -> None:
    nameless = change(run, data=tuple(one.model_copy(update={"patients_known": False}) for one in run.facts.data[:1]))
    for item in ("12a", "12d"):
        assert "ll operations of a patient were" in text_of(run, item)
        assert "ll operations of a patient were" not in text_of(nameless, item)
    said = "The data hold no patient number: each row was taken as a patient, and two operations of one"
    assert said in text_of(nameless, "12a")
    assert "no patient number" not in text_of(nameless, "12d")
    assert "No patient number" not in text_of(run, "26")
    assert "No patient number is in the development data" in text_of(nameless, "26")


def test_outside_data_without_patients_say_nothing_of_folds(run: RunFolder) -> None:
    first, second = run.facts.data
    mixed = change(run, data=(first, second.model_copy(update={"patients_known": False})))
    assert "ll operations of a patient were in the same fold" in text_of(mixed, "12a")
    (text,) = (one for one in tell(mixed, "26").paragraphs if "No patient number" in one)
    assert "north_2023" in text
    assert "folds" not in text


def shift_rows(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Return differences to the development by level, with the half-width of their intervals."""
    return pd.DataFrame(
        [
            {"outcome": "odi_improved_12m", "dataset": "north_2023", "predictor": "smoking", "level": level,
             "value": 40.0, "developed": 30.0, "difference": difference, "lower": difference - width,
             "upper": difference + width, "n": 600.0, "n_developed": 1800.0, "status": "ok"}
            for level, difference, width in rows
        ]
    )  # fmt: skip


def test_differences_without_an_interval_are_not_told(run: RunFolder) -> None:
    rows = shift_rows(("never", 0.9, np.nan), ("former", 0.05, 0.04))
    text = text_of(change(run, tables={"shift": rows}), "20c")
    assert "standardised difference 0.05, 95 % CI 0.01 to 0.09" in text
    assert "0.90" not in text
    assert "CI )" not in text
    none = text_of(change(run, tables={"shift": shift_rows(("never", 0.9, np.nan))}), "20c")
    assert "differed most" not in none


def test_weights_of_an_evaluation_are_of_its_own_data() -> None:
    definition = read_definition("lumbar")
    study = make_study(outcomes=("odi_mcid_12m", "odi_12m_score"), non_response="weight")
    outcomes = {name: build_outcome(name, study, definition) for name in study.outcomes}
    for weighted in ("in these data", "in each training fold"):
        told = describe_outcomes(
            outcomes, study=study, definition=definition, counts={}, skipped={}, weighted=weighted
        )  # fmt: skip
        assert {str(one["unknown_patients"]).endswith(f"predictors {weighted}") for one in told} == {True}


@pytest.mark.parametrize("columns", [{"patient": ["a", "b"]}, {}])
def test_a_run_records_whether_its_data_name_patients(columns: dict[str, list[str]]) -> None:
    registry = SimpleNamespace(
        columns={**columns, "age": []}, source="a.csv", fingerprint=SHA, n_read=2, frame=[1, 2], quarantine=[],
        synthetic=False, tables=pd.DataFrame(), faults=pd.DataFrame(columns=["column", "rule", "count"]),
    )  # fmt: skip
    dataset = cast("Dataset", SimpleNamespace(name="development", validation=None, registry=registry))
    told = describe_dataset(dataset)
    assert told["patients_known"] is bool(columns)
    assert DatasetFacts.model_validate(told).patients_known is bool(columns)
    del told["patients_known"]
    assert DatasetFacts.model_validate(told).patients_known


@pytest.mark.parametrize(("columns", "frame", "count"), [
    ({"site": []}, pd.DataFrame({"site": ["S1", "S2", "S1", None]}), 2), ({}, pd.DataFrame({"age": [50.0]}), None),
])  # fmt: skip
def test_a_run_records_how_many_sites_its_data_name(
    columns: dict[str, list[str]], frame: pd.DataFrame, count: int | None
) -> None:
    registry = SimpleNamespace(
        columns=columns, source="a.csv", fingerprint=SHA, n_read=4, frame=frame, quarantine=[], synthetic=False,
        tables=pd.DataFrame(), faults=pd.DataFrame(columns=["column", "rule", "count"]),
    )  # fmt: skip
    told = describe_dataset(cast("Dataset", SimpleNamespace(name="development", validation=None, registry=registry)))
    assert told["n_sites"] == count
    assert DatasetFacts.model_validate(json.loads(json.dumps(told))).n_sites == count


def with_sites(run: RunFolder, *counts: int | None) -> RunFolder:
    """Return the run with these numbers of sites in its data."""
    data = [one.model_copy(update={"n_sites": n}) for one, n in zip(run.facts.data, counts, strict=True)]
    return change(run, data=tuple(data))


def test_the_number_of_sites_and_what_they_were_used_for_is_told(run: RunFolder) -> None:
    nothing = {"ascertainment": run.tables["ascertainment"].iloc[:0], "sites": run.tables["sites"].iloc[:0]}
    frame = run.tables["evaluation"]
    nothing["evaluation"] = frame[frame["subgroup"] != "site"]
    unused = text_of(change(with_sites(run, 243, None), tables=nothing), "6a")
    assert "The development data came from 243 sites." in unused
    assert (
        "From how many sites the data for temporal validation (north_2023) came is not recorded in the run." in unused
    )
    assert "Sites were not used in the analysis" in unused
    assert "not used" not in text_of(change(with_sites(run, 1, None), tables=nothing), "6a")
    grouped = text_of(with_sites(run, 3, 2), "6a")
    assert "came from 3 sites." in grouped
    assert "came from 2 sites." in grouped
    assert "Sites were looked at one by one, as groups of patients." in grouped


def site_parts(outcome: str, parts: dict[str, int]) -> pd.DataFrame:
    frame = pd.DataFrame({"site": list(parts), "merged": [float(n) for n in parts.values()]})
    return frame.assign(outcome=outcome, reference="", model=REFERENCE, metric="c_statistic", status="ok")


def test_sites_left_out_are_counted_alone_and_in_groups(run: RunFolder) -> None:
    first, second = (outcome for outcome in run.outcomes[:2])
    alone = site_parts(first.name, {"A": 1, "B": 1, "C": 1, "unknown": 1})
    grouped = site_parts(second.name, {"A": 1, "2 sites together, group 1": 2, "3 sites together, group 2": 3})
    both = change(run, tables={"sites": pd.concat([alone, grouped])})
    assert (
        f"For {mid(first.title)}, 3 sites were left out one by one; for {mid(second.title)}, 1 site was left out "
        "alone, and 5 with too few events in 2 groups."
    ) in text_of(both, "12d").replace(THIN, " ")
    assert "left out of the development in turn" in text_of(both, "6a")
    same = change(run, tables={"sites": pd.concat([alone, alone.assign(outcome=second.name)])})
    assert f"For {mid(first.title)} and {mid(second.title)}, 3 sites were left" in text_of(same, "12d")
    small = site_parts(first.name, {"2 sites together, group 1": 2, "3 sites together, group 2": 3})
    lone = change(only(run, first.name), tables={"sites": small})
    assert "5 sites with too few events in 2 groups were left out." in text_of(lone, "12d")


def test_of_two_intervals_it_is_said_which_decides(run: RunFolder) -> None:
    text = text_of(only(run, "odi_improved_12m"), "23a")
    assert "come from resampling patients and speak of the models as they were fitted. They describe only." in text
    assert "describe only" not in text_of(evaluation_of(run), "23a")
    tables = [block for block in show_performance(run) if isinstance(block, Table)]
    notes = {table.name: " ".join(table.notes) for table in tables if table.name.startswith("performance-")}
    inside = next(text for name, text in notes.items() if name.endswith("internal") or "development" in name)
    assert "paired intervals from resampling patients" in inside
    assert "Nadeau and Bengio" in inside


def test_the_power_of_a_verdict_is_not_told_without_its_reservations(run: RunFolder) -> None:
    frame = run.tables["verdicts"].copy()
    frame["text"] = "Undecided: too little. A study like this one would have called a true gain of 0.0033 better."
    text = text_of(change(run, tables={"verdicts": frame}), "23a")
    assert "Verdict. Undecided: too little." in text
    assert "A study like this one" not in text


@pytest.mark.parametrize(("value", "shown"), [(0.00334, "0.003"), (0.0324, "0.03"), (0.00041, "0.0004"), (0.2, "0.20")])
def test_a_half_width_is_never_printed_as_nothing(run: RunFolder, value: float, shown: str) -> None:
    rows = size_rows()
    row = rows.iloc[[0]].assign(
        purpose="precision", criterion="event_rate", text="half-width of the interval of the event rate", met="",
        value=value, status="ok",
    )  # fmt: skip
    one = change(run, tables={"sample_size": pd.concat([rows, row], ignore_index=True)})
    assert f"{shown} for the event rate" in text_of(one, "10")


def test_a_level_that_nobody_had_has_no_coefficient(run: RunFolder) -> None:
    outcome = only(run, "odi_improved_12m")
    rows = pd.DataFrame(
        [
            {"outcome": "odi_improved_12m", "model": REFERENCE, "imputation": 0.0, "predictor": "smoking",
             "term": "level", "level": level, "unit": "", "knots": "", "coefficient": 0.0, "formula": ""}
            for level in ("former", "current")
        ]
        + [
            {"outcome": "odi_improved_12m", "model": REFERENCE, "imputation": 0.0, "predictor": "age",
             "term": "value", "level": "", "unit": "years", "knots": "-0.074; 0.5", "coefficient": -0.2, "formula": ""}
        ]
    )  # fmt: skip
    count = run.tables["table1"].reindex([0]).assign(
        outcome="odi_improved_12m", dataset="development", group="all", predictor="smoking", level="former",
        statistic="count", value=0.0, n=1812.0, status="ok",
    )  # fmt: skip
    hidden = count.assign(level="current", value=np.nan, status="suppressed")
    table1 = pd.concat([count, hidden], ignore_index=True)
    (table,) = show_coefficients(change(outcome, tables={"coefficients": rows, "table1": table1}))
    assert isinstance(table, Table)
    assert [row[2].text for row in table.rows] == ["no patient in development", "0", f"{MINUS}0.2000"]
    assert table.rows[2][1].detail == f"knots {MINUS}0.074, 0.5"


def test_a_hidden_coefficient_is_printed_as_suppressed(run: RunFolder) -> None:
    rows = pd.DataFrame(
        [
            {"outcome": "odi_improved_12m", "model": REFERENCE, "imputation": 0.0, "predictor": "smoking",
             "term": "level", "level": level, "unit": "", "knots": "", "coefficient": value, "formula": ""}
            for level, value in (("former", 0.1), ("current", np.nan))
        ]
    )  # fmt: skip
    (table,) = show_coefficients(change(only(run, "odi_improved_12m"), tables={"coefficients": rows}))
    assert isinstance(table, Table)
    assert [row[2].text for row in table.rows] == ["0.1000", "suppressed"]
    assert "coefficient of a level is suppressed" in " ".join(table.notes)


def test_few_implausible_values_are_told_in_words(run: RunFolder) -> None:
    rule = "values outside the plausible range of 18 to 95; kept, please check"
    notes = tuple(f"development: column 'age': {count} {rule}" for count in ("fewer than 5 of 319", "7 of 319"))
    text = text_of(change(run, notes=notes), "7")
    assert "fewer than 5 of 319 outside 18 to 95" in text
    assert "7 of 319 outside 18 to 95" in text


def test_patients_are_held_out_once_or_in_every_repeat(run: RunFolder) -> None:
    assert "was held out once: " in text_of(run, "12a")
    repeated = change(run, study=run.facts.study.model_copy(update={"repeats": 3}))
    assert "was held out once in every repeat: " in text_of(repeated, "12a")


def test_one_known_group_was_and_several_were_known(run: RunFolder) -> None:
    one = change(run, study=run.facts.study.model_copy(update={"subgroups": ("sex",)}))
    assert "Of these, sex was known to the models as a predictor." in text_of(one, "14")
    two = change(run, study=run.facts.study.model_copy(update={"subgroups": ("sex", "smoking")}))
    assert "Of these, sex and smoking were known to the models as predictors." in text_of(two, "14")


def test_what_stands_for_a_missing_predictor_is_its_mean_or_its_probability(run: RunFolder) -> None:
    for missing, where in (("chained", "; where missing, as its"), ("native", "; where missing and not left as a gap")):
        own = change(run, study=run.facts.study.model_copy(update={"missing": missing}))
        assert f"a category as one column for each level{where}" in " ".join(list_designs(own))
        assert "conditional mean given all others" in text_of(own, "27a")
        assert "most likely value" not in text_of(own, "27a")
    drawn = change(run, study=run.facts.study.model_copy(update={"missing": "multiple"}))
    assert "a category as one column for each level." in " ".join(list_designs(drawn))


def test_knots_are_shared_values_or_means_of_neighbours(run: RunFolder) -> None:
    told = " ".join(list_designs(run))
    assert "A quantile that fewer than 5 rows had as their value was replaced by the mean of the 5 values" in told


def test_the_table_of_characteristics_says_how_its_cells_are_read(run: RunFolder) -> None:
    tables = show_characteristics(run)
    assert tables
    assert all(isinstance(table, Table) and LEGEND in table.notes for table in tables)


def test_departures_of_the_same_outcome_are_one_sentence(run: RunFolder) -> None:
    name = run.facts.outcomes[0].name
    dead = "the data do not record deaths, so that they count as unknown, although the study counts them as failures"
    notes = (f"{name}: {dead.replace('deaths', 'reoperations')}", f"{name}: {dead}")
    (told,) = list_departures(change(run, notes=notes))
    assert told.count(run.facts.outcomes[0].title) == 1
    assert "although the study counts them as failures; nor do they record deaths, so that" in told


def test_what_the_data_could_not_give_is_a_limitation_told_once(run: RunFolder) -> None:
    first, second = run.facts.outcomes[:2]
    departure = "the data do not record deaths, so that who died counts as unknown, although the study says 'fail'"
    notes = (f"{first.name}: {departure}", f"{second.name}: {departure}", f"{first.name}: 4 values were kept")
    told = tell(change(run, notes=notes), "26").paragraphs
    assert (
        "The analysis departs from the study plan where the data could not give what the plan asks for. "
        f"{first.title} and {second.title}: {departure}."
    ) in told
    assert "4 values" not in " ".join(told)
    assert "departs from the study plan" not in text_of(change(run, notes=notes[2:]), "26")
