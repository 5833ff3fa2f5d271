"""The printed list of metrics on the terminal."""

from __future__ import annotations

from pipelines.metrics import METRICS
from spinerisk.listing import list_table


def test_the_list_says_which_way_is_better() -> None:
    rows = list_table("metrics", None)
    assert [row["name"] for row in rows] == list(METRICS)
    assert {row["name"]: row["best"] for row in rows}["calibration_slope"] == "1"
