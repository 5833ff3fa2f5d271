"""What ``spinerisk audit`` does: the subgroup audit of a finished run, or of locked models on other data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.locked import replacing_evaluation, write_validation
from pipelines.locked_models import find_run
from reports.audit import words
from reports.audit.data import find_margin
from reports.audit.page import AUDIT
from reports.audit.rows import Judgement, list_judgements
from reports.audit.scope import restrict
from reports.render.formats import FORMATS
from reports.run_folder import RunFolder, read_run_folder
from reports.tables import digits_of, format_interval, format_number
from reports.writing import write_document, write_documents
from schemas.errors import InputError, RunError, StudyError, unknown_name
from spinerisk.validating import name_folder, validate_file

NEEDS_LOOKING = ("outside", "not assessable", "not informative internally", "suppressed")
"""Conclusions with which a person has to do something: a group is wrong, or nothing is known of it."""
RUNS = Path("runs")
GAP_DIGITS = digits_of("calibration_in_the_large")


@dataclass(frozen=True, kw_only=True)
class Audit:
    """A finished audit: the run that it is about, what is concluded of each group, and where it was written."""

    run: RunFolder
    judgements: tuple[Judgement, ...]
    folder: Path
    written: tuple[Path, ...]


def split_names(text: str) -> tuple[str, ...]:
    """Split names at commas.

    Examples
    --------
    >>> split_names("sex, age")
    ('sex', 'age')
    """
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def audit_run(
    target: Path, *, by: Sequence[str], out: Path | None = None, formats: Sequence[str] = tuple(FORMATS)
) -> Audit:
    """Audit a finished run by the groups that its plan declares.

    Parameters
    ----------
    target
        Folder of the run.
    by
        Some of the declared groups; all of them where it is empty.
    out
        Folder for the files; by default ``runs/<run>_audit``. Made where it is not there.
    formats
        Of `reports.render.formats.FORMATS`.

    Raises
    ------
    RunError
        If the folder is no finished run or cannot be written.
    StudyError
        If a group was not declared, or the plan declares none.
    """
    _check_formats(formats)
    whole = find_run(target)
    if whole != target.resolve():
        raise RunError(
            "a single model is audited on data that it was not developed on, got none; name them after the bundle"
        )
    run = read_run_folder(whole)
    if not run.facts.study.subgroups:
        raise StudyError("a study must declare groups to be audited, got none; name them in the plan, under subgroups")
    run = restrict(run, by) if by else run
    folder = out or RUNS / f"{whole.name}_audit"
    _make(folder)
    return _finish(run, folder, tuple(write_document(AUDIT, run, folder, formats=formats)))


def audit_data(
    target: Path,
    data: str,
    *,
    by: Sequence[str],
    out: Path | None = None,
    formats: Sequence[str] = tuple(FORMATS),
    definition: str | None = None,
) -> Audit:
    """Apply locked models to other data, unchanged, and audit them there.

    Parameters
    ----------
    target
        Folder of a finished run, or of one bundle in it.
    data
        The registry's data.
    by
        Columns whose groups are audited; those of the plan where it is empty.
    out
        Folder of the evaluation, with the audit in its ``share/``; by default ``runs/<run>_on_<data>``. An earlier
        evaluation there is replaced.
    formats
        Of `reports.render.formats.FORMATS`.
    definition
        How the data are read; by default as the run read its own.

    Raises
    ------
    RunError, BundleError, StudyError, DataError
        If the run, a bundle, the groups or the data cannot be used.
    """
    _check_formats(formats)
    folder = out or name_folder(target, data)
    with replacing_evaluation(folder) as staging:
        found = validate_file(target, data, definition=definition, subgroups=tuple(by) or None)
        write_validation(found, staging)
        files = [path.relative_to(staging) for path in write_documents(staging, names=(AUDIT.name,), formats=formats)]
    return _finish(read_run_folder(folder), folder, tuple(folder / name for name in files))


def _finish(run: RunFolder, folder: Path, written: tuple[Path, ...]) -> Audit:
    return Audit(run=run, judgements=list_judgements(run), folder=folder, written=written)


def _check_formats(formats: Sequence[str]) -> None:
    """Refuse an unknown format before any work."""
    for name in formats:
        if name not in FORMATS:
            raise InputError(unknown_name("a format", name, tuple(FORMATS)))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the output folder must be writable, got {str(folder)!r}: {error.strerror}") from None


def needs_a_person(found: Audit) -> bool:
    """Tell whether a group is outside the margin, or nothing is known of it."""
    return any(one.conclusion in NEEDS_LOOKING for one in found.judgements)


def tabulate_conclusions(found: Audit) -> dict[str, list[dict[str, str]]]:
    """Return for a person, by analysis and model, each group with its counts, its gap and the conclusion."""
    tables: dict[str, list[dict[str, str]]] = {}
    for one in found.judgements:
        title = f"{one.analysis.view.title}; {found.run.model_title(one.model)}"
        tables.setdefault(title, []).append(_describe(found.run, one))
    return tables


def _describe(run: RunFolder, one: Judgement) -> dict[str, str]:
    interval = format_interval(one.lower, one.upper, GAP_DIGITS)
    return {
        "group": f"{run.predictor_title(one.subgroup)} {run.level_title(one.subgroup, one.level)}",
        "n": format_number(one.n, 0),
        "events": format_number(one.events, 0),
        "gap": f"{format_number(one.gap, GAP_DIGITS)} ({interval})" if interval else "",
        "conclusion": words.IN_WORDS[one.conclusion],
    }


def list_facts(found: Audit) -> dict[str, object]:
    """Return what was concluded in sum, the margin, and which files were written."""
    counts = Counter(one.conclusion for one in found.judgements)
    margin = find_margin(found.run)
    return {
        "margin": "none" if margin is None else f"{margin:g} (log-odds)",
        "groups": ", ".join(f"{counts[name]} {words.IN_WORDS[name]}" for name in words.IN_WORDS if counts[name]),
        "written": [str(path) for path in found.written if path.parent.name != "figures"],
    }
