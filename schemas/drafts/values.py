"""What the values of a column look like: how many, of which kind, which codes may be shown. Values stay here.

What leaves is a count, a kind, a code that stands in at least `SHOWN_FROM` rows, or a bound rounded outwards.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from schemas.codes import NUMBER
from schemas.column import Kind
from schemas.convert import DATES
from schemas.drafts.codes import MISSING_DATES, MISSING_NUMBERS, find_flag_scheme, is_missing_text
from schemas.identifying import is_identifying
from schemas.raw import as_text

SHOWN_FROM = 5
"""Rows in which a code must stand at least to be shown in a draft."""
MOST_LEVELS = 20
LONGEST_CODE = 25
MOST_WORDS = 2
"""Longer texts, or of more words, are what somebody wrote, not codes."""
PLAIN_CODE = re.compile(r"[+-]?\d{1,2}|[A-Za-z]")
"""What may be shown of a column that is not in the dictionary: longer texts could be names."""
NAME_WORD = re.compile(r"[^\W\d_a-zß-ÿ][^\W\d_]*(?:[-'’][^\W\d_]+)*[.,]?")
"""A word that begins with a capital and has letters only: two of them may be somebody's name."""

DATE_FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d%m%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%d-%b-%y", "%d %B %Y", "%b %d, %Y", "%d%b%Y",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", "T%H:%M:%S")
DATE_LIKE = re.compile(
    r"\d{1,4}[-/. ]?(\d{1,2}|[A-Za-z]{3,9})[-/., ]{0,2}\d{2,4}([T ]\d{1,2}:\d{2}.*)?|[A-Za-z]{3} \d.*"
)
UNKNOWN_DAYS = [pd.Timestamp(day) for day in MISSING_DATES]
MOSTLY = 0.9
SMALLEST_MARK = 77
"""Numbers below are values or codes of their own; from here on those that repeat a digit may mean missing."""
GLANCE = 50
"""Unique texts looked at before all are."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The unique texts of a column, in how many rows each stands, and the number of rows.

    Nothing of it but counts and kinds may go into a draft, and of `codes` what `shown_codes` gives.
    """

    codes: pd.Series
    n_rows: int
    decimal: str
    marks: frozenset[str] = frozenset()

    @cached_property
    def n_present(self) -> int:
        """Rows that are neither blank nor a text that means missing."""
        return int(self.present.sum())

    @cached_property
    def present(self) -> pd.Series:
        """Rows of each text that is neither blank nor means missing."""
        return self.codes[~self.codes.index.isin(self.missing_texts)]

    @cached_property
    def missing_texts(self) -> tuple[str, ...]:
        """Texts that mean missing, in every registry or as `marks` says, as they are written here."""
        return tuple(sorted(text for text in self.codes.index if text in self.marks or is_missing_text(text)))

    @cached_property
    def numbers(self) -> pd.Series:
        """Numbers of the present texts, indexed by text; missing where a text is no number."""
        texts = pd.Series(self.present.index, index=self.present.index, dtype="str")
        return parse_numbers(texts, self.decimal)

    @cached_property
    def kind(self) -> Kind:
        """Kind of column that it seems to be, by its values alone."""
        return guess_kind(self)

    @cached_property
    def date_formats(self) -> tuple[str, ...]:
        """See `find_date_formats`."""
        return find_date_formats(self)

    def share(self, texts: pd.Series) -> float:
        """Share of the present rows whose text is marked in a boolean series indexed by text."""
        return float(self.present[texts.reindex(self.present.index, fill_value=False)].sum()) / max(self.n_present, 1)


def profile_column(raw: pd.Series, decimal: str, marks: frozenset[str] = frozenset()) -> Profile:
    """Return the profile of a column of a raw table; `marks` are texts that mean missing in this export."""
    texts = as_text(raw, decimal).str.replace(rf"^([+-]?\d+)[{decimal}]0+$", r"\1", regex=True)
    counts = texts[texts != ""].value_counts()
    counts.index = counts.index.astype("str")
    return Profile(codes=counts.sort_index(), n_rows=len(raw), decimal=decimal, marks=marks)


def parse_numbers(texts: pd.Series, decimal: str) -> pd.Series:
    """Return the numbers of texts; missing where a text is none."""
    plain = texts.where(texts.str.fullmatch(NUMBER[decimal]))
    if decimal == ",":
        plain = plain.str.replace(",", ".", regex=False)
    numbers = pd.to_numeric(plain).astype("float64")
    return numbers.where(np.isfinite(numbers))


