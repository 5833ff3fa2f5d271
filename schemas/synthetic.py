"""Simulated registries in which the true risk of every outcome is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from schemas.columns import COLUMNS
from schemas.definition import Definition, parse_definition, read_definition
from schemas.errors import InputError, unknown_name
from schemas.raw import as_raw, as_text
from schemas.registry import Registry, read_registry
from schemas.simulation.cervical import CERVICAL
from schemas.simulation.deformity import DEFORMITY
from schemas.simulation.draw import Drawn, draw_cohort
from schemas.simulation.lumbar import LUMBAR
from schemas.simulation.scenario import Drift, Missingness, Response, Scenario, Sites
from schemas.simulation.specs import SyntheticCohort

COHORTS: dict[str, SyntheticCohort] = {cohort.name: cohort for cohort in (LUMBAR, CERVICAL, DEFORMITY)}


def simulate_registry(
    cohort: str,
    *,
    n: int = 2000,
    seed: int,
    missing: Missingness = "at_random",
    response: Response = "at_random",
    sites: Sites = "effects",
    drift: Drift = "effects",
) -> Registry:
    """Simulate a registry of spine surgery.

    Parameters
    ----------
    cohort
        lumbar, cervical or deformity.
    n
        Number of operations, at least 1; about 4 percent are the second operation of a patient.
    seed
        The same seed gives the same bytes; each column has a child seed by its name, which no switch moves.
    missing
        Values of predictors before the operation: ``none`` missing, ``at_random`` (more at older age and at untidy
        sites), or ``not_at_random`` (also the higher the value itself; a category without an order hides no level).
    response
        Answers to questionnaires and the record of the first 30 days: ``complete`` while the patient is followed,
        ``at_random`` (the young, smokers, men, the less educated and those operated on before answer less often, and
        their complications are unknown more often), or ``not_at_random`` (also those who do badly).
    sites
        How hospitals differ: not at all (``alike``), in their patients and their care with forms (``case_mix``), also
        in the risk of the same patient (``risk``), also in how strong predictors are (``effects``).
    drift
        How years differ, in the same steps: ``none``, ``case_mix``, ``risk``, ``effects``.

    Returns
    -------
    Registry
        With ``synthetic`` True and ``truth``: ``row_id`` and, per outcome, the true risk in [0, 1], NaN where the
        outcome has no meaning (a fusion that does not heal where none is planned).

    Raises
    ------
    InputError
        If the cohort or a switch is unknown, or `n` or `seed` cannot be used.

    Notes
    -----
    Not a model of real patients: rates and associations are of a realistic size, no more. The true risk comes from the
    complete predictors, before any is made missing. A score after the operation is ``centre(X) + scale * logistic
    noise``, rounded to the score's step and clipped, so the risk of reaching an absolute improvement is exactly
    logistic in X; so are the risks of a complication and of the flags among the truths. Reherniation, fusion for
    another reason and death have hazards that are constant in pieces, and in each piece the risk grows by S * h1 / H *
    (1 - exp(-H t)), S the probability that nothing has happened before. Given X the outcomes of the first kind are
    independent of events. X holds site and year: the truth has their effects, which are modest (one standard deviation
    between sites is about 0.17 of log-odds) and average out, so that a model that cannot see them is still right on
    average. Sites are the same ones with the same effects in every simulated registry. Patients are lost to follow-up
    at random; the first operation's follow-up ends with the second one, which is a case of its own.

    Examples
    --------
    >>> registry = simulate_registry("lumbar", n=50, seed=1)
    >>> len(registry.frame), registry.synthetic
    (50, True)
    """
    if cohort not in COHORTS:
        raise InputError(unknown_name("a simulated cohort", cohort, COHORTS))
    if n < 1:
        raise InputError(f"n must be 1 or more, got {n}; state the number of operations")
    if seed < 0:
        raise InputError(f"the seed must be 0 or more, got {seed}; choose another")
    scenario = Scenario(missing=missing, response=response, sites=sites, drift=drift)
    drawn = draw_cohort(COHORTS[cohort], n=n, seed=seed, scenario=scenario)
    registry = read_registry(_as_file(drawn), _define(cohort))
    truth = pd.DataFrame({"row_id": registry.frame["row_id"], **drawn.truth})
    return replace(registry, source=f"synthetic {cohort} registry", truth=truth)


def write_synthetic(registry: Registry, folder: str | Path) -> Path:
    """Write a simulated registry as the files that a real one would come as.

    Parameters
    ----------
    registry
        Made by `simulate_registry`.
    folder
        Where to write; made if absent.

    Returns
    -------
    Path
        ``<cohort>.csv``; beside it are ``<cohort>_definition.toml``, with which it is read and which says that it is
        simulated, and ``<cohort>_truth.csv``.

    Raises
    ------
    InputError
        If the registry is not simulated.
    """
    if registry.truth is None:
        raise InputError(f"the registry must be simulated, got {registry.source!r}; make it with simulate_registry")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = registry.definition.name
    data = folder / f"{name}.csv"
    kept = registry.frame.drop(columns="row_id")
    texts = pd.DataFrame({name: as_text(as_raw(kept[name])) for name in kept})
    texts.to_csv(data, index=False, lineterminator="\n", encoding="utf-8")
    (folder / f"{name}_definition.toml").write_bytes(registry.definition.text.encode())
    registry.truth.to_csv(folder / f"{name}_truth.csv", index=False, lineterminator="\n", encoding="utf-8")
    return data


def _as_file(drawn: Drawn) -> pd.DataFrame:
    """Return the columns as a file would hold them, in the dictionary's order."""
    return pd.DataFrame({name: drawn.values[name] for name in COLUMNS if name in drawn.values})


def _define(cohort: str) -> Definition:
    required = ", ".join(f'"{name}"' for name in read_definition(cohort).required)
    return parse_definition(
        f'name = "{cohort}"\n'
        f'title = "Synthetic {cohort} registry: simulated, no real patients"\n'
        f'base = "{cohort}"\n'
        f"synthetic = true\n"
        f"required = [{required}]\n",
        name=f"synthetic {cohort} registry",
    )
