"""Derived columns: against hand-worked cases and an independent count, with unknown inputs in every place."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.column import KNOWN_AT, Column
from schemas.columns import COLUMNS
from schemas.definition import Definition, parse_definition
from schemas.derivation import Derivation
from schemas.derivations import DERIVATIONS, ENTRIES, Derived, derive_columns
from schemas.derived.comorbidity import CHARLSON_1987, QUAN_2011, list_conditions
from schemas.derived.scores import SRS_SCALES, STEMS
from schemas.errors import DefinitionError
from schemas.registry import read_registry
from schemas.validation import DTYPES

EVERY_CONDITION = list_conditions(CHARLSON_1987)


def define(
    *derive: str, columns: tuple[str, ...] = tuple(COLUMNS), head: str = "", optional: bool = True
) -> Definition:
    named = ", ".join(f'"{name}"' for name in derive)
    tables = "\n".join(f"[columns.{name}]\noptional = {str(optional).lower()}" for name in columns)
    return parse_definition(f'name = "own"\ntitle = "Own"\nderive = [{named}]\n{head}\n{tables}\n')


EVERYTHING = define()


def make_frame(**given: list[object]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(held, dtype=DTYPES[COLUMNS[name].kind]) for name, held in given.items()})


def derive(frame: pd.DataFrame, *names: str, **own: Column) -> Derived:
    columns = {name: own.get(name, COLUMNS[name]) for name in frame}
    return derive_columns(frame, columns, define(*names, columns=tuple(frame)))


def derive_one(name: str, **given: list[object]) -> list[float]:
    return derive(make_frame(**given), name).values[name].tolist()


def same(made: list[float], expected: list[float | None]) -> None:
    wanted = [math.nan if value is None else value for value in expected]
    np.testing.assert_allclose(made, wanted, rtol=0, atol=1e-9)


CHARLSON_CASES: dict[tuple[str, ...], tuple[int, int]] = {
    (): (0, 0),
    ("prior_mi",): (1, 0),
    ("heart_failure",): (1, 2),
    ("peripheral_vascular_disease",): (1, 0),
    ("cerebrovascular_disease",): (1, 0),
    ("dementia",): (1, 2),
    ("copd",): (1, 1),
    ("connective_tissue_disease",): (1, 1),
    ("peptic_ulcer",): (1, 0),
    ("mild_liver_disease",): (1, 2),
    ("severe_liver_disease",): (3, 4),
    ("mild_liver_disease", "severe_liver_disease"): (3, 4),
    ("diabetes",): (1, 0),
    ("diabetes_complicated",): (2, 1),
    ("diabetes", "diabetes_complicated"): (2, 1),
    ("hemiplegia",): (2, 2),
    ("moderate_severe_kidney_disease",): (2, 1),
    ("cancer",): (2, 2),
    ("leukaemia",): (2, 2),
    ("lymphoma",): (2, 2),
    ("cancer", "leukaemia"): (4, 2),
    ("metastatic_cancer",): (6, 6),
    ("cancer", "metastatic_cancer"): (6, 6),
    ("lymphoma", "metastatic_cancer"): (8, 6),
    ("aids",): (6, 4),
    ("prior_mi", "heart_failure", "diabetes", "diabetes_complicated"): (4, 3),
    ("copd", "hemiplegia", "cerebrovascular_disease", "moderate_severe_kidney_disease"): (6, 4),
    # the highest that there are: 33 without age (37 with), and 24
    EVERY_CONDITION: (33, 24),
}
"""Worked by hand from the published weights: what is present, and the index of 1987 and of 2011."""


@pytest.mark.parametrize("present", CHARLSON_CASES, ids=lambda present: "+".join(present) or "healthy")
def test_charlson_against_hand_worked_cases(present: tuple[str, ...]) -> None:
    flags = {name: [float(name in present)] for name in EVERY_CONDITION}
    made = derive(make_frame(**flags), "charlson_index", "charlson_index_quan").values
    assert (made["charlson_index"].iloc[0], made["charlson_index_quan"].iloc[0]) == CHARLSON_CASES[present]


@pytest.mark.parametrize(
    ("age", "points"),
    [(18, 0), (49, 0), (50, 1), (59.9, 1), (60, 2), (70, 3), (79, 3), (80, 4), (97, 4), (None, None)],
)
def test_charlson_with_age_adds_a_point_per_decade(age: float | None, points: float | None) -> None:
    flags = {name: [float(name == "metastatic_cancer")] for name in EVERY_CONDITION}
    made = derive_one("charlson_index_age", age=[age], **flags)
    same(made, [None if points is None else 6 + points])


@pytest.mark.parametrize(
    ("known", "old", "new"),
    [
        ({"severe_liver_disease": 1, "mild_liver_disease": None}, 3, 4),
        ({"severe_liver_disease": None, "mild_liver_disease": 1}, None, None),
        ({"severe_liver_disease": None, "mild_liver_disease": 0}, None, None),
        ({"diabetes_complicated": 1, "diabetes": None}, 2, 1),
        ({"diabetes_complicated": 0, "diabetes": None}, None, 0),
        ({"metastatic_cancer": 1, "cancer": None}, 6, 6),
        ({"metastatic_cancer": 1, "leukaemia": None}, None, 6),
        ({"cancer": 1, "lymphoma": None}, None, 2),
        ({"prior_mi": None}, None, 0),
        ({"aids": None}, None, None),
    ],
)
def test_charlson_is_unknown_only_where_the_unknown_matters(
    known: dict[str, float | None], old: float | None, new: float | None
) -> None:
    flags = {name: [known.get(name, 0.0)] for name in EVERY_CONDITION}
    same(derive_one("charlson_index", **flags), [old])
    same(derive_one("charlson_index_quan", **flags), [new])


def count_1987(present: set[str]) -> int:
    """Count the index as a clinician does on paper."""
    ones = ["prior_mi", "heart_failure", "peripheral_vascular_disease", "cerebrovascular_disease", "dementia", "copd"]
    total = sum(name in present for name in [*ones, "connective_tissue_disease", "peptic_ulcer"])
    total += 2 * sum(
        name in present for name in ("hemiplegia", "moderate_severe_kidney_disease", "leukaemia", "lymphoma")
    )
    total += 6 * ("aids" in present)
    if "severe_liver_disease" in present:
        total += 3
    elif "mild_liver_disease" in present:
        total += 1
    if "diabetes_complicated" in present:
        total += 2
    elif "diabetes" in present:
        total += 1
    if "metastatic_cancer" in present:
        total += 6
    elif "cancer" in present:
        total += 2
    return total


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0]), min_size=len(EVERY_CONDITION), max_size=len(EVERY_CONDITION)),
    st.sets(st.sampled_from(EVERY_CONDITION), max_size=4),
)
def test_charlson_is_known_where_all_completions_agree(answers: list[float], hidden: set[str]) -> None:
    known = dict(zip(EVERY_CONDITION, answers, strict=True))
    totals = set()
    for guess in product([0, 1], repeat=len(hidden)):
        full = known | dict(zip(sorted(hidden), guess, strict=True))
        totals.add(count_1987({name for name, answer in full.items() if answer}))
    flags = {name: [None if name in hidden else answer] for name, answer in known.items()}
    same(derive_one("charlson_index", **flags), [totals.pop() if len(totals) == 1 else None])


def test_quan_asks_for_what_it_weighs_only() -> None:
    assert set(EVERY_CONDITION) - set(list_conditions(QUAN_2011)) == {
        "prior_mi",
        "peripheral_vascular_disease",
        "cerebrovascular_disease",
        "peptic_ulcer",
        "diabetes",
    }


def test_mfi5_counts_five_deficits_and_no_more() -> None:
    made = derive_one(
        "frailty_mfi5",
        heart_failure=[0, 1, 0, 0, None],
        diabetes=[0, 1, 1, 0, 1],
        copd=[0, 1, 0, 0, 1],
        hypertension=[0, 1, 1, 0, 1],
        functional_status=["independent", "totally_dependent", "partially_dependent", None, "independent"],
    )
    same(made, [0, 5, 3, None, None])


def test_age_is_completed_years() -> None:
    made = derive_one(
        "age",
        birth_date=["1960-05-20", "1960-05-20", "1960-05-20", "1960-02-29", "1960-02-29", None, "2030-01-01"],
        operation_date=["2020-05-19", "2020-05-20", None, "2023-02-28", "2023-03-01", "2020-01-01", "2020-01-01"],
    )
    same(made, [59, 60, None, 62, 63, None, None])


@given(st.dates(date(1900, 1, 2), date(2000, 1, 1)), st.integers(0, 40000))
@settings(max_examples=50, deadline=None)
def test_age_against_the_calendar(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    birthdays = 0
    while (day.year, day.month, day.day) >= (birth.year + birthdays + 1, birth.month, birth.day):
        birthdays += 1
    same(derive_one("age", birth_date=[birth], operation_date=[day]), [birthdays])


def test_bmi_and_impossible_heights() -> None:
    made = derive_one("bmi", weight_kg=[81, 64, None, 70], height_cm=[180, 160, 170, 0])
    same(made, [25, 25, None, None])


def test_days_between_dates_ignore_the_time_of_day_and_are_never_negative() -> None:
    frame = make_frame(
        operation_date=["2024-02-28 23:00", "2024-02-28", "2024-02-28"],
        discharge_date=["2024-03-01 08:00", None, "2024-02-27"],
        admission_date=["2024-02-27 12:00", "2024-02-28", "2024-02-29"],
        death_date=["2025-02-28", None, "2024-02-28"],
        last_seen_date=["2024-12-31", "2024-02-28", None],
    )
    names = ("length_of_stay_days", "admission_to_operation_days", "total_stay_days", "death_days", "follow_up_days")
    made = derive(frame, *names, "year").values
    same(made["length_of_stay_days"].tolist(), [2, None, None])
    same(made["admission_to_operation_days"].tolist(), [1, 0, None])
    same(made["total_stay_days"].tolist(), [3, None, None])
    same(made["death_days"].tolist(), [366, None, 0])
    same(made["follow_up_days"].tolist(), [307, 0, None])
    same(made["year"].tolist(), [2024, 2024, 2024])


def test_levels_are_counted_from_the_head_down() -> None:
    made = derive_one(
        "n_levels_planned",
        upper_level=["l4_5", "l3_4", "c5_6", "t10_11", "l5_s1", None],
        lower_level=["l4_5", "l5_s1", "c6_7", "s1_ilium", "l4_5", "l4_5"],
    )
    # T10/11, T11/12, T12/L1, L1/2, L2/3, L3/4, L4/5, L5/S1 and the joint with the ilium
    same(made, [1, 3, 2, 9, None, None])
    fused = derive_one("n_fused_levels_planned", upper_vertebra=["t10", "c5", "l4"], lower_vertebra=["s1", "c7", "l4"])
    same(fused, [8, 2, None])


def test_joints_and_alignment() -> None:
    sides = {"facet_orientation_left_deg": [40, 52.5, None], "facet_orientation_right_deg": [50, 40, 40]}
    same(derive_one("facet_orientation_deg", **sides), [45, 46.25, None])
    same(derive_one("facet_tropism_deg", **sides), [10, 12.5, None])
    frame = make_frame(pelvic_incidence_deg=[55, 50, 60, None], lumbar_lordosis_deg=[30, 45, 45, 40])
    made = derive(frame, "pi_ll_mismatch_deg", "schwab_pi_ll").values
    same(made["pi_ll_mismatch_deg"].tolist(), [25, 5, 15, None])
    assert made["schwab_pi_ll"].fillna("?").tolist() == ["plus_plus", "0", "plus", "?"]
    assert derive(make_frame(sva_mm=[39, 40, 95, 96]), "schwab_sva").values["schwab_sva"].tolist() == [
        "0",
        "plus",
        "plus",
        "plus_plus",
    ]


def test_diabetes_and_composites_know_three_values() -> None:
    same(derive_one("diabetes", diabetes_treatment=["no_diabetes", "oral", "insulin", None]), [0, 1, 1, None])
    made = derive_one(
        "surgical_site_infection_30d",
        superficial_ssi_30d=[0, 1, None, None],
        deep_ssi_30d=[0, None, 1, 0],
        organ_space_ssi_30d=[0, 0, 0, 0],
    )
    same(made, [0, 1, 1, None])


def items(stem: str, count: int, ending: str, answers: list[list[object]]) -> dict[str, list[object]]:
    return {f"{stem}_q{i + 1:02d}_{ending}": [row[i] for row in answers] for i in range(count)}


def test_disability_scores_need_nine_of_ten_answers() -> None:
    answers: list[list[object]] = [[2] * 10, [5] * 10, [0] * 9 + [None], [3] * 9 + [None], [3] * 8 + [None] * 2]
    same(derive_one("odi_0", **items("odi", 10, "0", answers)), [40, 100, 0, 60, None])
    same(derive_one("ndi_12m", **items("ndi", 10, "12m", answers)), [40, 100, 0, 60, None])


def test_mjoa_is_the_sum_of_all_four_parts() -> None:
    parts = ("mjoa_ue_motor", "mjoa_le_motor", "mjoa_ue_sensory", "mjoa_sphincter")
    rows = [[5, 7, 3, 3], [3, 4, 2, None], [0, 0, 0, 0], [4, 5, 1.5, 2]]
    made = derive_one("mjoa_3m", **{f"{part}_3m": [row[i] for row in rows] for i, part in enumerate(parts)})
    same(made, [18, None, 0, 12.5])


def test_srs22r_is_the_mean_of_what_was_answered() -> None:
    full: list[object] = [4] * 20 + [1, 1]
    without_satisfaction: list[object] = [4] * 20 + [None, None]
    thin: list[object] = [None if i + 1 in (1, 2, 8) else 4 for i in range(22)]
    given = items("srs22r", 22, "24m", [full, without_satisfaction, thin])
    made = derive(make_frame(**given), "srs22r_total_24m", "srs22r_pain_24m", "srs22r_function_24m").values
    same(made["srs22r_total_24m"].tolist(), [82 / 22, 4, None])
    same(made["srs22r_pain_24m"].tolist(), [4, 4, None])
    same(made["srs22r_function_24m"].tolist(), [4, 4, 4])


def test_srs22r_scales_share_no_item() -> None:
    assert sorted(number for scale in SRS_SCALES.values() for number in scale) == list(range(1, 21))


def test_comi_takes_the_worse_pain_and_halves_disability() -> None:
    rows = [[3, 8, 3, 5, 2, 1, 5], [0, 0, 1, 1, 1, 1, 1], [10, 10, 5, 5, 5, 5, 5], [3, 8, 3, 5, 2, 1, None]]
    parts = ("axial_pain", "limb_pain", "function", "wellbeing", "qol", "social", "work")
    made = derive_one("comi_back_0", **{f"comi_item_{part}_0": [r[i] for r in rows] for i, part in enumerate(parts)})
    # (8 + 5 + 10 + 2.5 + (0 + 10) / 2) / 5
    same(made, [6.1, 0, 10, None])


def test_a_score_alone_means_all_visits_that_have_its_items() -> None:
    given = items("odi", 10, "0", [[1] * 10]) | items("odi", 10, "12m", [[2] * 10])
    made = derive(make_frame(**given), "odi")
    assert [name for name in made.values if name not in given] == ["odi_0", "odi_12m"]
    same([made.values["odi_0"].iloc[0], made.values["odi_12m"].iloc[0]], [20, 40])


def test_what_the_file_says_is_kept_and_gaps_are_filled() -> None:
    frame = make_frame(weight_kg=[81, 81, 81, None], height_cm=[180, 180, 180, 180], bmi=[25.4, 31, None, 28])
    made = derive(frame, "bmi")
    same(made.values["bmi"].tolist(), [25.4, 31, 25, 28])
    assert made.notes == (
        "column 'bmi': 1 of 4 rows filled from weight_kg, height_cm; 1 values of the file differ from the derived ones "
        "and are kept",
    )
    assert list(made.values) == ["weight_kg", "height_cm", "bmi"]


def test_a_new_column_comes_from_the_dictionary_and_is_counted() -> None:
    made = derive(make_frame(weight_kg=[81, None], height_cm=[180, 180]), "bmi")
    assert made.columns["bmi"] == COLUMNS["bmi"]
    assert made.notes == ("column 'bmi' is derived from weight_kg, height_cm: known in 1 of 2 rows",)


def test_nothing_is_noted_where_nothing_is_filled_or_differs() -> None:
    assert derive(make_frame(weight_kg=[81], height_cm=[180], bmi=[25]), "bmi").notes == ()


def test_what_is_derived_can_be_derived_from() -> None:
    flags = {name: [0.0] for name in EVERY_CONDITION}
    frame = make_frame(birth_date=["1950-01-01"], operation_date=["2020-01-01"], **flags)
    made = derive(frame, "charlson_index_age", "age")
    same(made.values["charlson_index_age"].tolist(), [3])


def test_derived_values_are_known_no_earlier_than_their_inputs() -> None:
    late = Column(
        name="weight_kg", kind="number", known_at="discharge", text="Weight at discharge.", unit="kg", hard=(20, 350)
    )
    made = derive(make_frame(weight_kg=[81], height_cm=[180]), "bmi", weight_kg=late)
    assert made.columns["bmi"].known_at == "discharge"


def test_a_file_with_the_result_alone_stays_as_it_is() -> None:
    frame = make_frame(age=[61, None])
    made = derive_columns(frame, {"age": COLUMNS["age"]}, define("age"))
    same(made.values["age"].tolist(), [61, None])
    assert made.notes == ("column 'age' is as in the file; it cannot be derived without birth_date, operation_date",)


def test_no_derivation_changes_nothing() -> None:
    frame = make_frame(age=[61])
    made = derive_columns(frame, {"age": COLUMNS["age"]}, EVERYTHING)
    pd.testing.assert_frame_equal(made.values, frame)
    assert made.notes == ()


def test_all_faults_of_a_definition_are_named_at_once() -> None:
    own = Column(name="hypertension", kind="category", known_at="preop", text="Own.", levels=("a", "b"))
    frame = make_frame(weight_kg=[81.0], hypertension=[1.0])
    columns = {"weight_kg": COLUMNS["weight_kg"], "hypertension": own}
    known = ("weight_kg", "height_cm", "hypertension")
    definition = define("bmi", "charlson", "frailty_mfi5", "odi", columns=known, optional=False)
    with pytest.raises(DefinitionError) as caught:
        derive_columns(frame, columns, definition)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the definition 'own' must be able to derive what it names under derive:"
    assert "a derivation must be a known name, got 'charlson'; nearest is 'charlson_index'" in lines[1]
    assert lines[2].startswith("  'odi' must have all its items at one visit at least, such as odi_q01_0, odi_q02_0, ")
    assert lines[3] == "  'bmi' must have its columns in the file, which lacks height_cm"
    assert lines[4].startswith("  'frailty_mfi5' must have its columns in the definition, which lacks heart_failure")
    assert lines[5] == "  'frailty_mfi5' must have 'hypertension' as the dictionary has it, a flag"
    assert len(lines) == 6


def test_what_lacks_only_what_the_definition_calls_optional_is_not_made() -> None:
    flags = {name: [0.0] for name in EVERY_CONDITION if name != "dementia"}
    frame = make_frame(weight_kg=[81], operation_date=["2020-01-01"], **flags)
    names = ("bmi", "charlson_index", "charlson_index_age", "age", "year")
    made = derive_columns(frame, {name: COLUMNS[name] for name in frame}, define(*names))
    assert list(made.values) == [*frame, "year"]
    assert set(made.columns) == set(made.values)
    assert made.notes == (
        "column 'year' is derived from operation_date: known in 1 of 1 rows",
        "column 'age' is not made; it cannot be derived without birth_date",
        "column 'bmi' is not made; it cannot be derived without height_cm",
        "column 'charlson_index' is not made; it cannot be derived without dementia",
        "column 'charlson_index_age' is not made; it cannot be derived without age, dementia",
    )


def test_what_the_base_alone_calls_optional_must_be_there() -> None:
    """Its columns are optional by default; who asks for a body mass index should hear of a header gone wrong."""
    frame = make_frame(weight_kg=[81])
    definition = define("bmi", columns=("weight_kg",), head='base = "lumbar"')
    with pytest.raises(DefinitionError, match="'bmi' must have its columns in the file, which lacks height_cm"):
        derive_columns(frame, {"weight_kg": COLUMNS["weight_kg"]}, definition)


def test_a_participant_use_file_may_lack_what_an_index_is_made_of() -> None:
    file = {
        "AGE": ["61", "54"], "SEX": ["female", "male"], "HEIGHT": ["70", "65"], "WEIGHT": ["180", "150"],
        "DIABETES": ["NO", "ORAL"], "HXCOPD": ["No", "No"], "HYPERMED": ["Yes", "No"], "HXCHF": ["No", "No"],
        "FNSTATUS2": ["Independent", "Independent"], "CPT": ["63030", "63047"],
    }  # fmt: skip
    assert read_registry(pd.DataFrame(file), "nsqip").frame["frailty_mfi5"].tolist() == [1, 1]
    del file["HXCHF"], file["HEIGHT"]
    registry = read_registry(pd.DataFrame(file), "nsqip")
    assert len(registry.frame) == 2
    assert not {"frailty_mfi5", "bmi"} & set(registry.frame)
    assert "column 'frailty_mfi5' is not made; it cannot be derived without heart_failure" in registry.warnings
    assert "column 'bmi' is not made; it cannot be derived without height_cm" in registry.warnings


def test_a_difference_that_is_no_fault_is_counted() -> None:
    eight = items("odi", 10, "0", [[2] * 9 + [None]])
    made = derive(make_frame(odi_0=[36], **eight), "odi_0")
    assert made.notes[0].endswith("1 values of the file differ from the derived ones and are kept")
    diet = derive(make_frame(diabetes=[1], diabetes_treatment=["no_diabetes"]), "diabetes")
    assert diet.values["diabetes"].tolist() == [1]
    assert diet.notes[0].endswith("1 values of the file differ from the derived ones and are kept")


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rng = np.random.default_rng(3)
    flags = {name: rng.choice([0.0, 1.0, np.nan], 6, p=[0.6, 0.2, 0.2]) for name in EVERY_CONDITION}
    frame = pd.DataFrame({**flags, "age": rng.integers(20, 90, 6).astype("float64")})
    names = ("charlson_index", "charlson_index_quan", "charlson_index_age")
    moved = derive(frame.iloc[list(order)].reset_index(drop=True), *names).values
    pd.testing.assert_frame_equal(moved, derive(frame, *names).values.iloc[list(order)].reset_index(drop=True))


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_entry_is_whole(entry: Derivation) -> None:
    assert entry.name in COLUMNS
    assert set(entry.needs) <= set(COLUMNS)
    assert entry.name not in entry.needs
    assert entry.text.endswith(".")
    assert entry.text[0].isupper() or entry.text[0].isdigit()
    latest = max((COLUMNS[name].known_at for name in entry.needs), key=KNOWN_AT.index)
    assert COLUMNS[entry.name].known_by(COLUMNS[entry.name].known_at)
    assert KNOWN_AT.index(COLUMNS[entry.name].known_at) >= KNOWN_AT.index(latest)


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])
def test_entry_gives_the_dictionary_s_type_and_unknown_for_unknown(entry: Derivation) -> None:
    frame = make_frame(**{name: [None, None] for name in entry.needs})
    made = entry.compute(*(frame[name] for name in entry.needs))
    assert made.dtype == DTYPES[COLUMNS[entry.name].kind]
    assert made.isna().all()


def test_what_an_entry_needs_is_never_derived_after_it() -> None:
    place = {entry.name: i for i, entry in enumerate(ENTRIES)}
    assert len(place) == len(ENTRIES) == len(DERIVATIONS)
    for entry in ENTRIES:
        assert all(place[name] < place[entry.name] for name in entry.needs if name in place)
    assert not set(STEMS) & set(DERIVATIONS)
