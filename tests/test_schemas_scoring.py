"""Scores made of items: published vectors, closed forms, and the laws that every score keeps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.column import Column
from schemas.columns import COLUMNS
from schemas.definition import parse_definition
from schemas.derivations import derive_columns
from schemas.derived.item_score import ItemScore
from schemas.derived.own_scores import find_endings
from schemas.derived.scores import ITEM_SCORES, SCORES_OF_ITEMS, STEMS
from schemas.derived.scoring import compute_by_rule, compute_recovery_rate, compute_share
from schemas.derived.scoring_eq5d import compute_eq5d_index
from schemas.derived.scoring_sf36 import MENTAL, OPTIONS, PHYSICAL, SCALES, compute_sf36_scale, compute_sf36_summary
from schemas.errors import DefinitionError
from schemas.registry import read_registry
from schemas.rules import RULES, find_broken_rules
from schemas.specs import ScoringSpec

Answers = list[float | None]
SCORES = {score.name: score for score in ITEM_SCORES}

LOWER = ("odi", "ndi", "rmdq", "dash", "quickdash", "mdi", "hads_a", "hads_d", "phq9", "phq2", "zcq_symptom",
         "zcq_function", "zcq_satisfaction", "comi_back", "comi_neck", "comi_pain", "comi_function", "comi_wellbeing",
         "comi_qol", "comi_disability")  # fmt: skip
"""Scores of which less is better; each of their items is held so that less is better, too."""

SF36_WORSE_UPWARDS = {1, 20, 21, 22, 23, 26, 27, 30, 34, 36}
"""Items of the SF-36 whose higher printed option is the worse answer, by the sense of the questions."""

LEAST_ANSWERS = {
    "odi": 9, "ndi": 9, "rmdq": 24, "dash": 27, "quickdash": 10, "zcq_symptom": 5, "zcq_function": 3,
    "zcq_satisfaction": 4, "mjoa": 4, "joa_cervical": 6, "joa_lumbar": 4, "mdi": 10, "srs22r_function": 3,
    "srs22r_pain": 3, "srs22r_self_image": 3, "srs22r_mental_health": 3, "srs22r_satisfaction": 1, "comi_back": 7,
    "comi_neck": 7, "comi_pain": 2, "comi_function": 1, "comi_wellbeing": 1, "comi_qol": 1, "comi_disability": 2,
    "sf36_pf": 5, "sf36_rp": 2, "sf36_bp": 1, "sf36_gh": 3, "sf36_vt": 2, "sf36_sf": 1, "sf36_re": 2, "sf36_mh": 3,
    "sf36_pcs": 8, "sf36_mcs": 8, "eq5d_index": 5, "hads_a": 7, "hads_d": 7, "phq9": 9, "phq2": 2,
}  # fmt: skip
"""Least number of answers, whichever they are; the SRS-22r total and subscore ask for three in each scale."""

SYMMETRIC = tuple(
    name for name in LEAST_ANSWERS if not name.startswith(("sf36_", "comi_back", "comi_neck", "eq5d", "mjoa", "joa_"))
)
STEP = {"joa_lumbar_bladder": 3.0}
SAID = {"eq5d_version": "3l"}
"""What must be said of a questionnaire for its score to be made."""


def ends_of(item: str) -> tuple[float, float]:
    hard = COLUMNS[f"{item}_12m"].hard
    assert hard is not None
    # the answers of the EQ-5D-3L end at 3
    return (1.0, 3.0) if item.startswith("eq5d_") else hard


def draw_answers(data: st.DataObject, score: ItemScore) -> dict[str, float]:
    made = {}
    for item in score.items:
        low, high = ends_of(item)
        step = STEP.get(item, 1.0)
        made[item] = low + step * data.draw(st.integers(0, int((high - low) / step)))
    return made


def compute(score: ItemScore, rows: list[dict[str, float | None]]) -> list[float]:
    frame = pd.DataFrame(rows, columns=list(score.items), dtype="float64")
    fixed = [pd.Series(["v1"] * len(rows), dtype="str") for _ in score.fixed]
    said = {name: pd.Series([level] * len(rows), dtype="str") for name, level in SAID.items() if name in score.further}
    made = score.compute(*(frame[item] for item in score.items), *fixed, **said)
    assert made.dtype == "float64"
    return made.tolist()


def worse_upwards(score: ItemScore, item: str) -> bool:
    """Tell whether a higher answer to the item makes the score lower."""
    if item.startswith("sf36_q"):
        return int(item.removeprefix("sf36_q")) in SF36_WORSE_UPWARDS
    return score.name == "eq5d_index"


@pytest.mark.parametrize("name", SCORES)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_score_stays_in_the_range_of_its_column(name: str, data: st.DataObject) -> None:
    made = compute(SCORES[name], [draw_answers(data, SCORES[name])])[0]
    low, high = COLUMNS[f"{name}_12m"].hard or (np.nan, np.nan)
    assert low - 1e-9 <= made <= high + 1e-9


@pytest.mark.parametrize("name", [name for name in SCORES if name not in ("sf36_pcs", "sf36_mcs")])
def test_the_ends_of_the_range_are_reached(name: str) -> None:
    score = SCORES[name]
    best = {i: ends_of(i)[0 if worse_upwards(score, i) else 1] for i in score.items}
    worst = {i: ends_of(i)[1 if worse_upwards(score, i) else 0] for i in score.items}
    ends = (-0.594, 1.0) if name == "eq5d_index" else COLUMNS[f"{name}_12m"].hard
    assert compute(score, [worst, best]) == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize("name", [name for name in SCORES if name not in ("sf36_pcs", "sf36_mcs")])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_score_is_monotone_in_each_item(name: str, data: st.DataObject) -> None:
    score = SCORES[name]
    answers = draw_answers(data, score)
    item = data.draw(st.sampled_from(score.items))
    if answers[item] == ends_of(item)[1]:
        answers[item] = ends_of(item)[0]
    before, after = compute(score, [answers, {**answers, item: answers[item] + STEP.get(item, 1.0)}])
    sign = -1 if worse_upwards(score, item) else 1
    assert sign * (after - before) >= -1e-9


@pytest.mark.parametrize("name", LOWER)
def test_where_lower_is_better_the_best_answers_give_the_lowest_score(name: str) -> None:
    score = SCORES[name]
    assert "lower is better" in COLUMNS[f"{name}_12m"].text
    best = {item: ends_of(item)[0] for item in score.items}
    assert compute(score, [best])[0] == pytest.approx((COLUMNS[f"{name}_12m"].hard or (0, 0))[0])


@pytest.mark.parametrize("name", SYMMETRIC)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_the_order_of_alike_items_changes_nothing(name: str, data: st.DataObject) -> None:
    score = SCORES[name]
    answers = draw_answers(data, score)
    moved = dict(zip(score.items, data.draw(st.permutations(list(answers.values()))), strict=True))
    one, other = compute(score, [answers, moved])
    assert one == pytest.approx(other, abs=1e-9)


@pytest.mark.parametrize("name", LEAST_ANSWERS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_below_the_least_number_of_answers_a_score_is_unknown(name: str, data: st.DataObject) -> None:
    score, least = SCORES[name], LEAST_ANSWERS[name]
    answers: dict[str, float | None] = dict(draw_answers(data, score))
    order = data.draw(st.permutations(list(score.items)))
    enough = {item: answers[item] if item in order[:least] else None for item in score.items}
    too_few = {**enough, order[least - 1]: None}
    known, unknown = compute(score, [enough, too_few])
    assert np.isfinite(known)
    assert np.isnan(unknown)


MEANS = ("odi", "ndi", "dash", "quickdash", "zcq_symptom", "zcq_function", "zcq_satisfaction", "srs22r_function",
         "srs22r_total", "srs22r_subscore", "sf36_pf", "sf36_vt", "sf36_mh", "sf36_sf")  # fmt: skip


@pytest.mark.parametrize("name", MEANS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_missing_answer_counts_like_the_mean_of_the_others(name: str, data: st.DataObject) -> None:
    """A mean over what is answered is the complete score in which the gap holds that mean."""
    score = SCORES[name]
    answers: dict[str, float | None] = dict(draw_answers(data, score))
    gap = data.draw(st.sampled_from(score.items))
    answers[gap] = None
    made = compute(score, [answers])[0]
    points = [
        sum(ends_of(item)) - answer if worse_upwards(score, item) else answer
        for item, answer in answers.items()
        if answer is not None
    ]
    low, high = ends_of(gap)
    share = (np.mean(points) - low) / (high - low)
    ends = COLUMNS[f"{name}_12m"].hard or (np.nan, np.nan)
    assert made == pytest.approx(ends[0] + share * (ends[1] - ends[0]), abs=1e-9)


def test_the_srs22r_total_needs_three_answers_in_each_scale() -> None:
    score = SCORES["srs22r_total"]
    full: dict[str, float | None] = dict.fromkeys(score.items, 4.0)
    two_of_pain = {**full, **{f"srs22r_q{number:02d}": None for number in (1, 2, 8)}}
    without_satisfaction = {**full, "srs22r_q21": None, "srs22r_q22": None}
    assert compute(score, [full, without_satisfaction, two_of_pain]) == pytest.approx([4, 4, np.nan], nan_ok=True)


def test_the_srs22r_subscore_is_the_total_without_satisfaction() -> None:
    answers = {f"srs22r_q{number:02d}": 3.0 + (number % 3) for number in range(1, 21)}
    total = compute(SCORES["srs22r_total"], [{**answers, "srs22r_q21": None, "srs22r_q22": None}])
    assert compute(SCORES["srs22r_subscore"], [answers]) == pytest.approx(total)


# SF-36, version 1: the reference of ten cases gives these scales and summaries

VECTORS = (
    ((95, 50, 100, 72, 75, 75, 200 / 3, 88), 51.43490, 51.24144),
    ((10, 0, 0, 10, 40 / 3, 0, 0, 15), 21.57120, 21.80415),
)


@pytest.mark.parametrize(("scales", "pcs", "mcs"), VECTORS)
def test_sf36_summaries_are_those_of_the_reference(scales: tuple[float, ...], pcs: float, mcs: float) -> None:
    given_scales = [pd.Series([float(value)]) for value in scales]
    version = pd.Series(["v1"], dtype="str")
    physical = compute_sf36_summary(*given_scales, version, weights=PHYSICAL).iloc[0]
    mental = compute_sf36_summary(*given_scales, version, weights=MENTAL).iloc[0]
    assert (physical, mental) == pytest.approx((pcs, mcs), abs=5e-6)


@pytest.mark.parametrize("version", ["v2", "rand36", None])
def test_sf36_summaries_of_other_versions_are_unknown(version: str | None) -> None:
    scales = [pd.Series([50.0])] * 8
    assert np.isnan(compute_sf36_summary(*scales, pd.Series([version], dtype="str"), weights=PHYSICAL).iloc[0])


def test_a_sf36_summary_needs_all_eight_scales() -> None:
    for gap in range(8):
        scales = [pd.Series([np.nan if place == gap else 50.0]) for place in range(8)]
        assert np.isnan(compute_sf36_summary(*scales, pd.Series(["v1"], dtype="str"), weights=MENTAL).iloc[0])


def sf36_pain(first: float | None, second: float | None) -> float:
    items = (pd.Series([first], dtype="float64"), pd.Series([second], dtype="float64"))
    return float(compute_sf36_scale(*items, scale="bp").iloc[0])


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [
        (1, 1, 12), (2, 1, 5.4 + 5), (1, 2, 6 + 4), (3, 3, 4.2 + 3), (4, 4, 3.1 + 2), (5, 5, 2.2 + 1), (6, 5, 2),
        (4, None, 6.2), (1, None, 12), (None, 1, 12), (None, 2, 9.5), (None, 3, 7), (None, 4, 4.5), (None, 5, 2),
    ],
)  # fmt: skip
def test_sf36_pain_depends_on_both_answers(first: float | None, second: float | None, points: float) -> None:
    assert sf36_pain(first, second) == pytest.approx(100 * (points / 2 - 1) / 5)


def test_sf36_pain_without_any_answer_is_unknown() -> None:
    assert np.isnan(sf36_pain(None, None))


def test_sf36_general_health_spaces_its_first_item_unevenly() -> None:
    others = [pd.Series([3.0] * 5)] * 4
    made = compute_sf36_scale(pd.Series([1.0, 2.0, 3.0, 4.0, 5.0]), *others, scale="gh")
    expected = [100 * ((points + 12) / 5 - 1) / 4 for points in (5, 4.4, 3.4, 2, 1)]
    np.testing.assert_allclose(made, expected)


def test_sf36_scales_take_every_item_once_but_the_change_of_health() -> None:
    assert sorted(number for scale in SCALES.values() for number in scale.items) == [1, *range(3, 37)]
    for number, options in OPTIONS.items():
        assert COLUMNS[f"sf36_q{number:02d}_0"].hard == (1, options)
    for name, scale in SCALES.items():
        assert name == "gh" or name == "bp" or {OPTIONS[number] for number in scale.items} == {scale.high}


# EQ-5D-3L


@pytest.mark.parametrize(
    ("profile", "index"),
    [
        ("11111", 1), ("33333", -0.594), ("11112", 0.848), ("11121", 0.796), ("11211", 0.883), ("12111", 0.815),
        ("21111", 0.850), ("22222", 0.516), ("11113", 0.414), ("21232", 0.088), ("11223", 0.255),
    ],
)  # fmt: skip
def test_eq5d_index_has_the_published_values(profile: str, index: float) -> None:
    made = compute_eq5d_index(*(pd.Series([float(level)]) for level in profile), eq5d_version=pd.Series(["3l"]))
    assert made.round(3).tolist() == [index]


def test_eq5d_index_of_all_243_profiles() -> None:
    profiles = list(product((1.0, 2.0, 3.0), repeat=5))
    levels = (pd.Series(levels) for levels in zip(*profiles, strict=True))
    made = compute_eq5d_index(*levels, eq5d_value_set=pd.Series(["united_kingdom_1997"] * 243))
    assert made.nunique() > 150
    assert (made.min(), made.max()) == pytest.approx((-0.594, 1))
    assert made.drop(0).max() < 0.9


def test_eq5d_index_of_five_levels_is_unknown() -> None:
    three = [pd.Series([1.0, 2.0, 3.0, 1.0])] * 5
    version = pd.Series(["3l", "5l", None, "5l"], dtype="str")
    assert compute_eq5d_index(*three, eq5d_version=version).isna().tolist() == [False, True, True, True]
    uk = pd.Series(["united_kingdom_1997"] * 3 + ["sweden_2014"])
    made = compute_eq5d_index(*three, eq5d_version=version, eq5d_value_set=uk)
    assert made.isna().tolist() == [False, True, False, True]
    assert compute_eq5d_index(*three, eq5d_value_set=uk).isna().tolist() == [False, False, False, True]


def test_eq5d_rows_whose_version_nobody_names_are_unknown() -> None:
    assert compute_eq5d_index(*[pd.Series([1.0, 3.0, 4.0])] * 5).isna().all()


@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0, 5.0]), min_size=5, max_size=5), min_size=1, max_size=20))
def test_an_eq5d_row_is_scored_alone_as_among_others(rows: list[list[float]]) -> None:
    """A level 4 is a fault of its own row and of no other."""

    def score(some: list[list[float]]) -> list[float]:
        levels = (pd.Series(answers) for answers in zip(*some, strict=True))
        return compute_eq5d_index(*levels, eq5d_version=pd.Series(["3l"] * len(some))).tolist()

    together = score(rows)
    np.testing.assert_allclose(together, [score([row])[0] for row in rows], atol=1e-12)
    assert [np.isnan(made) for made in together] == [max(row) > 3 for row in rows]


def read_eq5d(rows: int, index: float, **constants: str) -> pd.DataFrame:
    table = pd.DataFrame({"patient": [str(i) for i in range(rows)], "age": 60, "sex": "male"})
    items = ("mobility", "self_care", "activity", "discomfort", "anxiety")
    table = table.assign(**{f"eq5d_{item}_0": 2 for item in items}, eq5d_index_0=[index] + [0.516] * (rows - 1))
    head = "\n".join(f'[columns.{name}]\nconstant = "{level}"' for name, level in constants.items())
    text = f'name = "own"\ntitle = "Own"\nbase = "lumbar"\nderive = ["eq5d_index"]\n{head}\n'
    return read_registry(table, parse_definition(text)).faults


def test_an_eq5d_index_is_held_against_its_answers_where_the_value_set_is_named() -> None:
    faults = read_eq5d(30, 0.6, eq5d_value_set="united_kingdom_1997")
    assert faults[["column", "count"]].to_numpy().tolist() == [["eq5d_index_0", 1]]
    assert faults["rule"].str.contains("must agree with eq5d_mobility_0").all()


@pytest.mark.parametrize("constants", [{}, {"eq5d_value_set": "sweden_2014"}, {"eq5d_version": "5l"}])
def test_an_eq5d_index_of_another_or_unnamed_value_set_is_no_fault(constants: dict[str, str]) -> None:
    assert read_eq5d(30, 0.6, **constants).empty


# Closed forms


def test_dash_is_25_times_the_mean_less_one() -> None:
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 6, (40, 30)).astype("float64")
    made = compute(SCORES["dash"], pd.DataFrame(answers, columns=list(SCORES["dash"].items)).to_dict("records"))
    np.testing.assert_allclose(made, (answers.sum(axis=1) / 30 - 1) * 25)
    short = pd.DataFrame(answers[:, :11], columns=list(SCORES["quickdash"].items))
    made = compute(SCORES["quickdash"], short.to_dict("records"))
    np.testing.assert_allclose(made, (answers[:, :11].sum(axis=1) / 11 - 1) * 25)


def test_hads_takes_odd_items_for_anxiety_and_even_ones_for_depression() -> None:
    answers = {f"hads_q{number:02d}": 3.0 * (number % 2) for number in range(1, 15)}
    for name, expected in (("hads_a", 21), ("hads_d", 0)):
        score = SCORES[name]
        assert compute(score, [{item: answers[item] for item in score.items}]) == [expected]


def test_comi_domains_make_the_index() -> None:
    answers = dict(zip(SCORES["comi_back"].items, (3.0, 8.0, 3.0, 5.0, 2.0, 1.0, 4.0), strict=True))
    domains = [
        compute(SCORES[f"comi_{part}"], [{item: answers[item] for item in SCORES[f"comi_{part}"].items}])[0]
        for part in ("pain", "function", "wellbeing", "qol", "disability")
    ]
    assert domains == [8, 5, 10, 2.5, 3.75]
    assert compute(SCORES["comi_back"], [answers]) == pytest.approx([sum(domains) / 5])


def test_the_phq2_is_the_first_two_items_of_the_phq9() -> None:
    assert SCORES["phq2"].items == SCORES["phq9"].items[:2]


@given(best=st.sampled_from([17.0, 18.0, 29.0]), before=st.integers(-6, 28), gain=st.integers(0, 30))
@settings(max_examples=50, deadline=None)
def test_recovery_rate_undoes_itself(best: float, before: int, gain: int) -> None:
    before = min(before, int(best) - 1)
    after = min(before + gain, int(best))
    rate = compute_recovery_rate(pd.Series([float(before)]), pd.Series([float(after)]), best=best).iloc[0]
    assert before + rate / 100 * (best - before) == pytest.approx(after)
    assert 0 <= rate <= 100
    assert (rate == 100) == (after == best)


def test_recovery_rate_is_unknown_where_nothing_was_to_gain_and_negative_where_patients_get_worse() -> None:
    made = compute_recovery_rate(pd.Series([17.0, 12.0, np.nan, 12.0]), pd.Series([16.0, 10.0, 9.0, np.nan]), best=17)
    np.testing.assert_allclose(made, [np.nan, -40, np.nan, np.nan])


@given(st.lists(st.integers(1, 5), min_size=4, max_size=4))
@settings(max_examples=12, deadline=None)
def test_a_share_is_linear_between_the_ends(answers: list[int]) -> None:
    items = [pd.Series([float(answer)]) for answer in answers]
    assert compute_share(*items, lowest=1, highest=5, min_answered=4).iloc[0] == pytest.approx(
        25 * (sum(answers) / 4 - 1)
    )


# In a registry


def derive(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    tables = "\n".join(f"[columns.{name}]\noptional = true" for name in frame)
    named = ", ".join(f'"{name}"' for name in names)
    definition = parse_definition(f'name = "own"\ntitle = "Own"\nderive = [{named}]\n{tables}\n')
    return derive_columns(frame, {name: COLUMNS[name] for name in frame}, definition).values


def test_sf36_goes_from_the_answers_to_the_summaries_where_the_version_is_named() -> None:
    best = {1: 1, 2: 1, **dict.fromkeys(range(3, 13), 3), **dict.fromkeys(range(13, 20), 2), 20: 1, 21: 1, 22: 1,
            23: 1, 24: 6, 25: 6, 26: 1, 27: 1, 28: 6, 29: 6, 30: 1, 31: 6, 32: 5, 33: 5, 34: 1, 35: 5,
            36: 1}  # fmt: skip
    frame = pd.DataFrame({f"sf36_q{number:02d}_12m": [float(option)] * 2 for number, option in best.items()})
    frame["sf36_version"] = pd.Series(["v1", "v2"], dtype="str")
    scales = [f"sf36_{name}" for name in SCALES]
    made = derive(frame, *scales, "sf36_pcs", "sf36_mcs")
    assert (made[[f"{scale}_12m" for scale in scales]] == 100).all(axis=None)
    # of each scale its weight times the distance of 100 from its norm, by hand: 0.787 in all
    assert made["sf36_pcs_12m"].iloc[0] == pytest.approx(50 + 7.872, abs=0.001)
    assert made[["sf36_pcs_12m", "sf36_mcs_12m"]].iloc[1].isna().all()


def test_summaries_of_scales_without_a_version_are_refused() -> None:
    frame = pd.DataFrame({f"sf36_{name}_0": [50.0] for name in SCALES})
    with pytest.raises(DefinitionError, match="'sf36_pcs' must have all its items at one visit at least"):
        derive(frame, "sf36_pcs")


def test_recovery_rates_follow_from_parts() -> None:
    parts = dict(zip(SCORES["joa_cervical"].items, (2.0, 2.0, 1.0, 1.0, 1.0, 2.0), strict=True))
    frame = pd.DataFrame({f"{part}_0": [answer] for part, answer in parts.items()})
    frame = frame.assign(**{f"{part}_12m": [COLUMNS[f"{part}_12m"].hard[1]] for part in parts})  # type: ignore[index]
    made = derive(frame, "joa_cervical", "joa_cervical_recovery_rate")
    assert made[["joa_cervical_0", "joa_cervical_12m", "joa_cervical_recovery_rate_12m"]].iloc[0].tolist() == [
        9.0, 17.0, 100.0,
    ]  # fmt: skip


def test_satisfaction_with_the_result_is_not_derived_before_it() -> None:
    assert "zcq_satisfaction_0" not in STEMS["zcq_satisfaction"]
    assert all(entry.name in COLUMNS and set(entry.needs) <= set(COLUMNS) for entry in SCORES_OF_ITEMS)


FAULTY_BY_ONE: dict[str, Callable[[], float]] = {
    "rmdq": lambda: 25 / 2, "dash": lambda: 60.0, "quickdash": lambda: 60.0, "joa_cervical": lambda: 11.0,
    "hads_a": lambda: 13.0, "hads_d": lambda: 13.0, "phq9": lambda: 14.0, "phq2": lambda: 4.0,
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY_BY_ONE)
def test_a_score_of_the_file_must_agree_with_its_answers(name: str) -> None:
    score = SCORES[name]
    answers = {f"{item}_3m": ends_of(item)[0] for item in score.items}
    right = compute(score, [{item: ends_of(item)[0] for item in score.items}])[0]
    frame = pd.DataFrame([{**answers, f"{name}_3m": right}, {**answers, f"{name}_3m": FAULTY_BY_ONE[name]()}])
    faults = find_broken_rules(frame, {column: COLUMNS[column] for column in frame})
    assert [(fault.column, fault.positions.tolist()) for fault in faults] == [(f"{name}_3m", [1])]


def test_sf36_scales_are_held_against_answers_of_version_1_only() -> None:
    answers = {f"sf36_q{number:02d}_0": 2.0 for number in SCALES["vt"].items}
    rows = [{**answers, "sf36_vt_0": 20.0, "sf36_version": version} for version in ("v1", "rand36", None)]
    frame = pd.DataFrame(rows).astype({"sf36_version": "str"})
    frame["sf36_version"] = pd.Series(["v1", "rand36", None], dtype="str")
    faults = find_broken_rules(frame, {column: COLUMNS[column] for column in frame})
    assert [fault.positions.tolist() for fault in faults] == [[0]]


# An instrument of a registry's own

OWN = """
name = "own"
title = "Own"
derive = []
[columns.a_0]
kind = "number"
range = [0, 4]
known_at = "preop"
text = "First."
[columns.b_0]
kind = "number"
range = [0, 4]
known_at = "preop"
text = "Second."
[columns.a_6m]
kind = "number"
range = [0, 4]
known_at = "followup"
text = "First, later."
[columns.b_6m]
kind = "number"
range = [0, 4]
known_at = "followup"
text = "Second, later."
[instruments.own]
title = "Own score"
low = 0
high = 8
direction = "higher_is_better"
scoring = { rule = "sum", items = ["a", "b"], low = 0, high = 4 }
"""


def test_an_own_instrument_is_scored_from_its_items_at_every_visit() -> None:
    table = pd.DataFrame({"a_0": [1, 4, 2], "b_0": [2, None, 4], "a_6m": [3, 4, 4], "b_6m": [3, 4, 4]})
    registry = read_registry(table, parse_definition(OWN))
    np.testing.assert_allclose(registry.frame["own_0"], [3, np.nan, 6])
    assert registry.frame["own_6m"].tolist() == [6, 8, 8]
    assert registry.columns["own_0"] == Column(
        name="own_0", kind="number", known_at="preop", text="Own score, before the operation, made of its items.",
        unit="points", hard=(0, 8),
    )  # fmt: skip
    assert registry.columns["own_6m"].known_at == "followup"
    assert "column 'own_0' is derived from a_0, b_0: known in 2 of 3 rows" in registry.warnings


def test_an_own_score_of_the_file_must_agree_with_its_items() -> None:
    column = '[columns.own_0]\nkind = "number"\nrange = [0, 8]\nknown_at = "preop"\ntext = "Score."\n'
    n = 30
    table = pd.DataFrame({"a_0": [1] * n, "b_0": [2] * n, "a_6m": 1, "b_6m": 1, "own_0": [3, None, 4] + [3] * (n - 3)})
    registry = read_registry(table, parse_definition(OWN.replace("[instruments.own]", column + "[instruments.own]")))
    assert registry.faults[["column", "rule", "rows"]].to_numpy().tolist() == [
        ["own_0", "must agree with a_0, b_0", "3"]
    ]
    assert registry.frame["own_0"].eq(3).all()


def test_an_own_rule_takes_the_place_of_the_dictionary_s() -> None:
    """Six of ten answers are too few for the dictionary and enough for the registry that says so."""
    own = """
