"""From a run's folder to a report, and to its file."""

from __future__ import annotations

from pathlib import Path

from reports.blocks import Block, Report, Text
from reports.comparison import SECTIONS
from reports.files import write_at_once
from reports.render.html import render_html
from reports.run_folder import RunFolder, read_run_folder
from reports.sections.methods import list_provenance
from reports.tables import join_words

FILE_NAME = "report.html"


def build_report(run: RunFolder) -> Report:
    """Build the report of a run.

    Parameters
    ----------
    run
        A finished run, as `reports.run_folder.read_run_folder` gives it.

    Returns
    -------
    Report
        The sections of `SECTIONS` in order. The same run gives the same report to the byte.
    """
    blocks: list[Block] = []
    for number, section in enumerate(SECTIONS.values(), start=1):
        blocks.append(Text(text=f"{number}. {section.title}", kind="section", anchor=section.name))
        blocks += section.build(run)
    return Report(
        title=run.facts.study.title,
        blocks=tuple(blocks),
        provenance=tuple(list_provenance(run)),
        banner=_word_banner(run),
    )


def _word_banner(run: RunFolder) -> str:
    if not run.synthetic:
        return ""
    made = [data.dataset for data in run.facts.data if data.synthetic]
    which = "" if len(made) in (0, len(run.facts.data)) else f" Synthetic are: {join_words(made)}."
    return (
        "Synthetic data: no patient. Every number here describes simulated records and says nothing about any real "
        f"operation.{which}"
    )


def write_report(folder: Path) -> Path:
    """Write the report of a finished run into its ``share/`` folder.

    Parameters
    ----------
    folder
        The run's folder.

    Returns
    -------
    Path
        ``share/report.html``, replaced at once or left as it was.

    Raises
    ------
    RunError
        If the folder is no finished run, or cannot be written.
    """
    folder = Path(folder)
    report = build_report(read_run_folder(folder))
    path = folder / "share" / FILE_NAME
    write_at_once(path, render_html(report))
    return path


def write_figures(folder: Path) -> tuple[Path, ...]:
    """Write every figure of a finished run as an SVG file under ``share/figures/``; see `write_report`."""
    folder = Path(folder)
    report = build_report(read_run_folder(folder))
    target = folder / "share" / "figures"
    target.mkdir(exist_ok=True)
    paths = []
    for figure in report.figures():
        path = target / f"{figure.name}.svg"
        write_at_once(path, figure.svg)
        paths.append(path)
    return tuple(paths)
