"""How headers are compared: letters without accents, the words that they are made of, and those in one."""

from __future__ import annotations

import re
import unicodedata

LETTERS = str.maketrans(
    {
        "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ß": "ss", "ẞ": "SS", "ł": "l", "Ł": "L",
        "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH",
    }
)  # fmt: skip
"""Letters that are no other letter with an accent."""

CAPITAL_PAIR = re.compile("([ÆŒÞ])(?=[a-zæøœßłđðþ])")
"""Where one capital becomes two letters in front of a small one, the second is small, or it would begin a word."""

BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def fold_letters(text: str) -> str:
    """Return a text without accents, capitals kept.

    Examples
    --------
    >>> fold_letters("Ærlig Rückenschmerz, LÆGE")
    'Aerlig Ruckenschmerz, LAEGE'
    """
    apart = unicodedata.normalize("NFKD", text)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return CAPITAL_PAIR.sub(lambda found: found[0].translate(LETTERS).capitalize(), plain).translate(LETTERS)


def split_words(header: str, *, digits: bool = True) -> tuple[str, ...]:
    """Return the words of a header: no accents, small letters, cut at signs and where capitals begin.

    Parameters
    ----------
    header
        As in the file.
    digits
        Whether digits belong to words; else they cut like signs.

    Examples
    --------
    >>> split_words("VAS-Rückenschmerz preOp_2"), split_words("Fødsels-Dato_1", digits=False)
    (('vas', 'ruckenschmerz', 'pre', 'op', '2'), ('fodsels', 'dato'))
    """
    plain = fold_letters(header)
    if not digits:
        plain = re.sub("[0-9]", " ", plain)
    return tuple(re.findall(r"[a-z0-9]+", BORDER.sub(" ", plain).lower()))


def squash(header: str) -> str:
    """Return the words of a header in one: what two spellings of a name share.

    Examples
    --------
    >>> squash("ODI (12 months)")
    'odi12months'
    """
    return re.sub("[^a-z0-9]", "", fold_letters(header).lower())