[instruments.odi]
title = "Oswestry Disability Index, six of ten"
low = 0
high = 100
direction = "lower_is_better"
scoring = {{ rule = "percent_of_maximum", items = [{items}], low = 0, high = 5, min_answered = {least} }}
"""
    items = [f"odi_q{number:02d}" for number in range(1, 11)]
    table = pd.DataFrame({f"{item}_0": [3.0, None if item > "odi_q06" else 2.0] for item in items})
    table = table.assign(patient=["a", "b"], age=50, sex="male")
    head = 'name = "own"\ntitle = "Own"\nbase = "lumbar"\nderive = ["odi"]\n'
    named = ", ".join(f'"{item}"' for item in items)
    usual = read_registry(table, parse_definition(head)).frame["odi_0"]
    np.testing.assert_allclose(usual, [60, np.nan])
    registry = read_registry(table, parse_definition(head + own.format(items=named, least=6)))
    assert registry.frame["odi_0"].tolist() == [60, 40]
    assert registry.columns["odi_0"].unit in ("percent", "points")


def score_own(answers: list[Answers], **keys: object) -> list[float]:
    scoring = ScoringSpec.model_validate({"items": tuple("abcd"), "low": 1, "high": 5, **keys})
    frame = pd.DataFrame(answers, columns=list("abcd"), dtype="float64")
    return compute_by_rule(*(frame[name] for name in frame), scoring=scoring).tolist()


@pytest.mark.parametrize(
    ("keys", "complete", "gap"),
    [
        ({"rule": "sum"}, 11, np.nan), ({"rule": "sum", "min_answered": 3}, 11, 4 * 3),
        ({"rule": "mean", "min_answered": 3}, 11 / 4, 3), ({"rule": "count", "min_answered": 1}, 11, 10),
        ({"rule": "percent_of_maximum", "min_answered": 2}, 100 * (11 / 4 - 1) / 4, 50),
        ({"rule": "sum", "reversed": ("a", "d")}, 4 + 3 + 4 + 4, np.nan),
    ],
)  # fmt: skip
def test_each_rule_of_an_own_instrument(keys: dict[str, object], complete: float, gap: float) -> None:
    made = score_own([[2, 3, 4, 2], [2, 3, 4, None], [None] * 4], **keys)
    np.testing.assert_allclose(made, [complete, gap, np.nan])


@pytest.mark.parametrize("rule", ["sum", "mean", "percent_of_maximum", "count"])
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_own_rules_stay_in_range_are_monotone_and_do_not_mind_the_order(rule: str, data: st.DataObject) -> None:
    answers = data.draw(st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=4, max_size=4))
    turned = tuple(data.draw(st.sets(st.sampled_from("abcd"))))
    least = data.draw(st.integers(1, 4))
    keys = {"rule": rule, "min_answered": least, "reversed": turned}
    scoring = ScoringSpec.model_validate({"items": tuple("abcd"), "low": 1, "high": 5, **keys})
    (made,) = score_own([answers], **keys)
    assert np.isnan(made) == (sum(answer is not None for answer in answers) < least)
    if np.isnan(made):
        return
    low, high = scoring.ends
    assert low - 1e-9 <= made <= high + 1e-9
    for place, answer in enumerate(answers):
        if answer is not None and answer < 5:
            (more,) = score_own([[*answers[:place], answer + 1, *answers[place + 1 :]]], **keys)
            assert (more - made) * (-1 if "abcd"[place] in turned else 1) >= -1e-9
    if not turned:
        (moved,) = score_own([data.draw(st.permutations(answers))], **keys)
        assert moved == pytest.approx(made)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("high = 4 }", "high = 5 }", "low and high must be the ends of what scoring gives, 0 and 10, got 0 and 8"),
        ("high = 4 }", "high = 3 }", "low and high must be the ends of what scoring gives, 0 and 6, got 0 and 8"),
        ('"sum", items', '"mean", items', "low and high must be the ends of what scoring gives, 0 and 4, got 0 and 8"),
        ('"sum", items', '"percent_of_maximum", items', "what scoring gives, 0 and 100, got 0 and 8"),
        ("low = 0, high = 4 }", "low = 4, high = 4 }", "low below high, the ends of one item"),
        ('["a", "b"]', '["a", "a"]', "scoring must name each item once"),
        ("high = 4 }", 'high = 4, reversed = ["c"] }', "reverse its own items only, c is none of them"),
        ("high = 4 }", "high = 4, min_answered = 3 }", "min_answered of at most 2, the number of items"),
        (
            'rule = "sum"',
            'rule = "median"',
            "instruments.own.scoring.rule: must be 'sum', 'mean', 'percent_of",
        ),
        ('["a", "b"]', '["a", "c"]', "instruments.own.scoring.items: must have a column each at one visit at least"),
        ("scoring =", "items = 3\nscoring =", "items must be the number of items of scoring, 2"),
    ],
)
def test_a_scoring_that_cannot_be_is_refused(old: str, new: str, message: str) -> None:
    assert old in OWN
    with pytest.raises(DefinitionError, match=message):
        parse_definition(OWN.replace(old, new))


def test_an_outcome_may_name_a_score_that_is_made_of_items() -> None:
    outcome = """
