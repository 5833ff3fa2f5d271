"""Labels of ACS NSQIP participant use files of all years, in small letters, and what they mean here.

A text that stands in none of these tables is a fault of its row: an event that is spelt in a new way must not count as
"no event".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.participant_file.texts import NO, YES

NO_COMPLICATION = frozenset({"no complication"})

RENAMED = {
    "BLEEDIS": "BLEEDDIS",
    "PRHEMO_A1C": "HEMO",
    "DPRHEMO_A1C": "DHEMO",
    "DPRSODM": "DPRNA",
    "READMISSION": "READMISSION1",
    "UNPLANREADMISSION": "UNPLANNEDREADMISSION1",
    "REOPERATION": "REOPERATION1",
}
"""Names of other years, and the name under which the column is read; where a file has both, cells fill each other."""

BANNED = ("CNSCOMA", "NEURODEF", "OTHGRAFL")
"""Complications that were collected until 2010 only; later files have "No Complication" where nobody looked."""

YEAR_LIMITED = (
    "BLEED_UNITS_TOT", "CASETYPE", "DYSPNEA", "ELECTSURG", "EMERGNCY", "HEMO", "HOMESUP", "HXDEMENTIA", "HXFALL",
    "IMMUNO_CAT", "OTHCDIFF", "OXYGEN_SUPPORT", "PODIAG", "PREOP_COVID", "PRPT", "RENAFAIL", "RENAINSF", "WNDCLAS",
    "WNDINF", "WTLOSS",
)  # fmt: skip
"""Columns that some years lack: files of several years put together are blank there, which is unknown, never no."""


@dataclass(frozen=True, kw_only=True)
class Complication:
    """A complication within 30 days.

    Attributes
    ----------
    name
        Canonical name.
    header
        In the file; its day stands under the same name after a D.
    labels
        What stands where it occurred, over the years.
    patos
        Header of "present at the time of surgery", which is no event, or None where it is not asked for.
    """

    name: str
    header: str
    labels: tuple[str, ...]
    patos: str | None = None

    @property
    def day(self) -> str:
        """Header of the days from the operation to it."""
        return f"D{self.header}"


COMPLICATIONS = (
    Complication(name="superficial_ssi_30d", header="SUPINFEC", patos="SSSIPATOS",
                 labels=("superficial incisional ssi",)),
    Complication(name="deep_ssi_30d", header="WNDINFD", patos="DSSIPATOS", labels=("deep incisional ssi",)),
    Complication(name="organ_space_ssi_30d", header="ORGSPCSSI", patos="OSSIPATOS",
                 labels=("organ/space ssi", "organ space ssi")),
    Complication(name="wound_disruption_30d", header="DEHIS", labels=("wound disruption",)),
    Complication(name="pneumonia_30d", header="OUPNEUMO", patos="PNAPATOS", labels=("pneumonia",)),
    Complication(name="unplanned_intubation_30d", header="REINTUB", labels=("unplanned intubation",)),
    Complication(name="ventilator_over_48h_30d", header="FAILWEAN", patos="VENTPATOS",
                 labels=("on ventilator greater than 48 hours", "on ventilator > 48 hours")),
    Complication(name="pulmonary_embolism_30d", header="PULEMBOL", labels=("pulmonary embolism",)),
    Complication(name="deep_vein_thrombosis_30d", header="OTHDVT",
                 labels=("dvt requiring therapy", "dvt requiring therap", "venous thrombosis requiring therapy",
                         "vein thrombosis requiring therapy")),
    Complication(name="progressive_renal_insufficiency_30d", header="RENAINSF",
                 labels=("progressive renal insufficiency",)),
    Complication(name="acute_renal_failure_30d", header="OPRENAFL", labels=("acute renal failure",)),
    Complication(name="urinary_tract_infection_30d", header="URNINFEC", patos="UTIPATOS",
                 labels=("urinary tract infection",)),
    Complication(name="stroke_30d", header="CNSCVA", labels=("stroke/cva",)),
    Complication(name="cardiac_arrest_30d", header="CDARREST", labels=("cardiac arrest requiring cpr",)),
    Complication(name="myocardial_infarction_30d", header="CDMI", labels=("myocardial infarction",)),
    Complication(name="transfusion_30d", header="OTHBLEED",
                 labels=("transfusions/intraop/postop", "blood transfusion", "blood transfusions",
                         "bleeding/transfusions")),
    Complication(name="systemic_sepsis_30d", header="OTHSYSEP", patos="SEPSISPATOS", labels=("sepsis",)),
    Complication(name="septic_shock_30d", header="OTHSESHOCK", patos="SEPSHOCKPATOS", labels=("septic shock",)),
    Complication(name="clostridium_difficile_30d", header="OTHCDIFF", labels=("c. diff", "c. difficile")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Composite:
    """Any of several complications: 1 where one occurred, 0 where none of them did, else unknown.

    Attributes
    ----------
    name
        Canonical name.
    headers
        Headers of the components.
    days
        Canonical name of the days to the first of them, or an empty string.
    """

    name: str
    headers: tuple[str, ...]
    days: str = ""


COMPOSITES = (
    Composite(name="surgical_site_infection_30d", headers=("SUPINFEC", "WNDINFD", "ORGSPCSSI"), days="infection_days"),
    Composite(name="venous_thromboembolism_30d", headers=("OTHDVT", "PULEMBOL")),
    Composite(name="sepsis_30d", headers=("OTHSYSEP", "OTHSESHOCK"), days="sepsis_days"),
)


@dataclass(frozen=True, kw_only=True)
class YesNo:
    """Folded texts of a column that stand for yes and for no."""

    yes: frozenset[str] = YES
    no: frozenset[str] = NO
    missing: frozenset[str] = frozenset()


FLAGS: Mapping[str, YesNo] = {
    **dict.fromkeys(
        ("SMOKE", "VENTILAT", "HXCOPD", "ASCITES", "HXCHF", "HYPERMED", "RENAFAIL", "DIALYSIS", "DISCANCR", "WNDINF",
         "STEROID", "WTLOSS", "BLEEDDIS", "TRANSFUS", "OXYGEN_SUPPORT", "RETURNOR", "STILLINHOSP", "EOL_WDCARE",
         "ROBOT_USED", "SSSIPATOS", "DSSIPATOS", "OSSIPATOS", "PNAPATOS", "VENTPATOS", "UTIPATOS", "SEPSISPATOS",
         "SEPSHOCKPATOS"),
        YesNo(),
    ),
    "INOUT": YesNo(yes=frozenset({"inpatient"}), no=frozenset({"outpatient"})),
    "HXFALL": YesNo(yes=YES | {"yes, within 6 months"}),
    "HXDEMENTIA": YesNo(no=NO | {"no (no conclusive evidence)"}),
    "HOMESUP": YesNo(yes=frozenset({"lives alone at home"}), no=frozenset({"lives at home with other individuals"})),
    "PREOP_COVID": YesNo(
        yes=YES | {"yes, lab-confirmed diagnosis (or icd-10 code u07.1)",
                   "yes, suspected diagnosis (or icd-10 code u07.2)"},
    ),
    "POSTOP_COVID": YesNo(
        yes=YES | {"yes, lab-confirmed diagnosis (or icd-10 code u07.1)",
                   "yes, suspected diagnosis (or icd-10 code u07.2)"},
    ),
    "DELIRIUM": YesNo(
        yes=YES | {"delirium present on screening"}, no=NO | {"no delirium present on screening"},
        missing=frozenset({"not screened for delirium"}),
    ),
    "DISHOMESVC": YesNo(
        yes=YES | {"discharged to home with services"}, no=NO | {"discharged to home without services"},
    ),
}  # fmt: skip
"""Columns of yes and no by header."""

NATIVE_HAWAIIAN = ("native hawaiian or pacific islander", "native hawaiian or other pacific islander")
FUNCTION = {
    "independent": "independent",
    "partially dependent": "partially_dependent",
    "totally dependent": "totally_dependent",
}
HOME = ("home", "facility which was home", "home/permanent residence")
"""Destinations that are home, of both codings."""

UNSKILLED = ("unskilled facility not home", "unskilled facility, not home", "unskilled facility not")
"""The last is how some files cut the label."""

CATEGORIES: Mapping[str, Mapping[str, str]] = {
    "SEX": {"male": "male", "female": "female", "non-binary": "other", "nonbinary": "other"},
    "RACE_NEW": {
        "american indian or alaska native": "american_indian", "asian": "asian",
        "black or african american": "black", **dict.fromkeys(NATIVE_HAWAIIAN, "pacific_islander"),
        "white": "white", "some other race": "other", "race combinations with low frequency": "mixed",
    },
    "ETHNICITY_HISPANIC": {"yes": "hispanic", "y": "hispanic", "no": "not_hispanic", "n": "not_hispanic"},
    "DIABETES": {"no": "no_diabetes", "non-insulin": "oral", "oral": "oral", "insulin": "insulin"},
    "FNSTATUS2": FUNCTION,
    "DYSPNEA": {"no": "no_dyspnea", "moderate exertion": "moderate_exertion", "at rest": "at_rest"},
    "PRSEPIS": {"none": "no_sepsis", "sirs": "sirs", "sepsis": "sepsis", "septic shock": "septic_shock"},
    "ASACLAS": {"1": "1", "2": "2", "3": "3", "4": "4", "5": "5"},
    "WNDCLAS": {"1": "clean", "2": "clean_contaminated", "3": "contaminated", "4": "dirty"},
    "TRANST": {
        "not transferred (admitted from home)": "home", "admitted directly from home": "home",
        "home/permanent residence": "home", "from acute care hospital inpatient": "acute_care_hospital",
        "acute care hospital": "acute_care_hospital",
        "nursing home - chronic care - intermediate care": "nursing_home", "chronic care facility": "nursing_home",
        "outside emergency department": "emergency_department", "transfer from other": "other", "other": "other",
        "other facility": "other",
    },
    "SURGSPEC": {
        "neurosurgery": "neurosurgery", "orthopedics": "orthopaedics",
        **dict.fromkeys(
            ("cardiac surgery", "general surgery", "gynecology", "interventional radiologist", "obstetrics",
             "otolaryngology (ent)", "plastics", "thoracic", "urology", "vascular", "other"),
            "other",
        ),
    },
    "ANESTHES": {
        "general": "general", "spinal": "spinal", "epidural": "epidural", "regional": "regional", "local": "local",
        "mac/iv sedation": "sedation", "monitored anesthesia care": "sedation",
        "monitored anesthesia care/iv sedation": "sedation", "none": "other", "other": "other",
    },
    "DISCHDEST": {
        **dict.fromkeys(HOME, "home"),
        "rehab": "rehabilitation", "skilled care, not home": "skilled_care", "skilled care": "skilled_care",
        **dict.fromkeys(UNSKILLED, "unskilled_facility"),
        "separate acute care": "acute_care_hospital", "acute care hospital": "acute_care_hospital",
        "other facility": "other_facility", "multi-level senior community": "senior_community",
        "hospice": "hospice", "expired": "died", "against medical advice (ama)": "against_advice",
        "against medical advice": "against_advice", "ama": "against_advice",
    },
    "DISFXNSTAT": {**FUNCTION, "expired": "died"},
    "IMMUNO_CAT": {
        "corticosteroids": "corticosteroid", "anti-rejection/transplant immunosuppressants": "anti_rejection",
        "other": "other",
    },
}  # fmt: skip
"""Level by folded text, by header."""

DIGITS = ("ASACLAS", "WNDCLAS")
"""Headers whose texts begin with the digit of the level and a hyphen; the words behind it differ between years."""

SEVERAL = {"RACE_NEW": "mixed"}
"""Headers in which several levels may stand, with commas between, and the level that this is."""

NUMBERS = (
    "HEIGHT", "WEIGHT", "OPTIME", "WORKRVU", "TOTHLOS", "HTOODAY", "ADMYR", "ADMQTR", "YRDEATH", "MORTPROB", "MORBPROB",
    "PRSODM", "PRBUN", "PRCREAT", "PRALBUM", "PRBILI", "PRSGOT", "PRALKPH", "PRWBC", "PRHCT", "PRPLATE", "PRPTT",
    "PRINR", "PRPT", "HEMO", "PRHEMOGLOBIN",
    "DPRNA", "DPRBUN", "DPRCREAT", "DPRALBUM", "DPRBILI", "DPRSGOT", "DPRALKPH", "DPRWBC", "DPRHCT", "DPRPLATE",
    "DPRPTT", "DPRINR", "DPRPT", "DHEMO", "DPRHEMOGLOBIN",
)  # fmt: skip
"""Columns of numbers in which -99 is no number."""

TEXTS = ("PODIAG", "PODIAG10", "REOPORCPT1")
"""Columns of codes that are kept as they are."""
