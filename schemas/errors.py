"""One error tree. Messages are safe to print: they never carry a patient's value."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

PLAN_ENDINGS = (".toml",)
DATA_ENDINGS = (
    ".csv", ".tsv", ".txt", ".gz", ".zip", ".parquet", ".xlsx", ".xlsm", ".sas7bdat", ".xpt", ".dta", ".sav", ".zsav",
    ".por",
)  # fmt: skip


MOST_NEAR = 3
SHORTEST_WORD = 4


class SpineriskError(Exception):
    """Base of every error that the toolkit raises on purpose."""


class InputError(SpineriskError):
    """What the user gave cannot be used; the message says what must be so, what came and what to do."""


class DefinitionError(InputError):
    """A registry definition (TOML) cannot be used."""


class DataError(InputError):
    """A data file cannot be used."""


class StudyError(InputError):
    """A study (TOML), or its fit to the data, cannot be used."""


class BundleError(InputError):
    """A model bundle is damaged, incomplete or was written by other versions."""


class RunError(InputError):
    """A run's folder cannot be read or written."""


class ExplanationError(SpineriskError):
    """Contributions do not add up to the model's output: a fault of the toolkit, never of the data."""


def suggest(name: str, known: Iterable[str], *, most: int = 1) -> str:
    """Return ``"; nearest is 'x'"`` for the known name closest to `name`, or an empty string.

    Where `most` is above 1 up to so many are named: those that are written alike, then those that share a word.

    The name itself is no suggestion, and for a file only files of its kind are: no plan where data were asked for.
    """
    by_folded = {k.casefold(): k for k in known if k != name and _kind(name) in ("", _kind(k))}
    found = get_close_matches(name.casefold(), by_folded, n=most, cutoff=0.6)
    if most > 1:
        related = [k for k in by_folded if k not in found and _words(k) & _words(name)]
        found += get_close_matches(name.casefold(), related, n=most, cutoff=0.0)
    hits = [repr(by_folded[hit]) for hit in found[:most]]
    then = f", then {' and '.join(hits[1:])}" if hits[1:] else ""
    return f"; nearest is {hits[0]}{then}" if hits else ""


def _words(name: str) -> set[str]:
    """Return the longer words of a name; the short ones are units and visits."""
    return {word for word in name.casefold().split("_") if len(word) >= SHORTEST_WORD}


def _kind(name: str) -> str:
    """Return the kind of file that a name is of, or an empty string for what is no file's name."""
    ending = name.casefold()
    if ending.endswith(PLAN_ENDINGS):
        return "plan"
    return "data" if ending.endswith(DATA_ENDINGS) else ""


def unknown_name(thing: str, name: str, known: Iterable[str], *, limit: int = 12) -> str:
    """Return the message for an unknown name: what came, the nearest match, and what is known.

    Of more than `limit` names the nearest few are shown and how many there are: any others would be arbitrary.
    """
    names = sorted(known)
    if len(names) > limit:
        near = suggest(name, names, most=MOST_NEAR) or "; none is near"
        return f"{thing} must be a known name, got {name!r}{near} ({len(names):,} are known)"
    return f"{thing} must be a known name, got {name!r}{suggest(name, names)}; known: {', '.join(names) or 'none'}"
