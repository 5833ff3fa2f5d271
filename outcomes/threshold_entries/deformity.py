"""Threshold sets of scoliosis and adult deformity."""

from __future__ import annotations

from outcomes.threshold_entries.common import GENERAL, SEEN, at_least, at_most, change, make_set

ASLS = "Carreon 2018, Spine Deform 6:79"
BAGO = "Bago 2009, Eur Spine J 18:1898"
LUMBAR_SCOLIOSIS = "adult lumbar scoliosis, n = 147"
ADOLESCENT = "adolescent idiopathic scoliosis, n = 91"

DEFORMITY = (
    make_set(
        change("srs22r_self_image", 1.17), change("srs22r_function", 0.40), change("srs22r_pain", 0.60),
        change("srs22r_subscore", 0.53), change("srs22r_total", 0.77),
        name="asls2018_srs22r", title="SRS-22r self-image 1.17, function 0.40, pain 0.60, subscore 0.53, total 0.77",
        population=LUMBAR_SCOLIOSIS, method="ROC against items of the SRS-30", source=ASLS, certainty=SEEN,
    ),
    make_set(
        change("srs22r_self_image", 1.67), change("srs22r_function", 0.60), change("srs22r_subscore", 0.62),
        change("srs22r_total", 1.11),
        name="asls2018_srs22r_scb",
        title="SRS-22r self-image 1.67, function 0.60, subscore 0.62, total 1.11: substantial benefit",
        purpose="substantial_benefit", population=LUMBAR_SCOLIOSIS, method="ROC against items of the SRS-30",
        source=ASLS, certainty=SEEN,
    ),
    make_set(
        change("srs22r_pain", 0.6), change("srs22r_function", 0.3), change("srs22r_self_image", 1.3),
        change("srs22r_mental_health", 0.3), change("srs22r_total", 0.6),
        name="bago2009_anchor",
        title="SRS-22 pain 0.6, function 0.3, self-image 1.3, mental health 0.3, mean 0.6",
        population=ADOLESCENT, method="anchor: mean change of those slightly better",
        text="Derived with the SRS-22, the form before the revision.", source=BAGO, certainty=SEEN,
    ),
    make_set(
        change("srs22r_pain", 0.2), change("srs22r_self_image", 1.6), change("srs22r_mental_health", 0.4),
        change("srs22r_total", 0.4),
        name="bago2009_roc", title="SRS-22 pain 0.2, self-image 1.6, mental health 0.4, mean 0.4",
        population=ADOLESCENT, method="ROC",
        text="Derived with the SRS-22, the form before the revision. For function the source found 0, which is no "
             "threshold and is left out.",
        source=BAGO, certainty=SEEN,
    ),
    make_set(
        change("srs22r_pain", 0.20), change("srs22r_function", 0.08), change("srs22r_self_image", 0.98),
        name="carreon2010_ais", title="SRS-22r pain 0.20, function 0.08, self-image 0.98",
        population="adolescent idiopathic scoliosis", method="anchor",
        source="Carreon 2010, Spine 35:2079", certainty=GENERAL,
    ),
    make_set(
        at_most("odi", 18), at_most("nrs_back", 3), at_most("nrs_leg", 3),
        at_least("srs22r_subscore", 3.5, strict=True),
        name="mannion2020_pass", title="ODI of 18 or less, pain of 3 or less, SRS subscore above 3.5",
        purpose="acceptable_state", population="adult spinal deformity, n = 1,043",
        method="patient acceptable symptom state", text="One cut-off for pain is used for back and leg alike.",
        source="Mannion 2020, Eur Spine J 29", certainty=SEEN,
    ),
    make_set(
        change("odi", 11),
        name="yoshida2019_odi", title="ODI 11 points",
        population="adult spinal deformity, n = 240", method="minimal clinically important difference",
        source="Yoshida 2019, ODI in adult spinal deformity", certainty=SEEN,
    ),
)  # fmt: skip
