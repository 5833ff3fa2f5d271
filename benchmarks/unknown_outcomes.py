"""Bias and coverage where outcomes are unknown: left out, called event-free, or stood for, against known truth.

Usage: python -m benchmarks.unknown_outcomes [replications] [patients]

The worlds are those of the tests (`tests/unknown_worlds.py`), which prove the same with 200 replications.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from unknown_worlds import (
    BY_SEVERITY,
    AnswerWorld,
    HorizonWorld,
    PartsWorld,
    SettledWorld,
    run_models,
    run_registry,
    run_world,
    summarise,
)


def main() -> None:
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    pd.set_option("display.width", 160)
    worlds: tuple[tuple[str, Any, Callable[..., pd.DataFrame]], ...] = (
        ("horizon, losses by chance, Kaplan-Meier", HorizonWorld(), run_world),
        ("horizon, losses by severity, Kaplan-Meier", BY_SEVERITY, run_world),
        ("horizon, losses by severity, by predictors", BY_SEVERITY, partial(run_world, censoring="by_predictors")),
        ("answers by severity and smoking", AnswerWorld(), run_world),
        ("the same, a reoperation is a failure without an answer", SettledWorld(), run_world),
        ("any of two complications, each recorded in 7 of 10", PartsWorld(), run_world),
    )  # fmt: skip
    for title, world, run in worlds:
        started = time.perf_counter()
        found = run(world, replications=replications, n=n, seed=1)
        print(f"{title} ({replications} x {n}, {time.perf_counter() - started:.0f} s)")
        print(summarise(found, world.theory()).round(5).to_string(index=False), "\n")
    started = time.perf_counter()
    found = run_models(HorizonWorld(), replications=replications, n=n, seed=1)
    print(f"reference model fitted, minus truth ({time.perf_counter() - started:.0f} s)")
    print(found.groupby("way").agg(["mean", "sem"]).round(5).to_string(), "\n")
    started = time.perf_counter()
    found = run_registry(replications=replications, n=n, seed=1)
    print(f"simulated lumbar registry, rate minus true risk ({time.perf_counter() - started:.0f} s)")
    print(found.groupby("outcome").agg(["mean", "sem"]).round(5).T.to_string())


if __name__ == "__main__":
    main()
