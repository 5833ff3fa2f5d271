"""What a document is: its sections in order, and from a run to the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipelines.provenance import compute_code_sha256, read_own_version
from reports.blocks import Block, Report, Table, Text
from reports.run_folder import RunFolder
from reports.sections.methods import list_provenance
from reports.tables import SUPPRESSED, join_words, suppression_note

SHORT = 12
"""Figures of a hash that tell two versions of the code apart."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: its anchor, its heading, the function that makes its blocks, and if it begins a page on paper."""

    name: str
    title: str
    build: Callable[[RunFolder], list[Block]]
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document about a finished run.

    Parameters
    ----------
    name
        Stem of its files in ``share/``.
    title
        What it is, as a list calls it and as its first line says.
    text
        One sentence: who reads it and what it answers.
    sections
        By name, in reading order.
    list_further
        What is written beside it, by file name: the same content as data.
    """

    name: str
    title: str
    text: str
    sections: Mapping[str, Section]
    list_further: Callable[[RunFolder], Mapping[str, bytes]] = lambda run: {}

    def build(self, run: RunFolder) -> Report:
        """Build the document of a run.

        Parameters
        ----------
        run
            A finished run, as `reports.run_folder.read_run_folder` gives it.

        Returns
        -------
        Report
            The sections in order, numbered. The same run gives the same document to the byte.
        """
        blocks: list[Block] = []
        for number, section in enumerate(self.sections.values(), start=1):
            heading = f"{number}. {section.title}"
            blocks.append(Text(text=heading, kind="section", anchor=section.name, fresh=section.fresh))
            blocks += (_explain(block, run.facts.study.suppress_below) for block in section.build(run))
            blocks += word_versions(run) if number == 1 else ()
        return Report(
            title=run.facts.study.title,
            blocks=tuple(blocks),
            provenance=tuple(list_provenance(run)),
            banner=word_banner(run),
            kicker=self.title,
            name=self.name,
        )


def _explain(block: Block, suppress_below: int) -> Block:
    """Give a table with suppressed cells the note that says why, where it has none."""
    if not isinstance(block, Table) or any(SUPPRESSED in note for note in block.notes):
        return block
    hidden = any(cell.style == "suppressed" for row in block.rows for cell in row)
    return replace(block, notes=(*block.notes, suppression_note(suppress_below))) if hidden else block


def word_versions(run: RunFolder) -> Iterator[Text]:
    """Yield, where the tables were written by another version or code than this, which one wrote and which rendered.

    Notes
    -----
    What is suppressed was decided when the tables were written.
    """
    facts, version, code = run.facts, read_own_version(), compute_code_sha256()
    if (facts.spinerisk, facts.code_sha256) != (version, code):
        wrote = f"code {facts.code_sha256[:SHORT]}" if facts.code_sha256 else "code not recorded"
        yield Text(
            text=f"The tables were written, and small counts left out of them, by spinerisk {facts.spinerisk} "
            f"({wrote}); this document was rendered from them by spinerisk {version} (code {code[:SHORT]}).",
            kind="note",
        )


def word_banner(run: RunFolder) -> str:
    """Return what must be read before anything else where data are simulated, else an empty text."""
    if not run.synthetic:
        return ""
    made = [data.dataset for data in run.facts.data if data.synthetic]
    which = "" if len(made) in (0, len(run.facts.data)) else f" Synthetic are: {join_words(made)}."
    return (
        "Synthetic data: no patient. Every number here describes simulated records and says nothing about any real "
        f"operation.{which}"
    )
