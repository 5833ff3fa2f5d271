"""What an audit can be held against: the hashes of data, plan, definition, code and models."""

from __future__ import annotations

from collections.abc import Iterator

from reports.run_folder import RunFolder
from reports.tables import join_words


def name_hashed(run: RunFolder) -> str:
    """Return in words what is hashed: facts, code and models only where their hashes are known."""
    also = (
        ("the facts of the run", bool(run.facts_sha256)),
        ("the code", bool(run.facts.code_sha256)),
        ("the models", bool(run.facts.bundles)),
    )
    return join_words(("the data", "the plan", "the definition", *(name for name, known in also if known)))


def list_hashes(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield what was hashed, in words, and its SHA-256.

    Parameters
    ----------
    run
        A finished run: a study, or locked models on other data.

    Notes
    -----
    A bundle's hash is that of its ``bundle.json``, which names the hashes of all its files.
    """
    yield from list_without_models(run)
    yield from _list_models(run)


def list_without_models(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield what was hashed apart from the models, which may be many."""
    facts = run.facts
    if run.facts_sha256:
        yield "Facts of the run (run.json)", run.facts_sha256
    for data in facts.data:
        yield f"Data: {data.dataset} ({data.validation or 'development'})", data.fingerprint
    if facts.developed is not None:
        for origin in facts.developed.data:
            yield f"Data of the development: {origin.dataset or 'as named in the model'}", origin.fingerprint
    if facts.developed is not None and facts.developed.study_sha256 == facts.study.sha256:
        yield "Study plan of the development, which is the plan of this evaluation too", facts.study.sha256
    else:
        if facts.developed is not None:
            yield "Study plan of the development", facts.developed.study_sha256
        yield "Study plan", facts.study.sha256
    yield f"Definition of the registry: {facts.definition.name}", facts.definition.sha256
    if facts.code_sha256:
        yield f"Code: spinerisk {facts.spinerisk}", facts.code_sha256


def _list_models(run: RunFolder) -> Iterator[tuple[str, str]]:
    for bundle in run.facts.bundles:
        yield f"Model: {run.model_title(bundle.model)}, {run.outcome_title(bundle.outcome)}", bundle.sha256
