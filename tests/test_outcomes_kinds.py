"""Events, levels and composites: truth tables, who leaves, who is unknown, and what a definition says of itself."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from outcome_builds import build, make_study
from pydantic import ValidationError

from outcomes.kinds.composite import build_composite_outcome
from outcomes.kinds.context import Context
from outcomes.kinds.wording import DECISION
from outcomes.outcome import Criterion, FollowUp, Outcome, Score
from outcomes.outcomes import build_outcome
from outcomes.three_valued import combine
from schemas.definition import Definition, parse_definition
from schemas.errors import DefinitionError, StudyError
from schemas.specs import CompositeOutcome, EventOutcome, InstrumentSpec, LevelOutcome, MissingRule

NA = np.nan
PARTS = hnp.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.sampled_from([0, 1, NA]))
RULES: tuple[MissingRule, ...] = ("logic", "all_needed", "known_only")


def event(**keys: Any) -> EventOutcome:
    return EventOutcome(**{"name": "e", "title": "Event", "kind": "event", "desirable": False, "horizon": "x"} | keys)


def level(**keys: Any) -> LevelOutcome:
    return LevelOutcome(**{"name": "l", "title": "Level", "kind": "level", "desirable": False, "horizon": "x"} | keys)


def made(name: str, values: list[float] | None = None, **keys: Any) -> Outcome:
    """A component whose result stands in the column of its name."""
    shape = {
        "title": name.upper(), "kind": "event", "desirable": True, "horizon": "x", "needs": (name,),
        "revealing": (name,), "occurred": lambda frame: frame[name].to_numpy(dtype=np.float64), "rule": f"{name} is 1",
        "unknown": "not recorded",
    }  # fmt: skip
    return Outcome(**{"name": name, **shape, **keys})


def compose(*parts: Outcome, columns: tuple[str, ...] | None = None, **keys: Any) -> Outcome:
    """Build a composite of these components; `how` is any_of, all_of or first_known."""
    how = keys.pop("how")
    choices = keys.pop("choices", {})
    names = tuple(part.name for part in parts)
    spec = CompositeOutcome(
        **{"name": "c", "title": "C", "kind": "composite", "desirable": True, "horizon": "x", how: names} | keys
    )
    found = {part.name: part for part in parts}
    context = Context(
        study=make_study(**choices), instruments={}, threshold_sets={}, columns=columns, build=found.__getitem__
    )
    return build_composite_outcome(spec, context)


def table(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def define(text: str) -> Definition:
    return parse_definition('name = "own"\ntitle = "Own"\nbase = "lumbar"\n' + text)


def keep(steps: tuple[Criterion, ...], frame: pd.DataFrame) -> list[bool]:
    """Who is left after these steps."""
    return np.all([step.keep(frame) for step in steps] or [np.ones(len(frame), dtype=bool)], axis=0).tolist()


# The truth tables by hand: first flag, second flag, and the result by rule.
ANY_OF = [
    (1, 1, (1, 1, 1)), (1, 0, (1, 1, 1)), (0, 0, (0, 0, 0)), (1, NA, (1, NA, 1)), (0, NA, (NA, NA, 0)),
    (NA, NA, (NA, NA, NA)),
]  # fmt: skip
ALL_OF = [
    (1, 1, (1, 1, 1)), (1, 0, (0, 0, 0)), (0, 0, (0, 0, 0)), (1, NA, (NA, NA, 1)), (0, NA, (0, NA, 0)),
    (NA, NA, (NA, NA, NA)),
]  # fmt: skip


@pytest.mark.parametrize(("how", "rows"), [("any_of", ANY_OF), ("all_of", ALL_OF)])
@pytest.mark.parametrize(("place", "missing"), list(enumerate(RULES)))
@pytest.mark.parametrize("swapped", [False, True])
def test_the_three_missing_rules(how: str, rows: Any, place: int, missing: MissingRule, swapped: bool):
    frame = pd.DataFrame([row[:2] for row in rows], columns=["b", "a"] if swapped else ["a", "b"], dtype="float64")
    expected = [row[2][place] for row in rows]
    for outcome in (
        build(event(**{how: ("a", "b")}, missing=missing)),
        compose(made("a"), made("b"), how=how, missing=missing),
    ):
        np.testing.assert_array_equal(outcome.occurred(frame), expected)
        assert keep(outcome.observed, frame) == np.isfinite(expected).tolist()


@given(values=PARTS, how=st.sampled_from(["any_of", "all_of"]), missing=st.sampled_from(RULES))
def test_laws_of_combining(values: Any, how: Any, missing: Any):
    whole = combine(values, how, missing)
    assert set(whole[np.isfinite(whole)]) <= {0.0, 1.0}
    # Whatever the unknown ones are in truth, what is called known under logic stays as it is.
    if missing == "logic":
        for filled in (np.nan_to_num(values, nan=0.0), np.nan_to_num(values, nan=1.0)):
            known = np.isfinite(whole)
            np.testing.assert_array_equal(combine(filled, how, "logic")[known], whole[known])
    # Not all of them is any that is not, and the order of the components says nothing.
    np.testing.assert_array_equal(1 - combine(1 - values, how, missing), combine(values, _other(how), missing))
    np.testing.assert_array_equal(combine(values[:, ::-1], how, missing), whole)


def _other(how: str) -> Any:
    return "all_of" if how == "any_of" else "any_of"


@given(values=PARTS, how=st.sampled_from(["any_of", "all_of"]), missing=st.sampled_from(RULES))
def test_one_more_event_never_takes_the_outcome_away(values: Any, how: Any, missing: Any):
    whole = combine(values, how, missing)
    for row, column in itertools.product(range(values.shape[0]), range(values.shape[1])):
        more = values.copy()
        more[row, column] = np.where(np.isnan(more[row, column]), NA, 1.0)
        changed = combine(more, how, missing)
        both = np.isfinite(whole) & np.isfinite(changed)
        assert (changed[both] >= whole[both]).all()


@given(values=PARTS)
def test_a_further_unknown_component_leaves_an_event_an_event(values: Any):
    unknown = np.column_stack([values, np.full(len(values), NA)])
    before, after = combine(values, "any_of", "logic"), combine(unknown, "any_of", "logic")
    np.testing.assert_array_equal(after[before == 1], 1)
    assert np.isnan(after[before == 0]).all()


def test_what_was_there_before_the_operation_is_no_event():
    spec = event(any_of=("ssi",), present_before={"ssi": "ssi_patos"})
    frame = table(ssi=[1, 1, 1, 0, NA], ssi_patos=[1, 0, NA, 1, 1])
    with_it = build(spec, columns=("ssi", "ssi_patos"))
    # Unknown whether it was there: the event counts; unknown whether there was any: unknown.
    np.testing.assert_array_equal(with_it.occurred(frame), [0, 1, 1, 0, NA])
    assert with_it.optional == ("ssi_patos",)
    assert set(with_it.revealing) == {"ssi", "ssi_patos"}
    assert "what was there at the time of the operation is no event (ssi patos)" in with_it.rule
    without = build(spec, columns=("ssi",))
    np.testing.assert_array_equal(without.occurred(frame[["ssi"]]), [1, 1, 1, 0, NA])
    assert "at the time of the operation" not in without.rule


def test_no_event_counts_only_where_the_window_was_observed():
    spec = event(any_of=("fill",), followed="insured")
    frame = table(fill=[1, 0, 1, 0, 0, NA], insured=[1, 1, 0, 0, NA, 1])
    np.testing.assert_array_equal(build(spec, columns=("fill", "insured")).occurred(frame), [1, 0, 1, NA, NA, NA])
    np.testing.assert_array_equal(build(spec, columns=("fill",)).occurred(frame[["fill"]]), [1, 0, 1, 0, 0, NA])
    assert "no event and not insured" in build(spec).unknown


def test_an_event_says_what_it_is_made_of():
    outcome = build(event(any_of=("deep_ssi", "sepsis"), missing="known_only", text="own words", clock="discharge"))
    assert outcome.components == ("deep_ssi", "sepsis")
    assert outcome.rule == (
        "any of deep ssi, sepsis; a component that is not recorded is left out of account; days are counted from the "
        "discharge, not from the operation; own words"
    )
    assert outcome.unknown == "no component recorded at all"
    assert outcome.clock == "discharge"


@pytest.mark.parametrize("spec", [event(any_of=("a",), patient_outcome=False),
                                  level(column="a", at_least=1, patient_outcome=False)])  # fmt: skip
def test_a_decision_of_doctors_is_said_to_be_one(spec: Any):
    outcome = build(spec)
    assert not outcome.patient_outcome
    assert DECISION in outcome.rule
    assert DECISION not in build(spec.model_copy(update={"patient_outcome": True})).rule


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"at_least": 3}, [0, 1, 1, NA]),
        ({"more_than": 3}, [0, 0, 1, NA]),
        ({"at_most": 3}, [1, 1, 0, NA]),
        ({"at_least": 1, "minus": "before"}, [0, 1, 1, NA]),
    ],
)
def test_a_number_reaches_a_level(rule: dict[str, Any], expected: list[float]):
    outcome = build(level(column="days", **rule))
    frame = table(days=[2.0, 3, 4, NA], before=[2.0, 2, 2, 2])
    np.testing.assert_array_equal(outcome.occurred(frame), expected)
    assert keep(outcome.observed, frame) == np.isfinite(expected).tolist()


def test_a_level_met_exactly_is_met_despite_rounding():
    frame = table(after=[0.3], before=[0.2])
    assert build(level(column="after", minus="before", at_least=0.1)).occurred(frame)[0] == 1
    assert build(level(column="after", minus="before", more_than=0.1)).occurred(frame)[0] == 0


def test_a_change_needs_the_value_before():
    outcome = build(level(column="after", minus="before", at_least=1))
    frame = table(after=[2.0, 2.0], before=[1.0, NA])
    assert keep(outcome.eligible, frame) == [True, False]
    assert outcome.revealing == ("after",)
    assert outcome.needs == ("after", "before")


def test_levels_that_have_no_meaning_leave_and_the_unknown_stays_unknown():
    outcome = build(level(column="to", counts=("nursing_home",), leaves_out=("died",)))
    frame = table(to=["home", "nursing_home", "died", None])
    np.testing.assert_array_equal(outcome.occurred(frame), [0, 1, NA, NA])
    assert keep(outcome.excluded, frame) == [True, True, False, True]
    assert keep(outcome.observed, frame) == [True, True, False, False]
    assert outcome.excluded[0].reason == "to is died: left out by definition"


@pytest.mark.parametrize(("cutoff_rule", "expected"), [("at_least", [1, 0, 1, 0, NA]), ("more_than", [0, 0, 1, 0, NA])])
def test_cut_offs_by_group(cutoff_rule: Any, expected: list[float]):
    outcome = build(
        level(column="days", cutoff_by="what", cutoffs={"fusion": 4, "discectomy": 1}, cutoff_rule=cutoff_rule,
              cutoff_source="75th percentile of 2015 to 2017")
    )  # fmt: skip
    frame = table(days=[4.0, 3, 2, 0, NA], what=["fusion", "fusion", "discectomy", "discectomy", "fusion"])
    np.testing.assert_array_equal(outcome.occurred(frame), expected)
    assert "4 (fusion), 1 (discectomy) by what; cut-offs from 75th percentile of 2015 to 2017" in outcome.rule
    strangers = table(days=[9.0, 9.0], what=["laminoplasty", None])
    assert keep(outcome.eligible, strangers) == [False, False]
    assert np.isnan(outcome.occurred(strangers)).all()
    # The outcome of a patient does not hang on who else is in the data.
    np.testing.assert_array_equal(outcome.occurred(frame.iloc[[2]]), expected[2:3])


def test_cut_offs_of_a_flag():
    outcome = build(level(column="days", cutoff_by="fusion", cutoffs={"0": 1, "1": 4}, cutoff_source="before"))
    frame = table(days=[2.0, 2.0, 2.0], fusion=[0.0, 1.0, NA])
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 0, NA])
    assert keep(outcome.eligible, frame) == [True, True, False]


@pytest.mark.parametrize(
    ("choice", "expected"), [("fail", [1, 0, 0]), ("weight", [1, NA, NA]), ("as_scored", [1, 1, NA])]
)
def test_a_reoperation_before_the_answer(choice: Any, expected: list[float]):
    spec = level(column="srs22r_q01_24m", at_least=4, desirable=True, answered=True)
    frame = table(srs22r_q01_24m=[5.0, 5, NA], reoperation_days=[NA, 100, 100])
    outcome = build(spec, columns=tuple(frame), reoperated=choice, died="as_scored")
    np.testing.assert_array_equal(outcome.occurred(frame), expected)
    left_out = build(spec, columns=tuple(frame), reoperated="exclude", died="as_scored")
    assert keep(left_out.excluded, frame) == [True, False, False]
    not_asked = build(spec.model_copy(update={"answered": False}), columns=tuple(frame), reoperated=choice)
    np.testing.assert_array_equal(not_asked.occurred(frame), [1, 1, NA])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: event(any_of=("a",), all_of=("b",)), "any_of or all_of, one of the two"),
        (lambda: event(any_of=("a",), present_before={"b": "c"}), "present_before must be of a flag of the outcome"),
        (lambda: level(column="a"), "exactly one of counts"),
        (lambda: level(column="a", at_least=1, at_most=3), "exactly one of counts"),
        (lambda: level(column="a", cutoff_by="b", cutoffs={"x": 1}), "cutoffs must come with cutoff_by and"),
        (lambda: level(column="a", counts=("x",), leaves_out=("x",)), "leaves_out must not name a level that counts"),
        (lambda: level(column="a", counts=("x",), minus="b"), "minus must be left out where counts is given"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(make: Any, message: str):
    with pytest.raises(ValidationError, match=message):
        make()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"any_of": ("a",), "all_of": ("b",)}, "exactly one of any_of, all_of and first_known"),
        ({"first_known": ("a", "b"), "missing": "all_needed"}, "missing must be left out where first_known is given"),
        ({"any_of": ("a", "c")}, "must not be a component of itself"),
    ],
)
def test_a_composite_that_contradicts_itself_is_refused(keys: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        CompositeOutcome(name="c", title="C", kind="composite", desirable=True, horizon="x", **keys)


def test_the_first_that_is_known_decides():
    outcome = compose(made("a"), made("b"), how="first_known")
    frame = table(a=[1, 0, NA, NA], b=[0, 1, 1, NA])
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 0, 1, NA])


def only(name: str) -> Criterion:
    """A step that keeps the rows in which a flag is set."""
    return Criterion(reason=f"not {name}", keep=lambda frame: frame[name].to_numpy() == 1)


def test_who_belongs_to_all_components_belongs():
    a, b = made("a", eligible=(only("in_a"),)), made("b", eligible=(only("in_b"), only("in_a")))
    frame = table(a=[1, 1, 1], b=[1, 1, 1], in_a=[1, 1, 0], in_b=[1, 0, 1])
    for how in ("any_of", "all_of"):
        outcome = compose(a, b, how=how)
        assert [step.reason for step in outcome.eligible] == ["not in_a", "not in_b"]
        assert keep(outcome.eligible, frame) == [True, False, False]


@pytest.mark.parametrize("keys", [{"how": "first_known"}, {"how": "any_of", "missing": "known_only"}])
def test_where_components_stand_for_each_other_one_is_enough(keys: dict[str, Any]):
    a, b = made("a", eligible=(only("in_a"),)), made("b", eligible=(only("in_b"),))
    outcome = compose(a, b, **keys)
    frame = table(a=[1, 1, 1, 1], b=[0, 0, 0, 0], in_a=[1, 0, 0, 1], in_b=[0, 1, 0, 1])
    assert keep(outcome.eligible, frame) == [True, True, False, True]
    # A component that a patient does not belong to is unknown in that patient.
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 0, NA, 1])


def test_who_is_left_out_of_one_component_stays_where_the_others_decide():
    # Died in hospital: without a destination, yet with a complication.
    home = made("home", excluded=(only("alive"),))
    outcome = compose(made("complication"), home, how="any_of")
    frame = table(complication=[1, 0, 0, NA], home=[NA, NA, 1, 1], alive=[0, 0, 1, 0])
    np.testing.assert_array_equal(outcome.occurred(frame), [1, NA, 1, NA])
    assert keep(outcome.excluded, frame) == [True, False, True, False]


def threshold(name: str, room: str) -> Outcome:
    """A component with a threshold that only who has room can reach, and that leaves out who has none."""

    def has_room(frame: pd.DataFrame) -> Any:
        return frame[room].to_numpy() == 1

    return made(name, attainable=has_room, eligible=(Criterion(reason=f"no {room}", keep=has_room),))


@pytest.mark.parametrize(
    ("how", "expected"),
    [("any_of", [True, True, False]), ("all_of", [True, False, False]), ("first_known", [True, True, False])],
)
def test_attainability_is_asked_of_the_whole(how: str, expected: list[bool]):
    outcome = compose(threshold("a", "room_a"), threshold("b", "room_b"), how=how)
    frame = table(a=[1, 1, 0], b=[1, 0, 0], room_a=[1, 1, 0], room_b=[1, 0, 0])
    assert outcome.attainable is not None
    assert outcome.attainable(frame).tolist() == expected
    assert keep(outcome.eligible, frame) == expected
    assert outcome.eligible[-1].reason.startswith("threshold not attainable: ")
    flagged = [replace(part, eligible=()) for part in (threshold("a", "room_a"), threshold("b", "room_b"))]
    assert keep(compose(*flagged, how=how).eligible, frame) == [True] * 3


def test_an_event_beside_a_threshold_can_always_be_reached():
    outcome = compose(threshold("a", "room"), made("event"), how="any_of")
    frame = table(a=[0, 0], event=[0, 1], room=[0, 0])
    assert outcome.attainable is not None
    assert outcome.attainable(frame).tolist() == [True, True]


def test_a_component_by_a_horizon_is_unknown_where_follow_up_ended():
    def days(frame: pd.DataFrame) -> Any:
        return frame["a"].to_numpy()

    follow_up = FollowUp(time_days=days, cause=days, horizon_days=1)
    outcome = compose(made("a", follow_up=follow_up), made("b"), how="any_of")
    assert outcome.follow_up is None
    assert "an event by a horizon is unknown where follow-up ended before" in outcome.rule
    np.testing.assert_array_equal(outcome.occurred(table(a=[NA, NA], b=[1, 0])), [1, NA])


def test_a_composite_prints_its_components_and_their_rules():
    outcome = compose(made("a"), made("b"), how="all_of")
    assert outcome.components == ("a", "b")
    assert outcome.rule == (
        "all of (1) A [a: a is 1]; (2) B [b: b is 1]; one component that did not occur decides, also where others are "
        "unknown"
    )
    assert outcome.unknown == "no component known not to have occurred and at least one unknown (a, b: not recorded)"
    assert set(outcome.needs) == {"a", "b"} == set(outcome.revealing)


def test_a_composite_of_composites():
    inner = replace(compose(made("a"), made("b"), how="any_of"), name="inner")
    outcome = compose(inner, made("d"), how="all_of")
    frame = table(a=[1, 0, NA], b=[0, 0, 0], d=[1, 1, 1])
    np.testing.assert_array_equal(outcome.occurred(frame), [1, 0, NA])
    assert set(outcome.revealing) == {"a", "b", "d"}


def test_components_whose_columns_the_data_lack_are_left_to_the_others():
    both = compose(made("a"), made("b"), how="first_known", columns=("a", "b"))
    assert both.needs == ("a", "b")
    one = compose(made("a"), made("b"), how="first_known", columns=("b",))
    assert one.needs == ("b",)
    np.testing.assert_array_equal(one.occurred(table(b=[1, 0])), [1, 0])
    # Where there is none, all are named as lacking.
    assert compose(made("a"), made("b"), how="first_known", columns=()).needs == ("a", "b")
    assert compose(made("a"), made("b"), how="any_of", columns=("b",)).needs == ("a", "b")


def test_a_learned_threshold_is_learned_inside_the_composite():
    def learn(frame: pd.DataFrame) -> Outcome:
        cut = frame["a"].mean()
        return made("a", occurred=lambda rows: (rows["a"] >= cut).to_numpy(dtype=np.float64))

    outcome = compose(made("a", learn=learn), made("b"), how="all_of")
    assert outcome.learn is not None
    learned = outcome.learn(table(a=[0.0, 4.0], b=[1, 1]))
    assert learned.learn is None
    np.testing.assert_array_equal(learned.occurred(table(a=[1.0, 2.0, 3.0], b=[1, 1, 0])), [0, 1, 0])
    assert compose(made("b"), how="all_of").learn is None


def test_columns_made_of_tables_are_joined():
    def prepare(name: str, value: float) -> Any:
        return lambda frame: frame.assign(**{name: value})

    frame = table(x=[1.0])
    outcome = compose(made("a", prepare=prepare("a", 1.0)), made("b", prepare=prepare("b", 0.0)), how="any_of")
    assert outcome.prepare is not None
    assert outcome.prepare(frame).to_dict("records") == [{"x": 1.0, "a": 1.0, "b": 0.0}]
    clash = compose(made("a", prepare=prepare("a", 1.0)), made("b", prepare=prepare("a", 0.0)), how="any_of")
    assert clash.prepare is not None
    with pytest.raises(StudyError, match="the components of c must be made of tables in one way, a come out in two"):
        clash.prepare(frame)


def test_a_score_is_no_component():
    instrument = InstrumentSpec(name="i", title="I", low=0, high=1, direction="higher_is_better")
    score = Score(instrument=instrument, baseline="i_0", follow_up="i_1")
    with pytest.raises(StudyError, match="the components of c must be yes or no, got the score 'a'"):
        compose(made("a", score=score), how="any_of")


def test_an_outcome_made_of_itself_is_refused():
    text = (
        '[outcomes.x]\ntitle = "X"\nkind = "composite"\ndesirable = true\nhorizon = "x"\nany_of = ["y"]\n'
        '[outcomes.y]\ntitle = "Y"\nkind = "composite"\ndesirable = true\nhorizon = "x"\nany_of = ["x"]\n'
    )
    with pytest.raises(StudyError, match="must not be made of itself, got x of y of x"):
        build_outcome("x", make_study(), define(text))


def test_an_unknown_component_is_named():
    text = '[outcomes.x]\ntitle = "X"\nkind = "composite"\ndesirable = true\nhorizon = "x"\nany_of = ["pnemonia_30d"]\n'
    with pytest.raises(StudyError, match="a component of x must be a known name, got 'pnemonia_30d'; nearest is 'pneu"):
        build_outcome("x", make_study(), define(text))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('column = "discharge_destination"\ncounts = ["nursing_hme"]', "a level of discharge_destination must be"),
        ('column = "midnights"\nat_least = 2\namong = { employment = ["wrking"] }', "a level of employment must be a"),
        ('column = "midnights"\ncutoff_by = "planned_procedure"\ncutoffs = { fuson = 3 }\ncutoff_source = "2015"',
         "a level of planned_procedure must be a known name, got 'fuson'; nearest is 'fusion'"),
    ],
)  # fmt: skip
def test_a_misspelt_level_is_refused(keys: str, message: str):
    head = '[outcomes.x]\ntitle = "X"\nkind = "level"\ndesirable = true\nhorizon = "x"\n'
    with pytest.raises(DefinitionError, match=message):
        define(head + keys + "\n")


@pytest.mark.parametrize(
    "outcome",
    [
        build(event(any_of=("a", "b"), present_before={"a": "c"})),
        build(level(column="a", cutoff_by="b", cutoffs={"0": 1}, cutoff_source="s")),
        build_outcome("function_and_pain_mcid_12m", make_study(), parse_definition('name = "o"\ntitle = "O"')),
    ],
    ids=["event", "level", "composite"],
)
def test_kinds_can_be_sent_to_another_process(outcome: Outcome):
    rows = np.random.default_rng(0).integers(0, 9, (50, len(outcome.needs) + len(outcome.optional)))
    frame = pd.DataFrame(rows.astype(np.float64), columns=[*outcome.needs, *outcome.optional])
    again = pickle.loads(pickle.dumps(outcome))
    np.testing.assert_array_equal(again.occurred(frame), outcome.occurred(frame))
    assert keep(again.eligible, frame) == keep(outcome.eligible, frame)
    if outcome.attainable:
        np.testing.assert_array_equal(again.attainable(frame), outcome.attainable(frame))


def decide(name: str, by: str, **keys: Any) -> Outcome:
    """A component that an event in the column `by` settles, without an answer, as not having occurred."""

    def occurred(frame: pd.DataFrame) -> Any:
        return np.where(frame[by] == 1, 0.0, frame[name].to_numpy(dtype=np.float64))

    return made(name, occurred=occurred, settled=lambda frame: (frame[by] == 1).to_numpy(), **keys)


SETTLED = table(a=[1, 1, NA, NA, 1, 0], b=[1, NA, 1, NA, NA, NA], hit=[0, 0, 1, 1, 0, 0])


@pytest.mark.parametrize(
    ("how", "keys", "settled", "answered"),
    [
        # a failed component decides all of them; of any, the other one is still to be asked
        ("all_of", {}, [0, 0, 1, 1, 0, 0], [1, 0, 1, 0, 0, 0]),
        ("any_of", {}, [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0]),
        ("all_of", {"missing": "all_needed"}, [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0]),
        ("all_of", {"missing": "known_only"}, [0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]),
        ("first_known", {}, [0, 0, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]),
    ],
)
def test_a_composite_is_settled_or_answered_by_its_components(
    how: str, keys: dict[str, Any], settled: list[int], answered: list[int]
):
    outcome = compose(decide("a", "hit"), made("b"), how=how, **keys)
    assert outcome.settled is not None
    assert outcome.answered is not None
    assert outcome.settled(SETTLED).astype(int).tolist() == settled
    assert outcome.answered(SETTLED).astype(int).tolist() == answered
    assert np.isfinite(outcome.occurred(SETTLED)[outcome.settled(SETTLED)]).all()


def test_a_composite_that_one_event_settles_altogether():
    outcome = compose(decide("a", "hit"), decide("b", "hit"), how="any_of")
    assert outcome.settled is not None
    assert outcome.settled(SETTLED).tolist() == [False, False, True, True, False, False]
    assert compose(made("a"), made("b"), how="any_of").settled is None


def test_a_component_that_is_known_only_because_it_occurred_does_not_answer():
    partly = made("a", answered=lambda frame: np.array([True, False]))
    outcome = compose(partly, made("b"), how="any_of")
    assert outcome.answered is not None
    assert outcome.answered(table(a=[1, 1], b=[0, 0])).tolist() == [True, False]
