"""Shapes and check digits of the numbers by which states know people: recognised so that they are not kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

WEAK = 3
"""Least distinct values where the shape alone is weak: chance makes one random number of eleven pass a check digit."""

CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")


@dataclass(frozen=True, kw_only=True)
class NationalNumber:
    """A country's number.

    Attributes
    ----------
    name
        Which one.
    shape
        Pattern of the whole text.
    valid
        Whether date and check digits are right, given the text's digits (and letters) without separators.
    least
        Distinct values that must be known before a column is taken for it.
    digits
        Length to which a number is filled with zeros that a numeric column has lost; 0 for texts only.
    """

    name: str
    shape: re.Pattern[str]
    valid: Callable[[str], bool]
    least: int = 1
    digits: int = 0

    def matches(self, text: str) -> bool:
        """Tell whether a text is such a number."""
        return self.shape.fullmatch(text) is not None and self.valid(re.sub(r"[ .\-+]", "", text))

    def matches_filled(self, text: str) -> bool:
        """Tell the same of a number that has lost its leading zeros."""
        return self.matches(text.zfill(self.digits))


def is_date(text: str, *, order: str = "dmy", moved_days: tuple[int, ...] = ()) -> bool:
    """Tell whether six digits hold a day and a month; `moved_days` are offsets that some countries add to the day.

    Examples
    --------
    >>> is_date("310190"), is_date("900131", order="ymd"), is_date("311390")
    (True, True, False)
    """
    if not text[:6].isdigit():
        return False
    part = dict(zip(order, (int(text[0:2]), int(text[2:4]), int(text[4:6])), strict=True))
    day = next((part["d"] - moved for moved in (0, *moved_days) if 1 <= part["d"] - moved <= 31), 0)
    return day > 0 and 1 <= part["m"] <= 12


def weighted_sum(digits: str, weights: tuple[int, ...]) -> int:
    """Return the sum of digits times weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _nhs(digits: str) -> bool:
    return digits != "0000000000" and weighted_sum(digits, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0


def _norwegian(digits: str) -> bool:
    """People from abroad have 40 added to the day; some registers add 40 to the month, test numbers 80."""
    month = int(digits[2:4]) % 20 if int(digits[2:4]) >= 40 else int(digits[2:4])
    return (
        is_date(f"{digits[:2]}{month:02d}{digits[4:6]}", moved_days=(40,))
        and weighted_sum(digits[:10], (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted_sum(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def _swedish(digits: str) -> bool:
    ten = digits[-10:]
    doubled = [int(digit) * (2 - i % 2) for i, digit in enumerate(ten)]
    return is_date(ten, order="ymd", moved_days=(60,)) and sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def _danish(digits: str) -> bool:
    """A date and four digits; the check digit was given up in 2007."""
    return is_date(digits, moved_days=(60,))


def _danish_or_time(digits: str) -> bool:
    """Without the hyphen it may be a day and a time of the day; then it is taken for that."""
    return _danish(digits) and not CLOCK.fullmatch(digits[6:])


def _finnish(text: str) -> bool:
    digits = re.sub(r"\D", "", text[:-1])
    return is_date(digits) and "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(digits) % 31] == text[-1]


def _bsn(digits: str) -> bool:
    return int(digits) > 0 and weighted_sum(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def _spanish(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def _french(digits: str) -> bool:
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


NATIONAL_NUMBERS: tuple[NationalNumber, ...] = (
    NationalNumber(name="norwegian", shape=re.compile(r"\d{6}[ -]?\d{5}"), valid=_norwegian, digits=11),
    NationalNumber(name="nhs", shape=re.compile(r"\d{3}([ -]?)\d{3}\1\d{4}"), valid=_nhs, least=WEAK, digits=10),
    NationalNumber(
        name="swedish", shape=re.compile(r"(?:18|19|20)?\d{6}[-+]?\d{4}"), valid=_swedish, least=WEAK, digits=10
    ),
    NationalNumber(name="danish with a hyphen", shape=re.compile(r"\d{6}-\d{4}"), valid=_danish),
    NationalNumber(name="danish", shape=re.compile(r"\d{10}"), valid=_danish_or_time, least=WEAK, digits=10),
    NationalNumber(name="finnish", shape=re.compile(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"), valid=_finnish),
    NationalNumber(
        name="social security", shape=re.compile(r"(?!000)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"), valid=lambda _: True
    ),
    NationalNumber(name="dutch", shape=re.compile(r"\d{9}|\d{4}\.\d{2}\.\d{3}"), valid=_bsn, least=WEAK, digits=9),
    NationalNumber(name="spanish", shape=re.compile(r"(?:\d|[XYZ])\d{7}-?[A-Z]"), valid=_spanish, least=WEAK),
    NationalNumber(name="french", shape=re.compile(r"[12] ?\d\d ?\d\d ?\d\d ?\d{3} ?\d{3} ?\d\d"), valid=_french),
)
