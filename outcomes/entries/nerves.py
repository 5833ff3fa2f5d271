"""New damage of nerves and what the operation leaves behind in the throat."""

from __future__ import annotations

from schemas.specs import EventOutcome, LevelOutcome

LENKE = "Lenke 2016, Spine 41:204"
COMPLAINTS = "complaint of the patient at the visit"


def _recorded(name: str, title: str, horizon: str, text: str, source: str) -> EventOutcome:
    return EventOutcome(
        name=name, title=title, kind="event", desirable=False, horizon=horizon, any_of=(name,), text=text,
        source=source,
    )  # fmt: skip


def _complaint(name: str, title: str) -> LevelOutcome:
    """Declare an answer of the patient to a question at the visit: yes is 1."""
    return LevelOutcome(
        name=name, title=title, kind="level", desirable=False, horizon="3 months", column=name, at_least=1,
        answered=True, text="as the patient says; 1 is yes", source=COMPLAINTS,
    )  # fmt: skip


def _motor_loss(points: int, visit: str, when: str) -> LevelOutcome:
    """Declare a loss of points of the legs' motor score between the examinations before and at a visit."""
    more = "any loss" if points == 1 else f"a loss of {points} points or more"
    return LevelOutcome(
        name=f"lems_loss_{points}_{visit}", title=f"Legs' motor score: {more} at {when}", kind="level",
        desirable=False, horizon=when, column=f"lems_{visit}", minus="lems_0", at_most=-points,
        text="an examination at the visit is needed: who was not examined is unknown, not intact", source=LENKE,
    )  # fmt: skip


NERVES = (
    _recorded("new_neurological_deficit", "New neurological deficit", "as far as the registry examines",
              "any loss of strength against the examination before the operation", LENKE),
    _recorded("major_neurological_deficit", "Major new neurological deficit", "as far as the registry examines",
              "5 or more points of the legs' motor score lost", LENKE),
    _recorded("myotome_deficit", "New deficit of a grade in a myotome", "as far as the registry examines",
              "a grade or more of strength lost in one group of muscles", "convention; general knowledge"),
    _recorded("c5_palsy", "C5 palsy", "6 weeks",
              "deltoid or biceps lost a grade or more within 6 weeks while the cord did not get worse",
              "convention; general knowledge"),
    _recorded("cauda_equina_after", "Cauda equina syndrome after the operation", "as far as the registry records",
              "new after the operation", "ICHOM low back pain set 2017"),
    _motor_loss(1, "6w", "6 weeks"),
    _motor_loss(1, "6m", "6 months"),
    _motor_loss(1, "24m", "24 months"),
    _motor_loss(5, "6w", "6 weeks"),
    _motor_loss(5, "6m", "6 months"),
    _motor_loss(5, "24m", "24 months"),
    _complaint("dysphagia_3m", "Trouble swallowing after 3 months"),
    _complaint("voice_problem_3m", "Trouble with the voice after 3 months"),
)  # fmt: skip
