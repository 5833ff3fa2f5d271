"""Seconds and memory to simulate a large registry: ``python benchmarks/synthetic_scale.py 100000 lumbar``."""

from __future__ import annotations

import resource
import sys
import time

from schemas.simulation.draw import draw_cohort
from schemas.synthetic import COHORTS, simulate_registry

LIMIT_SECONDS = 15.0


def main(n: int, cohorts: list[str]) -> int:
    slow = False
    for cohort in cohorts:
        start = time.perf_counter()
        draw_cohort(COHORTS[cohort], n=n, seed=1)
        drawn = time.perf_counter()
        registry = simulate_registry(cohort, n=n, seed=1)
        done = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{cohort}: {n} operations, {len(registry.columns)} columns; drawn in {drawn - start:.1f} s, "
            f"with reading and validation {done - drawn:.1f} s, peak so far {peak:.2f} GiB"
        )
        slow |= done - drawn > LIMIT_SECONDS * max(n / 100_000, 1)
    return int(slow)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(int(arguments[0]) if arguments else 100_000, arguments[1:] or list(COHORTS)))
