"""How headers are folded: one way for aliases, drafts and identifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.wording import fold_letters, split_words, squash


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("L\u00c6GE", ("laege",)),
        ("\u00c6rligNavn", ("aerlig", "navn")),
        ("Stra\u00dfe", ("strasse",)),
        ("Wiek_\u0141\u00f3d\u017a2", ("wiek", "lodz2")),
        ("NHSNumber", ("nhs", "number")),
        ("ODI12Months", ("odi12", "months")),
        ("\u2014", ()),
    ],
)
def test_words(header: str, words: tuple[str, ...]) -> None:
    assert split_words(header) == words


@given(st.text(max_size=12))
def test_words_in_one_are_the_header_squashed(header: str) -> None:
    assert squash(header) == "".join(split_words(header))
    assert fold_letters(fold_letters(header)) == fold_letters(header)
    assert "".join(split_words(header, digits=False)) == "".join(sign for sign in squash(header) if sign.isalpha())
