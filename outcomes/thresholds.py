"""Named threshold sets. A minimal clinically important difference is not one number: a study names its set."""

from __future__ import annotations

from schemas.specs import ThresholdSetSpec, ThresholdSpec


def _change(instrument: str, value: float) -> ThresholdSpec:
    return ThresholdSpec(instrument=instrument, kind="absolute_change", value=value)


def _percent(instrument: str, value: float) -> ThresholdSpec:
    return ThresholdSpec(instrument=instrument, kind="percent_change", value=value)


def _final(instrument: str, value: float) -> ThresholdSpec:
    return ThresholdSpec(instrument=instrument, kind="final_score", value=value)


_ENTRIES = (
    ThresholdSetSpec(
        name="scoap15_2_2", title="ODI 15 points, pain 2 points",
        thresholds=(_change("odi", 15), _change("nrs_back", 2), _change("nrs_leg", 2)),
        population="lumbar fusion", method="minimal clinically important difference, as used by the source",
        source="Khor 2018, JAMA Surg 153:634; Staartjes 2022, Eur Spine J 31:2629",
    ),
    ThresholdSetSpec(
        name="ostelo2008_30pct", title="30 per cent improvement",
        thresholds=(_percent("odi", 30), _percent("nrs_back", 30), _percent("nrs_leg", 30)),
        population="low back pain", method="expert consensus on the minimal important change",
        source="Ostelo 2008, Spine 33:90",
    ),
    ThresholdSetSpec(
        name="copay2008", title="ODI 12.8, back pain 1.2, leg pain 1.6 points",
        thresholds=(_change("odi", 12.8), _change("nrs_back", 1.2), _change("nrs_leg", 1.6)),
        population="lumbar surgery, n = 454", method="anchor and minimal detectable change",
        source="Copay 2008, Spine J 8:968",
    ),
    ThresholdSetSpec(
        name="norspine_success_ldh_v2013", title="ODI 20, back pain 2.5, leg pain 3.5 points",
        thresholds=(_change("odi", 20), _change("nrs_back", 2.5), _change("nrs_leg", 3.5)),
        population="lumbar disc herniation", method="success: global perceived effect much better",
        source="Solberg 2013, Acta Orthop 84:196",
    ),
    ThresholdSetSpec(
        name="norspine_berg2024", title="ODI 22, back pain 2, leg pain 4 points",
        thresholds=(_change("odi", 22), _change("nrs_back", 2), _change("nrs_leg", 4)),
        population="lumbar disc herniation, n = 22,707", method="success, as used by the source",
        source="Berg 2024, prediction models from NORspine",
    ),
    ThresholdSetSpec(
        name="van_hooff2016_pass", title="ODI of 22 or less",
        thresholds=(_final("odi", 22),),
        population="degenerative lumbar surgery, n = 1,288", method="patient acceptable symptom state",
        source="van Hooff 2016, Spine J 16:1221",
    ),
    ThresholdSetSpec(
        name="young2009", title="NDI 15 points of 100",
        thresholds=(_change("ndi", 15),),
        population="neck pain without surgery; not derived in operated patients",
        method="anchor; 7.5 points of the raw 50, which is below the minimal detectable change of 10.2",
        source="Young 2009, Spine J 9:802",
    ),
)  # fmt: skip

THRESHOLD_SETS: dict[str, ThresholdSetSpec] = {entry.name: entry for entry in _ENTRIES}
