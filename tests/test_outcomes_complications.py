"""The entries of complications, nerves, use of care and deformity: each on data of its own columns."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcome_builds import build

from outcomes.entries.combined import COMBINED
from outcomes.entries.complications import ACS_ANY, ACS_SERIOUS, COMPLICATIONS
from outcomes.entries.deformity import DEFORMITY
from outcomes.entries.nerves import NERVES
from outcomes.entries.utilisation import OPIOIDS, UTILISATION
from outcomes.outcome import Outcome
from outcomes.outcomes import OUTCOMES
from schemas.columns import COLUMNS
from schemas.specs import EventOutcome

NA = np.nan
OWN = {spec.name: spec for spec in (*COMPLICATIONS, *NERVES, *UTILISATION, *DEFORMITY)}
EVENTS = [name for name, spec in OWN.items() if isinstance(spec, EventOutcome)]


@cache
def outcome_of(name: str) -> Outcome:
    return build(OUTCOMES[name])


def one(name: str, **values: float | str | None) -> float:
    """The result of one patient; columns that are not given are missing."""
    outcome = outcome_of(name)
    columns = dict.fromkeys((*outcome.needs, *outcome.optional), NA) | values
    frame = pd.DataFrame({column: [value] for column, value in columns.items()})
    return float(outcome.occurred(frame)[0])


def draw_frame(outcome: Outcome, n: int = 300) -> pd.DataFrame:
    """Any values that the columns of an outcome can have, most of them low; missing ones in half of the rows."""
    rng = np.random.default_rng(len(outcome.name))
    gaps = rng.random(n) < 1 / 2
    made = {}
    for name in (*outcome.needs, *outcome.optional):
        column = COLUMNS[name]
        if column.kind == "category":
            values = pd.Series(rng.choice(np.array(column.levels, dtype=object), n))
        else:
            low, high = column.hard or (0, 1)
            values = pd.Series(np.floor(low + (high + 1 - low) * rng.random(n) ** 8))
        made[name] = values.mask(gaps & (rng.random(n) < 1 / 3))
    return pd.DataFrame(made)


@pytest.mark.parametrize("name", OWN)
def test_an_outcome_is_yes_no_or_unknown(name: str):
    outcome = outcome_of(name)
    frame = draw_frame(outcome)
    y = outcome.occurred(frame)
    assert y.shape == (len(frame),)
    assert set(y[np.isfinite(y)]) == {0.0, 1.0}
    assert np.isnan(y).any()
    # Where nothing is recorded nothing is known.
    assert np.isnan(outcome.occurred(frame.mask(frame.notna()))).all()
    # One patient's outcome does not hang on who else there is, nor on their order.
    np.testing.assert_array_equal(outcome.occurred(frame.iloc[[7]].reset_index(drop=True)), y[[7]])
    np.testing.assert_array_equal(outcome.occurred(frame[::-1].reset_index(drop=True)), y[::-1])


@pytest.mark.parametrize("name", EVENTS)
def test_more_events_never_make_an_outcome_less(name: str):
    spec, outcome = OWN[name], outcome_of(name)
    assert isinstance(spec, EventOutcome)
    frame = draw_frame(outcome)
    before = outcome.occurred(frame)
    for flag in spec.flags:
        after = outcome.occurred(frame.assign(**{flag: frame[flag].where(frame[flag].isna(), 1.0)}))
        both = np.isfinite(before) & np.isfinite(after)
        assert (after[both] >= before[both]).all()
        # To forget what one flag said never turns an event into none: it stays one or becomes unknown.
        forgotten = outcome.occurred(frame.assign(**{flag: NA}))
        possible = ~outcome.settled(frame) if outcome.settled else np.ones(len(frame), dtype=bool)
        assert (forgotten[(before == 1) & possible] != 0).all()


@pytest.mark.parametrize("name", OWN)
def test_an_entry_is_whole(name: str):
    spec, outcome = OWN[name], outcome_of(name)
    assert spec.source
    assert outcome.rule
    assert outcome.unknown
    assert spec.columns() or outcome.components
    for column, levels in spec.levels():
        assert COLUMNS[column].kind != "category" or set(levels) <= set(COLUMNS[column].levels), column
    for column in outcome.revealing:
        assert not COLUMNS[column].known_by("planned"), f"{column} is known before the operation"


@pytest.mark.parametrize("name", [spec.name for spec in COMBINED])
def test_a_combined_entry_names_known_outcomes(name: str):
    assert set(OUTCOMES[name].components) <= set(OUTCOMES)  # type: ignore[attr-defined]


def test_the_lists_of_the_calculator():
    """As published: riskcalculator.facs.org, About, "any" and "serious complication"."""
    assert {*outcome_of("any_complication_acs_30d").components} == {
        "superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d", "wound_disruption_30d", "pneumonia_30d",
        "unplanned_intubation_30d", "pulmonary_embolism_30d", "ventilator_over_48h_30d",
        "progressive_renal_insufficiency_30d", "acute_renal_failure_30d", "urinary_tract_infection_30d", "stroke_30d",
        "cardiac_arrest_30d", "myocardial_infarction_30d", "deep_vein_thrombosis_30d", "sepsis_30d",
    }  # fmt: skip
    assert {*outcome_of("serious_complication_acs_30d").components} == {
        "death_30d", "cardiac_arrest_30d", "myocardial_infarction_30d", "pneumonia_30d",
        "progressive_renal_insufficiency_30d", "acute_renal_failure_30d", "pulmonary_embolism_30d",
        "deep_vein_thrombosis_30d", "reoperation_30d", "deep_ssi_30d", "organ_space_ssi_30d", "sepsis_30d",
        "unplanned_intubation_30d", "urinary_tract_infection_30d", "wound_disruption_30d",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["serious_complication_acs_30d", "any_complication_acs_30d",
                                  "any_complication_nsqip_30d", "any_complication_30d"])  # fmt: skip
def test_a_list_prints_its_components(name: str):
    outcome = outcome_of(name)
    assert len(outcome.components) >= 9
    for flag in outcome.components:
        assert flag.removesuffix("_30d").replace("_", " ") + " within 30 days" in outcome.rule
    assert "transfusion_30d" not in outcome.components


def test_the_lists_disagree_where_they_say_so():
    only_stroke = dict.fromkeys({*ACS_ANY, *ACS_SERIOUS, "septic_shock_30d"}, 0.0) | {"stroke_30d": 1.0}
    assert one("any_complication_acs_30d", **_of("any_complication_acs_30d", only_stroke)) == 1
    assert one("serious_complication_acs_30d", **_of("serious_complication_acs_30d", only_stroke)) == 0
    only_death = only_stroke | {"stroke_30d": 0.0, "death_30d": 1.0}
    assert one("any_complication_acs_30d", **_of("any_complication_acs_30d", only_death)) == 0
    assert one("any_complication_nsqip_30d", **_of("any_complication_nsqip_30d", only_death)) == 1
    assert one("serious_complication_acs_30d", **_of("serious_complication_acs_30d", only_death)) == 1


def _of(name: str, values: dict[str, float]) -> dict[str, float]:
    return {column: value for column, value in values.items() if column in outcome_of(name).needs}


def test_what_was_there_before_is_asked_of_every_kind_that_can_be_asked():
    """The variables "present at time of surgery" of the ACS NSQIP, but for sepsis: its flag joins sepsis and shock."""
    asked = {
        "superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d", "pneumonia_30d", "ventilator_over_48h_30d",
        "urinary_tract_infection_30d", "septic_shock_30d",
    }  # fmt: skip
    tested = set()
    for name in EVENTS:
        flags = [flag for flag in outcome_of(name).needs if flag in asked]
        for flag in flags:
            clear = dict.fromkeys(outcome_of(name).needs, 0.0) | {flag: 1.0}
            assert one(name, **clear) == 1
            assert one(name, **clear, **{flag.replace("_30d", "_patos"): 1.0}) == 0, name
        tested.update(flags)
    assert tested == asked


def test_an_infection_that_was_there_at_the_operation_is_none():
    assert one("deep_ssi_30d", deep_ssi_30d=1, deep_ssi_patos=1) == 0
    assert one("deep_ssi_30d", deep_ssi_30d=1, deep_ssi_patos=0) == 1
    kinds = {"superficial_ssi_30d": 0.0, "deep_ssi_30d": 1.0, "organ_space_ssi_30d": 0.0}
    assert one("surgical_site_infection_kinds_30d", **kinds, deep_ssi_patos=1) == 0
    assert one("surgical_site_infection_kinds_30d", **kinds | {"superficial_ssi_30d": 1.0}, deep_ssi_patos=1) == 1
    assert np.isnan(one("surgical_site_infection_kinds_30d", **kinds | {"superficial_ssi_30d": NA}, deep_ssi_patos=1))


@pytest.mark.parametrize(
    ("grade", "expected"), [("0", 0), ("1", 0), ("2", 0), ("3a", 1), ("3b", 1), ("4a", 1), ("4b", 1), ("5", 1)]
)
def test_clavien_dindo_grade_3_or_more(grade: str, expected: int):
    assert one("clavien_dindo_3", clavien_dindo=grade) == expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("home", 0), ("rehabilitation", 1), ("skilled_care", 1), ("hospice", 1), ("died", NA), ("against_advice", NA),
     (None, NA)],
)  # fmt: skip
def test_discharge_to_another_place_than_home(destination: str | None, expected: float):
    np.testing.assert_equal(one("non_home_discharge", discharge_destination=destination), expected)


def test_every_destination_has_a_meaning():
    spec = OWN["non_home_discharge"]
    named = {"home", *spec.counts, *spec.leaves_out}  # type: ignore[attr-defined]
    assert named == set(COLUMNS["discharge_destination"].levels)


def test_who_died_before_discharge_leaves_and_the_unknown_stays():
    outcome = outcome_of("non_home_discharge")
    frame = pd.DataFrame({"discharge_destination": ["home", "died", None]})
    assert outcome.excluded[0].keep(frame).tolist() == [True, False, True]


@pytest.mark.parametrize(("days", "expected"), [(3, 0), (4, 1), (NA, NA)])
def test_a_stay_of_more_than_three_days(days: float, expected: float):
    np.testing.assert_equal(one("stay_over_3d_fusion", length_of_stay_days=days, planned_fusion=1), expected)
    eligible = outcome_of("stay_over_3d_fusion").eligible
    frame = pd.DataFrame({"planned_fusion": [1.0, 0.0, NA], "length_of_stay_days": [1.0, 1.0, 1.0]})
    assert eligible[0].keep(frame).tolist() == [True, False, False]


def test_stays_in_hours_and_midnights():
    assert one("stay_over_28h_decompression", los_hours=28) == 0
    assert one("stay_over_28h_decompression", los_hours=28.5) == 1
    assert one("stay_two_midnights", midnights=1) == 0
    assert one("stay_two_midnights", midnights=2) == 1


def test_the_clock_of_a_readmission_is_said():
    early, late = outcome_of("readmission_30d_from_operation"), outcome_of("readmission_90d_from_discharge")
    assert (early.clock, late.clock) == ("operation", "discharge")
    assert "counted from the operation, so that a patient who stays 20 days is at risk for 10 only" in early.rule
    assert "days are counted from the discharge, not from the operation" in late.rule


@pytest.mark.parametrize("name", ["readmission_30d_from_operation", "readmission_related_30d_from_operation"])
def test_who_died_in_hospital_by_day_30_was_not_readmitted(name: str):
    flag = outcome_of(name).needs[0]
    assert one(name, discharge_destination="died", death_30d=1) == 0
    assert np.isnan(one(name, discharge_destination="died", death_30d=0))  # there until after day 30
    assert np.isnan(one(name, discharge_destination="home", death_30d=1))  # nobody said whether before
    assert one(name, **{flag: 0}, discharge_destination="home", death_30d=1) == 0
    assert one(name, **{flag: 1}, discharge_destination="home", death_30d=1) == 1
    outcome = outcome_of(name)
    assert "who died before a readmission was not readmitted and counts as 0" in outcome.competing
    assert "not recorded counts as no where discharge destination: died and death within 30 days: yes" in outcome.rule
    without = build(OUTCOMES[name], columns=[flag, "death_30d"])
    assert "not recorded counts as no" not in without.rule
    assert np.isnan(without.occurred(pd.DataFrame({flag: [NA], "death_30d": [1.0]}))).all()


def test_one_rule_of_death_holds_for_readmission_by_a_flag_and_by_a_day():
    assert one("readmission_90d_from_discharge", discharge_destination="died") == 0
    dead = {"length_of_stay_days": 9, "death_days": 9, "follow_up_days": 9}
    assert one("readmission_90d_dated", **dead) == 0
    frame = pd.DataFrame({"readmission_90d": [NA, NA], "discharge_destination": ["died", "home"]})
    outcome = outcome_of("readmission_90d_from_discharge")
    assert outcome.observed[0].keep(frame).tolist() == [True, False]
    assert outcome.settled
    assert outcome.settled(frame).tolist() == [True, False]


@pytest.mark.parametrize(
    "name", ["stay_over_3d_posterior_lumbar_fusion", "stay_over_3d_fusion", "stay_over_28h_decompression",
             "stay_two_midnights", "same_day_discharge"],
)  # fmt: skip
def test_a_death_in_hospital_is_no_short_stay(name: str):
    outcome = outcome_of(name)
    frame = pd.DataFrame({"discharge_destination": ["died", "home", None]})
    (step,) = outcome.excluded
    assert step.keep(frame).tolist() == [False, True, True]
    assert step.reason == "discharge destination: died: left out by definition"
    assert "discharge_destination" in outcome.revealing
    assert "discharge destination: died leaves the patient out" in outcome.rule
    without = build(OUTCOMES[name], columns=outcome.needs)
    assert without.excluded == ()
    assert "discharge_destination" not in without.revealing


def test_no_readmission_counts_only_where_all_90_days_were_seen():
    assert one("readmission_90d_from_discharge", readmission_90d=0, followed_90d=1) == 0
    assert np.isnan(one("readmission_90d_from_discharge", readmission_90d=0, followed_90d=0))
    assert one("readmission_90d_from_discharge", readmission_90d=1, followed_90d=0) == 1


@pytest.mark.parametrize(
    ("angle", "before", "expected"), [(12, 1, 1), (12, 5, 0), (9, -15, 0), (20, 10, 1), (NA, 1, NA)]
)
def test_junctional_kyphosis_needs_both_angles(angle: float, before: float, expected: float):
    columns = {"proximal_junctional_angle_deg_24m": angle, "proximal_junctional_angle_deg_0": before}
    np.testing.assert_equal(one("pjk_by_angles_24m", **columns), expected)


def test_junctional_failure_needs_kyphosis_and_a_sign():
    signs = dict.fromkeys(
        ("uiv_fracture", "uiv_pull_out", "uiv_subluxation", "junctional_deficit", "revision_for_pjk"), 0.0
    )
    assert one("pjf_by_parts", pjk=1, **signs) == 0
    assert one("pjf_by_parts", pjk=1, **signs | {"uiv_fracture": 1.0}) == 1
    assert one("pjf_by_parts", pjk=0, uiv_fracture=1) == 0
    assert np.isnan(one("pjf_by_parts", pjk=1, uiv_fracture=NA))


@pytest.mark.parametrize(("before", "after", "any_loss", "major"), [(50, 50, 0, 0), (50, 49, 1, 0), (50, 45, 1, 1),
                                                                  (40, 45, 0, 0), (50, NA, NA, NA)])  # fmt: skip
def test_loss_of_motor_score(before: float, after: float, any_loss: float, major: float):
    np.testing.assert_equal(one("lems_loss_1_6w", lems_0=before, lems_6w=after), any_loss)
    np.testing.assert_equal(one("lems_loss_5_6w", lems_0=before, lems_6w=after), major)


def test_return_to_work_is_asked_of_who_had_work():
    frame = pd.DataFrame({
        "employment": ["working", "sick_leave", "retired", "unemployed", None],
        "employment_12m": ["working", "retired", "working", "working", "working"],
    })  # fmt: skip
    outcome = outcome_of("return_to_work_12m")
    assert outcome.eligible[0].keep(frame).tolist() == [True, True, False, False, False]
    np.testing.assert_array_equal(outcome.occurred(frame)[:2], [1, 0])
    by_day = outcome_of("return_to_work_by_12m")
    assert by_day.follow_up is not None
    assert by_day.desirable


def test_opioids_are_asked_apart_of_the_naive_and_the_exposed():
    frame = pd.DataFrame({"opioid_use": ["not_used", "intermittent", "daily", None], "opioid_refill_180d": [1.0] * 4})
    naive, exposed = outcome_of("opioid_refill_180d_naive"), outcome_of("opioid_refill_180d_exposed")
    assert naive.eligible[0].keep(frame).tolist() == [True, False, False, False]
    assert exposed.eligible[0].keep(frame).tolist() == [False, True, True, False]
    assert len(OPIOIDS) == 9


@pytest.mark.parametrize("name", [spec.name for spec in OPIOIDS])
def test_opioids_are_asked_of_the_insured(name: str):
    """With an event or without: to keep the uninsured with an event alone would raise the rate."""
    outcome = outcome_of(name)
    frame = pd.DataFrame({"insured_180d": [1.0, 0.0, NA]})
    (step,) = outcome.excluded
    assert step.keep(frame).tolist() == [True, False, False]
    assert "only patients with insured 180d: yes belong" in outcome.rule
    assert outcome.doubts == ()
    without = build(OUTCOMES[name], columns=outcome.needs)
    assert without.excluded == ()
    assert "in doubt: the data have no column insured_180d" in without.rule
    assert without.doubts == ("in doubt: the data have no column insured_180d, so that what was not seen may count as "
                              "no",)  # fmt: skip


@pytest.mark.parametrize("name", ["return_to_work_3m", "return_to_work_12m", "dysphagia_3m", "voice_problem_3m"])
def test_an_answer_at_a_visit_counts_for_the_operation_only(name: str):
    """A reoperation or a death before the visit is what the study makes of it."""
    spec = OUTCOMES[name]
    good = "working" if name.startswith("return") else 0.0
    frame = pd.DataFrame({spec.column: [good] * 3, "reoperation_days": [NA, 50, 800], "death_days": [NA, NA, NA],
                          "employment": "working"})  # fmt: skip
    failed = build(spec, reoperated="fail").occurred(frame)
    assert failed.tolist() == ([1, 0, 1] if spec.desirable else [0, 1, 0])
    (step,) = build(spec, reoperated="exclude", died="as_scored").excluded
    assert step.keep(frame).tolist() == [True, False, True]


def test_the_nhsn_window_is_of_fusions():
    frame = pd.DataFrame({"planned_fusion": [1.0, 0.0], "deep_ssi_90d": [0.0, 0.0], "organ_space_ssi_90d": [1.0, 1.0]})
    outcome = outcome_of("deep_or_organ_space_ssi_90d")
    assert outcome.eligible[0].keep(frame).tolist() == [True, False]
    assert outcome.occurred(frame)[0] == 1


def test_the_nhsn_window_without_a_fusion_is_30_days():
    frame = pd.DataFrame({
        "planned_fusion": [0.0, 1.0, NA], "deep_ssi_30d": [1.0, 1.0, 1.0], "organ_space_ssi_30d": [0.0, 0.0, 0.0],
    })  # fmt: skip
    outcome = outcome_of("deep_or_organ_space_ssi_30d")
    assert outcome.eligible[0].keep(frame).tolist() == [True, False, False]
    assert outcome.occurred(frame)[0] == 1
    assert one("deep_or_organ_space_ssi_30d", deep_ssi_30d=1, deep_ssi_patos=1, organ_space_ssi_30d=0) == 0


@pytest.mark.parametrize("name", ["reoperation_30d", "reoperation_90d"])
def test_reoperation_by_a_flag_of_the_registry(name: str):
    outcome = build(OUTCOMES[name])
    np.testing.assert_array_equal(outcome.occurred(pd.DataFrame({name: [1.0, 0.0, NA]})), [1, 0, NA])
    assert outcome.clock == "operation"


def test_transfusion_is_in_no_composite():
    told_by = [name for name in OWN if "transfusion_30d" in outcome_of(name).revealing]
    assert told_by == ["transfusion_30d"]


def test_the_decision_to_operate_is_no_outcome_of_a_patient():
    assert [spec.name for spec in OWN.values() if not spec.patient_outcome] == ["surgery_performed"]
    assert "a decision of doctors, not an outcome of a patient" in outcome_of("surgery_performed").rule


def test_an_item_of_the_srs22r():
    assert one("srs22r_q05_4_24m", srs22r_q05_24m=4) == 1
    assert one("srs22r_q05_4_24m", srs22r_q05_24m=3) == 0
    assert one("srs22r_q05_4_24m", srs22r_q05_24m=5, reoperation_days=100) == 0
    assert len([name for name in OWN if name.startswith("srs22r_q")]) == 22


def test_the_ichom_set_counts_what_the_surgeon_saw_and_what_came_later():
    outcome = outcome_of("ichom_complication_30d")
    assert len(outcome.components) == 9
    clear = dict.fromkeys(outcome.needs, 0.0)
    assert one("ichom_complication_30d", **clear) == 0
    for flag in outcome.needs:
        assert one("ichom_complication_30d", **clear | {flag: 1.0}) == 1


def test_the_page_names_every_entry():
    page = (Path(__file__).parent.parent / "docs" / "complications.md").read_text(encoding="utf-8")
    said_by_a_pattern = re.compile(r"srs22r_q\d\d_4_24m|lems_loss_\d_\w+|opioid_\w+_(naive|exposed)|\w+_all_fused")
    names = [name for name in (*OWN, *(spec.name for spec in COMBINED)) if not said_by_a_pattern.fullmatch(name)]
    assert [name for name in names if f"`{name}`" not in page] == []
