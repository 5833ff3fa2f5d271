"""Locked models on other data: the same numbers as in the run, nothing fitted, nothing accepted that was altered."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.locked import (
    Validation,
    describe_validation,
    replacing_evaluation,
    validate_locked,
    write_validation,
)
from pipelines.run import run_study
from pipelines.run_folder import write_run
from schemas.errors import BundleError, RunError, StudyError
from schemas.registry import Registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry
from schemas.tables import CURVES, EVALUATION, SHARE
from spinerisk.validating import list_notes, tabulate_validation

PLAN = """
title = "to be locked"
definition = "lumbar"
seed = 5
outcomes = ["any_complication_30d", "odi_12m_score"]
predictors = ["age", "sex", "asa_class", "odi_0"]
models = ["elastic_net"]
subgroups = ["sex"]
calibration = "logistic"
[split]
outer_folds = 2
inner_folds = 2
[bootstrap]
resamples = 0
[tuning]
trials = 2
[threshold_probabilities.any_complication_30d]
values = [0.1]
action = "closer follow-up"
"""


@pytest.fixture(scope="module")
def later() -> Registry:
    return simulate_registry("lumbar", n=500, seed=22)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, later: Registry) -> tuple[Path, pd.DataFrame]:
    study = parse_study(PLAN, folder=Path())
    result = run_study(study, simulate_registry("lumbar", n=500, seed=21), validate_on={"later": later})
    folder = tmp_path_factory.mktemp("locked") / "run"
    folder.mkdir()
    write_run(result, folder)
    return folder, result.evaluation


@pytest.fixture(scope="module")
def found(run: tuple[Path, pd.DataFrame], later: Registry) -> Validation:
    return validate_locked(run[0], later, dataset="later")


def test_locked_models_give_the_numbers_that_the_run_gave_on_these_data(
    run: tuple[Path, pd.DataFrame], later: Registry, found: Validation
) -> None:
    evaluation, table = run[1], found.tables["evaluation"]
    assert list(table.columns) == list(EVALUATION)
    keys = ["outcome", "model", "subgroup", "level", "metric", "threshold_probability"]
    own = evaluation[(evaluation["dataset"] == "later") & evaluation["model"].isin(table["model"])]
    both = table.merge(own, on=keys, suffixes=("", "_run"), validate="one_to_one")
    assert len(both) == len(table) == len(own)
    for name in ("estimate", "n", "events"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_run"], check_names=False, rtol=1e-9)


def write_into(found: Validation, folder: Path) -> Path:
    folder.mkdir()
    write_validation(found, folder)
    return folder


def read_record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return record


def test_what_is_written_can_be_traced_and_holds_no_patient(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path, found: Validation
) -> None:
    out = write_into(found, tmp_path / "out")
    said, told = read_record(out), read_record(run[0])
    assert (said["kind"], told["kind"]) == ("evaluation", "development")
    assert [(one["dataset"], one["validation"]) for one in said["data"]] == [("later", "external")]
    assert said["data"][0]["fingerprint"] == later.fingerprint
    assert said["developed"]["study_sha256"] == told["study"]["sha256"] == said["study"]["sha256"]
    assert [one["fingerprint"] for one in said["developed"]["data"]] == [told["data"][0]["fingerprint"]]
    assert said["bundles"] == told["bundles"]
    for one in said["bundles"]:
        written = (run[0] / "models" / one["outcome"] / one["model"] / "bundle.json").read_bytes()
        assert one["sha256"] == hashlib.sha256(written).hexdigest()
    assert (out / "study.toml").read_text() == PLAN
    for path in (out / "share").rglob("*.csv"):
        assert not {"patient", "row_id", "y_true"} & set(pd.read_csv(path, nrows=0).columns), path.name
    assert (out / "private").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in out.iterdir()) == [
        "definition.toml", "private", "run.json", "share", "study.toml",
    ]  # fmt: skip


def test_counts_are_those_of_the_other_data(run: tuple[Path, pd.DataFrame], tmp_path: Path, found: Validation) -> None:
    whole = found.tables["evaluation"].query("subgroup == 'overall' and model == 'spline_logistic'")
    outcomes = {one["name"]: one for one in read_record(write_into(found, tmp_path / "out"))["outcomes"]}
    assert len(outcomes) > 2
    for name, one in outcomes.items():
        first = whole[whole["outcome"] == name].iloc[0]
        assert one["n"] == first["n"]
        assert one["events"] == (None if one["kind"] == "score" else first["events"])
        assert one["status"] == "run"


def test_the_same_data_give_the_same_bytes(run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path) -> None:
    first, second = (
        write_into(validate_locked(run[0], later, dataset="later"), tmp_path / name) for name in ("one", "two")
    )
    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(second) for path in second.rglob("*") if path.is_file())
    assert len(names) > len(SHARE) + len(CURVES)
    assert [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()] == []


def test_every_table_is_there_and_those_of_a_development_are_empty(
    later: Registry, tmp_path: Path, found: Validation
) -> None:
    out = write_into(found, tmp_path / "out")
    tables = {name: pd.read_csv(out / "share" / f"{name}.csv") for name in SHARE}
    assert {name: tuple(table.columns) for name, table in tables.items()} == SHARE
    for name in ("verdicts", "procedures", "optimism", "stability", "sites", "tuning", "explanations", "coefficients"):
        assert tables[name].empty, name
    for name in ("flow", "table1", "shift", "evaluation", "comparison", "gaps", "response", "case_mix", "sample_size"):
        assert len(tables[name]), name
    assert {"lumbar", "later"} & set(tables["flow"]["dataset"]) == {"later"}


def test_characteristics_of_the_development_stand_beside_as_the_run_published_them(
    run: tuple[Path, pd.DataFrame], later: Registry, found: Validation
) -> None:
    table = found.tables["table1"]
    published = pd.read_csv(run[0] / "share" / "table1.csv")
    for dataset in ("development", "later"):  # the run was also validated on these very data
        own, theirs = (one[one["dataset"] == dataset].reset_index(drop=True) for one in (table, published))
        assert len(own) == len(theirs) > 0
        pd.testing.assert_series_equal(own["value"], theirs["value"], rtol=1e-12)
        assert own["predictor"].tolist() == theirs["predictor"].tolist()


def test_without_the_runs_tables_and_record_the_bundles_suffice(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run[0], copy, ignore=shutil.ignore_patterns("share", "private", "run.json"))
    found = validate_locked(copy, later, dataset="later")
    said = describe_validation(found)
    assert set(found.tables["table1"]["dataset"]) == {"later"}
    assert found.tables["shift"].empty
    (data,) = said["developed"]["data"]  # type: ignore[index]
    assert data["fingerprint"] == read_record(run[0])["data"][0]["fingerprint"]


def test_a_bundle_alone_is_evaluated_with_its_own_model_as_the_reference(
    run: tuple[Path, pd.DataFrame], later: Registry, found: Validation
) -> None:
    everything = found.tables["evaluation"]
    alone = validate_locked(run[0] / "models" / "any_complication_30d" / "elastic_net", later, dataset="later")
    own = everything[(everything["model"] == "elastic_net") & (everything["outcome"] == "any_complication_30d")]
    pd.testing.assert_frame_equal(alone.tables["evaluation"], own.reset_index(drop=True))
    assert alone.tables["comparison"].empty
    said = describe_validation(alone)
    assert [(one["name"], one["role"]) for one in said["models"]] == [("elastic_net", "reference")]  # type: ignore[attr-defined]
    assert [one["model"] for one in said["bundles"]] == ["elastic_net"]  # type: ignore[attr-defined]
    assert any(
        note.startswith("only elastic_net is evaluated here") and note.endswith("it was compared with spline_logistic")
        for note in alone.remarks
    )


def test_a_bundle_by_itself_is_refused(run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path) -> None:
    alone = tmp_path / "elastic_net"
    shutil.copytree(run[0] / "models" / "any_complication_30d" / "elastic_net", alone)
    with pytest.raises(RunError, match=r"by itself, which does not say .* holds the study\.toml of its development"):
        validate_locked(alone, later, dataset="later")


def test_a_plan_that_was_altered_afterwards_is_refused(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run[0], copy)
    (copy / "study.toml").write_text(PLAN.replace("seed = 5", "seed = 6"), encoding="utf-8")
    with pytest.raises(RunError, match="must be the plan by which spline_logistic of any_complication_30d was"):
        validate_locked(copy, later, dataset="later")


def test_a_bundle_that_the_run_did_not_write_is_refused(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run[0], copy)
    bundle = copy / "models" / "any_complication_30d" / "elastic_net" / "bundle.json"
    bundle.write_text(bundle.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(BundleError, match="elastic_net for any_complication_30d must be the one that the run wrote"):
        validate_locked(copy, later, dataset="later")


def test_other_groups_than_the_planned_are_audited_and_said(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    found = validate_locked(run[0], later, dataset="later", subgroups=["smoking", "smoking"])
    assert set(found.tables["gaps"]["subgroup"]) == {"smoking"}
    assert set(found.tables["evaluation"]["subgroup"]) == {"overall", "smoking"}
    assert describe_validation(found)["study"]["subgroups"] == ["smoking"]  # type: ignore[index]
    assert "groups are those asked for at this evaluation; the plan of the development names sex" in found.remarks
    with pytest.raises(StudyError, match="nothing_of_this"):
        validate_locked(run[0], later, dataset="later", subgroups=["nothing_of_this"])


def test_an_outcome_without_events_is_skipped_and_needs_a_person(
    run: tuple[Path, pd.DataFrame], later: Registry, tmp_path: Path
) -> None:
    none = {str(name): 0.0 for name in later.frame if str(name).endswith("_30d")}
    found = validate_locked(run[0], replace(later, frame=later.frame.assign(**none)), dataset="later")
    said = read_record(write_into(found, tmp_path / "out"))
    reason = "it must have patients with and without the outcome"
    assert found.notes == (f"any_complication_30d cannot be assessed: {reason}",)
    assert tuple(said["warnings"]) == found.notes
    assert (said["outcomes"][0]["status"], said["outcomes"][0]["reason"]) == ("skipped", reason)
    assert set(found.tables["evaluation"]["outcome"]).isdisjoint({"any_complication_30d"})
    assert "any_complication_30d" in set(found.tables["flow"]["outcome"])


def test_what_is_printed_has_titles_differences_and_shortfalls(later: Registry, found: Validation) -> None:
    tables = tabulate_validation(found)
    titles = list(tables)
    assert titles[0].startswith("any_complication_30d: locked models on later, n ")
    assert titles[1].startswith("any_complication_30d: model minus spline_logistic")
    assert "events" not in titles[2]
    measures = [row["measure"] for row in tables[titles[0]]]
    assert {"C-statistic (AUROC)", "Log loss", "Observed / expected events"} <= set(measures)
    (difference,) = tables[titles[1]]
    comparison = found.tables["comparison"]
    at = (comparison["metric"] == "log_loss") & (comparison["model"] == "elastic_net")
    assert difference["elastic_net"].startswith(f"{comparison[at]['estimate'].iloc[0]:.4f} (")
    notes = list_notes(found)
    assert any("validating on later asks for" in note for note in notes)
    assert f"{len(found.locked.bundles)} model bundles were applied as they are; nothing was fitted again" in notes
    assert not any("no page" in note for note in notes)


def test_that_patients_may_be_in_both_is_said_and_is_no_alarm(
    run: tuple[Path, pd.DataFrame], later: Registry, found: Validation
) -> None:
    assert found.notes == ()
    told = found.remarks[0]
    assert "cannot be checked, as model bundles hold no patients" in told
    assert told in describe_validation(found)["notes"]  # type: ignore[operator]
    columns = {name: column for name, column in later.columns.items() if name != "patient"}
    other = validate_locked(run[0], replace(later, columns=columns), dataset="later")
    assert other.remarks[1] == "the data have no column patient: every operation counts as a patient of its own"


def test_models_of_simulated_patients_are_not_meant_for_real_ones(
    run: tuple[Path, pd.DataFrame], later: Registry, found: Validation
) -> None:
    said = "the models were developed on synthetic data: they are not meant for patients"
    assert said not in found.remarks
    assert said in validate_locked(run[0], replace(later, synthetic=False), dataset="later").remarks


def test_data_are_not_called_what_the_development_is(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    with pytest.raises(StudyError, match="must not be called 'development'; rename the file"):
        validate_locked(run[0], later, dataset="development")


def test_a_write_that_failed_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="stop"), replacing_evaluation(tmp_path / "out"):
        raise StudyError("stop")
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_evaluation_is_replaced_and_its_answers_stay(tmp_path: Path, found: Validation) -> None:
    out = tmp_path / "out"
    for _ in range(2):
        with replacing_evaluation(out) as staging:
            write_validation(found, staging)
        (out / "tripod.toml").write_text("# ours\n", encoding="utf-8")
    with replacing_evaluation(out) as staging:
        write_validation(found, staging)
    assert (out / "tripod.toml").read_text(encoding="utf-8") == "# ours\n"


def test_a_study_is_never_replaced_by_an_evaluation(run: tuple[Path, pd.DataFrame]) -> None:
    with (
        pytest.raises(RunError, match=r"must be new, empty or an earlier evaluation, got .*, which holds the run"),
        replacing_evaluation(run[0]),
    ):
        pytest.fail("the folder must not be opened")
    assert (run[0] / "models").is_dir()


def test_the_development_data_are_refused(run: tuple[Path, pd.DataFrame]) -> None:
    with pytest.raises(StudyError, match="must be other data than those of development, got the same"):
        validate_locked(run[0], simulate_registry("lumbar", n=500, seed=21), dataset="again")


def test_an_altered_bundle_is_refused(run: tuple[Path, pd.DataFrame], later: Registry) -> None:
    file = run[0] / "models" / "any_complication_30d" / "elastic_net" / "preprocess.json"
    text = file.read_text()
    try:
        file.write_text(text.replace("1", "2", 1))
        with pytest.raises(BundleError, match="was altered"):
            validate_locked(run[0], later, dataset="later")
    finally:
        file.write_text(text)
