"""A registry of one's own with an anchor question, a repeat and items, for tests of thresholds."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from pipelines.deriving.threshold_questions import OwnThresholds, derive_thresholds
from schemas.definition import FOLDER, parse_definition
from schemas.registry import Registry, read_registry

LUMBAR = (FOLDER / "lumbar.toml").read_text(encoding="utf-8")
OWN = """
[columns.got_on]
header = "got_on"
kind = "category"
levels = ["well", "badly"]
known_at = "followup"
text = "How did you get on?"
[columns.odi_again]
header = "odi_again"
kind = "number"
range = [0, 100]
unit = "percent"
known_at = "preop"
text = "ODI, a fortnight before the operation."
"""


def make_table(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    true, change = rng.normal(55, 10, n), rng.normal(15, 15, n)
    judged = change + rng.normal(0, 8, n)

    def score(values: np.ndarray) -> np.ndarray:
        return np.clip(2 * np.round((values + rng.normal(0, 4, n)) / 2), 0, 100)

    table = pd.DataFrame(
        {
            "patient": [f"p{row}" for row in range(n)], "age": rng.integers(30, 80, n), "sex": ["male"] * n,
            "year": rng.integers(2012, 2016, n), "odi_0": score(true), "odi_12m": score(true - change),
            "odi_again": score(true), "gpe_12m": np.clip(np.round(4 - judged / 8), 1, 7),
            "got_on": np.where(judged > 12, "well", "badly"),
        }
    )  # fmt: skip
    for item in (1, 2, 3):
        table[f"odi_q{item:02d}_0"] = np.clip(np.round(true / 20 + rng.normal(0, 1, n)), 0, 5)
    return table


@cache
def read_own() -> Registry:
    return replace(read_registry(make_table(), parse_definition(LUMBAR + OWN)), source="old.csv")


@cache
def derive_own() -> OwnThresholds:
    return derive_thresholds(
        read_own(), instrument="odi", follow_up="odi_12m", anchor="gpe_12m", improved="1,2", minimal="2",
        reliability=0.9, reliability_source="Author 2000", seed=1,
    )  # fmt: skip
