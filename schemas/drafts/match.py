"""Which column of the dictionary a header may mean: by its name, an alias, or a name much like it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from schemas.aliases import ALIASES, SCORE_ALIASES, VISIT_WORDS
from schemas.columns import COLUMNS
from schemas.drafts.codes import UNIT_WORDS
from schemas.wording import split_words, squash

SIMILAR = 0.87
"""Names less alike than this are not proposed."""
TOO_CLOSE = 0.04
"""A second name that is nearly as alike makes the header ambiguous."""
SHORTEST = 5
"""Shorter names differ by a letter and mean something else."""

EXACT, ALIAS, SIMILAR_NAME, REDCAP = "exact name", "alias", "similar name", "REDCap"

IDLE = frozenset({"q", "questionnaire", "value", "of", "the", "within"}.union(*UNIT_WORDS.values()))
"""Words of a header that say nothing of what it is."""

AFTER = frozenset(
    {"post", "op", "postop", "postoperative", "postoperatively", "fu", "followup", "after", "etter", "efter"}
)
"""Words of a header that say after the operation, but not when."""

ALONE = frozenset({"for", "fore"})
"""Scandinavian words for before: other words begin with the same letters, and `for` is an English one."""

FOLLOW_UP_WORDS = ("post", "follow", "fu", "after", "etter", "efter", "discharge", "complication", "reop", "readm")
"""Words in a header that say that the value is known after the operation only."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A column that a header may mean, how it was found, and why in words; no words where the name is exact."""

    column: str
    how: str
    because: str = ""


def find_candidates(header: str, known: Collection[str], *, label: str = "") -> tuple[Candidate, ...]:
    """Return the columns that a header may mean, the surest kind of match only.

    Parameters
    ----------
    header
        As in the file.
    known
        Columns of the definition's base: only these are matched by a similar name.
    label
        What a REDCap dictionary says that the header asks; blank without one.

    Returns
    -------
    tuple of Candidate
        Empty where nothing is like it; more than one where the header is ambiguous.
    """
    if squash(header) in _by_name():
        return (Candidate(column=_by_name()[squash(header)], how=EXACT),)
    because = f"the header {header!r} is a known name of it"
    found = next((made for short in _shorten(header) if (made := _by_alias(short, known, because))), ())
    if not found and label:
        found = next((made for short in _shorten(label) if (made := _by_label(short, known))), ())
    if not found:
        found = _by_later_name(header, known, because)
    return found or next((made for short in _shorten(header) if (made := _by_similarity(short, known, header))), ())


def find_stem(header: str, *, label: str = "") -> str | None:
    """Return the stem of a score (``odi``) that a header of a table of visits means, or None."""
    stems = _stems()
    return next((stems[key] for key in (squash(header), squash(label)) if key in stems), None)


def find_visit(text: str) -> str | None:
    """Return the ending of the visit (``0``, ``3m``) that a header, an event or a label names, or None."""
    words = split_words(text)
    if not {"ø", "ö"}.intersection(text.casefold()):
        words = tuple(word for word in words if word not in ALONE)
    visits = {visit for _, visit in _cut_visits(words)}
    return visits.pop() if len(visits) == 1 else None


def make_name(header: str, taken: Collection[str]) -> str:
    """Return a name for a column of the registry's own: small letters, digits and ``_``, not among `taken`."""
    name = "_".join(split_words(header))[:50].strip("_")
    if not name[:1].isalpha():
        name = f"x_{name}" if name else "x"
    number, made = 2, name
    while made in taken:
        made, number = f"{name}_{number}", number + 1
    return made


def is_later(header: str) -> bool:
    """Tell whether a header sounds as if its value were known after the operation only."""
    words = split_words(header)
    visit = find_visit(header)
    return visit not in (None, "0") or any(word.startswith(FOLLOW_UP_WORDS) for word in words)


def _shorten(header: str) -> Iterator[str]:
    """Yield the header, then without what stands in brackets, then without units and words that say nothing."""
    yield header
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", header).strip()
    if plain and plain != header:
        yield plain
    words = split_words(header)
    left = [word for word in words if word not in IDLE]
    if left and len(left) < len(words):
        yield " ".join(left)


@cache
def _by_name() -> Mapping[str, str]:
    return {squash(name): name for name in COLUMNS}


@cache
def _aliases() -> Mapping[str, tuple[str, ...]]:
    """Columns by every squashed alias; an alias that two columns share stands for both."""
    made: dict[str, list[str]] = {}
    for name, aliases in ALIASES.items():
        for alias in aliases:
            if name in COLUMNS and name not in made.setdefault(squash(alias), []):
                made[squash(alias)].append(name)
    return {alias: tuple(names) for alias, names in made.items() if names}


