"""What an author answers to TRIPOD+AI: drafted from a run, found beside a study, checked, and kept with the run."""

from __future__ import annotations

from pathlib import Path

from reports.files import write_at_once
from reports.run_folder import read_run_folder
from reports.tripod.answer_draft import draft_answers
from reports.tripod.answer_file import KEPT_AS, parse_answers
from reports.tripod.answers import check_against, merge
from reports.tripod.checklist import word_standing
from schemas.errors import InputError, RunError

ENDING = ".tripod.toml"
"""Ending of the author's file; before it stands the name of the study."""


def find_answers(study_path: Path) -> Path | None:
    """Return the author's file beside a study, or None where there is none."""
    beside = study_path.with_name(f"{study_path.stem}{ENDING}")
    return beside if beside.is_file() else None


def check_answers(path: Path) -> str:
    """Read an author's file and check it as far as can be without a run.

    Parameters
    ----------
    path
        The TOML file.

    Returns
    -------
    str
        Its exact text.

    Raises
    ------
    InputError
        If it cannot be read or used; all faults are named.
    """
    text = _read(path)
    parse_answers(text, name=str(path))
    return text


def gather_answers(study_path: Path, out: Path) -> str:
    """Return the answers that belong to a new run of a study: those beside it, else those of the run it replaces.

    Parameters
    ----------
    study_path
        The study's TOML file.
    out
        Folder of the run; an earlier run there is going to be replaced.

    Returns
    -------
    str
        Text for the new run's `KEPT_AS`; empty where nobody has answered.

    Raises
    ------
    InputError
        If they cannot be used, or if answers of the earlier run would be lost.
    """
    beside, kept = find_answers(study_path), out / KEPT_AS
    text = check_answers(beside) if beside else ""
    if not kept.is_file():
        return text
    earlier = check_answers(kept)
    if beside is None:
        return earlier
    _refuse_loss(earlier, text, kept=kept, given=beside)
    return text


def keep_answers(run_dir: Path, path: Path) -> Path:
    """Check an author's file against a finished run and copy it there.

    Parameters
    ----------
    run_dir
        The run's folder.
    path
        The author's file.

    Returns
    -------
    Path
        The copy, from which all documents of the run take the answers.

    Raises
    ------
    InputError
        If the answers cannot be used for this run, or if others that it holds would be lost; nothing is changed then.
    """
    text = check_answers(path)
    check_against(parse_answers(text, name=str(path)), read_run_folder(run_dir))
    kept = run_dir / KEPT_AS
    if kept.is_file():
        _refuse_loss(_read(kept), text, kept=kept, given=path)
    return write_at_once(kept, text)


def write_draft(run_dir: Path, out: Path) -> tuple[Path, str]:
    """Draft the author's file of a finished run.

    Parameters
    ----------
    run_dir
        The run's folder.
    out
        The file. One that is there is never replaced: somebody may have spent an afternoon on it.

    Returns
    -------
    path, standing
        The file, and how many subitems are filled, drafted, answered and open.

    Raises
    ------
    InputError
        If the file is there already, or has another ending.
    RunError
        If the run cannot be read or the file not be written.
    """
    if out.suffix != ".toml":
        raise InputError(f"the answers must be drafted into a TOML file, got {str(out)!r}; name one such as my{ENDING}")
    if out.exists():
        raise InputError(
            f"the draft must not replace a file, got {str(out)!r}; name another one with --out, or delete it first"
        )
    run = read_run_folder(run_dir)
    text = draft_answers(run)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"the folder of {str(out)!r} must be writable: {error.strerror}; name another file") from None
    return write_at_once(out, text), word_standing(merge(run))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InputError(f"the answers must be a readable TOML file, got {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"the answers {str(path)!r} must be text in UTF-8; save the file as UTF-8") from None


def _refuse_loss(earlier: str, text: str, *, kept: Path, given: Path) -> None:
    """Refuse to put answers in the place of others that they do not answer."""
    new = parse_answers(text, name=str(given)).given
    lost = [f"items.{name}" for name in parse_answers(earlier, name=str(kept)).given if name not in new]
    if lost:
        raise InputError(
            f"no answer must be lost, but {str(kept)!r} answers {', '.join(lost)} and {str(given)!r} does not; copy "
            "these answers there, or delete the first file"
        )
