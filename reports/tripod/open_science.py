"""What a run knows about its own code and plan."""

from __future__ import annotations

from reports.run_folder import RunFolder
from reports.tables import count_words
from reports.tripod.item import Found

STEPS = {
    "development": "checking, preparation, fitting, tuning, evaluation",
    "evaluation": "checking, prediction with models that were made before, evaluation",
}


def tell_18f(run: RunFolder) -> Found:
    """Draft the availability of the code: version, hashes, seed, and what they suffice for."""
    return Found(
        status="drafted",
        paragraphs=(_word_code(run), _word_plan(run)),
        artefact="run.json; study.toml; definition.toml",
        reason="Say where the code and the plan can be had and under which licence, and name any code that was used "
        "before the toolkit read the data.",
    )


def hint_18c(run: RunFolder) -> str:
    """Return what the run can lend to the author's words on the protocol: the hash of the plan."""
    return (
        f"The run keeps the exact plan in study.toml (SHA-256 {run.facts.study.sha256}). A hash shows which plan was "
        "run, not that it was written before the results were known."
    )


def _word_code(run: RunFolder) -> str:
    facts = run.facts
    code = f", of which the code has the SHA-256 {facts.code_sha256}" if facts.code_sha256 else ""
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    using = f" with {versions}" if versions else ""
    place = f" on {facts.platform}" if facts.platform else ""
    return (
        f"All steps from the registry's file to the tables ({STEPS[facts.kind]}) were made by the toolkit spinerisk, "
        f"version {facts.spinerisk}{code}. It ran{place}{using}. The versions of all packages are pinned in the "
        "toolkit's lock file."
    )


def _word_plan(run: RunFolder) -> str:
    facts = run.facts
    words = (
        f"The plan (SHA-256 {facts.study.sha256}) and the definition by which the registry was read (SHA-256 "
        f"{facts.definition.sha256}) are kept with the results. With the seed {facts.seed}, the same data and the same "
        "versions they give the same tables."
    )
    if facts.kind == "development" or not facts.bundles:
        return words
    return f"{words} The evaluated models are {count_words(len(facts.bundles), 'bundle')}, each named by its SHA-256."
