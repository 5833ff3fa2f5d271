"""Simulated registries as files, for the command ``simulate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from schemas.errors import InputError
from schemas.simulation.scenario import Scenario
from schemas.synthetic import simulate_registry, write_synthetic

USUAL = Scenario()


def write_simulation(
    cohort: str, *, n: int, seed: int, out: str | Path, scenario: Scenario = USUAL, overwrite: bool = False
) -> tuple[Path, ...]:
    """Simulate a registry and write it as the files that a real one would come as.

    Parameters
    ----------
    cohort
        lumbar, cervical or deformity.
    n
        Number of operations, at least 1.
    seed
        The same seed gives the same bytes.
    out
        Folder; made if absent.
    scenario
        How values go missing and how sites and years differ.
    overwrite
        Whether files of an earlier simulation may be replaced.

    Returns
    -------
    tuple of Path
        The data, the definition with which they are read, and the true risks.

    Raises
    ------
    InputError
        If the cohort, `n` or `seed` cannot be used, or `out` holds such files already, is a file or is called like one.
    """
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"the folder {folder} must be a folder, got a file; choose another")
    if folder.suffix.lower() == ".csv":
        raise InputError(
            f"the folder of the files must not be called like a file, got {str(folder)!r}; name a folder, such as "
            f"{str(folder.with_suffix(''))!r}: the data will be {cohort}.csv in it"
        )
    paths = tuple(folder / name for name in (f"{cohort}.csv", f"{cohort}_definition.toml", f"{cohort}_truth.csv"))
    there = [path.name for path in paths if path.exists()]
    if there and not overwrite:
        raise InputError(
            f"the folder {folder} must not hold a simulation already, got {', '.join(there)}; choose another or "
            f"allow overwriting"
        )
    registry = simulate_registry(cohort, n=n, seed=seed, **asdict(scenario))
    write_synthetic(registry, folder)
    return paths
