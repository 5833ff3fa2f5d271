"""Labels of the columns that an outcome is made of: one that nobody knows stops the run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from outcome_builds import build

from outcomes.cohort import build_cohort
from outcomes.guard import check_outcome_labels
from outcomes.outcome import Outcome
from outcomes.outcomes import OUTCOMES
from schemas.definition import parse_definition
from schemas.errors import StudyError
from schemas.registry import Registry, read_registry
from schemas.specs import EventOutcome, LevelOutcome
from schemas.study import parse_study

N = 12
HEAD = 'name = "own"\ntitle = "Own"\nbase = "lumbar"\n'


def read(extra: str = "", **columns: list[str]) -> Registry:
    """Read twelve patients; a shorter column repeats its last text."""
    made = {name: texts + [texts[-1]] * (N - len(texts)) for name, texts in columns.items()}
    table = pd.DataFrame({"patient": [f"p{row}" for row in range(N)], "age": ["60"] * N, **made})
    return read_registry(table, parse_definition(HEAD + extra))


def stroke() -> Outcome:
    return build(OUTCOMES["stroke_30d"])


def test_a_label_that_nobody_knows_stops_an_event():
    registry = read(stroke_30d=["1", "CVA-SECRET", "0"])
    with pytest.raises(StudyError) as caught:
        check_outcome_labels(registry, stroke())
    text = str(caught.value)
    assert "the outcome stroke_30d must be made of columns whose labels are all known" in text
    assert "stroke_30d: must be 0 or 1, no or yes, false or true; 1 row does not (row 2)" in text
    assert "recode these labels under [columns] in the definition, or list them as missing there" in text
    assert "SECRET" not in text


def test_it_stops_where_the_cohort_is_made():
    registry = read(stroke_30d=["1", "perhaps", "perhaps", "0"])
    study = parse_study(
        'title = "a"\ndefinition = "lumbar"\nseed = 1\noutcomes = ["stroke_30d"]\npredictors = ["age"]\n', folder=Path()
    )
    with pytest.raises(StudyError, match=r"2 rows do not \(rows 2, 3\)"):
        build_cohort(registry, stroke(), study)


@pytest.mark.parametrize(
    ("extra", "texts", "rule"),
    [
        ("", ["1", "2", "0"], "must be 0 or 1"),
        ('[columns.stroke_30d]\nrecode = { "J" = 1, "N" = 0 }\n', ["J", "1", "N"], "must be one of the codes J, N"),
        ('[columns.stroke_30d]\nmissing = ["9"]\n', ["1", "8", "9", "0"], "must be 0 or 1"),
    ],
)
def test_every_way_in_which_a_flag_can_be_unreadable(extra: str, texts: list[str], rule: str):
    with pytest.raises(StudyError, match=f"stroke_30d: {rule}"):
        check_outcome_labels(read(extra, stroke_30d=texts), stroke())


def test_a_level_that_a_category_does_not_have():
    registry = read(discharge_destination=["home", "moon", "home"])
    with pytest.raises(StudyError, match="discharge_destination: must be one of the levels home, rehabilitation"):
        check_outcome_labels(registry, build(OUTCOMES["non_home_discharge"]))


@pytest.mark.parametrize(
    ("extra", "texts"),
    [
        ('[columns.stroke_30d]\nrecode = { "CVA" = 1, "none" = 0 }\n', ["CVA", "none"]),
        ('[columns.stroke_30d]\nmissing = ["CVA"]\n', ["CVA", "0"]),
        ("", ["1", "", "0"]),
    ],
)
def test_recoded_or_listed_as_missing_it_runs(extra: str, texts: list[str]):
    check_outcome_labels(read(extra, stroke_30d=texts), stroke())


def test_labels_of_other_columns_are_a_counted_loss_only():
    registry = read(stroke_30d=["1", "0"], pneumonia_30d=["1", "perhaps", "0"], sex=["female", "?", "male"])
    assert len(registry.quarantine) == 1
    check_outcome_labels(registry, stroke())


def test_other_faults_of_its_columns_are_a_counted_loss_only():
    # A number out of its range, and days that contradict the flag.
    registry = read(length_of_stay_days=["3", "900", "4"], stroke_30d=["0"], stroke_days=["", "", "3", ""])
    assert not registry.faults.empty
    long_stay = LevelOutcome(
        name="x", title="X", kind="level", desirable=False, horizon="x", column="length_of_stay_days", more_than=3
    )
    check_outcome_labels(registry, build(long_stay))
    check_outcome_labels(registry, stroke())


def test_a_derived_column_stands_for_what_it_is_made_of():
    kinds = {"superficial_ssi_30d": ["0", "?", "1"], "deep_ssi_30d": ["0"], "organ_space_ssi_30d": ["0"]}
    outcome = build(OUTCOMES["surgical_site_infection_30d"])
    with pytest.raises(StudyError, match="superficial_ssi_30d: must be 0 or 1"):
        check_outcome_labels(read('derive = ["surgical_site_infection_30d"]\n', **kinds), outcome)


def test_every_column_of_an_outcome_is_looked_at():
    registry = read(stroke_30d=["1", "x", "0"], pneumonia_30d=["0", "0", "y", "0"])
    both = EventOutcome(
        name="both", title="Both", kind="event", desirable=False, horizon="x", any_of=("stroke_30d", "pneumonia_30d")
    )
    with pytest.raises(StudyError) as caught:
        check_outcome_labels(registry, build(both))
    assert str(caught.value).count("must be 0 or 1") == 2


def test_a_label_that_no_participant_use_file_has_stops_an_event():
    table = pd.DataFrame(
        {"CASEID": ["1", "2", "3"], "PUFYEAR": "2019", "AGE": "60", "SEX": "female", "CPT": "63030",
         "CNSCVA": ["No Complication", "Stroke/CVA", "Stroke (new spelling)"]}
    )  # fmt: skip
    with pytest.raises(StudyError, match="stroke_30d: must be a label that is known of the participant use files"):
        check_outcome_labels(read_registry(table, "nsqip"), stroke())
