"""What becomes of the construct: junctional kyphosis, failed fusion, neighbouring segments, implants; SRS-22r items."""

from __future__ import annotations

from schemas.specs import CompositeOutcome, EventOutcome, HorizonOutcome, LevelOutcome

GLATTES = "Glattes 2005, Spine 30:1643"
SCHEER = "Scheer 2016, Spine 41:E1328"
LAST_IMAGES = "last images"
NO_TIME = "the time of the last images differs between patients: prefer an outcome by a day or a visit"
IMAGED = "who was not imaged later is lost, however long he was followed otherwise"
HEALING_DAYS = 365
"""A fusion that has not healed before is not yet a failed one."""
CONVENTION = "convention; general knowledge"
KONG = "Kong 2016, meta-analysis of adjacent segments"


def _seen(name: str, title: str, text: str, source: str) -> EventOutcome:
    return EventOutcome(
        name=name, title=title, kind="event", desirable=False, horizon=LAST_IMAGES, any_of=(name,),
        text=f"{text}; {NO_TIME}", source=source,
    )  # fmt: skip


def _angles(visit: str, when: str) -> tuple[LevelOutcome | CompositeOutcome, ...]:
    """Declare junctional kyphosis by its two angles at a visit, and the two parts."""
    column = f"proximal_junctional_angle_deg_{visit}"
    reached = LevelOutcome(
        name=f"junctional_angle_10_{visit}", title=f"Proximal junctional angle of 10 degrees at {when}", kind="level",
        desirable=False, horizon=when, column=column, at_least=10,
        text="from the lower endplate of the upper instrumented vertebra to the upper one two vertebrae above",
        source=GLATTES,
    )  # fmt: skip
    grown = LevelOutcome(
        name=f"junctional_angle_grew_10_{visit}", title=f"Proximal junctional angle grown by 10 degrees at {when}",
        kind="level", desirable=False, horizon=when, column=column, minus="proximal_junctional_angle_deg_0",
        at_least=10, source=GLATTES,
    )  # fmt: skip
    both = CompositeOutcome(
        name=f"pjk_by_angles_{visit}", title=f"Proximal junctional kyphosis by angles at {when}", kind="composite",
        desirable=False, horizon=when, all_of=(reached.name, grown.name), source=GLATTES,
        text="one of many definitions: in one series of 82 patients they gave 10 to 72 per cent",
    )  # fmt: skip
    return reached, grown, both


JUNCTION = (
    _seen("pjk", "Proximal junctional kyphosis", "an angle of 10 degrees or more that grew by 10 or more, as the "
          "registry says", GLATTES),
    HorizonOutcome(
        name="pjk_24m", title="Proximal junctional kyphosis within 24 months", kind="event_by_horizon",
        desirable=False, horizon="24 months", time="pjk_days", competing=("death_days",),
        followed_until="last_imaging_days", horizon_days=730,
        text=f"the day of the images that first show it; it arose on an unknown day before them; {IMAGED}",
        source=GLATTES,
    ),
    *_angles("12m", "12 months"),
    *_angles("24m", "24 months"),
    _seen("pjf", "Proximal junctional failure", "kyphosis with a fracture, pull-out of an implant, a slip, a deficit "
          "or a revision, as the registry says", SCHEER),
    EventOutcome(
        name="junctional_failure_sign", title="Any sign of failure at the proximal junction", kind="event",
        desirable=False, horizon=LAST_IMAGES,
        any_of=("uiv_fracture", "uiv_pull_out", "uiv_subluxation", "junctional_deficit", "revision_for_pjk"),
        text=NO_TIME, source=SCHEER,
    ),
    CompositeOutcome(
        name="pjf_by_parts", title="Proximal junctional failure from its parts", kind="composite", desirable=False,
        horizon=LAST_IMAGES, all_of=("pjk", "junctional_failure_sign"), source=SCHEER,
    ),
    CompositeOutcome(
        name="pjk_or_pjf", title="Proximal junctional kyphosis or failure", kind="composite", desirable=False,
        horizon=LAST_IMAGES, any_of=("pjk", "pjf"), source=SCHEER,
    ),
)  # fmt: skip

AFTER_FUSION = (
    ("pseudarthrosis", "Pseudarthrosis", "12 months or later", "a fusion that has not healed after 12 months at least: "
     "no bone across it on CT, motion, a halo, or a broken rod", CONVENTION),
    ("adjacent_degeneration", "Adjacent segment, wear on images", LAST_IMAGES, "radiographic only: symptoms and "
     "operations of a neighbouring segment are other outcomes", KONG),
    ("adjacent_disease", "Adjacent segment, symptoms", LAST_IMAGES, "symptomatic, whether or not it was operated on",
     KONG),
    ("implant_failure", "Implant failure", LAST_IMAGES, "a broken or loose implant", CONVENTION),
    ("rod_fracture", "Rod fracture", LAST_IMAGES, "a broken rod", CONVENTION),
    ("screw_loosening", "Screw loosening", LAST_IMAGES, "a loose screw", CONVENTION),
)  # fmt: skip
"""Flag, title, horizon, text and source of what can only follow a fusion: others are not asked, which is no answer."""

FUSED: tuple[tuple[str, str, str, dict[str, tuple[str | float, ...]]], ...] = (
    ("", "after a planned fusion", "", {"planned_fusion": (1.0,)}),
    ("_all_fused", "where all are fused", "for registries of fusions, such as those of deformity, which do not say so",
     {}),
)  # fmt: skip
"""Ending of the name and of the title, text, and who belongs."""

FUSION = (
    *(
        EventOutcome(
            name=f"{flag}{ending}", title=f"{title}, {whom}", kind="event", desirable=False, horizon=horizon,
            any_of=(flag,), among=among, text="; ".join(filter(None, (text, NO_TIME, more))), source=source,
        )
        for flag, title, horizon, text, source in AFTER_FUSION
        for ending, whom, more, among in FUSED
    ),
    *(
        HorizonOutcome(
            name=f"pseudarthrosis{ending}_24m", title=f"Pseudarthrosis within 24 months, {whom}",
            kind="event_by_horizon", desirable=False, horizon="24 months", time="pseudarthrosis_days",
            competing=("death_days",), followed_until="last_imaging_days", horizon_days=730,
            not_before_days=HEALING_DAYS, among=among, source=CONVENTION,
            text="; ".join(filter(None, (f"the day of the images that first show it; {IMAGED}", more))),
        )
        for ending, whom, more, among in FUSED
    ),
)  # fmt: skip

SRS_ITEMS = tuple(
    LevelOutcome(
        name=f"srs22r_q{item:02d}_4_24m", title=f"SRS-22r item {item} of 4 or 5 at 24 months", kind="level",
        desirable=True, horizon="24 months", column=f"srs22r_q{item:02d}_24m", at_least=4, answered=True,
        text="one of the two best answers of five", source="after Ames 2019, Eur Spine J 28:1998",
    )
    for item in range(1, 23)
)  # fmt: skip

DEFORMITY = JUNCTION + FUSION + SRS_ITEMS
