"""Outcomes built under a small study, for the tests."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import outcomes.outcomes
from outcomes.building import build_declared
from outcomes.kinds.context import Context
from outcomes.kinds.threshold import list_covering_sets
from outcomes.outcome import Outcome
from schemas.definition import read_definition
from schemas.specs import OutcomeSpec, ThresholdOutcome
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


def make_context(columns: Collection[str] | None = None, **choices: Any) -> Context:
    """Return what builders look at, under a small study."""
    return outcomes.outcomes.make_context(make_study(**choices), read_definition("lumbar"), columns)


def find_set(spec: OutcomeSpec) -> str | None:
    """Return the first set that covers an outcome without a default, else None: the study of a test names it."""
    if not isinstance(spec, ThresholdOutcome) or spec.threshold_set:
        return None
    return list_covering_sets(spec, make_context())[0]


def build(spec: OutcomeSpec, columns: Collection[str] | None = None, **choices: Any) -> Outcome:
    """Build the outcome of a declaration, which need not be among the built-in ones."""
    return build_declared(spec, make_context(columns, **choices))
