"""What the simulated registries hold beside their first columns: those unmoved, all in agreement, risks as stated."""

from dataclasses import replace
from functools import cache
from hashlib import sha256
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import spearmanr
from synthetic_columns import FIRST_COLUMNS, FIRST_TRUTHS, HASHES, SCENARIOS

from outcomes.instruments import INSTRUMENTS
from schemas.simulation.aftermath import by_day
from schemas.simulation.draw import draw_cohort
from schemas.simulation.questionnaires import CERVICAL_FORMS, DEFORMITY_FORMS, LUMBAR_FORMS, SRS_FORMS
from schemas.simulation.scenario import Scenario
from schemas.simulation.specs import Flag, Given, Number, Part, Sum, linear
from schemas.simulation.srs_items import SCALES, Answers
from schemas.simulation.tied import Main, Rating, Tied, draw_after, draw_before
from schemas.synthetic import COHORTS

FloatArray = npt.NDArray[np.float64]

N = 40_000
FORMS = {"lumbar": [LUMBAR_FORMS], "cervical": [CERVICAL_FORMS], "deformity": [DEFORMITY_FORMS, SRS_FORMS]}
FLAGS = [(cohort, risk.outcome, risk.flag.name) for cohort, spec in COHORTS.items() for risk in spec.risks]
CHANGES = [
    (cohort, change.outcome, change.score, change.visit, -change.points if change.more else change.points)
    for cohort, spec in COHORTS.items()
    for change in spec.improvements
]


@cache
def drawn(cohort: str) -> SimpleNamespace:
    made = draw_cohort(COHORTS[cohort], n=N, seed=20260202, scenario=Scenario(missing="none"))
    return SimpleNamespace(frame=pd.DataFrame(made.values), truth=made.truth)


def digest(frame: pd.DataFrame) -> str:
    return sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


@pytest.mark.parametrize(("cohort", "scenario"), HASHES)
def test_the_first_columns_are_what_they_were(cohort: str, scenario: str) -> None:
    # The true risks of then counted a herniation from the first day on.
    first = COHORTS[cohort].first_event
    spec = replace(COHORTS[cohort], first_event=first and replace(first, from_day=0))
    made = draw_cohort(spec, n=300, seed=1, scenario=Scenario(**SCENARIOS[scenario]))
    columns = pd.DataFrame({name: made.values[name] for name in FIRST_COLUMNS[cohort]})
    truths = pd.DataFrame({name: made.truth[name] for name in FIRST_TRUTHS[cohort]}).round(9)
    assert (digest(columns), digest(truths)) == HASHES[cohort, scenario]


def agrees(y: FloatArray, risk: FloatArray) -> None:
    """Events follow the risk in each tenth of it."""
    kept = np.isfinite(y) & (risk > 0)
    y, risk = y[kept], risk[kept]
    assert len(y) > 2_000
    for rows in np.array_split(np.argsort(risk), 10):
        assert abs((y[rows] - risk[rows]).sum()) < 4 * np.sqrt((risk[rows] * (1 - risk[rows])).sum())


@pytest.mark.parametrize(("cohort", "outcome", "column"), FLAGS, ids=[f"{row[0]}-{row[1]}" for row in FLAGS])
def test_flags_follow_their_risk(cohort: str, outcome: str, column: str) -> None:
    data = drawn(cohort)
    agrees(data.frame[column].to_numpy(), np.nan_to_num(data.truth[outcome], nan=0.0))


@pytest.mark.parametrize(
    ("cohort", "outcome", "score", "visit", "points"), CHANGES, ids=[f"{row[0]}-{row[1]}" for row in CHANGES]
)
def test_improvements_follow_their_risk(cohort: str, outcome: str, score: str, visit: str, points: float) -> None:
    data = drawn(cohort)
    change = (data.frame[f"{score}_0"] - data.frame[f"{score}_{visit}"]) * np.sign(points)
    y = np.where(change.isna(), np.nan, change >= abs(points) - 1e-9)
    impossible = data.truth[outcome] == 0
    assert np.nansum(y[impossible]) == 0
    agrees(y, data.truth[outcome])


