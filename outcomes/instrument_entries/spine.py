"""Instruments: disability, pain and core measures of the back, the neck, the spine in deformity, and the arm."""

from __future__ import annotations

from outcomes.instrument_entries.words import (
    ALL_NEEDED,
    HIGHER,
    LICENSED,
    LOWER,
    NOT_PUBLIC,
    SEEN,
    SINGLE,
    TAKEN,
    UNSURE,
    scored_as,
)
from schemas.declared.instruments import Region
from schemas.sources_of_scores import (
    ASHER,
    BEATON,
    DALTROY,
    FAIRBANK,
    FREYNHAGEN,
    FUKUI,
    HUDAK,
    HUSKISSON,
    JENSEN,
    MANNION,
    ROLAND,
    STUCKI,
    VERNON,
    YAGI,
)
from schemas.specs import InstrumentSpec

DISABILITY = (
    InstrumentSpec(
        name="odi", title="Oswestry Disability Index", low=0, high=100, direction=LOWER, region="lumbar",
        domain="disability", items=10, scored=scored_as("odi"),
        missing="An unanswered section leaves the sum and the highest sum; below nine of ten the score is unknown. "
        "Eight of ten is used as well: another number needs a rule of one's own.",
        text="Version 2.1a, in percent. A raw sum of 0 to 50 and a fraction of 0 to 1 are other scales and must be "
        "brought to percent; the modified index of Hudson-Cook or Fritz is another instrument.",
        source=FAIRBANK, certainty=SEEN,
    ),
    InstrumentSpec(
        name="ndi", title="Neck Disability Index", low=0, high=100, direction=LOWER, region="cervical",
        domain="disability", items=10, scored=scored_as("ndi"),
        missing="There was no rule at first; below nine of ten the score is unknown, and the mean of the answered "
        "stands for one. The section on driving is often blank. Another number needs a rule of one's own.",
        text="In percent. Much of the literature counts 0 to 50 without saying so: 7.5 of 50 are 15 percent.",
        source=VERNON, certainty=SEEN,
    ),
    InstrumentSpec(
        name="rmdq", title="Roland-Morris Disability Questionnaire", low=0, high=24, direction=LOWER, region="lumbar",
        domain="disability", items=24, scored=scored_as("rmdq"),
        missing="No rule is agreed upon: unknown unless all 24 are answered. Blank as no (count) or in proportion "
        "(sum) needs a rule of one's own, which then stands in the definition.",
        text="24 statements; the versions with 23, 18 and 12 are other instruments.", source=ROLAND,
        certainty=SEEN,
    ),
    InstrumentSpec(
        name="zcq_symptom", title="Zurich Claudication Questionnaire, symptoms", low=1, high=5, direction=LOWER,
        region="lumbar", domain="symptoms", items=7, scored=scored_as("zcq_symptom"),
        missing="Unknown below five of seven answers.", source=STUCKI, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="zcq_function", title="Zurich Claudication Questionnaire, function", low=1, high=4, direction=LOWER,
        region="lumbar", domain="function", items=5, scored=scored_as("zcq_function"),
        missing="Unknown below three of five answers.", source=STUCKI, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="zcq_satisfaction", title="Zurich Claudication Questionnaire, satisfaction", low=1, high=4,
        direction=LOWER, region="lumbar", domain="satisfaction", items=6, follow_up_only=True,
        scored=scored_as("zcq_satisfaction"), missing="Unknown below four of six answers.", source=STUCKI,
        certainty=UNSURE,
    ),
    InstrumentSpec(
        name="nass_pain_disability", title="NASS instrument, pain and disability", low=0, high=100, direction=LOWER,
        region="spine", domain="disability", scored=f"{TAKEN} {NOT_PUBLIC}",
        missing="As the registry has it; half of the items is the usual least.",
        text="Brought to 0 to 100. The NASS satisfaction index of one question is another instrument.",
        source=DALTROY, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="nass_neurogenic", title="NASS instrument, neurogenic symptoms", low=0, high=100, direction=LOWER,
        region="spine", domain="symptoms", scored=f"{TAKEN} {NOT_PUBLIC}",
        missing="As the registry has it; half of the items is the usual least.",
        text="Brought to 0 to 100. The NASS satisfaction index of one question is another instrument.",
        source=DALTROY, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="dash", title="Disabilities of the Arm, Shoulder and Hand", low=0, high=100, direction=LOWER,
        region="upper_limb", domain="disability", items=30, scored=scored_as("dash"),
        missing="Unknown below 27 of 30 answers.", text="Needs permission for the questionnaire; not the short form.",
        source=HUDAK, certainty=SEEN,
    ),
    InstrumentSpec(
        name="quickdash", title="QuickDASH", low=0, high=100, direction=LOWER, region="upper_limb", domain="disability",
        items=11, scored=scored_as("quickdash"), missing="Unknown below ten of eleven answers.",
        text="Needs permission for the questionnaire; not the form of 30 items.",
        source=BEATON, certainty=SEEN,
    ),
)  # fmt: skip

REGIONS: tuple[tuple[str, str, Region], ...] = (
    ("back", "Back", "lumbar"), ("leg", "Leg", "lumbar"), ("neck", "Neck", "cervical"), ("arm", "Arm", "cervical"),
)  # fmt: skip
NAMED_CORE: tuple[tuple[str, Region], ...] = (("back", "lumbar"), ("neck", "cervical"))

