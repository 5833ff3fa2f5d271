"""Patient-reported and clinician-rated instruments: range and direction of the total score.

Scores are taken as recorded; items are not scored here. Sources and variants: each entry's text.
"""

from __future__ import annotations

from schemas.specs import InstrumentSpec

_ENTRIES = (
    InstrumentSpec(
        name="odi", title="Oswestry Disability Index", low=0, high=100, direction="lower_is_better", items=10,
        text="Version 2.1a, 0 to 100 per cent; a raw 0 to 50 sum must be doubled first.",
        source="Fairbank 2000, Spine 25:2940",
    ),
    InstrumentSpec(
        name="ndi", title="Neck Disability Index", low=0, high=100, direction="lower_is_better", items=10,
        text="0 to 100 per cent; a raw 0 to 50 sum must be doubled first.",
        source="Vernon and Mior 1991, J Manipulative Physiol Ther 14:409",
    ),
    InstrumentSpec(
        name="nrs_back", title="Back pain, numeric rating scale", low=0, high=10, direction="lower_is_better", items=1,
        text="0 no pain to 10 worst pain; a visual analogue scale in mm is another instrument.",
        source="Jensen 1986, Pain 27:117",
    ),
    InstrumentSpec(
        name="nrs_leg", title="Leg pain, numeric rating scale", low=0, high=10, direction="lower_is_better", items=1,
        text="0 no pain to 10 worst pain; a visual analogue scale in mm is another instrument.",
        source="Jensen 1986, Pain 27:117",
    ),
    InstrumentSpec(
        name="nrs_neck", title="Neck pain, numeric rating scale", low=0, high=10, direction="lower_is_better", items=1,
        text="0 no pain to 10 worst pain.", source="Jensen 1986, Pain 27:117",
    ),
    InstrumentSpec(
        name="nrs_arm", title="Arm pain, numeric rating scale", low=0, high=10, direction="lower_is_better", items=1,
        text="0 no pain to 10 worst pain.", source="Jensen 1986, Pain 27:117",
    ),
    InstrumentSpec(
        name="mjoa", title="Modified Japanese Orthopaedic Association score", low=0, high=18,
        direction="higher_is_better", items=4,
        text="Benzel's 18-point version; the 17-point versions must not be mixed in.",
        source="Benzel 1991, J Spinal Disord 4:286",
    ),
    InstrumentSpec(
        name="srs22r_total", title="SRS-22r total score", low=1, high=5, direction="higher_is_better", items=22,
        text="Mean of the answered items, 5 is best.", source="Asher 2003, Spine 28:63",
    ),
    InstrumentSpec(
        name="eq5d_index", title="EQ-5D index", low=-0.594, high=1, direction="higher_is_better", items=5,
        text="EQ-5D-3L, United Kingdom value set; other value sets have other ranges.",
        source="Dolan 1997, Med Care 35:1095",
    ),
    InstrumentSpec(
        name="eq_vas", title="EQ visual analogue scale", low=0, high=100, direction="higher_is_better", items=1,
        text="0 worst to 100 best imaginable health.", source="EuroQol Group 1990, Health Policy 16:199",
    ),
)  # fmt: skip

INSTRUMENTS: dict[str, InstrumentSpec] = {entry.name: entry for entry in _ENTRIES}
