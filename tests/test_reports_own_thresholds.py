"""Thresholds from one's own data in words, and as the tables of a registry definition."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from own_thresholds import LUMBAR, derive_own, read_own

from pipelines.deriving.threshold_questions import derive_thresholds
from reports.reference.own_thresholds import list_notes, list_rows, list_warnings, render_definition
from schemas.definition import parse_definition


def test_definition_can_be_pasted_and_says_where_it_comes_from() -> None:
    found = derive_own()
    sets = {made.name: made for made in parse_definition(LUMBAR + render_definition(found)).threshold_sets}
    half = sets["own_odi_half_sd"]
    assert half.derived_from == found.registry.fingerprint
    assert half.thresholds[0].kind == "absolute_change"
    assert half.thresholds[0].value == pytest.approx(found.registry.frame["odi_0"].std() / 2, rel=1e-3)
    assert half.population.endswith("operated in 2012 to 2015, n = 300")
    assert "Author 2000" in sets["own_odi_sem_reliability"].method
    assert "anchor gpe_12m, improved: 1,2" in sets["own_odi_predictive"].method
    assert not [name for name in sets if "correlation" in name or "sd_change" in name]


def test_what_is_not_ok_is_left_out_with_its_reason() -> None:
    found = derive_own()
    table = found.table.copy()
    table.loc[table["method"] == "roc_youden", "status"] = "not credible"
    table.loc[table["method"] == "predictive", "estimate"] = -3.0
    text = render_definition(replace(found, table=table))
    names = {made.name for made in parse_definition(LUMBAR + text).threshold_sets}
    assert not names & {"own_odi_roc_youden", "own_odi_predictive"}
    assert "# roc_youden: left out, not credible" in text
    assert "# predictive: left out, no improvement within the range of the score" in text


def test_notes_say_what_the_reader_must_know() -> None:
    found = derive_own()
    said = "\n".join(list_notes(found))
    assert "0.9 (Author 2000) is taken as known" in said
    assert "% improved by the anchor" in said
    assert "needs its reliability (--anchor-reliability)" in said
    assert "a repeat measurement (--repeat) avoids it" in said
    assert "below mdc95_reliability, so that chance alone can bring one patient there: half_sd" in said


def test_no_value_of_a_patient_and_no_path_is_told() -> None:
    found = derive_own()
    rows = list_rows(found)
    text = render_definition(found) + json.dumps(rows) + "\n".join(list_notes(found) + list_warnings(found))
    assert not [patient for patient in found.registry.frame["patient"] if f'"{patient}"' in text]
    assert "/" not in text.replace("`", "")
    assert all(row["n"] is None or row["n"] >= 50 or row["status"] != "ok" for row in rows)


def test_too_few_patients_are_warned_of() -> None:
    few = replace(read_own(), frame=read_own().frame.head(40))
    found = derive_thresholds(few, instrument="odi", seed=1)
    assert set(found.table["status"]) == {"not assessable"}
    assert any("not assessable, fewer than 50 patients" in warning for warning in list_warnings(found))
    assert "[threshold_sets" not in render_definition(found)
