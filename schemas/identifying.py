"""Which columns of a table look as if they said who somebody is: by the words of the header and by the values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from schemas.national_numbers import NATIONAL_NUMBERS
from schemas.raw import as_text
from schemas.wording import split_words

SAMPLED = 10_000
"""Rows looked at in a column, evenly spaced among those that hold something."""

GLANCE = 200
"""Distinct values that must look promising before all sampled ones are looked at."""

SHARE = 0.8
"""Least share of the distinct values that look like it where only the values say so."""

SHARE_WITH_HEADER = 0.5
"""The same where the header says so; a looser look is enough then."""

LEAST_NUMBER = 1e7
"""A column of numbers that all lie below holds neither national nor telephone numbers."""

NAME = "a name"
E_MAIL = "an e-mail address"
TELEPHONE = "a telephone number"
NATIONAL = "a national number"
HOSPITAL_NUMBER = "a hospital number"
POSTCODE = "a full postcode"
BIRTH = "a date of birth"
ADDRESS = "a street address"

_AREAS = (
    "AB AL B BA BB BD BF BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY"
    " G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR"
    " NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA"
    " WC WD WF WN WR WS WV YO ZE"
)
_UK_POSTCODE = re.compile(
    rf"(?:{'|'.join(sorted(_AREAS.split(), key=len, reverse=True))})\d[A-Z\d]?( ?)\d[ABD-HJLNP-UW-Z]{{2}}"
)
_POSTCODE = re.compile(r"\d{4,5}(?:-\d{4})?|\d{3} \d{2}|\d{4} ?[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{2}-\d{3}")
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_DATE_SHAPE = re.compile(r"\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:\d{4}|\d{2})|\d{8}T?\d*")
_TELEPHONE_CHARACTERS = re.compile(r"\+?[\d ()./-]+")
_TELEPHONE_SHAPES = re.compile(
    r"0\d{1,4}[ /-]\d[\d -]{4,}"  # 020 7946 0958, 0171/1234567, 070-123 45 67, 06 12 34 56 78
    r"|\(0?\d{2,5}\)[ -]?\d{3,4}[ -]?\d{3,4}"  # (555) 123-4567
    r"|\d{3}([-. ])\d{3}\1\d{4}"  # 555-123-4567
    r"|\d{3} \d{2} \d{3}|\d{2} \d{2} \d{2} \d{2}"  # 912 34 567, 22 12 34 56
)
_FULL_NAME = re.compile(r"(?:Dr\.? |Prof\.? )?[^\W\d_a-zß-ÿ][\w'’.-]*(?:,? [^\W\d_a-zß-ÿ][\w'’.-]*){1,3}")


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a header may say of its column, and how the values must look for it to be believed.

    Attributes
    ----------
    kind
        What it looks like, in words.
    words
        Any of these as a word of the header.
    joined
        Pattern that the header without its separators holds.
    only
        Words of which the header consists of nothing else,
    with_any
        and one of which it must have, if any are named.
    matches
        Whether a value agrees.
    many
        Whether most values must differ from one another: a hospital's number is not a patient's.
    """

    kind: str
    matches: Callable[[str], bool]
    words: frozenset[str] = frozenset()
    joined: re.Pattern[str] | None = None
    only: frozenset[str] = frozenset()
    with_any: frozenset[str] = frozenset()
    many: bool = False

    def fits(self, words: tuple[str, ...], joined: str) -> bool:
        """Tell whether a header's words say so."""
        return (
            not self.words.isdisjoint(words)
            or (self.joined is not None and self.joined.search(joined) is not None)
            or (bool(words) and self.only.issuperset(words) and self._has_any(words))
        )

    def _has_any(self, words: tuple[str, ...]) -> bool:
        return not self.with_any or not self.with_any.isdisjoint(words)


def find_identifying(table: pd.DataFrame) -> dict[str, str]:
    """Find the columns of a raw table that may say who a patient or a member of staff is.

    Parameters
    ----------
    table
        Raw table, shape (n, p): texts, float64 or datetime64[us].

    Returns
    -------
    dict of str to str
        Header -> what it looks like: a name, an e-mail address, a telephone number, a national number, a hospital
        number, a full postcode, a date of birth, a street address. Headers in the table's order; no values.

    Notes
    -----
    A header in English, Danish, Dutch, Finnish, French, German, Norwegian, Spanish or Swedish is believed where at
    least half of the distinct values do not contradict it: a column called Mobile that holds 0 and 1 is no telephone
    number, a SurgeonName of codes such as S1-3 no name. Without such a header at least 80 percent of the distinct
    values must look like it: e-mail addresses, telephone numbers with a plus or separators, postcodes, and national
    numbers by shape, date and check digits. Names and dates of birth are recognised by their header only. At most
    10,000 values are looked at, evenly spaced. Free text is not searched.

    Examples
    --------
    >>> find_identifying(pd.DataFrame({"Fornavn": ["Kari", "Ola"], "ODI": [44.0, 2.0], "how": ["a@b.no", "c@d.no"]}))
    {'Fornavn': 'a name', 'how': 'an e-mail address'}
    """
    looks = {str(header): _look_at(str(header), table[header]) for header in table.columns}
    return {header: kind for header, kind in looks.items() if kind}


