"""Data dictionary: what images show before the operation: discs, canal, cord, alignment, bone."""

from __future__ import annotations

from schemas.dictionary.common import ALL, BACK, LUMBAR, NECK, TRUNK, category, flag, number
from schemas.dictionary.spine import SEGMENTS

SCHWAB = "Schwab 2012, Spine 37:1077"
REN = "Ren 2024, Global Spine J 14:146"
DBSI = "Zhang 2023, Spine J 23:504"
RUDISILL = "Rudisill 2022, Eur Spine J 31:2104"
LENKE = "Lenke 2001, J Bone Joint Surg Am 83:1169"

DISC = (
    flag("modic_change", "Modic change of any type at an operated level, on magnetic resonance imaging.",
         cohorts=LUMBAR),
    category("modic_type", ("no_modic", "type_1", "type_2", "type_3"), "Highest Modic type at an operated level.",
             cohorts=LUMBAR, source="Modic 1988, Radiology 166:193"),
    category("modic_upper_endplate", ("no_modic", "type_1", "type_2", "type_3"), "Modic type of the endplate above "
             "the operated disc.", cohorts=LUMBAR, source="Modic 1988, Radiology 166:193"),
    category("modic_lower_endplate", ("no_modic", "type_1", "type_2", "type_3"), "Modic type of the endplate below "
             "the operated disc.", cohorts=LUMBAR, source="Modic 1988, Radiology 166:193"),
    number("pfirrmann_grade", "grade", (1, 5), "Pfirrmann grade of the operated disc.",
           source="Pfirrmann 2001, Spine 26:1873"),
    number("pfirrmann_modified_grade", "grade", (1, 8), "Modified Pfirrmann grade of the operated disc.",
           source="Griffith 2007, Spine 32:E708"),
    category("herniation_type", ("protrusion", "extrusion", "sequestration"), "Type of the disc herniation.",
             cohorts=LUMBAR, source="Fardon 2014, Spine J 14:2525"),
    flag("herniation_contained", "The outer annulus or ligament still covers the herniation.", cohorts=LUMBAR),
    flag("disc_calcification", "Calcified disc or herniation.", cohorts=LUMBAR, source=REN),
    number("disc_height_index", "ratio", (0.05, 1), "Disc height over the depth of the neighbouring vertebrae; "
           "registries differ in the formula.", plausible=(0.1, 0.6), cohorts=LUMBAR),
    number("sagittal_rom_deg", "degrees", (0, 30), "Motion of the segment from extension to flexion.",
           plausible=(0, 18), cohorts=LUMBAR),
    number("coronal_angle_deg", "degrees", (-90, 90), "Coronal angle of the operated segment.", plausible=(-30, 30),
           cohorts=LUMBAR),
)  # fmt: skip

FACETS = (
    number("facet_orientation_deg", "degrees", (0, 90), "Facet joints to the sagittal plane, mean of both sides.",
           plausible=(10, 80), cohorts=LUMBAR, source=REN),
    number("facet_orientation_left_deg", "degrees", (0, 90), "Left facet joint to the sagittal plane.",
           plausible=(10, 80), cohorts=LUMBAR, source=REN),
    number("facet_orientation_right_deg", "degrees", (0, 90), "Right facet joint to the sagittal plane.",
           plausible=(10, 80), cohorts=LUMBAR, source=REN),
    number("facet_tropism_deg", "degrees", (0, 90), "Difference between the two facet joints, without sign.",
           plausible=(0, 40), cohorts=LUMBAR),
    flag("facet_cyst", "A cyst of a facet joint at an operated level.", cohorts=LUMBAR),
)  # fmt: skip

CANAL = (
    number("canal_area_mm2", "mm2", (10, 400), "Area of the dural sac or canal at its narrowest.",
           plausible=(30, 200)),
    category("canal_stenosis_grade", ("no_stenosis", "mild", "moderate", "severe"), "Worst narrowing of the canal, "
             "as graded by a reader."),
    number("max_canal_stenosis", "fraction", (0, 1), "Largest loss of the canal's area over all levels, as a share.",
           source="Wilson 2021, Neurosurgery 89:116"),
    category("foraminal_stenosis", ("no_stenosis", "mild", "moderate", "severe"), "Worst narrowing of a foramen."),
    number("slip_percent", "percent", (0, 150), "Slip of a vertebra on the next, share of the endplate.",
           plausible=(0, 60), cohorts=BACK),
    number("meyerding_grade", "grade", (0, 5), "Grade of slip: 0 none, 1 below 25, 2 below 50, 3 below 75, 4 up to "
           "100 percent, 5 beyond.", plausible=(0, 3), cohorts=BACK,
           source="Meyerding 1932, Surg Gynecol Obstet 54:371"),
)  # fmt: skip

