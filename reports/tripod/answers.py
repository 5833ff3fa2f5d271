"""What is told to each subitem: the run's words, and the author's laid over them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reports.blocks import Block
from reports.run_folder import RunFolder
from reports.tripod.answer_file import ANY, Answer, Answers, parse_answers, word_faults
from reports.tripod.item import Found, Item, Status
from reports.tripod.items import ITEMS
from reports.tripod.open_science import hint_18c
from schemas.errors import InputError

UPDATES = ("12f", "24")
OUTSIDE_ONLY = ("16",)
"""Of both, but a development has something to say only where there are data beside its own."""
MARK_LENGTH = 12
HINTS: dict[str, Callable[[RunFolder], str]] = {"18c": hint_18c}
"""What the run can lend to an item that is the author's."""
ADDED = "Filled from the run, with an addition by the author."
AGREED = "The author has taken the run's draft as it stands."
AGREED_TO_ANY = "The author has taken the run's draft, whatever it says: the agreement names no draft."
OUTDATED = "The author agreed to another draft; this one says something else and has to be read again."


@dataclass(frozen=True, kw_only=True)
class Told:
    """One subitem as it is shown.

    Parameters
    ----------
    item
        The subitem.
    status, paragraphs, artefact, reason, blocks
        As in `Found`; ``answered`` says that the author has.
    mark
        Mark of the run's draft, by which an author can agree to it; empty where there is none.
    """

    item: Item
    status: Status
    paragraphs: tuple[str, ...] = ()
    artefact: str = ""
    reason: str = ""
    blocks: tuple[Block, ...] = ()
    mark: str = ""

    @property
    def name(self) -> str:
        """Number of the subitem."""
        return self.item.name

    @property
    def anchor(self) -> str:
        """Where it stands in the manuscript."""
        return f"item-{self.item.name}"

    @property
    def where(self) -> str:
        """Part and heading of the manuscript; empty where there is nothing to be found."""
        if self.status == "not_applicable":
            return ""
        part, heading = self.item.part, self.item.heading
        return part if part == heading else f"{part}: {heading}"

    @property
    def is_open(self) -> bool:
        """Whether something is left to the author."""
        return self.status in ("author", "drafted")


def answers_of(run: RunFolder) -> Answers:
    """Return the author's answers that a run's folder holds; such as say nothing where it holds none."""
    return parse_answers(run.answers_text)


def merge(run: RunFolder, *, items: Iterable[Item] = tuple(ITEMS.values())) -> tuple[Told, ...]:
    """Return what is told to each subitem, in order, each once.

    Parameters
    ----------
    run
        A finished run; its `answers_text` holds the author's file.
    items
        Those wanted; all of them where none are named.

    Returns
    -------
    tuple of Told
        One per subitem of `ITEMS`. Nothing but an answer of the author closes an item of the author.

    Raises
    ------
    InputError
        If the answers in the run's folder cannot be used.
    """
    given = answers_of(run).given
    return tuple(_lay_over(_tell(run, item), given.get(item.name, Answer())) for item in items)


def tell_all(run: RunFolder) -> tuple[Told, ...]:
    """Return what the run alone says to each subitem, in order, each once."""
    return tuple(_tell(run, item) for item in ITEMS.values())


def check_against(answers: Answers, run: RunFolder) -> None:
    """Refuse answers that would stand in the place of what the run itself has filled.

    Raises
    ------
    InputError
        Naming every such subitem.
    """
    faults = [
        f"  items.{name}: is filled from the run's tables; write what is to be added under add"
        for name, answer in answers.given.items()
        if (answer.text or answer.not_applicable) and _find(run, ITEMS[name]).status == "filled"
    ]
    if faults:
        raise InputError(word_faults("the author's file", faults))


def mark_draft(paragraphs: tuple[str, ...]) -> str:
    """Return the mark of a draft: it changes when the draft does."""
    return hashlib.sha256("\n".join(paragraphs).encode()).hexdigest()[:MARK_LENGTH]


def _find(run: RunFolder, item: Item) -> Found:
    """Return what the run says to an item, or why it does not apply."""
    if reason := _word_inapplicable(run, item):
        return Found(status="not_applicable", reason=reason, artefact="run.json")
    if item.tell is None:
        hint = HINTS.get(item.name)
        return Found(status="author", reason=hint(run) if hint else "")
    return item.tell(run)


def _word_inapplicable(run: RunFolder, item: Item) -> str:
    facts = run.facts
    if facts.kind == "evaluation":
        made = facts.developed
        where = f", in the study \u201c{made.title}\u201d (plan, SHA-256 {made.study_sha256})" if made else ""
        told = f"The models were developed elsewhere{where}; the report of that study answers this."
        return told if item.applies == "D" else ""
    if item.name in UPDATES:
        return "No model was updated: what was evaluated is what was developed here."
    if (item.applies == "E" or item.name in OUTSIDE_ONLY) and not any(data.validation for data in facts.data):
        return "There are no data beside those of the development on which the models were evaluated."
    return ""


def _tell(run: RunFolder, item: Item) -> Told:
    found = _find(run, item)
    return Told(
        item=item,
        status=found.status,
        paragraphs=found.paragraphs,
        artefact=found.artefact or ("" if found.status == "author" else "run.json"),
        reason=found.reason,
        blocks=found.blocks,
        mark=mark_draft(found.paragraphs) if found.status == "drafted" else "",
    )


def _lay_over(told: Told, answer: Answer) -> Told:
    """Lay an author's answer over what the run says; nothing that either has said is lost."""
    if told.status == "filled":
        # what was written for a run that could not fill the item stands after what this one says
        also = _split(answer.text, answer.add, answer.not_applicable)
        return replace(told, paragraphs=(*told.paragraphs, *also), reason=ADDED) if also else told
    if answer.not_applicable:
        return replace(told, status="not_applicable", paragraphs=(), reason=answer.not_applicable, blocks=())
    if answer.text:
        return replace(told, status="answered", paragraphs=_split(answer.text, answer.add), reason="")
    if answer.add:
        return replace(told, status="answered", paragraphs=(*told.paragraphs, *_split(answer.add)), reason="")
    return _agree(told, answer.agreed) if answer.agreed and told.mark else told


def _agree(told: Told, agreed: str) -> Told:
    if agreed == ANY:
        return replace(told, status="answered", reason=AGREED_TO_ANY)
    if agreed == told.mark:
        return replace(told, status="answered", reason=AGREED)
    return replace(told, reason=f"{OUTDATED} {told.reason}".strip())


def _split(*texts: str) -> tuple[str, ...]:
    """Return the paragraphs of texts: parted by empty lines, else running on."""
    lines = "\n\n".join(texts).replace("\r\n", "\n").split("\n")
    joined = "\n".join(line.strip() for line in lines)
    return tuple(" ".join(part.split()) for part in joined.split("\n\n") if part.strip())
