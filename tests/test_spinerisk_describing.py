"""The definition of an outcome in words: what a Methods section needs, and nothing missing."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from outcomes.outcomes import OUTCOMES
from schemas.errors import InputError
from spinerisk.cli import app
from spinerisk.describing import describe_entry
from spinerisk.listing import list_table, write_table

NEEDED = ("title", "unit", "index_event", "window", "days_counted_from", "rule", "unknown", "unknown_patients")
RUN = CliRunner()


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_says_all_that_a_methods_section_needs_or_why_it_cannot_run(name: str):
    facts = describe_entry(name)
    if "cannot_run" in facts:
        assert str(facts["cannot_run"]).strip()
        return
    assert all(str(facts[key]).strip() for key in NEEDED)
    assert facts["competing_events"]
    assert facts.get("source") or facts["rule"]


def test_the_choices_of_a_study_change_the_words(tmp_path: Path):
    study = tmp_path / "study.toml"
    study.write_text(
        'title = "T"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["odi_mcid_12m"]\npredictors = ["age"]\n'
        'non_response = "complete_cases"\nreoperated = "exclude"\ndied = "as_scored"\nunattainable = "fail"\n'
        '[threshold_sets]\nodi_mcid_12m = "copay2008"\n'
    )
    usual, chosen = describe_entry("odi_mcid_12m"), describe_entry("odi_mcid_12m", study=str(study))
    assert usual["threshold_set"] == "scoap15_2_2"
    assert chosen["threshold_set"] == "copay2008"
    assert "patients who were reoperated before the visit are left out" in str(chosen["rule"])
    assert "died" not in str(chosen["rule"])
    assert "keep weight 0" in str(usual["unknown_patients"])
    assert "left out, counted" in str(chosen["unknown_patients"])
    assert str(usual["not_attainable"]).endswith("left out, counted")
    assert str(chosen["not_attainable"]).endswith("stay, as not having reached it")
    assert "not attainable" in str(usual["left_out"])
    assert "not attainable" not in str(chosen["left_out"])


def test_who_was_not_followed_is_weighted_for_also_in_an_analysis_of_complete_cases(tmp_path: Path):
    study = tmp_path / "study.toml"
    study.write_text(
        'title = "T"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["reherniation_24m"]\npredictors = ["age"]\n'
        'non_response = "complete_cases"\ncensoring = "by_predictors"\n'
    )
    words = str(describe_entry("reherniation_24m", study=str(study))["unknown_patients"])
    assert words.startswith("patients followed for less than 730 days without any event keep weight 0")
    assert "estimated from the study's predictors in each training fold" in words
    assert "by Kaplan-Meier" in str(describe_entry("reherniation_24m")["unknown_patients"])


def test_a_decision_of_doctors_is_named_once():
    facts = describe_entry("surgery_performed")
    assert sum("a decision of doctors" in str(value) for value in facts.values()) == 1


def test_an_outcome_is_listed_and_described_in_the_same_words():
    rows = {row["name"]: row for row in list_table("outcomes", None)}
    for name in ("reherniation_24m", "odi_mcid_12m", "same_day_discharge"):
        facts = describe_entry(name)
        assert {key: facts[key] for key in rows[name]} == rows[name]


def test_instruments_sets_and_columns_are_described_too():
    assert describe_entry("ndi")["entry"] == "instrument"
    assert describe_entry("ndi")["direction"] == "lower is better"
    assert describe_entry("copay2008")["purpose"] == "minimal important"
    assert "improvement of at least 12.8 points" in str(describe_entry("copay2008")["rules"])
    assert describe_entry("odi_0")["entry"] == "column"


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(InputError, match="got 'reherniation24m'; nearest is 'reherniation_24m'"):
        describe_entry("reherniation24m")


def test_of_two_thousand_names_the_near_ones_are_shown_and_none_at_random():
    with pytest.raises(InputError) as caught:
        describe_entry("excessive_stay")
    found = re.search(r"got 'excessive_stay'; nearest is ('\w+'(, then '\w+'( and '\w+')?)?) \(", str(caught.value))
    assert found
    assert all("stay" in name or "excessive" in name for name in re.findall(r"'(\w+)'", found[1]))
    with pytest.raises(
        InputError, match=r"got 'extended_los'; none is near \([\d,]+ are known\); see `spinerisk list`"
    ):
        describe_entry("extended_los")


@pytest.mark.parametrize("name", ["ODI", "Odi"])
def test_capitals_do_not_matter(name: str):
    assert describe_entry(name) == describe_entry("odi")


def test_the_command_prints_words_or_json():
    shown = RUN.invoke(app, ["describe", "any_complication_30d"])
    assert shown.exit_code == 0
    assert "unit: operation" in shown.stdout
    assert "components: surgical_site_infection_30d" in shown.stdout
    asked = RUN.invoke(app, ["describe", "any_complication_30d", "--json"])
    assert json.loads(asked.stdout)["window"] == "30 days"


def test_the_table_of_outcomes_as_a_file_has_the_definitions(tmp_path: Path):
    text = write_table("outcomes", tmp_path / "outcomes.csv", None).read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in rows] == list(OUTCOMES)
    assert all(row["rule"] or row["cannot_run"] for row in rows)


def test_an_own_instrument_s_scoring_is_told_in_words():
    facts = describe_entry("oks", str(Path(__file__).parents[1] / "studies/definitions/nhs_proms_knee.toml"))
    assert str(facts["scored"]).startswith(
        "sum, the mean of the answered items standing for the others; 12 items from 0"
    )
    assert str(facts["scored"]).endswith("unknown with fewer than 12 answers")
    assert "scoring" not in facts
