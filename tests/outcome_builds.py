"""Outcomes built under a small study, for the tests."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from outcomes.build import Context
from outcomes.instruments import INSTRUMENTS
from outcomes.outcome import Outcome
from outcomes.outcomes import build_declared, build_outcome
from outcomes.thresholds import THRESHOLD_SETS
from schemas.definition import read_definition
from schemas.specs import OutcomeSpec
from schemas.study import Study, parse_study

TEXT = """
title = "Test"
definition = "lumbar"
seed = 1
outcomes = ["odi_mcid_12m"]
predictors = ["age"]
"""


def make_study(**choices: Any) -> Study:
    """Return a small study with some of its keys set."""
    return parse_study(TEXT, folder=Path()).model_copy(update=choices)


def build(spec: OutcomeSpec, columns: Collection[str] | None = None, **choices: Any) -> Outcome:
    """Build the outcome of a declaration, which need not be among the built-in ones."""
    study = make_study(**choices)
    context = Context(
        study=study,
        instruments=INSTRUMENTS,
        threshold_sets=THRESHOLD_SETS,
        columns=columns,
        build=lambda name: build_outcome(name, study, read_definition("lumbar"), columns),
    )
    return build_declared(spec, context)
