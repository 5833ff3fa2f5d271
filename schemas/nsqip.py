"""ACS NSQIP participant use files of 2014 to 2022: what their texts mean, before the columns are read as any other.

The files name no hospital, no surgeon, no patient and no date. Names of columns change case between years, labels
change words, and -99 has several meanings (`schemas.participant_file.course`). Follow-up ends 30 days after the
operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd

from schemas.participant_file.course import (
    read_complications,
    read_death,
    read_discharge,
    read_readmission,
    read_reoperation,
    read_transfusion,
)
from schemas.participant_file.labels import (
    BANNED,
    CATEGORIES,
    DIGITS,
    FLAGS,
    NUMBERS,
    RENAMED,
    SEVERAL,
    TEXTS,
    YEAR_LIMITED,
)
from schemas.participant_file.procedures import read_procedures
from schemas.participant_file.texts import (
    UNKNOWN_LABEL,
    Coded,
    Part,
    PufTable,
    count_rows,
    flag_texts,
    fold,
    is_missing,
    with_faults,
)
from schemas.prepared import Prepared
from schemas.raw import as_text

YEARS = ("OPERYR", "PUFYEAR", "ADMYR")
"""Where the year of the operation stands, best first."""

FILE_YEARS = ("PUFYEAR", "OPERYR", "ADMYR")
"""Where the year of the file stands, best first: a case number is unique within it only."""

YEAR = r"(19|20)\d\d"
"""What a year looks like; any other text in its place is a slip, or worse, and is never named."""

LIMITS = (
    "participant use files name no hospital, surgeon, date or patient: no validation across sites, only in time, and "
    "each row counts as a patient of its own"
)
LABEL_RULE = "must be a label that is known of the participant use files of 2014 to 2022"

NOT_READ = re.compile(
    r"(N|D)?(SUPINFEC|WNDINFD|ORGSPCSSI|DEHIS|OUPNEUMO|REINTUB|PULEMBOL|FAILWEAN|RENAINSF|OPRENAFL|URNINFEC|CNSCVA"
    r"|CNSCOMA|NEURODEF|CDARREST|CDMI|OTHBLEED|OTHGRAFL|OTHDVT|OTHSYSEP|OTHSESHOCK|OTHCDIFF)"
    r"|[A-Z]+PATOS|(OTHERPROC|OTHERCPT|OTHERWRVU|CONCURR|CONCPT|CONWRVU)\d+"
    r"|(UNPLANNED)?READMISSION\d|READM(PODAYS|RELATED|SUSPREASON|UNRELSUSP|RELICD9|RELICD10|UNRELICD9|UNRELICD10)\d"
    r"|REOPERATION\d|RETOR\d?(PODAYS|RELATED)|REOPOR\d?(CPT1|ICD91|ICD101)|STILLINHOSP|RETURNOR|DOPTODIS|DOPERTOD"
    r"|CASEID|OPERYR|PUFYEAR|ADMYR|AGE|PRNCPTX|CPT|ELECTSURG|EMERGNCY|CASETYPE|HDISDT|SDISDT|ADMSYR|BLEED_UNITS_TOT"
    r"|PODIAGTX|PODIAGTX10|PODIAG_OTHER(10)?|ANESTHES_OTHER|WOUND_CLOSURE"
    r"|(PRE|POST)OP_CREAT_MSINCR"
)
"""Headers of participant use files that `prepare` uses up or that nothing is read from; other headers are kept."""

URGENT = {"elective": "elective", "urgent": "urgent", "emergent": "emergency", "emergency": "emergency"}


def prepare(table: pd.DataFrame) -> Prepared:
    """Make a participant use file ready for the definition ``nsqip``.

    Parameters
    ----------
    table
        Raw table (`schemas.raw`) of one year or of several put together by the names of the columns.

    Returns
    -------
    Prepared
        As many rows in the same order. Columns that stand for one column of the file keep its name in capitals; those
        that are made of several have the canonical name. Flags are "1", "0" or blank, categories are levels;
        `UNKNOWN_LABEL` stands where a text is no known label, and becomes a fault of its row.

    Notes
    -----
    A column that the file lacks is not made, and a blank cell stays unknown: files of some years lack some columns.
    """
    puf = PufTable(table=_in_capitals(table))
    parts = [read(puf) for read in READERS]
    made = {header: texts for part in parts for header, texts in part.columns.items()}
    kept = {
        header: puf.table[header]
        for header in puf.table.columns
        if header not in made and not NOT_READ.fullmatch(header)
    }
    notes = [note for part in parts for note in part.notes]
    columns = {header: texts.set_axis(table.index) for header, texts in {**made, **kept}.items()}
    return Prepared(table=pd.DataFrame(columns, index=table.index), notes=(LIMITS, *notes), label_rule=LABEL_RULE)


def _in_capitals(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the current name of each column; where one has several, its cells fill each other."""
    columns: dict[str, pd.Series] = {}
    for place, given in enumerate(table.columns):
        name = str(given).strip().upper()
        name = RENAMED.get(name, name)
        column = table.iloc[:, place].reset_index(drop=True)
        columns[name] = _fill(columns[name], column) if name in columns else column
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def _fill(first: pd.Series, second: pd.Series) -> pd.Series:
    texts = as_text(first)
    coded = PufTable(table=pd.DataFrame({"X": texts})).coded("X")
    return texts.mask(coded.among(("", "null")), as_text(second))


