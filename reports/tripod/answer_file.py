"""The author's file: what is answered to which subitem, read from TOML and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

from pydantic import Field, ValidationError, field_validator

from reports.tripod.item import Item
from reports.tripod.items import ITEMS
from schemas.declared.spec import Spec
from schemas.errors import InputError, unknown_name
from schemas.study import describe_faults

KEPT_AS = "tripod.toml"
"""Name of the answers in a run's folder."""
ANY = "any"
"""An agreement to the draft, whatever it says."""
PLACEHOLDERS = frozenset({"todo", "to do", "tbd", "tba", "fixme", "xxx", "n/a", "...", "\u2026", "?", "-"})
"""What people write where they mean to write later: no answer."""


class Answer(Spec):
    """What the author says to one subitem; empty texts and placeholders say nothing.

    `text` stands instead of the run's draft, `add` after it. `agreed` takes a draft as it stands: true takes any, the
    mark of a draft only that one. `not_applicable` is the reason.
    """

    text: str = ""
    add: str = ""
    agreed: str = ""
    not_applicable: str = ""

    @field_validator("agreed", mode="before")
    @classmethod
    def _name_agreement(cls, given: object) -> object:
        return {True: ANY, False: ""}[given] if isinstance(given, bool) else given

    @field_validator("text", "add", "agreed", "not_applicable")
    @classmethod
    def _drop_nothing(cls, text: str) -> str:
        return "" if text.strip().casefold() in PLACEHOLDERS else text.strip()

    @property
    def given(self) -> dict[str, str]:
        """What has been answered, by key."""
        return {name: value for name in Answer.model_fields if (value := str(getattr(self, name)))}


class Answers(Spec):
    """The whole file; a `title` answers the first subitem."""

    title: str = ""
    authors: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    items: Mapping[str, Answer] = Field(default_factory=dict)

    @field_validator("title")
    @classmethod
    def _drop_nothing(cls, text: str) -> str:
        return "" if text.strip().casefold() in PLACEHOLDERS else text.strip()

    @property
    def given(self) -> dict[str, Answer]:
        """Answers by subitem, those that say nothing left out; the title among them."""
        told = {name: answer for name, answer in self.items.items() if answer.given}
        return {"1": Answer(text=self.title), **told} if self.title else told


def parse_answers(text: str, *, name: str = KEPT_AS) -> Answers:
    """Build the author's answers from TOML text.

    Parameters
    ----------
    text
        The file; empty for none.
    name
        How messages call it.

    Returns
    -------
    Answers
        Checked as far as can be without a run.

    Raises
    ------
    InputError
        If it is no TOML, has an unknown key or subitem, or answers that cannot stand together; all faults are named.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f'{name} must be TOML: {error}; a text of several lines stands between """') from None
    items = values.get("items")
    unknown = _find_unknown(items) if isinstance(items, dict) else []
    try:
        answers = Answers.model_validate(values)
    except ValidationError as error:
        raise InputError(word_faults(name, [*unknown, describe_faults(error, Answers)])) from None
    faults = [*unknown, *_find_faults(answers)]
    if faults:
        raise InputError(word_faults(name, faults))
    return answers


def word_faults(name: str, faults: list[str]) -> str:
    """Return the message for a file of answers with these faults, one a line."""
    lines = "\n".join(faults)
    return f"{name} must hold answers that can be used (nothing was changed):\n{lines}"


def _find_unknown(names: Mapping[str, object]) -> list[str]:
    return [f"  items.{name}: {unknown_name('a subitem', name, ITEMS)}" for name in names if name not in ITEMS]


def _find_faults(answers: Answers) -> Iterator[str]:
    if answers.title and answers.items.get("1", Answer()).text:
        yield "  title: answers items.1, which has a text of its own; keep one of the two"
    for name, answer in answers.items.items():
        if name in ITEMS:
            yield from (f"  items.{name}: {fault}" for fault in _find_contradictions(ITEMS[name], answer))


def _find_contradictions(item: Item, answer: Answer) -> Iterator[str]:
    given = answer.given
    if item.tell is None and (answer.add or answer.agreed):
        named = " and ".join(key for key in ("add", "agreed") if key in given)
        yield f"{named} must follow a draft, and this subitem has none; write under text"
    if answer.not_applicable and len(given) > 1:
        others = ", ".join(key for key in given if key != "not_applicable")
        yield f"not_applicable must stand alone, got {others} beside it; keep one of them"
    if answer.text and answer.agreed:
        yield "agreed takes the run's draft and text replaces it; keep one of the two"