@pytest.mark.parametrize(("outcome", "day"), [
    ("reherniation_12m", 365), ("reherniation_24m", 730), ("reherniation_60m", 1826),
])  # fmt: skip
def test_reherniation_follows_its_risk_by_each_horizon(outcome: str, day: int) -> None:
    data = drawn("lumbar")
    room = pd.Timestamp("2025-06-30") - data.frame["operation_date"] >= pd.Timedelta(days=day)
    rows = room & ~data.frame["patient"].duplicated(keep=False)
    times = data.frame[rows]
    followed = (times["follow_up_days"] >= day) | times["death_days"].notna()
    event = times["reherniation_days"].between(14, day)
    early = times["reherniation_days"] < 14
    followed = followed | early
    # Loss is at 6 per cent a year, of everyone alike: who is still followed, or had the event, stands for the lost.
    lasting = np.where(event | early, times["reherniation_days"], np.minimum(times["death_days"].fillna(day), day))
    weight = np.exp(0.06 * np.maximum(lasting - 30, 0) / 365.25) * (event | followed)
    risk = data.truth[outcome][rows.to_numpy()]
    estimate, error = (weight * event).sum() / len(times), np.sqrt((weight**2 * event).sum()) / len(times)
    assert abs(estimate - risk.mean()) < 4 * error


@pytest.mark.parametrize("cohort", COHORTS)
def test_infections_and_clots_are_the_kinds_that_they_are_made_of(cohort: str) -> None:
    frame = drawn(cohort).frame
    kinds = frame[["superficial_ssi_30d", "deep_ssi_30d", "organ_space_ssi_30d"]]
    pd.testing.assert_series_equal(kinds.sum(axis=1, skipna=False), frame["surgical_site_infection_30d"],
                                   check_names=False)  # fmt: skip
    clots = frame[["deep_vein_thrombosis_30d", "pulmonary_embolism_30d"]]
    pd.testing.assert_series_equal(clots.max(axis=1), frame["venous_thromboembolism_30d"], check_names=False)
    assert (clots.sum(axis=1) == 2).any()
    assert (kinds.sum() > 0).all()


PARTS = [
    ("septic_shock_30d", "sepsis_30d"), ("wound_disruption_30d", "surgical_site_infection_30d"),
    ("reoperation_related_30d", "reoperation_30d"), ("readmission_related_30d", "readmission_30d"),
    ("readmission_30d", "readmission_90d"), ("reoperation_30d", "reoperation_90d"), ("death_30d", "death_90d"),
    ("opioid_span_90d", "opioid_refill_180d"), ("opioid_episode_120d", "opioid_span_90d"),
    ("screw_loosening", "implant_failure"), ("rod_fracture", "implant_failure"),
    ("adjacent_disease", "adjacent_degeneration"), ("revision_for_pjk", "pjf"), ("uiv_fracture", "pjf"),
    ("pjf", "pjk"), ("major_neurological_deficit", "new_neurological_deficit"),
    ("c5_palsy", "new_neurological_deficit"),
]  # fmt: skip


OF_ONE_COHORT = {
    "rod_fracture": {"lumbar", "deformity"}, "revision_for_pjk": {"deformity"}, "uiv_fracture": {"deformity"},
    "pjf": {"deformity"}, "c5_palsy": {"cervical"},
}  # fmt: skip
"""Where a part is recorded, if not in all cohorts."""

IN_COHORTS = [(cohort, *pair) for pair in PARTS for cohort in COHORTS if cohort in OF_ONE_COHORT.get(pair[0], COHORTS)]


@pytest.mark.parametrize(("cohort", "part", "whole"), IN_COHORTS)
def test_a_part_is_never_there_without_the_whole(cohort: str, part: str, whole: str) -> None:
    both = drawn(cohort).frame[[part, whole]].dropna()
    assert (both[part] <= both[whole]).all()
    assert 0 < both[part].sum() < both[whole].sum()


