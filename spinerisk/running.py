"""What ``spinerisk run`` and ``spinerisk demo`` do: read, run, write, report, log."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.result import StudyResult
from pipelines.run import run_study
from pipelines.run_folder import PRIVATE, replacing, write_run
from pipelines.tracking import log_run
from reports.files import write_at_once
from reports.tripod.answer_file import KEPT_AS
from reports.writing import write_documents
from schemas.errors import InputError, RunError, StudyError
from schemas.reading.database import is_url
from schemas.registry import Registry, read_registry
from schemas.study import Study
from spinerisk.console import Console

DEMO_STUDY = Path(__file__).parent / "demo.toml"
DEMO_PATIENTS = 2000


def read_development(study: Study, data: str | None) -> Registry:
    """Read the data that a study develops on: the given file, else the one the study names.

    Raises
    ------
    StudyError
        If neither is given.
    """
    if data is None and study.data is None:
        raise StudyError('the data must be named, got none; give --data PATH, or data = "PATH" in the study')
    found = data or _locate(str(study.data), study.folder)
    return read_registry(found, resolve_definition(study.definition, study.folder))


def _locate(data: str, folder: Path) -> str:
    """Return the data that a study names: the URL of a database, or a path beside the study."""
    return data if is_url(data) else str(folder / data)


def read_validation(study: Study, validate_on: Sequence[str]) -> dict[str, Registry]:
    """Read further data, each ``PATH`` or ``PATH=DEFINITION``, by the name of its file.

    Raises
    ------
    InputError
        If two files have the same name.
    """
    registries: dict[str, Registry] = {}
    for text in validate_on:
        path, _, definition = text.partition("=")
        name = Path(path).name.partition(".")[0]
        if name in registries:
            raise InputError(f"the files to validate on must have different names, got {name!r} twice; rename one")
        chosen = definition or resolve_definition(study.definition, study.folder)
        registries[name] = read_registry(path, chosen)
    return registries


def resolve_definition(definition: str, folder: Path) -> str:
    """Return the path of a definition that a study names as a TOML file beside it, else the name itself.

    A run's folder holds its definition as ``definition.toml``, so that its study can be run again from there.
    """
    if not definition.endswith(".toml"):
        return definition
    kept = folder / "definition.toml"
    beside = folder / definition
    return str(kept if kept.is_file() and not beside.is_file() else beside)


def run_into(
    study: Study,
    registry: Registry,
    *,
    validate_on: Mapping[str, Registry],
    out: Path,
    workers: int,
    console: Console,
    answers: str = "",
    keep: Path | None = None,
) -> StudyResult:
    """Run a study and put its finished folder in place, in one move.

    Parameters
    ----------
    study, registry, validate_on, workers
        As in `pipelines.run.run_study`.
    out
        Folder of the run; an earlier run there is replaced.
    console
        Where progress is shown.
    answers
        What the author says to TRIPOD+AI, as `spinerisk.answering.gather_answers` gives it; empty where nothing.
    keep
        A folder of data files to keep as ``private/data``.
    """
    # The folder is made first: a place that cannot be written must not be found out after the work.
    with replacing(out) as folder:
        with console.progress() as tell:
            result = run_study(study, registry, validate_on=validate_on, workers=workers, progress=tell)
        write_run(result, folder)
        if answers:
            write_at_once(folder / KEPT_AS, answers)
        write_documents(folder)
        if keep is not None:
            shutil.copytree(keep, folder / PRIVATE / "data")
    return result


def log_finished(out: Path) -> tuple[str, ...]:
    """Log a finished run to MLflow; return what went wrong, since the run is complete without it."""
    try:
        log_run(out)
    except (RunError, OSError) as error:
        return (
            f"the run is complete in {out} but could not be logged to MLflow: {error}; when that is mended, send it "
            f"with: spinerisk log {shlex.quote(str(out))}",
        )
    return ()