def is_identifying(text: str, below: Sequence[str] = ()) -> bool:
    """Tell whether one text alone says who somebody is: an e-mail address, a telephone or national number, a postcode.

    A postcode without a space (CT12YR) is believed if texts `below` it are given and most of them are postcodes.

    Examples
    --------
    >>> is_identifying("kari@nordmann.no"), is_identifying("01019040034"), is_identifying("12 months")
    (True, True, False)
    """
    return (
        _is_e_mail(text)
        or _is_plus_telephone(text)
        or _is_telephone_shape(text)
        or (_is_uk_postcode(text) and (" " in text or (len(below) > 0 and _mostly(_is_uk_postcode, [*below]))))
        or any(number.matches(text) for number in NATIONAL_NUMBERS)
    )


def _look_at(header: str, column: pd.Series) -> str:
    """Return what a column looks like, blank if like nothing."""
    words = split_words(header, digits=False)
    hints = [hint for hint in HINTS if hint.fits(words, "".join(words))]
    numeric = pd.api.types.is_float_dtype(column.dtype)
    if not hints and (column.dtype.kind == "M" or (numeric and not column.max() >= LEAST_NUMBER)):
        return ""
    texts, known = _distinct(column)
    if not texts:
        return ""
    for hint in hints:
        if _share(hint.matches, texts) >= SHARE_WITH_HEADER and not (hint.many and len(texts) < known / 3):
            return hint.kind
    if column.dtype.kind == "M":
        return ""
    return _look_at_values(texts, filled=numeric)


def _look_at_values(texts: list[str], *, filled: bool) -> str:
    for number in NATIONAL_NUMBERS:
        matches = number.matches_filled if filled else number.matches
        if len(texts) >= number.least and _mostly(matches, texts):
            return NATIONAL
    if filled:
        return ""
    if _mostly(_is_e_mail, texts):
        return E_MAIL
    if _mostly(_is_plus_telephone, texts) or (len(texts) >= 2 and _mostly(_is_telephone_shape, texts)):
        return TELEPHONE
    return POSTCODE if len(texts) >= 2 and _mostly(_is_uk_postcode, texts) else ""


def _distinct(column: pd.Series) -> tuple[list[str], int]:
    """Return the distinct texts of the sampled rows, and how many sampled rows hold something."""
    sampled = column.iloc[_evenly(len(column), SAMPLED)]
    held = _held(sampled)
    if held.sum() < min(len(column), SAMPLED) / 10:
        rows = np.flatnonzero(_held(column))
        sampled = column.iloc[rows[_evenly(len(rows), SAMPLED)]]
    else:
        sampled = sampled[held]
    return as_text(sampled).unique().tolist(), len(sampled)


def _held(column: pd.Series) -> npt.NDArray[np.bool_]:
    blank = column == "" if isinstance(column.dtype, pd.StringDtype) else column.isna()
    return ~blank.to_numpy(dtype=bool)


def _evenly(n: int, most: int) -> npt.NDArray[np.intp]:
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp)) if n else np.empty(0, dtype=np.intp)