@pytest.mark.parametrize("cohort", COHORTS)
def test_the_last_images_are_of_a_visit_or_of_what_they_showed(cohort: str) -> None:
    frame = drawn(cohort).frame
    images = frame["last_imaging_days"]
    known = images.notna()
    assert 0.9 < known.mean() < 1
    assert (images[known] <= frame.loc[known, "follow_up_days"]).all()
    for name in ("pjk_days", "pseudarthrosis_days"):
        if name in frame:
            shown = frame[name].notna()
            assert shown.any()
            assert (images[shown] >= frame.loc[shown, name]).all()
    late = frame["adjacent_degeneration"].notna()
    assert (images[late] >= 730).all()
    lost = known & (images < 730) & (frame["follow_up_days"] >= 730)
    assert lost.mean() > 0.05


def test_a_herniation_that_comes_back_late_enough_had_relief() -> None:
    frame = drawn("lumbar").frame
    herniated = frame[frame["reherniation_days"].notna()]
    late = herniated["reherniation_days"] >= 14
    assert (herniated.loc[late, "pain_free_days"] >= 14).all()
    assert (~late).any()
    assert (herniated.loc[~late, "pain_free_days"] < 14).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_who_died_in_hospital_was_not_readmitted(cohort: str) -> None:
    frame = drawn(cohort).frame
    died = frame["discharge_destination"] == "died"
    assert died.any()
    assert (frame.loc[died, "readmission_90d"] == 0).all()
    assert frame.loc[died, "readmission_days"].isna().all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_rarer_complications_add_no_patient_to_those_with_any(cohort: str) -> None:
    """Else the true risk of any complication would not be that of the wider lists."""
    frame = drawn(cohort).frame
    asked = [*COHORTS[cohort].components, "death_30d"]
    further = [
        "unplanned_intubation_30d", "ventilator_over_48h_30d", "progressive_renal_insufficiency_30d",
        "acute_renal_failure_30d", "cardiac_arrest_30d", "clostridium_difficile_30d",
    ]  # fmt: skip
    spared = (frame[asked] == 0).all(axis=1)
    assert (frame.loc[spared, further] == 0).all(axis=None)
    assert (frame[further].sum() > 0).all()
    assert (frame[further].isna().all(axis=1) == frame["death_30d"].isna()).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_grades_agree_with_what_happened(cohort: str) -> None:
    frame = drawn(cohort).frame
    grade = frame["clavien_dindo"]
    assert (grade.isna() == frame["death_30d"].isna()).all()
    assert ((grade == "5") == (frame["death_30d"] == 1)).all()
    operated = (frame["reoperation_30d"] == 1) & (frame["death_30d"] == 0)
    assert grade[operated].isin(["3a", "3b", "4a", "4b"]).all()
    asked = [*COHORTS[cohort].components, "transfusion_30d"]
    assert (frame.loc[grade == "0", asked] == 0).all(axis=None)
    assert set(grade.dropna()) == {"0", "1", "2", "3a", "3b", "4a", "4b", "5"}


@pytest.mark.parametrize("cohort", COHORTS)
def test_flags_of_a_window_are_those_of_the_days(cohort: str) -> None:
    frame = drawn(cohort).frame
    for name, day in (("reoperation", 90), ("death", 90)):
        happened, flag = frame[f"{name}_days"] <= day, frame[f"{name}_{day}d"]
        assert (flag[happened] == 1).all()
        lost = ~happened & (frame["follow_up_days"] < day) & frame["death_days"].isna()
        assert flag[lost].isna().all()
        assert lost.any()
        assert (flag[~happened & ~lost] == 0).all()
    known = frame["readmission_30d"].notna()
    early = frame["readmission_days"] <= 30
    assert (early[known] == (frame.loc[known, "readmission_30d"] == 1)).all()
    since = frame["readmission_days"] - frame["length_of_stay_days"]
    again = since.notna()
    assert (since[again] >= 1).all()
    assert (frame.loc[again & (since <= 90), "readmission_90d"] == 1).all()
    assert (frame.loc[again, "readmission_days"] <= frame.loc[again, "follow_up_days"]).all()