[threshold_sets.half]
title = "Half"
thresholds = [{ instrument = "own", kind = "absolute_change", value = 4 }]
[outcomes.own_6m_better]
title = "Own better"
kind = "threshold"
desirable = true
horizon = "6 months"
instrument = "own"
baseline = "own_0"
follow_up = "own_6m"
threshold_set = "half"
"""
    assert parse_definition(OWN + outcome).outcomes[0].columns() == ("own_0", "own_6m")
    with pytest.raises(DefinitionError, match=r"a column must be a known name, got 'own_12m'"):
        parse_definition(OWN + outcome.replace('own_6m"', 'own_12m"'))


def test_endings_need_every_item() -> None:
    columns = ["a_0", "b_0", "a_6m", "a_b_0", "b_12m"]
    assert find_endings(("a", "b"), columns) == ("0",)
    assert find_endings(("b", "a"), columns) == ("0",)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "[columns.age]\nconstant = 3",
            "constant: only a category or an identifier can have it",
        ),
        ('[columns.eq5d_version]\nconstant = "4l"', "constant: must be one of the levels 3l, 5l, got '4l'"),
        ('[columns.eq5d_version]\nheader = "V"\nconstant = "3l"', "constant: must stand without a header"),
    ],
)
def test_a_constant_that_cannot_be_is_refused(table: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        parse_definition(f'name = "own"\ntitle = "Own"\nbase = "lumbar"\n{table}\n')


def test_a_constant_stands_in_every_row_and_is_not_looked_for() -> None:
    table = pd.DataFrame({"patient": ["a", "b"], "age": [50, 60], "sex": ["male", "female"]})
    text = 'name = "own"\ntitle = "Own"\nbase = "lumbar"\n[columns.sf36_version]\nconstant = "v1"\n'
    registry = read_registry(table, parse_definition(text))
    assert registry.frame["sf36_version"].tolist() == ["v1", "v1"]
    assert registry.columns["sf36_version"] == COLUMNS["sf36_version"]


def test_every_score_of_items_has_a_rule_where_its_arithmetic_is_certain() -> None:
    binding = {score.name for score in ITEM_SCORES if score.binding}
    assert {name for name in SCORES if f"{name}_12m_as_derived" in RULES} == binding
    assert {"odi", "ndi", "mjoa", "eq5d_index", "dash", "hads_a", "phq9"} <= binding
    assert not {"sf36_pcs", "sf36_mcs", "mdi", "joa_lumbar", "zcq_symptom"} & binding