CORD = (
    flag("cord_signal_change", "Bright signal in the spinal cord on T2-weighted magnetic resonance imaging.",
         cohorts=NECK),
    flag("cord_signal_t2", "Bright signal in the cord on T2, where both sequences were read.", cohorts=NECK),
    flag("cord_signal_t1", "Dark signal in the cord on T1.", cohorts=NECK),
    number("max_cord_compression_pct", "percent", (0, 100), "Largest loss of the cord's depth.", cohorts=NECK,
           source="Fehlings 1999, Spine 24:605"),
    number("dbsi_fiber_fraction", "fraction", (0, 1), "Diffusion imaging of the cord: share of fibres.",
           cohorts=NECK, source=DBSI),
    number("dbsi_restricted_fraction", "fraction", (0, 1), "Diffusion imaging of the cord: restricted share.",
           cohorts=NECK, source=DBSI),
    number("dbsi_nonrestricted_fraction", "fraction", (0, 1), "Diffusion imaging of the cord: unrestricted share.",
           cohorts=NECK, source=DBSI),
    number("dbsi_axial", "um2/ms", (0, 10), "Diffusion imaging of the cord: diffusivity along the fibres.",
           plausible=(0.2, 4), cohorts=NECK, source=DBSI),
    number("dbsi_radial", "um2/ms", (0, 10), "Diffusion imaging of the cord: diffusivity across the fibres.",
           plausible=(0, 3), cohorts=NECK, source=DBSI),
)  # fmt: skip

NECK_ALIGNMENT = (
    number("c2c7_lordosis_deg", "degrees", (-90, 90), "Lordosis from C2 to C7, kyphosis is negative.",
           plausible=(-50, 60), cohorts=NECK),
    number("c2c7_sva_mm", "mm", (-100, 200), "Distance of the plumb line of C2 in front of C7.",
           plausible=(-20, 90), cohorts=NECK),
    number("t1_slope_deg", "degrees", (-30, 90), "Slope of the upper endplate of T1.", plausible=(0, 60),
           cohorts=NECK),
)  # fmt: skip

NECK_SEGMENTS = SEGMENTS[SEGMENTS.index("c2_3") : SEGMENTS.index("c7_t1") + 1]

NECK_DISCS = (
    flag("osteophytes_any", "Osteophytes anywhere in the neck.", cohorts=NECK, source=RUDISILL),
    *(
        number(f"disc_bulge_{segment}_{site}", "grade", (0, 3), f"Disc bulge at {segment.replace('_', '/').upper()}, "
               f"{site}: 0 none to 3 severe.", cohorts=NECK, source=RUDISILL)
        for segment in NECK_SEGMENTS
        for site in ("anterior", "posterior")
    ),
    *(
        flag(f"osteophyte_{segment}_{site}", f"Osteophyte at {segment.replace('_', '/').upper()}, {site}.",
             cohorts=NECK, source=RUDISILL)
        for segment in NECK_SEGMENTS
        for site in ("anterior", "posterior")
    ),
)  # fmt: skip

