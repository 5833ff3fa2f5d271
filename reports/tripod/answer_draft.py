"""The file in which an author answers: every question, the run's drafts as comments, and what was answered before."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator

from reports.run_folder import RunFolder
from reports.tripod.answer_file import ANY, Answer, Answers
from reports.tripod.answers import Told, answers_of, tell_all
from reports.tripod.checklist import STATUS_WORDS, word_left
from reports.tripod.item import Status

WIDTH = 100
CLOSED: tuple[Status, ...] = ("filled", "not_applicable")
"""What needs no answer; it stands together at the end."""
HEAD = """\
# Answers to the points of TRIPOD+AI for: {title}
#
# Write between the quotation marks. What is empty counts as not answered. Of each point
#   text           is your answer; where the run has a draft, it stands in its place
#   add            follows the run's words
#   agreed         takes the run's draft as it stands; the mark belongs to this draft and to no other
#   not_applicable is the reason why the point does not apply
# Remove the sign # before a line to use it. Then: spinerisk report RUN --answers THIS_FILE
# A file of this name beside the study (STUDY.tripod.toml) goes into every run of that study.
"""


def draft_answers(run: RunFolder) -> str:
    """Write the file of answers of a run.

    Parameters
    ----------
    run
        A finished run; what it holds of answers stands in the draft as it was given.

    Returns
    -------
    str
        TOML that says what the run's answers say; the same run gives the same text.
    """
    answers = answers_of(run)
    parts = [HEAD.format(title=_clean(run.facts.study.title)), "\n".join(_list_front(answers))]
    closed: list[Told] = []
    for told in tell_all(run):
        answer = answers.items.get(told.name, Answer())
        if told.status in CLOSED and not answer.given:
            closed.append(told)
        else:
            parts.append("\n".join(_list_lines(told, answer)))
    if closed:
        parts.append("\n".join(_list_closed(closed)))
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def quote(text: str) -> str:
    """Return a text as a TOML string: on one line, or on several where it has several.

    Examples
    --------
    >>> quote("a word")
    '"a word"'
    """
    if "\n" not in text:
        return _escape(text)
    lines = "\n".join(_escape(line)[1:-1] for line in text.split("\n"))
    return f'"""\n{lines}"""'


def _escape(text: str) -> str:
    # JSON's escapes are TOML's, but for the sign of deletion, which JSON leaves as it is
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list_front(answers: Answers) -> Iterator[str]:
    yield f"title = {quote(answers.title)}"
    for name in ("authors", "affiliations", "keywords"):
        values = ", ".join(quote(value) for value in getattr(answers, name))
        yield f"{name} = [{values}]"


def _list_lines(told: Told, answer: Answer) -> Iterator[str]:
    """Yield one subitem: what is asked, what the run says to it, and the places for an answer."""
    yield from _comment(f"{told.name}. {told.item.topic} [{STATUS_WORDS[told.status]}]")
    yield from _comment(word_left(told))
    if told.paragraphs:
        yield "#"
        yield from _comment("The run's words:")
        for text in told.paragraphs:
            yield from _comment(text, indent="    ")
    yield f"[items.{told.name}]"
    yield from _list_given(answer)
    yield from (line for key, line in _list_offers(told) if key not in answer.given)


def _list_given(answer: Answer) -> Iterator[str]:
    for key, value in answer.given.items():
        yield "agreed = true" if key == "agreed" and value == ANY else f"{key} = {quote(value)}"


def _list_offers(told: Told) -> Iterator[tuple[str, str]]:
    """Yield by key the lines that an author can use; only where nothing else can be said is the place open at once."""
    if told.status == "author":
        yield "text", 'text = """\n"""'
    if told.mark:
        yield "agreed", f'# agreed = "{told.mark}"'
    if told.status in ("drafted", "not_applicable"):
        yield "text", '# text = """"""'
    if told.status in ("drafted", "filled"):
        yield "add", '# add = """"""'
    if told.is_open:
        yield "not_applicable", '# not_applicable = ""'


def _list_closed(closed: list[Told]) -> Iterator[str]:
    """Yield what needs no answer, as comments: the author may say more."""
    yield from _comment(
        "These need no answer; you may add to what the run says, or answer what it takes for not applicable."
    )
    for told in closed:
        yield "#"
        yield from _comment(f"{told.name}. {told.item.topic} [{STATUS_WORDS[told.status]}]")
        yield f"# [items.{told.name}]"
        yield from (line for _, line in _list_offers(told))


def _comment(text: str, indent: str = "") -> Iterator[str]:
    """Yield a text as lines of comment; nothing of nothing."""
    for line in textwrap.wrap(_clean(text), WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {indent}{line}"


def _clean(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