def test_what_is_not_yet_over_is_unknown() -> None:
    values = {"follow_up_days": np.array([100.0, 50, 50, 95]), "death_days": np.array([np.nan, np.nan, 50, np.nan])}
    np.testing.assert_array_equal(by_day(np.array([np.nan, np.nan, np.nan, 20]), 90, values), [0, np.nan, 0, 1])


@pytest.mark.parametrize("cohort", COHORTS)
def test_the_stay_is_one_stay(cohort: str) -> None:
    frame = drawn(cohort).frame
    nights = frame["length_of_stay_days"]
    assert (frame["midnights"] == nights).all()
    assert (frame["los_hours"][nights > 0] - 24 * nights[nights > 0]).abs().max() <= 12
    assert frame["los_hours"][nights == 0].between(3, 15).all()
    assert (frame["same_day_discharge"] <= (nights == 0)).all()
    assert ((frame["same_day_discharge"] == 1) == (nights == 0) & (frame["discharge_destination"] != "died")).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_who_had_work_may_return_to_it(cohort: str) -> None:
    frame = drawn(cohort).frame
    employed = frame["employment"].isin(["working", "sick_leave"])
    assert (frame["return_to_work"].notna() == employed).all()
    assert ((frame["return_to_work"] == 1) == frame["return_to_work_days"].notna()).all()
    back = frame["return_to_work_days"].notna()
    assert (frame.loc[back, "return_to_work_days"] <= frame.loc[back, "follow_up_days"]).all()
    seen = employed & frame["employment_12m"].notna()
    working = frame.loc[seen, "employment_12m"] == "working"
    assert (working == (frame.loc[seen, "return_to_work_days"] <= 365)).all()
    others = ~employed & frame["employment_3m"].notna()
    assert (frame.loc[others, "employment_3m"] == frame.loc[others, "employment"]).all()


@pytest.mark.parametrize("cohort", COHORTS)
def test_a_reoperation_is_at_one_place(cohort: str) -> None:
    frame = drawn(cohort).frame
    places = frame[["same_level_reoperation_days", "adjacent_reoperation_days", "other_level_reoperation_days"]]
    assert (places.notna().sum(axis=1) == frame["reoperation_days"].notna()).all()
    pd.testing.assert_series_equal(places.max(axis=1), frame["reoperation_days"], check_names=False)
    assert (places.notna().sum() > 100).all()


def test_a_reherniation_is_at_an_operated_level() -> None:
    frame = drawn("lumbar").frame
    herniated = frame["reherniation_days"].notna()
    assert (frame["recurrence_level_side"].notna() == herniated).all()
    assert (frame["pain_free_days"].notna() == herniated).all()
    assert (frame.loc[herniated, "pain_free_days"] <= frame.loc[herniated, "reherniation_days"]).all()
    left = frame["residual_herniation"] == 1
    assert left.any()
    assert not (left & herniated).any()
    assert (frame.loc[frame["residual_herniation"].notna(), "planned_procedure"] == "discectomy").all()
    at_once = frame["reoperation_days"] == frame["reherniation_days"]
    revised, fused = frame["revision_discectomy_days"].notna(), frame["level_fusion_days"].notna()
    other = frame["other_fusion_days"].notna()
    assert (at_once == (revised | fused & ~other)).all()
    assert not (revised & fused).any()
    assert (frame.loc[at_once, "same_level_reoperation_days"] == frame.loc[at_once, "reherniation_days"]).all()
    assert (frame["fusion_reason"].notna() == fused).all()
    assert ((frame["fusion_reason"] == "other") == other).all()
    assert set(frame["fusion_reason"].dropna()) == {"recurrence", "other", "not_adjudicated"}