def read_identity(puf: PufTable) -> Part:
    """Return the year, and the case as year and number, since numbers are unique within a year's file only."""
    columns: dict[str, pd.Series] = {}
    if puf.present(YEARS):
        columns["year"] = _first_known(puf, YEARS)
    if puf.has("CASEID") and puf.present(FILE_YEARS):
        case, year = puf.coded("CASEID"), _first_known(puf, FILE_YEARS)
        number = case.spread(["" if is_missing(fold(text)) else text.removesuffix(".0") for text in case.unique])
        columns["operation"] = (year + "-" + number).mask((year == "") | (number == ""), "")
    return Part(columns=columns)


def _first_known(puf: PufTable, headers: tuple[str, ...]) -> pd.Series:
    texts = pd.Series("", index=puf.table.index, dtype="str")
    for header in puf.present(headers):
        coded = puf.coded(header)
        given = coded.spread(["" if is_missing(fold(text)) else text.removesuffix(".0") for text in coded.unique])
        texts = texts.mask(texts == "", given)
    return texts


def read_age(puf: PufTable) -> Part:
    """Return the age, 90 for "90+", and whether it was written so."""
    if not puf.has("AGE"):
        return Part()
    coded = puf.coded("AGE")
    top = coded.among(("90+",))
    known = ~coded.mark(is_missing)
    ages = coded.spread([_age(text) for text in coded.unique])
    told = f"column 'age': {count_rows(top)} of 90 years or over, held as 90"
    return Part(
        columns={"AGE": ages, "age_top_coded": flag_texts(np.where(known, top.astype(np.float64), np.nan))},
        notes=(told,) if top.any() else (),
    )


def _age(text: str) -> str:
    folded = fold(text)
    return "90" if folded == "90+" else "" if is_missing(folded) else text


def read_flags(puf: PufTable) -> Part:
    """Return the columns of yes and no."""
    columns = {}
    for header in puf.present(FLAGS):
        labels = FLAGS[header]
        flag = puf.flag(header, labels.yes, labels.no)
        coded = puf.coded(header)
        columns[header] = flag.texts.mask(coded.among(labels.missing), "")
    return Part(columns=columns)


def read_categories(puf: PufTable) -> Part:
    """Return the columns of levels, and whether there is diabetes and whether the patient went home."""
    columns: dict[str, pd.Series] = {}
    for header in puf.present(CATEGORIES):
        coded = puf.coded(header)
        columns[header] = coded.spread([_level(text, header) for text in coded.unique])
    if "DIABETES" in columns:
        columns["diabetes"] = _as_flag(columns["DIABETES"], {"no_diabetes": "0", "oral": "1", "insulin": "1"})
    if "DISCHDEST" in columns:
        columns["non_home_discharge"] = _as_flag(columns["DISCHDEST"], NOT_HOME)
    return Part(columns=columns, notes=_merged_destinations(puf))