PAIN = (
    *(
        InstrumentSpec(
            name=f"nrs_{name}", title=f"{word} pain, numeric rating scale", low=0, high=10, direction=LOWER,
            region=region, domain="pain", items=1, scored=SINGLE,
            text="0 no pain to 10 worst pain; a visual analogue scale is another instrument, whose changes are larger.",
            source=JENSEN, certainty=UNSURE,
        )
        for name, word, region in REGIONS
    ),
    *(
        InstrumentSpec(
            name=f"vas_{name}", title=f"{word} pain, visual analogue scale", low=0, high=100, direction=LOWER,
            region=region, domain="pain", items=1, scored=SINGLE,
            text="In mm. Answers in cm are brought to mm; a column with both cannot be told apart and is refused.",
            source=HUSKISSON, certainty=UNSURE,
        )
        for name, word, region in REGIONS
    ),
    InstrumentSpec(
        name="vas_numbness", title="Numbness, visual analogue scale", low=0, high=100, direction=LOWER, region="spine",
        domain="symptoms", items=1, scored=SINGLE, text="In mm.", source=YAGI,
        certainty=UNSURE,
    ),
    InstrumentSpec(
        name="paindetect", title="The painDETECT questionnaire", low=-1, high=38, direction=LOWER, region="spine",
        domain="nerve pain", items=9, scored=f"{TAKEN} The drawing and the course of pain are weighted on the form.",
        missing="As the registry has it.",
        text="Made to tell nerve pain from other pain; as a measure of change it is little used.",
        source=FREYNHAGEN, certainty=UNSURE,
    ),
)  # fmt: skip

CORE_DOMAINS = (
    ("pain", "pain", "pain"), ("function", "function", "function"), ("wellbeing", "well-being", "symptoms"),
    ("qol", "quality of life", "quality of life"), ("disability", "disability", "disability"),
)  # fmt: skip

CORE = (
    *(
        InstrumentSpec(
            name=f"comi_{name}", title=f"Core Outcome Measures Index, {name}", low=0, high=10, direction=LOWER,
            region=region, domain="several", items=7, scored=scored_as(f"comi_{name}"),
            missing=f"{ALL_NEEDED} A work item that does not apply is unknown too: social life alone in its place, as "
            "some count it, is not offered, as the items do not tell it from an unanswered one; the registry's own "
            "score is then taken.",
            text="The points of the options were seen in public code only.", source=MANNION,
            certainty="quoted by others",
        )
        for name, region in NAMED_CORE
    ),
    *(
        InstrumentSpec(
            name=f"comi_{name}", title=f"Core Outcome Measures Index, {words}", low=0, high=10, direction=LOWER,
            region="spine", domain=domain, items=2 if name in ("pain", "disability") else 1,
            scored=scored_as(f"comi_{name}"), missing=ALL_NEEDED, source=MANNION, certainty="quoted by others",
        )
        for name, words, domain in CORE_DOMAINS
    ),
    *(
        InstrumentSpec(
            name=f"joabpeq_{name}", title=f"JOABPEQ, {words}", low=0, high=100, direction=HIGHER, region="lumbar",
            domain=words, scored=f"{TAKEN} Weighted items, {LICENSED}", missing="As the registry has it.",
            text="One of five domains of 25 items in all; there is no total.", source=FUKUI, certainty=SEEN,
        )
        for name, words in (
            ("pain", "low back pain"), ("function", "lumbar function"), ("walking", "walking ability"),
            ("social", "social life"), ("mental", "mental health"),
        )
    ),
)  # fmt: skip

SRS_TEXT = (
    "SRS-22r with every item oriented so that 5 is best: raw positions of the options are recoded first. SRS-22, "
    "SRS-24 and SRS-30 number their items otherwise. A raw sum of 22 to 110 is brought to the mean."
)

DEFORMITY = (
    InstrumentSpec(
        name="srs22r_total", title="SRS-22r total score", low=1, high=5, direction=HIGHER, region="spine",
        domain="several", items=22, scored=scored_as("srs22r_total"),
        missing="Unanswered and doubly answered items leave the mean; unknown where one of the four scales has fewer "
        "than three of five answers.",
        text=SRS_TEXT, source=ASHER, certainty=SEEN,
    ),
    InstrumentSpec(
        name="srs22r_subscore", title="SRS-22r subscore", low=1, high=5, direction=HIGHER, region="spine",
        domain="several", items=20, scored=scored_as("srs22r_subscore"),
        missing="As the total score, of which it leaves out satisfaction.", text=SRS_TEXT, source=ASHER, certainty=SEEN,
    ),
    *(
        InstrumentSpec(
            name=f"srs22r_{name}", title=f"SRS-22r, {words}", low=1, high=5, direction=HIGHER, region="spine",
            domain=words, items=5, scored=scored_as(f"srs22r_{name}"),
            missing="Unknown below three of five answers.",
            text=f"{SRS_TEXT} Which items belong to it was seen in public code only.", source=ASHER,
            certainty="quoted by others",
        )
        for name, words in (
            ("function", "function"), ("pain", "pain"), ("self_image", "self-image"),
            ("mental_health", "mental health"),
        )
    ),
    InstrumentSpec(
        name="srs22r_satisfaction", title="SRS-22r, satisfaction", low=1, high=5, direction=HIGHER, region="spine",
        domain="satisfaction", items=2, scored=scored_as("srs22r_satisfaction"),
        missing="One of two answers is enough.",
        text=f"{SRS_TEXT} Before the operation it is that with the care so far: no change is made of the two.",
        source=ASHER, certainty="quoted by others",
    ),
)  # fmt: skip

SPINE: tuple[InstrumentSpec, ...] = DISABILITY + PAIN + CORE + DEFORMITY