@pytest.mark.parametrize("visit", ["12m", "24m"])
def test_a_junctional_kyphosis_shows_in_the_angles(visit: str) -> None:
    frame = drawn("deformity").frame
    angle = frame[f"proximal_junctional_angle_deg_{visit}"]
    kyphotic = (angle >= 10) & (angle - frame["proximal_junctional_angle_deg_0"] >= 10)
    seen = angle.notna() & frame["pjk"].notna()
    day = {"12m": 365, "24m": 730}[visit]
    begun = (frame["pjk"] == 1) & (frame["pjk_days"] <= day)
    assert (kyphotic[seen] == begun[seen]).all()
    known = frame["pjk"].notna()
    assert ((frame["pjk"] == 1) == frame["pjk_days"].notna())[known].all()
    revised = frame["revision_for_pjk"] == 1
    assert revised.any()
    assert (frame.loc[revised, "pjk_days"] <= frame.loc[revised, "reoperation_days"]).all()


def test_failure_at_the_junction_is_any_of_its_signs() -> None:
    frame = drawn("deformity").frame
    signs = ["uiv_fracture", "uiv_pull_out", "uiv_subluxation", "junctional_deficit", "revision_for_pjk"]
    pd.testing.assert_series_equal(frame[signs].max(axis=1), frame["pjf"], check_names=False)
    assert (frame[signs].sum() > 0).all()


@pytest.mark.parametrize("cohort", ["lumbar", "cervical"])
def test_only_fusions_heal_or_fail(cohort: str) -> None:
    frame = drawn(cohort).frame
    fused = frame["planned_fusion"] == 1
    for name in ("pseudarthrosis", "implant_failure", "adjacent_degeneration", "deep_ssi_90d"):
        assert frame.loc[~fused, name].isna().all()
        assert frame.loc[fused, name].notna().any()
    seen = frame["pseudarthrosis_days"].notna()
    assert (seen == (frame["pseudarthrosis"] == 1)).all()
    assert frame.loc[seen, "pseudarthrosis_days"].between(365, frame.loc[seen, "follow_up_days"]).all()


def test_legs_lose_strength_as_the_flag_says() -> None:
    frame = drawn("deformity").frame
    lost = frame["lems_0"] - frame["lems_6w"]
    seen = lost.notna()
    assert ((lost > 0) == (frame["new_neurological_deficit"] == 1))[seen & (frame["lems_0"] == 50)].all()
    assert ((lost >= 5) == (frame["major_neurological_deficit"] == 1))[seen & (frame["lems_0"] == 50)].all()
    assert (frame["lems_0"][frame["motor_deficit"] == 0] == 50).all()
    assert (frame["lems_0"][frame["motor_deficit"] == 1] < 50).all()


def list_forms(cohort: str) -> list[tuple[str, Tied | Rating]]:
    return [(main.score, form) for forms in FORMS[cohort] for main, held in forms.items() for form in held]


ALL_FORMS = [(cohort, main, form) for cohort in COHORTS for main, form in list_forms(cohort)]
FORM_IDS = [f"{cohort}-{form.score}" for cohort, _, form in ALL_FORMS]


@pytest.mark.parametrize(("cohort", "main", "form"), ALL_FORMS, ids=FORM_IDS)
def test_questionnaires_follow_the_main_score(cohort: str, main: str, form: Tied | Rating) -> None:
    """The better the one, the better the other; a rating follows the change, as an anchor must."""
    frame = drawn(cohort).frame
    for visit in form.visits:
        now = frame[[f"{main}_{visit}", f"{main}_0", f"{form.score}_{visit}"]].dropna()
        assert len(now) > 5_000
        better = sign(main) * now[f"{main}_{visit}"]
        change = better - sign(main) * now[f"{main}_0"]
        other = sign(form.score) * now[f"{form.score}_{visit}"]
        assert spearmanr(change if isinstance(form, Rating) else better, other).statistic > 0.25


