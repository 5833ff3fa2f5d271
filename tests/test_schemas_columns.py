"""Laws of the data dictionary, what it must hold, and what a header may be called."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from schemas.aliases import ALIASES, SCORE_ALIASES, VISIT_WORDS, list_aliases
from schemas.column import KINDS, KNOWN_AT, Column
from schemas.columns import COLUMNS, ENTRIES, FAMILIES
from schemas.definition import BUILT_IN, read_definition
from schemas.dictionary.course import COURSE, DISCHARGE, INTRAOPERATIVE
from schemas.dictionary.events import EVENTS, EVENTS_30D, TIMES
from schemas.dictionary.imaging import IMAGING
from schemas.dictionary.items import ITEMS
from schemas.dictionary.labs import LABS
from schemas.dictionary.patient import PATIENT
from schemas.dictionary.plan import PLANNED
from schemas.dictionary.proms import BASELINE_SCORES, FOLLOW_UP_SCORES, SCORES, SINGLE_ANSWERS, VISITS
from schemas.dictionary.spine import SEGMENTS, SPINE, VERTEBRAE
from schemas.units import known_units
from schemas.wording import squash

ENDINGS = tuple(ending for ending, _ in VISITS)

PREDICTORS = {
    "age": "age", "sex": "sex", "race and ethnicity": "race ethnicity", "education": "education",
    "living alone, language, birthplace": "living_alone foreign_language born_abroad",
    "height, weight, body mass index": "height_cm weight_kg bmi", "smoking": "smoking pack_years smoked_past_year",
    "alcohol": "alcohol_units_week", "ASA": "asa_class",
    "comorbidity": "diabetes diabetes_treatment hypertension copd heart_failure coronary_disease kidney_disease "
    "moderate_severe_kidney_disease dialysis cancer rheumatoid_arthritis bleeding_disorder steroid_use osteoporosis "
    "cerebrovascular_disease dementia",
    "Charlson": "charlson_index charlson_index_quan charlson_index_age", "mFI-5": "frailty_mfi5",
    "functional status": "functional_status", "ambulation": "ambulation",
    "depression, anxiety": "depression anxiety phq9_0 hads_a_0 hads_d_0 eq5d_anxiety_0",
    "catastrophising, fear avoidance, expectations": "catastrophising fear_avoidance expect_pain_relief expect_rtw",
    "opioids": "opioid_use opioid_mme_day", "employment": "employment manual_work",
    "compensation, litigation, insurance": "workers_compensation litigation insurance liability_insurance",
    "duration": "symptom_duration_months symptom_duration_class back_pain_duration_months leg_pain_duration_months "
    "neck_pain_duration_months arm_pain_duration_months",
    "signs": "motor_deficit cauda_equina gait_impairment hoffmann_sign spasticity mrc_grade",
    "diagnosis": "diagnosis cervical_diagnosis deformity_type pathology",
    "levels": "upper_level lower_level operated_side n_levels_planned",
    "previous surgery": "previous_spine_surgery n_previous_operations same_level_surgery", "urgency": "urgency",
    "procedure": "planned_procedure planned_fusion_technique planned_cervical_procedure planned_approach",
    "implants and access": "planned_instruments planned_graft bmp_mg planned_access planned_robot",
    "length of the fusion": "n_fused_levels_planned upper_vertebra lower_vertebra planned_osteotomy",
    "who operates": "surgeon site hospital_volume_year surgeon_volume_year", "when": "operation_date",
    "Modic": "modic_change modic_type modic_upper_endplate modic_lower_endplate",
    "Pfirrmann": "pfirrmann_grade pfirrmann_modified_grade",
    "herniation": "herniation_type herniation_contained carragee_class", "annulus": "annular_defect_mm",
    "facets": "facet_orientation_deg facet_tropism_deg",
    "disc": "disc_height_index sagittal_rom_deg disc_calcification",
    "canal": "canal_area_mm2", "slip": "slip_percent meyerding_grade",
    "pelvis": "pelvic_incidence_deg lumbar_lordosis_deg pi_ll_mismatch_deg pelvic_tilt_deg sva_mm coronal_cobb_deg",
    "modifiers": "schwab_pi_ll schwab_pelvic_tilt schwab_sva", "bone": "t_score hounsfield_units",
    "blood": "albumin_g_dl haematocrit_percent creatinine_mg_dl wbc_1e3_ul platelets_1e3_ul inr sodium_mmol_l "
    "bun_mg_dl hba1c_percent", "when the blood was taken": "albumin_days_before creatinine_days_before",
    "at operation": "operative_minutes blood_loss_ml transfusion_intraop dural_tear neuromonitoring_alert wound_class",
    "after": "length_of_stay_days discharge_destination in_hospital_complication satisfaction_12m gpe_12m "
    "pi_ll_mismatch_deg_12m",
}  # fmt: skip
"""Predictors of the field, in words, and their columns."""

STUDIED = (
    "mjoa_ue_motor_0", "mjoa_le_motor_0", "mjoa_ue_sensory_0", "mjoa_sphincter_0", "cord_signal_t2",
    "cord_signal_t1", "max_cord_compression_pct", "grip_maa_step", "grip_maa_sine", "grip_strength_kg",
    "neck_arom_deg", "neck_flexor_endurance_s", "neck_extensor_endurance_s", "walking_distance_m", "self_efficacy",
    "zung_depression", "expect_exercise", "expect_pain_relief", "expect_rtw", "appraisal_01", "appraisal_22",
    "asthma", "hypothyroidism", "angina", "prior_mi", "peripheral_vascular_disease", "liver_disease", "hemiplegia",
    "history_concussion", "metastatic_cancer", "pneumonia_history", "prior_vte", "elixhauser_count",
    "asd_frailty_index", "occupational_lifting", "occupational_driving", "sports_activity", "sick_leave_weeks",
    "area_deprivation", "distance_to_hospital_km", "teaching_hospital", "hospital_bed_size", "surgeon_grade",
    "elective_admission", "dyspnea", "ascites", "weight_loss_10pct", "sepsis_pre", "open_wound", "transfusion_pre",
    "alk_phos_u_l", "bilirubin_mg_dl", "sgot_u_l", "ptt_s", "transfer_status", "coronal_angle_deg",
    "max_canal_stenosis", "foraminal_stenosis", "sacral_slope_deg", "facet_cyst", "vertebral_fracture_history",
    "thoracic_kyphosis_deg", "tpa_deg", "proximal_junctional_angle_deg_0", "gap_score", "revision", "lenke_type",
    "lenke_lumbar", "lenke_sagittal", "cobb_main_thoracic", "cobb_lumbar", "flexibility_pct", "risser", "menarche",
    "coronal_balance_mm", "c2c7_lordosis_deg", "c2c7_sva_mm", "t1_slope_deg", "trajectory_hu",
    "disc_bulge_c2_3_anterior", "disc_bulge_c7_t1_posterior", "osteophyte_c5_6_anterior", "osteophytes_any",
    "dbsi_fiber_fraction", "dbsi_restricted_fraction", "dbsi_nonrestricted_fraction", "dbsi_axial", "dbsi_radial",
    "srs22r_q01_0", "srs22r_q22_0", "comi_pain_0", "comi_function_0", "comi_wellbeing_0", "comi_qol_0",
    "comi_disability_0", "joabpeq_pain_0", "vas_numbness_0",
)  # fmt: skip
"""Predictors before the operation that published studies used."""

PLANNED_IN_STUDIES = (
    "uiv_anchor", "liv_region", "n_rods", "bmp_mg", "end_vertebra", "planned_osteotomy", "planned_outpatient",
)  # fmt: skip
LATER = {
    "intraop": ("screw_density", "operative_minutes", "anesthesia_type"),
    "discharge": (
        "icu_admission", "adverse_event", "length_of_stay_days", "discharge_destination", "lordosis_correction_deg",
        "rehab_arm", "cpt_code", "cpt_group", "procedure", "midnights", "los_hours", "same_day_discharge", "inpatient",
        "work_rvu", "postop_albumin_g_dl", "postop_haematocrit_percent", "postop_creatinine_mg_dl", "postop_wbc_1e3_ul",
        "postop_platelets_1e3_ul",
    ),
    "followup": (
        "postdischarge_complication", "vas_back_3m", "vas_leg_12m", "return_to_work", "surgery_performed",
        "recurrence_level_side", "revision_for_pjk", "proximal_junctional_angle_deg_24m", "srs22r_q15_12m",
    ),
}  # fmt: skip
"""What some studies took for predictors and nobody can know before the operation."""

RANGES = {
    "odi": (0, 100), "ndi": (0, 100), "vas_back": (0, 100), "vas_leg": (0, 100), "vas_neck": (0, 100),
    "vas_arm": (0, 100), "nrs_back": (0, 10), "nrs_leg": (0, 10), "nrs_neck": (0, 10), "nrs_arm": (0, 10),
    "mjoa": (0, 18), "mjoa_ue_motor": (0, 5), "mjoa_le_motor": (0, 7), "mjoa_ue_sensory": (0, 3),
    "mjoa_sphincter": (0, 3), "joa_cervical": (0, 17), "joa_lumbar": (-6, 29), "eq_vas": (0, 100),
    **{f"sf36_{scale}": (0, 100) for scale in ("pf", "rp", "bp", "gh", "vt", "sf", "re", "mh")},
    **{f"srs22r_{scale}": (1, 5) for scale in ("total", "subscore", "function", "pain", "self_image", "mental_health",
                                               "satisfaction")},
    **{f"comi_{part}": (0, 10) for part in ("back", "neck", "pain", "function", "wellbeing", "qol", "disability")},
    **{f"joabpeq_{domain}": (0, 100) for domain in ("pain", "function", "walking", "social", "mental")},
    "rmdq": (0, 24), "dash": (0, 100), "quickdash": (0, 100), "mdi": (0, 30), "hads_a": (0, 21), "hads_d": (0, 21),
    "phq9": (0, 27), "phq2": (0, 6), "zcq_symptom": (1, 5), "zcq_function": (1, 4), "lems": (0, 50),
    "nass_pain_disability": (0, 100), "nass_neurogenic": (0, 100),
}  # fmt: skip
"""Published ranges of instruments and their scales."""

USUAL = {
    "sf36_pcs": (10, 70), "sf36_mcs": (10, 70), "sf12_pcs": (10, 70), "sf12_mcs": (10, 70), "promis_pf": (15, 75),
    "sf6d": (0.29, 1), "eq5d_index": (-0.594, 1),
}  # fmt: skip
"""Scores without a firm bound: the range in which values are usual."""

RATINGS = {
    "pgic": (1, 7), "gpe": (1, 7), "nass_satisfaction": (1, 4), "zcq_satisfaction": (1, 4),
    "joa_recovery_rate": (-3500, 100),
}  # fmt: skip


def broken(columns: Iterable[Column], law: str) -> list[str]:
    return [f"{column.name} {law}" for column in columns]


def test_names_are_unique_and_well_formed() -> None:
    assert [name for name, count in Counter(column.name for column in ENTRIES).items() if count > 1] == []
    assert [name for name in COLUMNS if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []
    assert [name for name in COLUMNS if len(name) > 50] == []
    assert list(COLUMNS) == [column.name for column in ENTRIES]


def test_every_family_is_joined() -> None:
    assert sum(len(family) for family in FAMILIES.values()) == len(COLUMNS) > 1000
    assert all(FAMILIES.values())


def test_each_entry_keeps_the_laws() -> None:
    for column in ENTRIES:
        assert column.kind in KINDS, column.name
        assert column.known_at in KNOWN_AT, column.name
        assert set(column.cohorts) <= set(BUILT_IN), column.name
        assert column.cohorts, column.name
        assert (column.kind == "number") == (column.hard is not None) == (column.unit is not None), column.name
        assert (column.kind == "category") == bool(column.levels), column.name
        assert not (column.kind in ("identifier", "date") and column.predictor), column.name


def test_each_text_is_one_line_of_its_own() -> None:
    for column in ENTRIES:
        assert re.fullmatch(r"[A-Z0-9][^\n]{4,170}\.", column.text), column.name
        assert not re.search(r"  |\.\.|\bIts\b", column.text), column.name
        assert column.source == column.source.strip(), column.name
    texts = Counter(column.text for column in ENTRIES)
    assert [text for text, count in texts.items() if count > 1] == []


def test_levels_are_plain_words_that_no_program_reads_as_missing() -> None:
    for column in ENTRIES:
        assert len(set(column.levels)) == len(column.levels), column.name
        assert all(re.fullmatch(r"[a-z0-9_]+", level) for level in column.levels), column.name
        assert not {"none", "na", "nan", "null", "unknown"} & set(column.levels), column.name
        assert len(column.levels) != 1, column.name


def test_plausible_ranges_lie_inside_the_possible_ones() -> None:
    for column in ENTRIES:
        if column.hard is not None:
            low, high = column.plausible or column.hard
            assert column.hard[0] <= low < high <= column.hard[1], column.name
            assert column.plausible != column.hard, f"{column.name}: leave out a plausible range that never warns"


@pytest.mark.parametrize(
    ("name", "hard", "plausible"),
    [
        ("age", (0, 110), (18, 95)), ("bmi", (12, 75), (17, 50)), ("frailty_mfi5", (0, 5), None),
        ("charlson_index", (0, 37), (0, 15)), ("charlson_index_quan", (0, 24), (0, 15)), ("albumin_g_dl", (1, 6),
        (2.5, 5.5)), ("haematocrit_percent", (10, 70), (25, 55)), ("creatinine_mg_dl", (0.1, 25), (0.4, 3)),
        ("inr", (0.5, 10), (0.8, 2)), ("sodium_mmol_l", (100, 180), (125, 150)), ("hba1c_percent", (3, 20), (4, 12)),
        ("operative_minutes", (1, 1500), (15, 900)), ("canal_area_mm2", (10, 400), (30, 200)),
        ("fear_avoidance", (0, 96), None), ("catastrophising", (0, 52), None),
        ("opioid_mme_day", (0, 1000), (0, 200)), ("n_previous_operations", (0, 20), (0, 10)),
        # wider than the field's: docs/dictionary.md says why
        ("height_cm", (90, 250), (120, 220)), ("weight_kg", (20, 350), (30, 300)),
        ("annular_defect_mm", (0, 30), (0, 15)), ("lumbar_lordosis_deg", (-40, 110), (-20, 100)),
        ("pi_ll_mismatch_deg", (-70, 120), (-40, 70)), ("pelvic_tilt_deg", (-20, 70), (0, 60)),
        ("disc_height_index", (0.05, 1), (0.1, 0.6)), ("sagittal_rom_deg", (0, 30), (0, 18)),
        ("facet_tropism_deg", (0, 90), (0, 40)), ("facet_orientation_deg", (0, 90), (10, 80)),
        ("hounsfield_units", (-150, 1500), (-50, 400)), ("t_score", (-8, 8), (-6, 4)),
    ],
)  # fmt: skip
def test_ranges_are_those_of_the_field(name: str, hard: tuple[float, float], plausible: tuple[float, float] | None):
    assert (COLUMNS[name].hard, COLUMNS[name].plausible) == (hard, plausible)


def test_nothing_from_the_operation_on_is_known_before_it() -> None:
    assert {column.known_at for column in INTRAOPERATIVE} == {"intraop"}
    assert {column.known_at for column in DISCHARGE} == {"discharge"}
    assert {column.known_at for column in (*EVENTS, *EVENTS_30D, *TIMES, *FOLLOW_UP_SCORES)} == {"followup"}
    assert not any(column.known_by("planned") for column in (*COURSE, *EVENTS))
    assert {column.known_at for column in (*PATIENT, *LABS, *SPINE, *IMAGING, *BASELINE_SCORES)} == {"preop"}


def test_what_ends_like_a_visit_is_known_at_that_visit() -> None:
    later = re.compile(rf"_({'|'.join(ENDINGS)}|30d|90d|patos)$")
    for column in ENTRIES:
        if later.search(column.name):
            assert column.known_at == "followup", column.name
        if column.name.endswith("_0"):
            assert column.known_at == "preop", column.name


def test_a_plan_is_known_later_than_the_patient_and_says_so() -> None:
    assert {column.known_at for column in PLANNED} == {"planned"}
    assert {column.name for column in ENTRIES if column.known_at == "planned"} == {column.name for column in PLANNED}
    assert not COLUMNS["planned_procedure"].known_by("preop")
    for column in PLANNED:
        assert re.search(r"planned|booked", column.text.lower()), column.name


@pytest.mark.parametrize("topic", PREDICTORS)
def test_predictors_of_the_field_have_columns(topic: str) -> None:
    assert [name for name in PREDICTORS[topic].split() if name not in COLUMNS] == []


def test_predictors_of_published_studies_have_columns_known_in_time() -> None:
    assert [name for name in STUDIED if name not in COLUMNS or not COLUMNS[name].known_by("preop")] == []
    assert {COLUMNS[name].known_at for name in PLANNED_IN_STUDIES} == {"planned"}


@pytest.mark.parametrize("known_at", LATER)
def test_what_studies_should_not_have_used_is_known_too_late(known_at: str) -> None:
    assert {name: COLUMNS[name].known_at for name in LATER[known_at]} == dict.fromkeys(LATER[known_at], known_at)


@pytest.mark.parametrize("stem", {**RANGES, **USUAL})
def test_instruments_have_columns_before_and_at_each_visit(stem: str) -> None:
    for ending in ("0", *ENDINGS):
        column = COLUMNS[f"{stem}_{ending}"]
        found = column.hard if stem in RANGES else column.plausible
        assert found == {**RANGES, **USUAL}[stem], column.name


@pytest.mark.parametrize("stem", RATINGS)
def test_ratings_of_the_result_have_no_column_before(stem: str) -> None:
    assert f"{stem}_0" not in COLUMNS
    assert {COLUMNS[f"{stem}_{ending}"].hard for ending in ENDINGS} == {RATINGS[stem]}


def test_every_score_has_its_columns() -> None:
    assert len({score.name for score in SCORES}) == len(SCORES)
    for score in SCORES:
        for ending in ("0", *ENDINGS) if score.before else ENDINGS:
            column = COLUMNS[f"{score.name}_{ending}"]
            assert (column.hard, column.unit, column.cohorts) == (score.hard, score.unit, score.cohorts)


def test_items_are_as_many_as_the_questionnaires_have() -> None:
    counts = Counter(score.name.partition("_")[0] for score in ITEMS)
    assert counts == {
        "odi": 10, "ndi": 10, "srs22r": 22, "comi": 7, "eq5d": 5, "sf36": 36, "rmdq": 24, "dash": 30, "quickdash": 11,
        "hads": 14, "phq9": 9, "mdi": 10, "zcq": 7 + 5 + 6, "joa": 6 + 4,
    }  # fmt: skip
    assert len({column.name for column in SINGLE_ANSWERS}) == len(SINGLE_ANSWERS)


def test_images_at_visits_have_the_range_of_those_before() -> None:
    for name in ("sva_mm", "pelvic_tilt_deg", "lumbar_lordosis_deg", "pi_ll_mismatch_deg", "coronal_cobb_deg",
                 "thoracic_kyphosis_deg", "tpa_deg", "c2c7_lordosis_deg", "c2c7_sva_mm", "t1_slope_deg"):  # fmt: skip
        for ending in ENDINGS:
            later, before = COLUMNS[f"{name}_{ending}"], COLUMNS[name]
            assert (later.hard, later.plausible, later.unit) == (before.hard, before.plausible, before.unit)


def test_the_spine_has_its_segments_from_the_head_down() -> None:
    regions = "".join(segment[0] for segment in SEGMENTS)
    assert regions == "c" * 8 + "t" * 12 + "l" * 5 + "s"
    assert (SEGMENTS[0], SEGMENTS[7], SEGMENTS[19], SEGMENTS[-2:]) == ("c0_1", "c7_t1", "t12_l1", ("l5_s1", "s1_ilium"))
    ends = [re.fullmatch(r"([ctls]\d+)_([ctl]?)(\w+)", segment) for segment in SEGMENTS]
    assert [end.group(1) for end in ends if end] == list(VERTEBRAE[:-1])


def test_blood_after_the_operation_is_measured_as_before_it() -> None:
    after = [column for column in ENTRIES if column.name.startswith("postop_")]
    assert len(after) == 5
    for column in after:
        before = COLUMNS[column.name.removeprefix("postop_")]
        assert (column.hard, column.plausible, column.unit) == (before.hard, before.plausible, before.unit)
        assert (before.known_at, column.known_at) == ("preop", "discharge")


@pytest.mark.parametrize("stem", ["srs22r_satisfaction", "srs22r_q21", "srs22r_q22"])
def test_satisfaction_before_the_operation_is_that_with_the_care_so_far(stem: str) -> None:
    assert "care so far" in COLUMNS[f"{stem}_0"].text
    assert "so far" not in COLUMNS[f"{stem}_12m"].text
    assert not [name for name, column in COLUMNS.items() if "so far" in column.text and not name.endswith("_0")]


def test_no_schooling_is_a_level_of_education() -> None:
    assert COLUMNS["education"].levels == ("no_schooling", "primary", "secondary", "tertiary")


def test_sex_has_a_third_level() -> None:
    assert COLUMNS["sex"].levels == ("female", "male", "other")


def test_birth_date_says_what_becomes_of_it() -> None:
    assert COLUMNS["birth_date"].kind == "date"
    assert "becomes the age" in COLUMNS["birth_date"].text


def test_units_in_names_are_the_units() -> None:
    ends = {"_kg": "kg", "_cm": "cm", "_mm": "mm", "_mm2": "mm2", "_deg": "degrees", "_minutes": "minutes",
            "_days": "days",
            "_months": "months", "_weeks": "weeks", "_hours": "hours", "_km": "km", "_g_dl": "g/dl", "_mg_dl": "mg/dl",
            "_mmol_l": "mmol/l", "_u_l": "U/l", "_percent": "percent", "_ml": "mL", "_pct": "percent"}  # fmt: skip
    for name, column in COLUMNS.items():
        for ending, unit in ends.items():
            if name.endswith(ending) and column.kind == "number":
                assert column.unit == unit, name
    assert "pounds" in known_units(COLUMNS["weight_kg"].unit)
    assert "inches" in known_units(COLUMNS["height_cm"].unit)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_definition_knows_the_columns_of_its_cohort(name: str) -> None:
    definition = read_definition(name)
    expected = {column.name for column in ENTRIES if name in column.cohorts}
    assert set(definition.columns_of()) == expected
    assert set(definition.required) == {"patient", "age", "sex"}
    assert not definition.synthetic
    assert all(source.header == canonical for canonical, source in definition.sources.items())


def test_aliases_belong_to_columns() -> None:
    assert [name for name in ALIASES if name not in COLUMNS] == []
    assert [stem for stem in SCORE_ALIASES if f"{stem}_3m" not in COLUMNS] == []
    assert set(VISIT_WORDS) == {"0", *ENDINGS}


def test_no_alias_belongs_to_two_columns() -> None:
    owners: dict[str, set[str]] = {}
    for name in COLUMNS:
        for header in (name, *list_aliases(name)):
            owners.setdefault(squash(header), set()).add(name)
    assert {header: names for header, names in owners.items() if len(names) > 1} == {}


def test_no_alias_repeats_itself_or_its_column() -> None:
    for name, aliases in {**ALIASES, **SCORE_ALIASES}.items():
        folded = [squash(alias) for alias in aliases]
        assert len(set(folded)) == len(folded), name
        assert squash(name) not in folded, name
        assert all(folded), name


def test_an_alias_of_a_score_names_no_visit() -> None:
    stems = {squash(alias): stem for stem, aliases in SCORE_ALIASES.items() for alias in (stem, *aliases)}
    assert len(stems) == sum(len(aliases) + 1 for aliases in SCORE_ALIASES.values())
    words = {squash(word): visit for visit, words in VISIT_WORDS.items() for word in words}
    assert len(words) == sum(map(len, VISIT_WORDS.values()))
    assert not set(words) & set(stems)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("age", "AlderVedOpr"), ("sex", "Kjonn"), ("sex", "Gender"), ("patient", "PasientID"),
        ("operation", "ForlopsID"), ("operation_date", "OpDato"), ("odi_0", "OswTotPre"), ("odi_12m", "OswTot12mnd"),
        ("nrs_back_0", "SmRyPre"), ("nrs_leg_3m", "SmBe3mnd"), ("eq5d_index_0", "EQ5DV3Pre"),
        ("eq5d_index_3m", "EQ5D3mndV3"), ("eq5d_index_12m", "EQ5DV312mnd"), ("ndi_0", "NDIscorePreOp"),
        ("nrs_arm_0", "NRSsmerteArmPreOp"), ("gpe_12m", "Nytte12mnd"), ("dural_tear", "PeropKompDura"),
        ("wound_infection_deep_3m", "KpInfDyp3mnd"), ("bun_mg_dl", "PRBUN"), ("albumin_g_dl", "PRALBUM"),
        ("operative_minutes", "OPTIME"), ("copd", "HXCOPD"), ("odi_12m", "ODI_12_months"), ("odi_0", "baseline ODI"),
        ("ndi_3m", "NDI 3 mo"), ("odi_3m", "ODI 3 mths"), ("operative_minutes", "OR time"), ("patient", "Pat. Nr"),
        ("patient", "Pat Nr"), ("patient", "Patient no"), ("srs22r_function_0", "SRS22_FUNCTION_SCORE pre"),
    ],
)  # fmt: skip
def test_headers_of_registries_are_found(name: str, header: str) -> None:
    assert squash(header) in {squash(alias) for alias in list_aliases(name)}
