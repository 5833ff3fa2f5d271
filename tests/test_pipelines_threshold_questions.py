"""Thresholds from one's own data: what is asked, by names of columns, and the guard that keeps them from these data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from outcome_builds import build
from own_thresholds import LUMBAR, OWN, derive_own, make_table, read_own

from outcomes.guard import check_derived_thresholds
from outcomes.outcomes import OUTCOMES, known_threshold_sets
from outcomes.thresholds import THRESHOLD_SETS
from pipelines.deriving.threshold_questions import Question, build_scores, complete_question, derive_thresholds
from reports.reference.own_thresholds import render_definition
from schemas.definition import parse_definition
from schemas.errors import DefinitionError, StudyError
from schemas.registry import read_registry
from schemas.tables import OWN_THRESHOLDS


def refused(**stated: Any) -> str:
    with pytest.raises(StudyError) as caught:
        derive_thresholds(read_own(), **{"instrument": "odi", **stated}, seed=1)
    return str(caught.value)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"baseline": "patient"}, "column of the baseline must hold numbers, got 'patient' of kind identifier; name"),
        (
            {"baseline": "odi_12m"},
            "before the operation, got 'odi_12m', known at followup; name another column",
        ),
        ({"follow_up": "odi_again"}, "the follow-up must be known at follow-up only, got 'odi_again', known at preop"),
        ({"instrument": "nrs_back", "baseline": "odi_0"}, "the baseline must be a score of 'nrs_back', got 'odi_0' of"),
        ({"instrument": "mjoa", "baseline": "age"}, "0 to 18, 300 values of 'age' do not"),
        ({"repeat": "odi_0"}, "the scores must be different columns, got 'odi_0' twice"),
        ({"follow_up": "odi_12m", "anchor": "gpe_12m"}, "anchor must come with improved; state both, or neither"),
        ({"anchor": "gpe_12m", "improved": "1"}, "anchor must come with follow_up"),
        ({"minimal": "2"}, "minimal must come with anchor"),
        ({"improved": "2"}, "improved must come with anchor"),
        ({"reliability": 1.2}, "reliability must be above 0 and below 1, got 1.2; state it"),
        ({"anchor_reliability": 0.0}, "anchor_reliability must be above 0 and below 1, got 0"),
        ({"items": "odi_q01_0, odi_q1_0"}, "column of the item must be in the data, got 'odi_q1_0'; nearest is"),
    ],
)
def test_questions_that_cannot_be_asked(stated: dict[str, Any], message: str) -> None:
    assert message in refused(**stated)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"anchor": "sex", "improved": "male"}, "a question asked at follow-up, got 'sex', of kind category, known at"),
        ({"anchor": "gpe_12m", "improved": "1;2"}, "under improved must be a number from 1 to 7, got '1;2'"),
        ({"anchor": "gpe_12m", "improved": "1,8"}, "under improved must be a number from 1 to 7, got '8'"),
        ({"anchor": "gpe_12m", "improved": "1", "minimal": "x"}, "under minimal must be a number from 1 to 7, got"),
        (
            {"anchor": "got_on", "improved": "wel"},
            "under improved must be a known name, got 'wel'; nearest is 'well'",
        ),
    ],
)
def test_anchors_that_cannot_be_asked(stated: dict[str, Any], message: str) -> None:
    assert message in refused(follow_up="odi_12m", **stated)


def test_items_of_the_baseline_are_found() -> None:
    def items(**stated: Any) -> tuple[str, ...]:
        return complete_question(read_own(), Question(instrument="odi", **stated)).items

    assert items() == ("odi_q01_0", "odi_q02_0", "odi_q03_0")
    assert items(items=("odi_q01_0", "odi_q03_0")) == ("odi_q01_0", "odi_q03_0")
    assert items(baseline="odi_again") == ()


def test_answers_are_a_list_or_a_text() -> None:
    def ask(improved: Any, items: Any) -> Question:
        few = replace(read_own(), frame=read_own().frame.head(40))
        return derive_thresholds(
            few, instrument="odi", follow_up="odi_12m", anchor="gpe_12m", improved=improved, items=items, seed=1
        ).question

    wanted = ask("1, 2", "odi_q01_0,odi_q03_0")
    assert (wanted.improved, wanted.items) == (("1", "2"), ("odi_q01_0", "odi_q03_0"))
    assert ask([1, 2], ["odi_q01_0", "odi_q03_0"]) == wanted
    assert ask((1.0, 2.0), ("odi_q01_0", "odi_q03_0")) == wanted


def test_an_anchor_of_words_counts_the_same_as_one_of_numbers() -> None:
    registry = read_own()
    scores = build_scores(
        registry,
        Question(
            instrument="odi", baseline="odi_0", follow_up="odi_12m", anchor="got_on", improved=("well",),
            minimal=("well",),
        ),
    )  # fmt: skip
    well = registry.frame["got_on"].eq("well").to_numpy()
    assert scores.improved is not None
    assert np.array_equal(scores.improved == 1, well)
    assert scores.grade is None
    assert scores.minimal is not None
    assert np.array_equal(np.isfinite(scores.minimal), well)
    assert scores.change[0] == registry.frame["odi_0"][0] - registry.frame["odi_12m"][0]


def test_an_unanswered_anchor_is_unknown() -> None:
    registry = read_own()
    frame = registry.frame.assign(gpe_12m=registry.frame["gpe_12m"].where(registry.frame.index > 9))
    question = Question(instrument="odi", baseline="odi_0", follow_up="odi_12m", anchor="gpe_12m", improved=("1", "2"))
    improved = build_scores(replace(registry, frame=frame), question).improved
    assert improved is not None
    assert np.isnan(improved).sum() == 10


def test_derived_table_has_its_columns_and_its_seed() -> None:
    found = derive_own()
    assert tuple(found.table.columns) == OWN_THRESHOLDS
    assert (found.seed, found.question.baseline) == (1, "odi_0")


def test_a_set_derived_from_the_data_of_the_study_is_refused() -> None:
    found = derive_own()
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


def test_published_sets_are_derived_from_no_data_at_all() -> None:
    outcome = build(OUTCOMES["odi_mcid_12m"])
    assert outcome.threshold_set
    check_derived_thresholds([outcome], THRESHOLD_SETS, {"development": "f" * 64})


def test_pasting_a_set_does_not_change_the_fingerprint() -> None:
    found = derive_own()
    again = read_registry(make_table(), parse_definition(LUMBAR + OWN + render_definition(found)))
    assert again.fingerprint == found.registry.fingerprint


def test_a_fingerprint_is_one_or_none() -> None:
    text = LUMBAR + (
        '[threshold_sets.x]\ntitle = "x"\nderived_from = "yesterday"\n'
        'thresholds = [{ instrument = "odi", kind = "absolute_change", value = 1 }]\n'
    )
    with pytest.raises(DefinitionError, match=r"threshold_sets\.x\.derived_from"):
        parse_definition(text)