def _mostly(matches: Callable[[str], bool], texts: list[str]) -> bool:
    glance = texts[:: max(len(texts) // GLANCE, 1)]
    return _share(matches, glance) >= SHARE / 2 and _share(matches, texts) >= SHARE


def _share(matches: Callable[[str], bool], texts: list[str]) -> float:
    return sum(map(matches, texts)) / len(texts)


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _is_e_mail(text: str) -> bool:
    return _E_MAIL.fullmatch(text) is not None


def _is_telephone(text: str) -> bool:
    """Tell whether a text can be a telephone number, given that the header says so."""
    return 7 <= _digits(text) <= 15 and bool(_TELEPHONE_CHARACTERS.fullmatch(text)) and not _is_separated_date(text)


def _is_plus_telephone(text: str) -> bool:
    return text.startswith("+") and _digits(text) >= 8 and _is_telephone(text)


def _is_telephone_shape(text: str) -> bool:
    return _TELEPHONE_SHAPES.fullmatch(text) is not None and _is_telephone(text)


def _is_separated_date(text: str) -> bool:
    return not text.isdigit() and _DATE_SHAPE.fullmatch(text) is not None


def _is_uk_postcode(text: str) -> bool:
    """Without a space five characters are too like other codes."""
    return _UK_POSTCODE.fullmatch(text.upper()) is not None and (" " in text or len(text) >= 6)


def _is_postcode(text: str) -> bool:
    return bool(_UK_POSTCODE.fullmatch(text.upper()) or _POSTCODE.fullmatch(text.upper()))


def _is_number(text: str) -> bool:
    return _digits(text) >= 6


def _is_short_number(text: str) -> bool:
    return _digits(text) >= 3


def _is_day(text: str) -> bool:
    """A day, not a year or a month alone: three groups of digits, two beside a month's name, or six or eight digits."""
    groups = re.findall(r"\d+", text)
    if len(groups) == 1:
        return len(groups[0]) in (6, 7, 8)
    return len(groups) >= 3 or (len(groups) == 2 and any(character.isalpha() for character in text))


def _is_name(text: str) -> bool:
    return len(text) >= 2 and any(character.isalpha() for character in text) and _digits(text) == 0


def _is_full_name(text: str) -> bool:
    return _FULL_NAME.fullmatch(text) is not None


def _is_address(text: str) -> bool:
    return len(text) >= 6 and any(character.isalpha() for character in text)


def _one_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ROLES = _one_of(
    "patient patients pasient paciente client person surgeon surgeons kirurg chirurg chirurgien cirujano doctor dr"
    " physician consultant operator operateur operador lege laege lakare arzt arts medico medecin nurse gp mother"
    " father spouse kin contact"
)
_NAME_PARTS = _one_of("first last full given family middle maiden sur fore next of de del la le du s y")
_NAME_WORDS = _one_of("name names navn namn naam nom noms nombre nombres")

HINTS: tuple[Hint, ...] = (
    Hint(
        kind=E_MAIL, matches=_is_e_mail,
        words=_one_of("email epost mail correo courriel sahkoposti mailadresse"),
        joined=re.compile(r"email|epost"),
    ),
    Hint(
        kind=BIRTH, matches=_is_day, words=frozenset(("dob", "birthday")),
        joined=re.compile(
            r"birthda(te|y)|dateofbirth|birthdt|dob$|f(o|oe)d[det]?(sel)?s?(dato|dag)|fodelsed|geburtsdatum|geburtstag|"
            r"gebdat|geboortedatum|fecha(de)?nac|date(de)?naissance|syntymaaika"
        ),
    ),
    Hint(
        kind=NATIONAL, matches=_is_number,
        words=_one_of("cpr ssn bsn dni nif hetu fnr nir nino kennitala passport"),
        joined=re.compile(
            r"personn(umme)?r|f(o|oe)dsels?n(umme)?r|cpr(no|nr|number|nummer)|socialsecurity|nhs(number|num|no|nr)|"
            r"national(id|identity|identification|insurance|number|no|nr)|burgerservice|sofinummer|sozialversicherung|"
            r"versichertenn|steuer(id|nummer)|seguridadsocial|securitesociale|numerosecu|henkilotunnus|"
            r"chi(number|no)$|medicare(number|no|id)|healthcard(number|no)"
        ),
    ),
    Hint(
        kind=HOSPITAL_NUMBER, matches=_is_short_number, words=frozenset(("mrn",)), many=True,
        joined=re.compile(r"medicalrecord(number|no|nr|num|id)|hospital(number|no|nr|num)$|journaln(umme)?r|aktennummer"),
    ),
    Hint(
        kind=TELEPHONE, matches=_is_telephone,
        words=_one_of(
            "phone telephone telefon tlf tel mobil mobile handy telefoon telefono movil portable cell cellphone fax"
            " puhelin"
        ),
        joined=re.compile(
            r"(tele|cell|mobile|home|work|patient)phone|phone(number|no|nr)|telefoo?n|mobile?(number|nummer|nr|no)"
        ),
    ),
    Hint(
        kind=POSTCODE, matches=_is_postcode, words=frozenset(("zip", "plz", "postcode", "postinumero")),
        joined=re.compile(r"post(al)?code|zipcode|postn(umme)?r|postleitzahl|codigopostal|codepostal"),
    ),
    Hint(
        kind=ADDRESS, matches=_is_address,
        words=_one_of("street anschrift adres straat direccion domicilio calle"),
        joined=re.compile(r"addr(ess)?(line)?$|address(line|street)|adresse?$|strasse"),
    ),
    Hint(
        kind=NAME, matches=_is_name, only=_ROLES | _NAME_PARTS | _NAME_WORDS, with_any=_NAME_WORDS,
        words=_one_of(
            "surname forename firstname lastname fullname initials initialer initialen fornavn etternavn efternavn"
            " mellomnavn fornamn efternamn vorname nachname familienname voornaam achternaam apellido apellidos prenom"
            " etunimi sukunimi"
        ),
        joined=re.compile(rf"({'|'.join(sorted(_ROLES))})s?(full|first|last|sur|family)?(name|navn|namn|naam)$"),
    ),
    Hint(kind=NAME, matches=_is_full_name, only=_ROLES | _NAME_PARTS, with_any=_ROLES),
)  # fmt: skip
