"""Thresholds from one's own data at the command line, and the guard that keeps them from labelling these data."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build

from outcomes.guard import check_derived_thresholds
from outcomes.outcomes import OUTCOMES, known_threshold_sets
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import FOLDER, parse_definition
from schemas.errors import DefinitionError, RunError, StudyError
from schemas.registry import Registry, read_registry
from schemas.tables import OWN_THRESHOLDS
from spinerisk.thresholds import (
    Found,
    ask,
    build_scores,
    derive_thresholds,
    list_rows,
    render_definition,
    write_thresholds,
)

LUMBAR = (FOLDER / "lumbar.toml").read_text(encoding="utf-8")
OWN = """
[columns.got_on]
header = "got_on"
kind = "category"
levels = ["well", "badly"]
known_at = "followup"
text = "How did you get on?"
[columns.odi_again]
header = "odi_again"
kind = "number"
range = [0, 100]
unit = "percent"
known_at = "preop"
text = "ODI, a fortnight before the operation."
"""


def make_table(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    true, change = rng.normal(55, 10, n), rng.normal(15, 15, n)
    judged = change + rng.normal(0, 8, n)

    def score(values: np.ndarray) -> np.ndarray:
        return np.clip(2 * np.round((values + rng.normal(0, 4, n)) / 2), 0, 100)

    table = pd.DataFrame(
        {
            "patient": [f"p{row}" for row in range(n)], "age": rng.integers(30, 80, n), "sex": ["male"] * n,
            "year": rng.integers(2012, 2016, n), "odi_0": score(true), "odi_12m": score(true - change),
            "odi_again": score(true), "gpe_12m": np.clip(np.round(4 - judged / 8), 1, 7),
            "got_on": np.where(judged > 12, "well", "badly"),
        }
    )  # fmt: skip
    for item in (1, 2, 3):
        table[f"odi_q{item:02d}_0"] = np.clip(np.round(true / 20 + rng.normal(0, 1, n)), 0, 5)
    return table


@pytest.fixture(scope="module")
def registry() -> Registry:
    return replace(read_registry(make_table(), parse_definition(LUMBAR + OWN)), source="old.csv")


@pytest.fixture(scope="module")
def found(registry: Registry) -> Found:
    question = ask(
        registry, instrument="odi", follow_up="odi_12m", anchor="gpe_12m", improved="1,2", minimal="2",
        reliability=0.9, reliability_source="Author 2000",
    )  # fmt: skip
    return derive_thresholds(registry, question, seed=1)


def spinerisk(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spinerisk", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("thresholds")
    make_table().to_csv(folder / "old.csv", index=False)
    (folder / "mine.toml").write_text(LUMBAR + OWN, encoding="utf-8")
    return folder / "old.csv"


def test_command_writes_what_it_prints(data: Path, tmp_path: Path):
    out = tmp_path / "new" / "mine.toml"
    done = spinerisk(
        "thresholds", data, "--definition", data.with_name("mine.toml"), "--instrument", "odi", "--baseline", "odi_0",
        "--follow-up", "odi_12m", "--anchor", "gpe_12m", "--improved", "1,2", "--repeat", "odi_again",
        "--anchor-reliability", "0.7", "--seed", "1", "--out", out, "--json",
    )  # fmt: skip
    assert done.stderr == ""
    said = json.loads(done.stdout)
    # 300 patients leave fewer than 50 on a side of some third
    assert (done.returncode, bool(said["warnings"])) == (3, True)
    table = pd.read_csv(out.with_suffix(".csv"))
    assert tuple(table.columns) == OWN_THRESHOLDS
    assert len(table) == len(said["thresholds"])
    assert {"sem_repeat", "sem_items", "predictive_adjusted_2022"} <= set(table["method"])
    sets = parse_definition(LUMBAR + OWN + out.read_text(encoding="utf-8")).threshold_sets
    by_name = {made.name: made for made in sets}
    cut = table.set_index(["group", "method"]).loc[("overall", "roc_youden"), "estimate"].item()
    assert by_name["own_odi_roc_youden"].thresholds[0].value == pytest.approx(cut, rel=1e-3)
    assert by_name["own_odi_mdc95_repeat"].purpose == "measurement_error"


def test_command_says_when_nothing_needs_a_person(data: Path, tmp_path: Path):
    out = tmp_path / "mine.toml"
    done = spinerisk(
        "thresholds", data, "--definition", data.with_name("mine.toml"), "--instrument", "odi", "--out", out
    )
    assert done.returncode == 0, done.stderr
    assert "half_sd" in done.stdout
    assert "warning" not in done.stdout
    assert "roc_youden" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--follow-up", "odi_12n"), "must be in the data, got 'odi_12n'; nearest is 'odi_12m'"),
        (("--instrument", "odo"), "the instrument must be a known name, got 'odo'; nearest is 'odi'"),
        (("--basline", "odi_0"), "No such option"),
        (("--seed", "one"), "Invalid value for"),
    ],
)
def test_command_refuses(data: Path, tmp_path: Path, options: tuple[str, ...], message: str):
    done = spinerisk(
        "thresholds", data, "--definition", "lumbar", "--instrument", "odi", "--out", tmp_path / "t.toml", *options
    )
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def refused(registry: Registry, **stated: object) -> str:
    with pytest.raises(StudyError) as caught:
        build_scores(registry, ask(registry, **{"instrument": "odi", **stated}))
    return str(caught.value)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"baseline": "patient"}, "column of the baseline must hold numbers, got 'patient' of kind identifier"),
        ({"baseline": "odi_12m"}, "the baseline must be known before the operation, got 'odi_12m', known at followup"),
        ({"follow_up": "odi_again"}, "the follow-up must be known at follow-up only, got 'odi_again', known at preop"),
        ({"instrument": "nrs_back", "baseline": "odi_0"}, "the baseline must be a score of 'nrs_back', got 'odi_0' of"),
        ({"instrument": "mjoa", "baseline": "age"}, "0 to 18, 300 values of 'age' do not"),
        ({"repeat": "odi_0"}, "the scores must be different columns, got 'odi_0' twice"),
        ({"follow_up": "odi_12m", "anchor": "gpe_12m"}, "--anchor must come with --improved"),
        ({"anchor": "gpe_12m", "improved": "1"}, "--anchor must come with --follow-up"),
        ({"minimal": "2"}, "--minimal must come with --anchor"),
        ({"improved": "2"}, "--improved must come with --anchor"),
        ({"reliability": 1.2}, "--reliability must be above 0 and below 1, got 1.2"),
        ({"anchor_reliability": 0.0}, "--anchor-reliability must be above 0 and below 1, got 0"),
        ({"items": "odi_q01_0, odi_q1_0"}, "column of the item must be in the data, got 'odi_q1_0'; nearest is"),
    ],
)
def test_questions_that_cannot_be_asked(registry: Registry, stated: dict[str, object], message: str):
    assert message in refused(registry, **stated)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"anchor": "sex", "improved": "male"}, "a question asked at follow-up, got 'sex', of kind category, known at"),
        ({"anchor": "gpe_12m", "improved": "1;2"}, "under --improved must be a number from 1 to 7, got '1;2'"),
        ({"anchor": "gpe_12m", "improved": "1,8"}, "under --improved must be a number from 1 to 7, got '8'"),
        ({"anchor": "gpe_12m", "improved": "1", "minimal": "x"}, "under --minimal must be a number from 1 to 7, got"),
        (
            {"anchor": "got_on", "improved": "wel"},
            "under --improved must be a known name, got 'wel'; nearest is 'well'",
        ),
    ],
)
def test_anchors_that_cannot_be_asked(registry: Registry, stated: dict[str, object], message: str):
    assert message in refused(registry, follow_up="odi_12m", **stated)


def test_items_of_the_baseline_are_found(registry: Registry):
    assert ask(registry, instrument="odi").items == ("odi_q01_0", "odi_q02_0", "odi_q03_0")
    assert ask(registry, instrument="odi", items="odi_q01_0,odi_q03_0").items == ("odi_q01_0", "odi_q03_0")
    assert ask(registry, instrument="odi", baseline="odi_again").items == ()


def test_an_anchor_of_words_counts_the_same_as_one_of_numbers(registry: Registry):
    scores = build_scores(
        registry, ask(registry, instrument="odi", follow_up="odi_12m", anchor="got_on", improved="well", minimal="well")
    )
    well = registry.frame["got_on"].eq("well").to_numpy()
    assert scores.improved is not None
    assert np.array_equal(scores.improved == 1, well)
    assert scores.grade is None
    assert scores.minimal is not None
    assert np.array_equal(np.isfinite(scores.minimal), well)
    assert scores.change[0] == registry.frame["odi_0"][0] - registry.frame["odi_12m"][0]


def test_an_unanswered_anchor_is_unknown(registry: Registry):
    frame = registry.frame.assign(gpe_12m=registry.frame["gpe_12m"].where(registry.frame.index > 9))
    question = ask(registry, instrument="odi", follow_up="odi_12m", anchor="gpe_12m", improved="1,2")
    improved = build_scores(replace(registry, frame=frame), question).improved
    assert improved is not None
    assert np.isnan(improved).sum() == 10


def test_definition_can_be_pasted_and_says_where_it_comes_from(found: Found):
    sets = {made.name: made for made in parse_definition(LUMBAR + render_definition(found)).threshold_sets}
    half = sets["own_odi_half_sd"]
    assert half.derived_from == found.registry.fingerprint
    assert half.thresholds[0].kind == "absolute_change"
    assert half.thresholds[0].value == pytest.approx(found.registry.frame["odi_0"].std() / 2, rel=1e-3)
    assert half.population.endswith("operated in 2012 to 2015, n = 300")
    assert "Author 2000" in sets["own_odi_sem_reliability"].method
    assert "anchor gpe_12m, improved: 1,2" in sets["own_odi_predictive"].method
    assert not [name for name in sets if "correlation" in name or "sd_change" in name]


def test_what_is_not_ok_is_left_out_with_its_reason(found: Found):
    table = found.table.copy()
    table.loc[table["method"] == "roc_youden", "status"] = "not credible"
    table.loc[table["method"] == "predictive", "estimate"] = -3.0
    text = render_definition(replace(found, table=table))
    names = {made.name for made in parse_definition(LUMBAR + text).threshold_sets}
    assert not names & {"own_odi_roc_youden", "own_odi_predictive"}
    assert "# roc_youden: left out, not credible" in text
    assert "# predictive: left out, no improvement within the range of the score" in text


def test_notes_say_what_the_reader_must_know(found: Found):
    said = "\n".join(found.notes)
    assert "0.9 (Author 2000) is taken as known" in said
    assert "% improved by the anchor" in said
    assert "needs its reliability (--anchor-reliability)" in said
    assert "a repeat measurement (--repeat) avoids it" in said
    assert "below mdc95_reliability, so that chance alone can bring one patient there: half_sd" in said


def test_no_value_of_a_patient_and_no_path_is_told(found: Found):
    rows = list_rows(found)
    text = render_definition(found) + json.dumps(rows) + "\n".join(found.notes + found.warnings)
    assert not [patient for patient in found.registry.frame["patient"] if f'"{patient}"' in text]
    assert "/" not in text.replace("`", "")
    assert all(row["n"] is None or row["n"] >= 50 or row["status"] != "ok" for row in rows)


def test_too_few_patients_are_warned_of(registry: Registry):
    few = replace(registry, frame=registry.frame.head(40))
    found = derive_thresholds(few, ask(few, instrument="odi"), seed=1)
    assert set(found.table["status"]) == {"not assessable"}
    assert any("not assessable, fewer than 50 patients" in warning for warning in found.warnings)
    assert "[threshold_sets" not in render_definition(found)


def test_no_file_is_replaced(found: Found, tmp_path: Path):
    first = write_thresholds(found, tmp_path / "mine.toml")
    text = Path(first["definition"]).read_bytes()
    with pytest.raises(StudyError, match=r"must not replace a file, got '.*mine\.toml'; name another"):
        write_thresholds(found, tmp_path / "mine.toml")
    with pytest.raises(StudyError, match=r"must be written to a TOML file, got '.*mine\.csv'"):
        write_thresholds(found, tmp_path / "mine.csv")
    write_thresholds(found, tmp_path / "again.toml")
    assert (tmp_path / "again.toml").read_bytes() == text
    (tmp_path / "letter").write_text("a letter")
    with pytest.raises(RunError, match="the folder of the thresholds must be writable"):
        write_thresholds(found, tmp_path / "letter" / "mine.toml")


# the guard


def test_a_set_derived_from_the_data_of_the_study_is_refused(found: Found):
    definition = parse_definition(LUMBAR + render_definition(found))
    sets = known_threshold_sets(definition)
    outcome = replace(build(OUTCOMES["odi_mcid_12m"]), threshold_set="own_odi_half_sd")
    other = {"development": "0" * 64}
    check_derived_thresholds([outcome], sets, other)
    with pytest.raises(StudyError) as caught:
        check_derived_thresholds([outcome], sets, {**other, "later": found.registry.fingerprint})
    said = str(caught.value)
    assert "odi_mcid_12m: own_odi_half_sd, derived from the data of later" in said
    assert "such as an earlier period" in said
    assert "sd_of_baseline" in said


def test_published_sets_are_derived_from_no_data_at_all():
    outcome = build(OUTCOMES["odi_mcid_12m"])
    assert outcome.threshold_set
    check_derived_thresholds([outcome], THRESHOLD_SETS, {"development": "f" * 64})


def test_pasting_a_set_does_not_change_the_fingerprint(found: Found):
    again = read_registry(make_table(), parse_definition(LUMBAR + OWN + render_definition(found)))
    assert again.fingerprint == found.registry.fingerprint


def test_a_fingerprint_is_one_or_none():
    text = LUMBAR + (
        '[threshold_sets.x]\ntitle = "x"\nderived_from = "yesterday"\n'
        'thresholds = [{ instrument = "odi", kind = "absolute_change", value = 1 }]\n'
    )
    with pytest.raises(DefinitionError, match=r"threshold_sets\.x\.derived_from"):
        parse_definition(text)
