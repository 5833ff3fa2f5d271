"""From a finished run's folder to its documents on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reports.document import Document
from reports.documents import DOCUMENTS
from reports.files import write_at_once
from reports.render.formats import FORMATS
from reports.run_folder import RunFolder, read_run_folder
from schemas.errors import InputError, RunError, unknown_name


def write_documents(
    folder: Path, *, names: Iterable[str] = tuple(DOCUMENTS), formats: Iterable[str] = tuple(FORMATS)
) -> tuple[Path, ...]:
    """Write the documents of a finished run into its ``share/`` folder, with their figures and what goes beside them.

    Parameters
    ----------
    folder
        The run's folder.
    names
        Of `reports.documents.DOCUMENTS`.
    formats
        Of `reports.render.formats.FORMATS`.

    Returns
    -------
    tuple of Path
        Each file replaced at once or left as it was: ``<name>.<format>``, what the document lists further, and each
        figure as ``figures/<name>.svg``. The same run gives the same bytes.

    Raises
    ------
    RunError
        If the folder is no finished run, or cannot be written.
    InputError
        If a name or a format is unknown.
    """
    folder, names, formats = Path(folder), tuple(names), tuple(formats)
    _check_names("a document", names, tuple(DOCUMENTS))
    _check_names("a format", formats, tuple(FORMATS))
    return tuple(_write_each(folder, names, formats))


def _check_names(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in names:
        if name not in known:
            raise InputError(unknown_name(what, name, known))


def _write_each(folder: Path, names: tuple[str, ...], formats: tuple[str, ...]) -> Iterator[Path]:
    run = read_run_folder(folder)
    for document in (DOCUMENTS[name] for name in names):
        yield from write_document(document, run, folder / "share", formats=formats)


def write_document(document: Document, run: RunFolder, folder: Path, *, formats: Iterable[str]) -> Iterator[Path]:
    """Write one document of a run into any folder, yielding each file as it is done.

    Parameters
    ----------
    document
        The document.
    run
        What it is about.
    folder
        An existing folder.
    formats
        Of `reports.render.formats.FORMATS`.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    report = document.build(run)
    figures = folder / "figures"
    try:
        figures.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"{str(figures)!r} must be writable: {error.strerror}; check the folder") from None
    for form in (FORMATS[name] for name in formats):
        yield write_at_once(folder / f"{document.name}.{form.name}", form.render(report))
    for name, content in document.list_further(run).items():
        yield write_at_once(folder / name, content)
    for figure in report.figures():
        yield write_at_once(figures / f"{figure.name}.svg", figure.svg.encode())
