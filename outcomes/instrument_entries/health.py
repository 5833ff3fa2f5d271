"""Instruments: general health, utility, mind, and ratings of the result."""

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
from schemas.dictionary.scores import SF36_SCALES
from schemas.sources_of_scores import (
    BRAZIER,
    CELLA,
    DALTROY,
    DOLAN,
    EUROQOL,
    GUY,
    KAMPER,
    KROENKE_2001,
    KROENKE_2003,
    RIGOARD,
    WARE_1992,
    WARE_1994,
    WARE_1996,
    ZIGMOND,
)
from schemas.specs import InstrumentSpec

VERSION_1 = (
    "Version 1. The RAND-36 scores bodily pain and general health in another way; version 2 has other options and "
    "norms."
)
USUAL_RANGE = "Mean 50 and SD 10 in the population; 10 to 70 is the usual range, without a firm end."

SHORT_FORMS = (
    *(
        InstrumentSpec(
            name=f"sf36_{name}", title=f"SF-36, {words}", low=0, high=100, direction=HIGHER, region="generic",
            domain=words, items=items, scored=scored_as(f"sf36_{name}"),
            missing="Unknown where fewer than half of its items are answered.", text=VERSION_1, source=WARE_1992,
            certainty=SEEN,
        )
        for (name, words), items in zip(SF36_SCALES, (10, 4, 2, 5, 4, 2, 3, 5), strict=True)
    ),
    *(
        InstrumentSpec(
            name=f"sf36_{name}cs", title=f"SF-36, {words} component summary", low=10, high=70,
            open_ends=("low", "high"), direction=HIGHER,
            region="generic", domain=f"{words} health", items=35, scored=scored_as(f"sf36_{name}cs"),
            missing="All eight scales are needed.",
            text=f"{USUAL_RANGE} {VERSION_1} A summary is made of scales only where sf36_version is v1; national norms "
            "give other values.",
            source=WARE_1994, certainty=SEEN,
        )
        for name, words in (("p", "physical"), ("m", "mental"))
    ),
    *(
        InstrumentSpec(
            name=f"sf12_{name}cs", title=f"SF-12, {words} component summary", low=10, high=70,
            open_ends=("low", "high"), direction=HIGHER,
            region="generic", domain=f"{words} health", items=12,
            scored=f"{TAKEN} Weights of single answers, {LICENSED}",
            missing="The standard algorithm needs all twelve items.",
            text=f"{USUAL_RANGE} Versions 1 and 2 differ.", source=WARE_1996, certainty=UNSURE,
        )
        for name, words in (("p", "physical"), ("m", "mental"))
    ),
)  # fmt: skip

UTILITY = (
    InstrumentSpec(
        name="sf6d", title="SF-6D utility", low=0.29, high=1, open_ends=("low",), direction=HIGHER,
        region="generic", domain="utility", items=6, scored=f"{TAKEN} A value set of the SF-36 or SF-12, {LICENSED}",
        missing="As the registry has it.",
        text="The range is that of the United Kingdom of 2002; other countries and the second version have others.",
        source=BRAZIER, certainty=SEEN,
    ),
    InstrumentSpec(
        name="eq5d_index", title="EQ-5D index", low=-0.594, high=1, open_ends=("low",), direction=HIGHER,
        region="generic", domain="utility", items=5, scored=scored_as("eq5d_index"), missing=ALL_NEEDED,
        text="The range is that of the EQ-5D-3L with the value set of the United Kingdom of 1997. The EQ-5D-5L, other "
        "value sets and mappings are taken as scored and have other ranges, which change what can be attained: "
        "eq5d_version and eq5d_value_set say what a registry holds, and the index must agree with its answers where "
        "they name this one.",
        source=DOLAN, certainty=SEEN,
    ),
    InstrumentSpec(
        name="eq_vas", title="EQ visual analogue scale", low=0, high=100, direction=HIGHER, region="generic",
        domain="health", items=1, scored=SINGLE, text="0 worst to 100 best imaginable health.",
        source=EUROQOL, certainty=UNSURE,
    ),
)  # fmt: skip