def sign(score: str) -> int:
    entry = INSTRUMENTS.get(score)
    if entry is None:
        assert score in {"nass_pain_disability", "nass_neurogenic", "vas_numbness"}
    return 1 if entry is not None and entry.direction == "higher_is_better" else -1


@pytest.mark.parametrize(("cohort", "main", "form"), ALL_FORMS, ids=FORM_IDS)
def test_questionnaires_use_their_scale(cohort: str, main: str, form: Tied | Rating) -> None:
    frame = drawn(cohort).frame
    columns = [f"{form.score}_{visit}" for visit in form.visits]
    if isinstance(form, Tied):
        columns.append(f"{form.score}_0")
    for name in columns:
        held = frame[name].dropna()
        assert held.between(form.low, form.high).all()
        steps = held / form.step
        assert (steps - steps.round()).abs().max() < 1e-6
        assert held.std() > form.step / 4


def test_one_point_of_the_main_score_is_worth_what_is_said() -> None:
    main = Main(score="odi", centre=40)
    tied = Tied(score="x", centre=50, per=-0.5, sd=0, later=0, low=0, high=100, step=0, own=0.5, shift=3)
    values = {
        "patient": np.arange(2), "odi_0": np.array([40.0, 60]), "odi_12m": np.array([20.0, np.nan]),
        "depression": np.zeros(2),
    }  # fmt: skip
    (before,) = draw_before(main, (tied,))
    values["x_0"] = before.draw(values, np.random.default_rng(1)) + 4
    np.testing.assert_allclose(values["x_0"], [54, 44])
    after = {draw.name: draw for draw in draw_after(main, (tied,)) if draw.name == "x_12m"}["x_12m"]
    # On the line 50 + 0.5 * 20 + 3, and half of the 4 points by which the patient was above it.
    np.testing.assert_allclose(after.draw(values, np.random.default_rng(1)), [65, np.nan])


def test_answers_add_up_to_the_total() -> None:
    frame = drawn("deformity").frame
    items = frame[[f"srs22r_q{item:02d}_24m" for item in range(1, 23)]]
    total = frame["srs22r_total_24m"]
    assert (items.notna().all(axis=1) == total.notna()).all()
    assert (items.mean(axis=1) - total).abs().max() < 0.03
    assert set(np.unique(items.dropna().to_numpy())) == {1, 2, 3, 4, 5}
    pain = frame[[f"srs22r_q{item:02d}_24m" for item in (1, 2, 8, 11, 17)]].mean(axis=1)
    pd.testing.assert_series_equal(pain, frame["srs22r_pain_24m"], check_names=False)
    assert sorted(item for scale, held in SCALES.items() if scale != "subscore" for item in held) == [*range(1, 23)]


def test_extreme_totals_have_extreme_answers() -> None:
    answers = Answers(name="x", total="t").draw({"t": np.array([1.0, 5.0, np.nan])}, np.random.default_rng(1))
    assert (answers[0] == 1).all()
    assert (answers[1] == 5).all()
    assert np.isnan(answers[2]).all()


def test_a_part_and_a_condition_hide_what_they_should() -> None:
    values = {"patient": np.arange(4), "whole": np.array([1.0, 0, np.nan, 1])}
    part = Part(name="part", of="whole", log_odds=Sum(40.0))
    np.testing.assert_array_equal(part.draw(values, np.random.default_rng(1)), [1, 0, np.nan, 1])
    given = Given(drawn=Flag(name="flag", log_odds=Sum(40.0)), where=lambda held: held["whole"] == 1)
    np.testing.assert_array_equal(given.draw(values, np.random.default_rng(1)), [1, np.nan, np.nan, 1])
    assert (given.name, given.stays) == ("flag", False)


def test_a_number_that_depends_on_the_unknown_is_unknown() -> None:
    number = Number(name="x", mean=Sum(0, (linear("y", 1),)), sd=0, low=0, high=9, step=1)
    values = {"patient": np.arange(2), "y": np.array([3.0, np.nan])}
    np.testing.assert_array_equal(number.draw(values, np.random.default_rng(1)), [3, np.nan])
