"""One subitem of TRIPOD+AI, and what a run says to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from reports.blocks import Block
from reports.run_folder import RunFolder

Status = Literal["filled", "drafted", "author", "not_applicable", "answered"]
"""``filled`` whole from the run; ``drafted`` from the run, for the author to complete; ``author``: only the author can
say it, and has not; ``not_applicable`` with a reason; ``answered`` by the author's own file. The toolkit itself never
gives the last."""
Applies = Literal["D", "E", "DE"]
"""To a development, to an evaluation, or to both."""
Fill = Literal["A", "AP", "P", "M"]
"""What a run can do: fill it whole, fill or draft it by study, draft it, or nothing (manual)."""
Part = Literal[
    "Title", "Abstract", "Introduction", "Methods", "Open science", "Patient and public involvement", "Results",
    "Discussion",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a run says to one subitem.

    Parameters
    ----------
    status
        One of `Status` but ``answered``.
    paragraphs
        Plain sentences with the run's numbers in place, ready for a manuscript; empty where there is nothing to say.
    artefact
        File of the run that it came from (``share/flow.csv``), several joined by "; "; empty where there is none.
    reason
        Why it is not applicable, or what the author still has to add.
    blocks
        Tables and figures that stand with it in the manuscript.
    """

    status: Status
    paragraphs: tuple[str, ...] = ()
    artefact: str = ""
    reason: str = ""
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Item:
    """One subitem.

    Parameters
    ----------
    name
        Number of the subitem: ``1``, ``3a``, ``27c``.
    part, topic
        Part of a manuscript in which it stands, and what it asks, in our own words.
    heading
        Heading under which its paragraphs stand in the manuscript; neighbours with the same heading stand together.
    applies, fill
        As above.
    question
        What is asked of the author, in one or two sentences; empty where the run fills it whole.
    tell
        What a run says to it; None where only the author can say anything.
    """

    name: str
    part: Part
    topic: str
    heading: str
    applies: Applies
    fill: Fill
    question: str
    tell: Callable[[RunFolder], Found] | None = None
