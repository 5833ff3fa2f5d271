"""Threshold sets of instruments that are not of one region, of global ratings, and those learned from the data."""

from __future__ import annotations

from outcomes.threshold_entries.common import GENERAL, SEEN, TOOLKIT, at_most, change, make_set, worse
from schemas.sources_of_scores import DALTROY
from schemas.specs import ThresholdSpec

MANNION = "Mannion 2009, Eur Spine J 18 Suppl 3:374"
HUNG = "Hung 2018, Clin Orthop Relat Res 476:2027"
PICKARD = "Pickard 2007, Health Qual Life Outcomes 5:70"
SURGERY = "spine surgery, n = 3,056"

HALF_SD = (
    "odi", "ndi", "rmdq", "dash", "quickdash", "nrs_back", "nrs_leg", "nrs_neck", "nrs_arm", "vas_back", "vas_leg",
    "vas_neck", "vas_arm", "mjoa", "joa_cervical", "joa_lumbar", "sf36_pcs", "sf36_mcs", "sf12_pcs", "sf12_mcs",
    "sf6d", "eq5d_index", "eq_vas", "promis_pf", "promis_pi", "promis_pain_intensity", "srs22r_total",
    "srs22r_subscore", "comi_back", "comi_neck", "hads_a", "hads_d",
)  # fmt: skip
"""Instruments of which half a standard deviation of the own data may be asked."""

ANY_WORSENING = (
    "odi", "ndi", "rmdq", "nrs_back", "nrs_leg", "nrs_neck", "nrs_arm", "mjoa", "eq5d_index", "srs22r_subscore",
    "comi_back", "comi_neck",
)  # fmt: skip

INSTRUMENTS = (
    make_set(
        change("comi_back", 2.2), change("comi_neck", 2.2),
        name="mannion2009_comi", title="COMI 2.2 points", population=SURGERY,
        method="ROC against the operation helped, for one patient; c-statistic 0.88", source=MANNION, certainty=SEEN,
    ),
    make_set(
        change("comi_back", 2.6), change("comi_neck", 2.6),
        name="mannion2009_comi_group", title="COMI 2.6 points", population=SURGERY,
        method="difference of means between the operation helped and did not, for groups", source=MANNION,
        certainty=SEEN,
    ),
    make_set(
        worse("comi_back", 0.3), worse("comi_neck", 0.3),
        name="mannion2009_comi_worse", title="COMI worse by 0.3 points", purpose="worsening", population=SURGERY,
        method="ROC against the operation made things worse, for one patient; c-statistic 0.89", source=MANNION,
        certainty=SEEN,
    ),
    make_set(
        worse("comi_back", 1.2), worse("comi_neck", 1.2),
        name="mannion2009_comi_worse_group", title="COMI worse by 1.2 points", purpose="worsening", population=SURGERY,
        method="difference of means, for groups", source=MANNION, certainty=SEEN,
    ),
    make_set(
        change("sf6d", 0.041), change("eq5d_index", 0.074, certainty=GENERAL),
        name="walters2005", title="SF-6D 0.041, EQ-5D 0.074",
        population="several conditions, not spine surgery; of the SF-6D from 0.011 to 0.097 by study",
        method="anchor, mean over studies", source="Walters and Brazier 2005, Qual Life Res 14:1523", certainty=SEEN,
    ),
    make_set(
        change("eq_vas", 7),
        name="pickard2007_eq_vas_7", title="EQ VAS 7 points", population="cancer, not spine surgery",
        method="anchor and distribution; the lower end of 7 to 12", source=PICKARD, certainty=GENERAL,
    ),
    make_set(
        change("eq_vas", 12),
        name="pickard2007_eq_vas_12", title="EQ VAS 12 points", population="cancer, not spine surgery",
        method="anchor and distribution; the upper end of 7 to 12", source=PICKARD, certainty=GENERAL,
    ),
    make_set(
        change("promis_pf", 8), change("promis_pi", 8),
        name="hung2018_promis_anchor_8", title="PROMIS physical function and pain interference 8 points",
        population="spine clinic", method="anchor; of function the upper end of about 7 to 8", source=HUNG,
        certainty=GENERAL,
    ),
    make_set(
        change("promis_pf", 7),
        name="hung2018_promis_anchor_7", title="PROMIS physical function 7 points", population="spine clinic",
        method="anchor; the lower end of about 7 to 8, of pain interference the source has about 8 only", source=HUNG,
        certainty=GENERAL,
    ),
    make_set(
        change("promis_pf", 5), change("promis_pi", 5),
        name="hung2018_promis_distribution_5", title="PROMIS physical function and pain interference 5 points",
        population="spine clinic", method="distribution; the upper end of 3 to 5", source=HUNG, certainty=GENERAL,
    ),
    make_set(
        change("promis_pf", 3), change("promis_pi", 3),
        name="hung2018_promis_distribution_3", title="PROMIS physical function and pain interference 3 points",
        population="spine clinic", method="distribution; the lower end of 3 to 5", source=HUNG, certainty=GENERAL,
    ),
    make_set(
        change("dash", 10.83), change("quickdash", 15.91),
        name="franchignoni2014", title="DASH 10.83, QuickDASH 15.91 points",
        population="upper limb disorders, not spine surgery", method="anchor",
        source="Franchignoni 2014, J Orthop Sports Phys Ther 44:30", certainty=SEEN,
    ),
    make_set(
        change("dash", 10.81), change("quickdash", 12.85),
        name="franchignoni2014_mdc", title="DASH 10.81, QuickDASH 12.85: minimal detectable change",
        purpose="measurement_error", population="upper limb disorders, not spine surgery",
        method="minimal detectable change with 90 per cent confidence",
        source="Franchignoni 2014, J Orthop Sports Phys Ther 44:30", certainty=SEEN,
    ),
    make_set(
        change("hads_a", 1.5), change("hads_d", 1.5),
        name="puhan2008_hads", title="HADS anxiety and depression 1.5 points",
        population="chronic obstructive pulmonary disease, not spine surgery",
        method="anxiety by anchor, 1.41 to 1.57; depression by distribution only, 1.40",
        text="Both are whole numbers, so that 2 points are asked in fact.",
        source="Puhan 2008, Health Qual Life Outcomes 6:46", certainty=SEEN,
    ),
)  # fmt: skip