PROMIS = (
    InstrumentSpec(
        name="promis_pf", title="PROMIS physical function", low=15, high=75, open_ends=("low", "high"),
        direction=HIGHER, region="generic", domain="function", scored=f"{TAKEN} By item response theory, {LICENSED}",
        missing="By the scoring service.",
        text="A T-score with mean 50 and SD 10; 15 to 75 is the usual range. Higher is better, unlike pain.",
        source=CELLA, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="promis_pi", title="PROMIS pain interference", low=35, high=85, open_ends=("low", "high"),
        direction=LOWER, region="generic", domain="pain", scored=f"{TAKEN} By item response theory, {LICENSED}",
        missing="By the scoring service.",
        text="A T-score with mean 50 and SD 10; 35 to 85 is the usual range. Lower is better, unlike function.",
        source=CELLA, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="promis_pain_intensity", title="PROMIS pain intensity", low=25, high=75,
        open_ends=("low", "high"), direction=LOWER, region="generic", domain="pain", items=3,
        scored=f"{TAKEN} By a table of the service.", missing="By the scoring service.",
        text="The form 3a as a T-score; 25 to 75 is the usual range. The raw sum of 3 to 15 is another scale. Lower is "
        "better, unlike function.",
        source=CELLA, certainty=UNSURE,
    ),
)  # fmt: skip

MIND = (
    *(
        InstrumentSpec(
            name=f"hads_{name}", title=f"Hospital Anxiety and Depression Scale, {words}", low=0, high=21,
            direction=LOWER, region="generic", domain=words, items=7, scored=scored_as(f"hads_{name}"),
            missing=f"{ALL_NEEDED} Some put the mean for one item: that needs a rule of one's own.",
            text="Up to 7 none, 8 to 10 possible, from 11 probable. Items are held as points, 3 the worst.",
            source=ZIGMOND, certainty=SEEN,
        )
        for name, words in (("a", "anxiety"), ("d", "depression"))
    ),
    InstrumentSpec(
        name="phq9", title="Patient Health Questionnaire, nine items", low=0, high=27, direction=LOWER,
        region="generic", domain="depression", items=9, scored=scored_as("phq9"), missing=ALL_NEEDED,
        text="The question on difficulty is not scored.", source=KROENKE_2001,
        certainty=UNSURE,
    ),
    InstrumentSpec(
        name="phq2", title="Patient Health Questionnaire, two items", low=0, high=6, direction=LOWER, region="generic",
        domain="depression", items=2, scored=scored_as("phq2"), missing=ALL_NEEDED,
        source=KROENKE_2003, certainty=UNSURE,
    ),
)  # fmt: skip

RATINGS = (
    InstrumentSpec(
        name="pgic", title="Patient global impression of change", low=1, high=7, direction=LOWER, region="generic",
        domain="global change", items=1, follow_up_only=True, scored=SINGLE,
        text="1 very much improved to 7 very much worse. Forms that run the other way are turned first.",
        source=GUY, certainty=SEEN,
    ),
    InstrumentSpec(
        name="gpe", title="Global perceived effect", low=1, high=7, direction=LOWER, region="generic",
        domain="global change", items=1, follow_up_only=True, scored=SINGLE,
        text="1 completely recovered to 7 worse than ever. Forms of 5 or 11 points and forms that run the other way "
        "are other instruments.",
        source=KAMPER, certainty=SEEN,
    ),
    InstrumentSpec(
        name="nass_satisfaction", title="NASS patient satisfaction index", low=1, high=4, direction=LOWER,
        region="spine", domain="satisfaction", items=1, follow_up_only=True, scored=SINGLE,
        text="1 met expectations to 4 the same or worse. The NASS instrument of many questions is another one.",
        source=DALTROY, certainty=UNSURE,
    ),
    InstrumentSpec(
        name="mcri", title="Multidimensional clinical response index", low=0, high=100, direction=HIGHER,
        region="spine", domain="several", rated_by="derived",
        scored=f"{TAKEN} {NOT_PUBLIC} Its weights were learned by a machine and stand behind a web form.",
        missing="By the web form.",
        text="Made of pain, painful area, disability, anxiety and depression, and quality of life. Range and direction "
        "could not be seen: a registry that holds it declares them.",
        source=RIGOARD, certainty=UNSURE,
    ),
)  # fmt: skip

HEALTH: tuple[InstrumentSpec, ...] = SHORT_FORMS + UTILITY + PROMIS + MIND + RATINGS
