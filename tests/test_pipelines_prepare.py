"""What is said of the data before anything is fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.prepare import prepare_study
from schemas.registry import Registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

PLAN = """
title = "Prepared"
definition = "lumbar"
seed = 2
outcomes = ["any_complication_30d"]
predictors = ["age", "sex"]
models = []
"""


def without_patients(registry: Registry) -> Registry:
    return replace(registry, columns={name: one for name, one in registry.columns.items() if name != "patient"})


@pytest.mark.parametrize(
    ("development", "later", "who"),
    [(True, True, ""), (False, True, "development"), (True, False, "later"), (False, False, "development and later")],
)
def test_what_cannot_be_checked_of_the_patients_is_said(*, development: bool, later: bool, who: str) -> None:
    data = [simulate_registry("lumbar", n=400, seed=seed) for seed in (1, 2)]
    first, second = (
        one if there else without_patients(one) for one, there in zip(data, (development, later), strict=True)
    )
    prepared = prepare_study(parse_study(PLAN, folder=Path()), first, {"later": second})
    told = [note for note in prepared.remarks if "cannot be checked" in note]
    assert len(told) == bool(who)
    for note in told:
        assert note.startswith("later: whether its patients are also among those of development cannot be checked, as ")
        assert f"as {who} have no column patient" in note