NOT_HOME = {
    "home": "0",
    **dict.fromkeys(
        (
            "rehabilitation",
            "skilled_care",
            "unskilled_facility",
            "senior_community",
            "acute_care_hospital",
            "other_facility",
            "hospice",
        ),
        "1",
    ),
}
"""Destinations that are home or are not; of who died, left against advice or is not known, it is unknown."""


def _level(text: str, header: str) -> str:
    folded, levels = fold(text), CATEGORIES[header]
    if header in DIGITS and not is_missing(folded):
        return levels.get(folded.split("-")[0].strip(), UNKNOWN_LABEL)
    if folded in levels:
        return levels[folded]
    if is_missing(folded):
        return ""
    return SEVERAL[header] if header in SEVERAL and "," in folded else UNKNOWN_LABEL


def _as_flag(levels: pd.Series, flags: dict[str, str]) -> pd.Series:
    codes, unique = pd.factorize(levels)
    return Coded(codes=codes, unique=tuple(unique)).spread([flags.get(level, "") for level in unique])


def _merged_destinations(puf: PufTable) -> tuple[str, ...]:
    if not puf.has("DISCHDEST"):
        return ()
    other = puf.coded("DISCHDEST").among(("other facility",))
    told = (
        f"column 'discharge_destination': {count_rows(other)} of 'other facility'; from 2021 the files do not tell "
        "skilled nursing from rehabilitation"
    )
    return (told,) if other.any() else ()


def read_urgency(puf: PufTable) -> Part:
    """Return how urgent the operation was: CASETYPE from 2021, before that EMERGNCY and ELECTSURG together."""
    if not puf.present(("CASETYPE", "EMERGNCY", "ELECTSURG")):
        return Part()
    case = puf.coded("CASETYPE")
    levels = case.spread([_case_type(text) for text in case.unique])
    emergency, elective = puf.flag("EMERGNCY"), puf.flag("ELECTSURG")
    older = np.select(
        [emergency.values == 1, elective.values == 1, (elective.values == 0) & (emergency.values == 0)],
        ["emergency", "elective", "urgent"],
        default="",
    )
    levels = levels.mask(levels == "", pd.Series(older, dtype="str"))
    urgent = _as_flag(levels, {"elective": "0", "urgent": "1", "emergency": "1"})
    only_not_elective = (levels == "") & (elective.values == 0)
    return Part(
        columns={
            "urgency": with_faults(levels, [emergency, elective]),
            "urgent_operation": urgent.mask(only_not_elective, "1"),
        }
    )


def _case_type(text: str) -> str:
    folded = fold(text)
    return "" if is_missing(folded) else URGENT.get(folded, UNKNOWN_LABEL)


def read_numbers(puf: PufTable) -> Part:
    """Return measurements, in which -99 is missing, and codes of diagnoses."""
    columns = {header: puf.numbers(header) for header in puf.present((*NUMBERS, *TEXTS))}
    return Part(columns=columns)


def find_gaps(puf: PufTable) -> Part:
    """Tell of columns that some years lack, and of those that no year since 2010 can answer; no cell is repeated."""
    notes = [
        f"header {header!r}: not read; after 2010 it says 'No Complication' where nobody looked"
        for header in puf.present(BANNED)
    ]
    if puf.present(YEARS):
        texts = _first_known(puf, YEARS)
        codes, years = pd.factorize(texts.where(texts.str.fullmatch(YEAR), ""))
        for header in puf.present(YEAR_LIMITED):
            held = ~puf.coded(header).mark(is_missing)
            empty = np.bincount(codes, weights=held, minlength=len(years)) == 0
            named = sorted(year for year, lacking in zip(years, empty, strict=True) if lacking and year)
            yearless = (empty & (years == ""))[codes]
            named += [f"{count_rows(yearless)} without a year"] if yearless.any() else []
            if named and len(years) > 1:
                notes.append(f"header {header!r}: empty in {', '.join(named)}; unknown there, never 'no'")
    return Part(notes=tuple(notes))


READERS: tuple[Callable[[PufTable], Part], ...] = (
    read_identity,
    read_age,
    read_numbers,
    read_categories,
    read_flags,
    read_urgency,
    read_procedures,
    read_complications,
    read_transfusion,
    read_discharge,
    read_death,
    read_readmission,
    read_reoperation,
    find_gaps,
)
"""What is read of a participant use file, each in one pass over its columns."""
