"""Data dictionary: who, where and when. None of these is a predictor."""

from __future__ import annotations

from schemas.dictionary.common import date, flag, identifier, number

BIRTH_DATE = "birth_date"
"""Read, turned into the age and checked, but never kept."""

AGE_NEEDS = (BIRTH_DATE, "operation_date")
"""Where a file has both, the age is derived without being asked for."""

WHO = (
    identifier("patient", "Pseudonym of the patient; the same in every operation of one person, who stays in one "
               "fold."),
    identifier("operation", "Identifier of the index operation in the registry."),
    identifier("site", "Hospital or unit; used to split and to report, never to predict."),
    identifier("surgeon", "Pseudonym of the operating surgeon."),
    identifier("region", "Region or country of the hospital, for validation from region to region."),
)  # fmt: skip

WHEN = (
    date("operation_date", "Day of the index operation."),
    number(
        "year", "year", (1980, 2100), "Calendar year of the operation; a model cannot extend it to years that it has "
        "not seen.", plausible=(2000, 2030), predictor=False,
    ),
    date("birth_date", "Day of birth; it becomes the age at the operation and is then removed."),
    date("admission_date", "Day on which the hospital stay of the operation began."),
    date("discharge_date", "Day on which the patient left hospital after the operation.", at="discharge"),
    date("death_date", "Day of death from any cause.", at="followup"),
    date("last_seen_date", "Last day on which the patient was known to be followed for events.", at="followup"),
    date("return_to_work_date", "First day back at work.", at="followup"),
    date("baseline_date", "Day on which the questionnaires before the operation were filled in."),
    number(
        "admission_year", "year", (1980, 2100), "Calendar year of the admission.", plausible=(2000, 2030),
        predictor=False, source="ACS NSQIP participant use file",
    ),
    number(
        "admission_quarter", "quarter", (1, 4), "Quarter of the year of the admission.", predictor=False,
        source="ACS NSQIP participant use file",
    ),
    flag(
        "age_top_coded", "The registry says 90 or over instead of an age; the age is then held as 90.",
        predictor=False, source="ACS NSQIP participant use file",
    ),
)  # fmt: skip

IDENTITY = WHO + WHEN