ALIGNMENT = (
    number("coronal_cobb_deg", "degrees", (0, 150), "Largest coronal Cobb angle before the operation.",
           plausible=(0, 110), cohorts=TRUNK),
    number("sva_mm", "mm", (-150, 400), "Sagittal vertical axis before the operation, positive in front of the "
           "sacrum.", plausible=(-80, 250), cohorts=TRUNK),
    number("pelvic_incidence_deg", "degrees", (20, 100), "Pelvic incidence.", plausible=(35, 85), cohorts=TRUNK),
    number("lumbar_lordosis_deg", "degrees", (-40, 110), "Lumbar lordosis before the operation, L1 to S1.",
           plausible=(-20, 100), cohorts=TRUNK),
    number("pi_ll_mismatch_deg", "degrees", (-70, 120), "Pelvic incidence minus lumbar lordosis before the "
           "operation.", plausible=(-40, 70), cohorts=TRUNK, source=SCHWAB),
    number("pelvic_tilt_deg", "degrees", (-20, 70), "Pelvic tilt before the operation.", plausible=(0, 60),
           cohorts=TRUNK),
    number("sacral_slope_deg", "degrees", (-30, 90), "Slope of the sacral endplate.", plausible=(5, 65),
           cohorts=BACK),
    number("thoracic_kyphosis_deg", "degrees", (-40, 140), "Thoracic kyphosis, T4 to T12.", plausible=(-20, 120),
           cohorts=TRUNK),
    number("tpa_deg", "degrees", (-30, 90), "T1 pelvic angle.", plausible=(-5, 60), cohorts=TRUNK,
           source="Protopsaltis 2014, J Bone Joint Surg Am 96:1631"),
    number("coronal_balance_mm", "mm", (-300, 300), "Distance of the plumb line of C7 from the sacrum's middle, to "
           "the right is positive.", plausible=(-120, 120), cohorts=TRUNK),
    category("schwab_pi_ll", ("0", "plus", "plus_plus"), "Modifier of the mismatch: 0 below 10, plus to 20, plus "
             "plus above 20 degrees.", cohorts=TRUNK, source=SCHWAB),
    category("schwab_pelvic_tilt", ("0", "plus", "plus_plus"), "Modifier of the pelvic tilt: 0 below 20, plus to 30, "
             "plus plus above 30 degrees.", cohorts=TRUNK, source=SCHWAB),
    category("schwab_sva", ("0", "plus", "plus_plus"), "Modifier of the sagittal vertical axis: 0 below 40, plus to "
             "95, plus plus above 95 mm.", cohorts=TRUNK, source=SCHWAB),
    category("schwab_curve", ("t", "l", "d", "n"), "Coronal curve: thoracic, lumbar, double or none above 30 "
             "degrees.", cohorts=TRUNK, source=SCHWAB),
    number("gap_score", "points_of_13", (0, 13), "Global alignment and proportion score, higher is worse.",
           cohorts=TRUNK, source="Yilgor 2017, J Bone Joint Surg Am 99:1661"),
)  # fmt: skip

IDIOPATHIC = (
    category("lenke_type", ("1", "2", "3", "4", "5", "6"), "Lenke curve type.", cohorts=TRUNK, source=LENKE),
    category("lenke_lumbar", ("a", "b", "c"), "Lenke lumbar modifier.", cohorts=TRUNK, source=LENKE),
    category("lenke_sagittal", ("minus", "normal", "plus"), "Lenke sagittal modifier.", cohorts=TRUNK, source=LENKE),
    number("cobb_main_thoracic", "degrees", (0, 180), "Cobb angle of the main thoracic curve.", plausible=(0, 120),
           cohorts=TRUNK),
    number("cobb_lumbar", "degrees", (0, 180), "Cobb angle of the lumbar or thoracolumbar curve.",
           plausible=(0, 110), cohorts=TRUNK),
    number("flexibility_pct", "percent", (-50, 150), "Share of the main curve that goes on bending.",
           plausible=(0, 100), cohorts=TRUNK),
    number("risser", "grade", (0, 5), "Risser grade of the iliac crest.", cohorts=TRUNK),
    flag("menarche", "Has had her first period.", cohorts=TRUNK),
)  # fmt: skip

BONE = (
    number("t_score", "standard deviations", (-8, 8), "Lowest T-score of bone densitometry.", plausible=(-6, 4),
           cohorts=ALL),
    number("hounsfield_units", "HU", (-150, 1500), "Density of vertebral bone on computed tomography.",
           plausible=(-50, 400)),
    number("trajectory_hu", "HU", (-200, 2000), "Density of bone along the planned screws.", plausible=(0, 900),
           cohorts=NECK, source="Chen 2024, BMC Musculoskelet Disord 25:1"),
)  # fmt: skip

IMAGING = DISC + FACETS + CANAL + CORD + NECK_ALIGNMENT + NECK_DISCS + ALIGNMENT + IDIOPATHIC + BONE
