"""Time of a whole study on the synthetic lumbar registry, by number of worker processes, in one run.

Usage: python benchmarks/nested_cv.py [patients] [trials]
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from pipelines.run import run_study
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

STUDY = """
title = "benchmark"
definition = "lumbar"
seed = 1
outcomes = ["odi_mcid_12m"]
predictors = ["age", "sex", "bmi", "smoking", "asa_class", "diabetes", "depression", "opioid_use", "employment",
  "symptom_duration_months", "previous_spine_surgery", "motor_deficit", "diagnosis", "odi_0", "nrs_back_0",
  "nrs_leg_0", "eq5d_index_0"]
[tuning]
trials = {trials}
"""


def main() -> None:
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    study = parse_study(STUDY.format(trials=trials), folder=Path())
    registry = simulate_registry("lumbar", n=patients, seed=1)
    seconds = {}
    for workers in (1, 2):
        started = time.perf_counter()
        result = run_study(study, registry, workers=workers)
        seconds[workers] = time.perf_counter() - started
        stages = ", ".join(f"{name} {value:.1f}" for name, value in result.timings_seconds.items())
        print(f"{workers} worker(s): {seconds[workers]:.1f} s ({stages})")
    print(f"2 workers take {seconds[2] / seconds[1]:.2f} of the time of 1")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"peak memory: {peak[0] / 1024:.0f} MB in the main process, {peak[1] / 1024:.0f} MB in the largest worker")


if __name__ == "__main__":
    main()