@cache
def _stems() -> Mapping[str, str]:
    own = {squash(stem): stem for stem in SCORE_ALIASES}
    return {squash(alias): stem for stem, aliases in SCORE_ALIASES.items() for alias in aliases} | own


@cache
def _visit_words() -> Mapping[str, str]:
    return {squash(word): visit for visit, words in VISIT_WORDS.items() for word in words if squash(word)}


def _cut_visits(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return every way to take a visit out of the words: what is left in one, and the visit; longest words first.

    A visit may be several words, or the front or the end of the whole where the header has no signs between.
    """
    found: list[tuple[int, str, str]] = []
    known = _visit_words()
    for first in range(len(words)):
        for last in range(first + 1, len(words) + 1):
            visit = known.get("".join(words[first:last]))
            if visit is not None:
                left = "".join(words[:first] + words[last:])
                found.append((len("".join(words[first:last])), left, visit))
    whole = "".join(words)
    for word, visit in known.items():
        if len(word) > 1 and whole != word and word not in ALONE:
            left = whole.removesuffix(word) if whole.endswith(word) else whole.removeprefix(word)
            if left != whole:
                found.append((len(word), left, visit))
    longest = max((length for length, _, _ in found), default=0)
    return [(left, visit) for length, left, visit in found if length == longest]


def _before(left: str) -> list[str]:
    """Return the columns that a header means besides saying "before the operation", such as ``baseline_diabetes``."""
    named = [_by_name()[left]] if left in _by_name() else list(_aliases().get(left, ()))
    return [name for name in named if COLUMNS[name].known_by("planned")]


def _by_alias(header: str, known: Collection[str], because: str, how: str = ALIAS) -> tuple[Candidate, ...]:
    names = [*_aliases().get(squash(header), ())]
    names += [name for spelling, name in _by_name().items() if spelling == squash(header) and name not in names]
    words = split_words(header)
    stems = _stems()
    for left, visit in _cut_visits(words):
        name = f"{stems[left]}_{visit}" if left in stems else None
        if name in COLUMNS and name not in names:
            names.append(name)
        if visit == "0":
            names += [name for name in _before(left) if name not in names]
    if not names and squash(header) in stems:
        stem = stems[squash(header)]
        names = [name for name in COLUMNS if name.rpartition("_")[0] == stem and name.rpartition("_")[2] in VISIT_WORDS]
        because = "the header names a score and no visit"
    own = [name for name in names if name in known] or names
    return tuple(Candidate(column=name, how=how, because=because) for name in own)


def _by_later_name(header: str, known: Collection[str], because: str) -> tuple[Candidate, ...]:
    """Match without the words for after the operation, and only what is known after it: no history becomes an event."""
    words = split_words(header)
    left = [word for word in words if word not in AFTER]
    if set(words).isdisjoint(AFTER - {"op"}) or not left:
        return ()
    found = _by_alias(" ".join(left), known, because)
    return tuple(candidate for candidate in found if COLUMNS[candidate.column].known_at in ("discharge", "followup"))


def _by_label(label: str, known: Collection[str]) -> tuple[Candidate, ...]:
    because = f"the REDCap dictionary calls it {label[:60]!r}"
    if squash(label) in _by_name():
        return (Candidate(column=_by_name()[squash(label)], how=REDCAP, because=because),)
    return _by_alias(label, known, because, REDCAP)


def _by_similarity(short: str, known: Collection[str], header: str) -> tuple[Candidate, ...]:
    """Return the column whose name is most alike, and those nearly as alike; numbers must agree."""
    asked = squash(short)
    if len(asked) < SHORTEST:
        return ()
    alike: dict[str, float] = {}
    numbers = re.findall(r"\d+", asked)
    matcher = SequenceMatcher(b=asked)
    for spelling, own, name in _spellings():
        if name in known and own == numbers:
            matcher.set_seq1(spelling)
            if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR:
                alike[name] = max(alike.get(name, 0.0), matcher.ratio())
    best = max(alike.values(), default=0.0)
    if best < SIMILAR:
        return ()
    return tuple(
        Candidate(column=name, how=SIMILAR_NAME, because=f"the header {header!r} is much like its name or an alias")
        for name, ratio in alike.items()
        if ratio >= best - TOO_CLOSE
    )


@cache
def _spellings() -> tuple[tuple[str, list[str], str], ...]:
    own = [(squash(name), name) for name in COLUMNS]
    others = [(alias, name) for alias, names in _aliases().items() for name in names]
    return tuple(
        (spelling, re.findall(r"\d+", spelling), name) for spelling, name in own + others if len(spelling) >= SHORTEST
    )
