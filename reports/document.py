"""What a document is: its sections in order, and from a run to the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reports.blocks import Block, Report, Text
from reports.run_folder import RunFolder
from reports.sections.methods import list_provenance
from reports.tables import join_words


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: its anchor, its heading, and the function that makes its blocks."""

    name: str
    title: str
    build: Callable[[RunFolder], list[Block]]


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
            blocks.append(Text(text=f"{number}. {section.title}", kind="section", anchor=section.name))
            blocks += section.build(run)
        return Report(
            title=run.facts.study.title,
            blocks=tuple(blocks),
            provenance=tuple(list_provenance(run)),
            banner=word_banner(run),
            kicker=self.title,
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