def find_date_formats(profile: Profile) -> tuple[str, ...]:
    """Return the formats that nearly all texts have, those that most have; two where day and month may be either."""
    texts = pd.Series(profile.present.index, dtype="str")
    if texts.empty or texts.head(GLANCE).str.fullmatch(DATE_LIKE).mean() < 1 - MOSTLY:
        return ()
    if profile.share(_marked(texts, texts.str.fullmatch(DATE_LIKE))) < MOSTLY:
        return ()
    shares = {"": 0.0}
    for shape in (day + clock for day in DATE_FORMATS for clock in CLOCKS):
        if pd.to_datetime(texts.head(GLANCE), format=shape, errors="coerce").isna().all():
            continue
        days = pd.to_datetime(texts, format=shape, errors="coerce")
        shares[shape] = profile.share(_marked(texts, days.between(*DATES) | days.isin(UNKNOWN_DAYS)))
    best = max(shares.values())
    return tuple(shape for shape, share in shares.items() if share == best) if best >= MOSTLY else ()


def guess_kind(profile: Profile) -> Kind:
    """Return the kind that a column seems to be of, by its values alone."""
    if profile.date_formats:
        return "date"
    texts = set(profile.present.index)
    plain = texts - set(MISSING_NUMBERS) or texts
    if plain <= {"0", "1"} or plain == {"1", "2"} or find_flag_scheme(plain):
        return "flag"
    if profile.share(profile.numbers.notna()) >= MOSTLY and len(texts) > 6:
        return "number"
    return "category" if len(texts) <= MOST_LEVELS else "identifier"


def common_codes(profile: Profile) -> tuple[str, ...]:
    """Return the texts that stand in enough rows, which may not be shown; none where they are too many for codes."""
    common = tuple(str(text) for text, count in profile.present.items() if count >= SHOWN_FROM)
    return common if len(common) <= MOST_LEVELS else ()


def shown_codes(profile: Profile, known: Iterable[str] = ()) -> tuple[tuple[str, ...], int]:
    """Return the codes that may be shown of a column of the dictionary, and how many others there are.

    A code is shown if it stands in enough rows and is one of `known`, which are words of the dictionary, or is short,
    has two words at most, and could be nobody's name or number.
    """
    return _split_codes(profile, known, _is_code)


def plain_codes(profile: Profile, known: Iterable[str] = ()) -> tuple[tuple[str, ...], int]:
    """Return the codes that may be shown of any other column: of `known`, or numbers of two digits and letters."""
    return _split_codes(profile, known, lambda text: PLAIN_CODE.fullmatch(text) is not None)


def find_marks(profile: Profile) -> tuple[str, ...]:
    """Return the numbers that seem to mean missing in a column of which nothing is known but its values.

    Negative ones where nothing else is negative, and those that lie farther from all other numbers than these from
    one another. The latter must stand in enough rows, as they could be somebody's.
    """
    listed = profile.numbers.index.isin(MISSING_NUMBERS) & ~profile.numbers.abs().lt(SMALLEST_MARK).to_numpy()
    below_zero = profile.numbers.index.isin(MISSING_NUMBERS) & profile.numbers.lt(0).to_numpy()
    others = profile.numbers[~(listed | below_zero)].dropna()
    least, most = (others.min(), others.max()) if len(others) else (0.0, 0.0)
    span = most - least
    found = []
    for text in map(str, profile.numbers.index[listed | below_zero]):
        number, many = float(profile.numbers[text]), int(profile.present[text]) >= SHOWN_FROM
        far = number > most + span or number < least - span
        if (number < 0 <= least) or (far and many and abs(number) >= SMALLEST_MARK):
            found.append(text)
    return tuple(found)


def _split_codes(profile: Profile, known: Iterable[str], allows: Callable[[str], bool]) -> tuple[tuple[str, ...], int]:
    words = {word.casefold() for word in known}
    shown = tuple(text for text in common_codes(profile) if text.casefold() in words or allows(text))
    return shown, len(profile.present) - len(shown)


def _is_code(text: str) -> bool:
    """Tell a code from free text, and from what may say who somebody is."""
    words = text.split()
    named = len(words) == MOST_WORDS and all(NAME_WORD.fullmatch(word) for word in words)
    return len(text) <= LONGEST_CODE and len(words) <= MOST_WORDS and not named and not is_identifying(text)


def round_outwards(profile: Profile, without: Sequence[str] = ()) -> tuple[float, float]:
    """Return bounds wide enough for nearly all numbers, and too coarse to be anybody's: 0, or 1, 2, 5 times a power.

    The texts `without` are left out, as they mean missing.
    """
    kept = ~profile.numbers.index.isin(without)
    numbers = np.repeat(profile.numbers.to_numpy()[kept], profile.present.to_numpy()[kept])
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return 0.0, 1.0
    low, high = np.quantile(numbers, [0.01, 0.99])
    return (0.0 if low >= 0 else -_coarse(-low)), _coarse(high) if high > 0 else 0.0


def _coarse(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-12))


def _marked(texts: pd.Series, marks: pd.Series) -> pd.Series:
    return pd.Series(marks.to_numpy(dtype=np.bool_, na_value=False), index=texts.to_numpy())
