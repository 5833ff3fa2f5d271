"""Studies: what the plan may say, and that nothing in it is overlooked."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.errors import StudyError
from schemas.study import Study, parse_study, read_study

LEAST = """
title = "A study"
definition = "lumbar"
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex"]
seed = 1
"""

FULL = (
    LEAST
    + """
data = "lumbar.csv"
reference = "elastic_net"
models = ["spline_logistic", "elastic_net"]
subgroups = ["sex", "age"]
bands = { age = [50, 70] }

[margin]
relative = 0.01

[split]
outer_folds = 10

[tuning]
trials = 5

[threshold_sets]
odi_mcid_12m = "ostelo2008_30pct"

[threshold_probabilities.odi_mcid_12m]
values = [0.5, 0.6]
action = "talk about what to expect"
"""
)


def parse(toml: str) -> Study:
    return parse_study(toml, folder=Path(), name="plan.toml")


def test_defaults_are_the_pre_specified_ones() -> None:
    study = parse(LEAST)
    assert (study.split.outer_folds, study.split.repeats, study.split.inner_folds) == (5, 1, 5)
    assert (study.margin.relative, study.tuning.trials) == (0.005, 50)
    assert (study.predict_at, study.missing, study.calibration, study.suppress_below) == ("preop", "chained", "none", 5)
    assert study.all_models == ("spline_logistic", "elastic_net", "random_forest", "xgboost", "lightgbm")


def test_a_full_study_is_read_with_its_text_and_folder(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(FULL, encoding="utf-8")
    study = read_study(tmp_path / "plan.toml")
    assert (study.text, study.folder) == (FULL, tmp_path)
    assert study.sha256 == hashlib.sha256(FULL.encode()).hexdigest()
    assert study.all_models == ("elastic_net", "spline_logistic")
    assert study.bands == {"age": (50, 70)}
    assert study.threshold_sets == {"odi_mcid_12m": "ostelo2008_30pct"}
    assert study.threshold_probabilities["odi_mcid_12m"].values == (0.5, 0.6)
    assert study.threshold_probabilities["odi_mcid_12m"].act is None


def test_a_study_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse(LEAST).seed = 2  # type: ignore[misc]


def test_the_hash_is_of_the_exact_text() -> None:
    assert parse(LEAST).sha256 != parse(LEAST + "# a note\n").sha256


FAULTS = {
    "predictrs: is not a known key; nearest is 'predictors'": LEAST + 'predictrs = ["age"]',
    "split.outer_fold: is not a known key; nearest is 'outer_folds'": LEAST + "[split]\nouter_fold = 5",
    "seed: must be given": LEAST.replace("seed = 1", ""),
    "seed: must be greater than or equal to 0, got -1": LEAST.replace("seed = 1", "seed = -1"),
    "outcomes: each name must stand once, got twice: odi_mcid_12m": LEAST.replace(
        '["odi_mcid_12m"]', '["odi_mcid_12m", "odi_mcid_12m"]'
    ),
    "predictors: each name must stand once, got twice: age, sex": LEAST.replace(
        '["age", "sex"]', '["sex", "age", "sex", "age"]'
    ),
    "models: each name must stand once, got twice: xgboost": LEAST + 'models = ["xgboost", "xgboost"]',
    "subgroups: each name must stand once, got twice: sex": LEAST + 'subgroups = ["sex", "sex"]',
    "predictors.0: must match pattern": LEAST.replace('"age"', '"Age Band"'),
    "outcomes: must have at least 1 item, got 0": LEAST.replace('["odi_mcid_12m"]', "[]"),
    "predict_at: must be 'preop', 'planned', 'intraop' or 'discharge', got 'followup'": LEAST
    + 'predict_at = "followup"',
    "split.outer_folds: must be greater than or equal to 2": LEAST + "[split]\nouter_folds = 1",
    "seed: must be a valid integer, got 'one'": LEAST.replace("seed = 1", 'seed = "one"'),
    "split: must be a table": LEAST + "split = 5",
    "margin.relative: must be greater than 0": LEAST + "[margin]\nrelative = 0",
    "suppress_below: must be greater than or equal to 5": LEAST + "suppress_below = 1",
    "bands: the cut points of 'age' must be increasing": LEAST + "bands = { age = [70, 50] }",
    "bands: the cut points of 'bmi' must be increasing, one at least": LEAST + "bands = { bmi = [] }",
    "threshold_probabilities.odi_mcid_12m.values.0: must be less than 1": LEAST
    + '[threshold_probabilities.odi_mcid_12m]\nvalues = [1.0]\naction = "act"',
    "threshold_probabilities.odi_mcid_12m.action: must be given": LEAST
    + "[threshold_probabilities.odi_mcid_12m]\nvalues = [0.5]",
    "threshold_probabilities.odi_mcid_12m.act: must be 'at_or_above' or 'below', got 'above'": LEAST
    + '[threshold_probabilities.odi_mcid_12m]\nvalues = [0.5]\naction = "a visit"\nact = "above"',
}


@pytest.mark.parametrize(("message", "toml"), FAULTS.items(), ids=FAULTS)
def test_faults_are_named(message: str, toml: str) -> None:
    with pytest.raises(StudyError) as caught:
        parse(toml)
    assert message in str(caught.value)
    assert str(caught.value).startswith("plan.toml must follow the plan of a study:")
    assert caught.value.__suppress_context__


def test_all_faults_come_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        parse(LEAST.replace("seed = 1", "seeed = 1") + "[split]\nouter_folds = 1\n")
    places = sorted(line.split(":")[0].strip() for line in str(caught.value).splitlines()[1:])
    assert places == ["seed", "seeed", "split.outer_folds"]


def test_bad_toml_says_where() -> None:
    with pytest.raises(StudyError, match=r"plan\.toml must be TOML: .*\(at line 2, column 9\)") as caught:
        parse("\ntitle = \n")
    assert caught.value.__suppress_context__


def test_a_key_twice_is_bad_toml() -> None:
    with pytest.raises(StudyError, match="must be TOML: Cannot overwrite a value"):
        parse(LEAST + "seed = 2\n")


def test_a_file_must_be_there_and_in_utf8(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"must be a readable TOML file, got .*: No such file or directory"):
        read_study(tmp_path / "plan.toml")
    (tmp_path / "plan.toml").write_bytes("title = 'Rückgrat'".encode("latin-1"))
    with pytest.raises(StudyError, match="must be text in UTF-8; save it as UTF-8"):
        read_study(tmp_path / "plan.toml")


def test_a_misspelt_key_inside_a_named_table_gets_the_nearest_of_that_table():
    text = (
        'title = "a"\ndefinition = "lumbar"\noutcomes = ["o"]\npredictors = ["age"]\nseed = 1\n'
        '[threshold_probabilities.o]\nvalues = [0.1]\nactoin = "a visit"\n'
    )
    with pytest.raises(
        StudyError, match=r"threshold_probabilities\.o\.actoin: is not a known key; nearest is 'action'"
    ):
        parse_study(text, folder=Path())


def test_bands_of_what_is_no_subgroup_are_refused():
    text = (
        'title = "a"\ndefinition = "lumbar"\noutcomes = ["o"]\npredictors = ["age"]\nseed = 1\n'
        'subgroups = ["age"]\nbands = { agee = [50] }\n'
    )
    with pytest.raises(StudyError, match="bands must be of a subgroup, got 'agee'; nearest is 'age'"):
        parse_study(text, folder=Path())