RATINGS = (
    make_set(
        at_most("pgic", 2),
        name="suzuki2020_responder", title="PGIC 1 or 2 of 7", purpose="success",
        population="chronic low back pain, n = 161", method="very much or much improved",
        text="Of a form that runs the other way the score must be turned first.",
        source="Suzuki 2020, PLoS One, pain scales in low back pain", certainty=SEEN,
    ),
    make_set(
        at_most("gpe", 2),
        name="norspine_gpe_success", title="GPE completely recovered or much better", purpose="success",
        population="lumbar stenosis and spondylolisthesis, n = 4,476", method="anchor of success in NORspine",
        source="Austevoll 2019, BMC Musculoskelet Disord 20:31; Solberg 2013, Acta Orthop 84:196", certainty=SEEN,
    ),
    make_set(
        at_most("nass_satisfaction", 1),
        name="nass_met_expectations", title="NASS satisfaction 1 of 4", purpose="success",
        population="spine surgery", method="the operation met the expectations",
        source=DALTROY, certainty=GENERAL,
    ),
    make_set(
        at_most("nass_satisfaction", 2),
        name="nass_satisfied", title="NASS satisfaction 1 or 2 of 4", purpose="success",
        population="spine surgery", method="met the expectations, or would have the same operation again",
        source=DALTROY, certainty=GENERAL,
    ),
)  # fmt: skip

LEARNED = (
    make_set(
        *(ThresholdSpec(instrument=name, kind="sd_of_baseline", value=0.5) for name in HALF_SD),
        name="half_sd_baseline", title="Half a standard deviation of the scores before the operation",
        population="the training rows themselves", method="distribution, learned again in each training part",
        source="Norman 2003, Med Care 41:582", certainty=GENERAL,
    ),
    make_set(
        *(ThresholdSpec(instrument=name, kind="sd_of_follow_up", value=0.5)
          for name in ("promis_pf", "promis_pi", "promis_pain_intensity")),
        name="karhade2021_half_sd", title="Half a standard deviation of the scores after the operation",
        population="lumbar decompression, n = 906; the figure itself is that of the training rows",
        method="distribution, learned again in each training part", source="Karhade 2021, Spine J 21:397",
        certainty=SEEN,
    ),
    make_set(
        *(worse(name) for name in ANY_WORSENING),
        name="any_worsening", title="Worse than before, by whatever", purpose="worsening",
        population="no figure is derived", method="any change for the worse; less than the error of most scores",
        source="as Khan 2021, Neurosurgery 88:584, of the mJOA", certainty=TOOLKIT,
    ),
)  # fmt: skip

GENERIC = (*INSTRUMENTS, *RATINGS, *LEARNED)
