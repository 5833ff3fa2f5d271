"""What the toolkit computes of the sample-size oracle, leaf by leaf."""

from __future__ import annotations

from pipelines import sample_size as s

DEVELOPMENT = {
    "dev_r2_0288_P24_prev0174": (0.288, 24, 0.174),
    "dev_r2_055_P24_prev0174": (0.55, 24, 0.174),
    "dev_r2_0288_P36_prev0174": (0.288, 36, 0.174),
    "dev_r2_0288_P24_prev025": (0.288, 24, 0.25),
    "dev_c089_r2_rounded4": (round(s.compute_r_squared(0.89, 0.174), 4), 24, 0.174),
    "dev_c089_P24_prev0174_integral": (s.compute_r_squared(0.89, 0.174), 24, 0.174),
    "dev_c075_P15_prev010_integral": (s.compute_r_squared(0.75, 0.10), 15, 0.10),
    "dev_c070_P20_prev020_integral": (s.compute_r_squared(0.70, 0.20), 20, 0.20),
}

VALIDATION = {
    "val_heartvalve": {"rate": 0.018, "c": 0.8, "lp": (-5, 2.5), "width": 1.0},
    "val_spine_like": {"rate": 0.43, "c": 0.77, "lp": (-0.33, 1.2), "width": 0.2},
}

WITHOUT = {
    "survival_*": "no time-to-event model is developed; outcomes by a horizon are weighted binary ones",
    "*/pmsampsize_*": "information: simulated by the package",
    "*/n_oe_pmvalsampsize": "the package steps the standard error by 0.0001; ours is exact",
    "*/n_nb_pmvalsampsize": "the package rounds the standard error; ours is exact",
}


def compute_leaves() -> dict[str, object]:
    """Return our numbers by the path of the leaf."""
    found: dict[str, object] = {}
    for name, (r_squared, parameters, rate) in DEVELOPMENT.items():
        size = s.compute_development_size(r_squared=r_squared, parameters=parameters, event_rate=rate)
        found |= {
            f"{name}/r2_cs": r_squared,
            f"{name}/max_r2_cs": size.max_r_squared,
            f"{name}/nagelkerke": r_squared / size.max_r_squared,
            f"{name}/n_criterion1_shrinkage": size.shrinkage,
            f"{name}/shrinkage_needed_criterion2": size.needed_shrinkage,
            f"{name}/n_criterion2_r2diff": size.optimism,
            f"{name}/n_criterion3_risk": size.overall_risk,
            f"{name}/n_final": size.needed,
            f"{name}/events_final": size.needed * rate,
            f"{name}/epp_final": size.needed * rate / parameters,
        }
    for name, case in VALIDATION.items():
        found |= _validation(name, **case)
    found["mape_van_smeden_n1000_P10_prev02/mape"] = s.compute_mape(1000, 10, 0.2)
    found["val_spine_like/snb"] = 0.8 - (1 - 0.6) * (1 - 0.43) / 0.43 * 0.3 / 0.7
    found["val_spine_like/n_nb_exact_se"] = s.compute_patients_for_net_benefit(
        sensitivity=0.8, specificity=0.6, event_rate=0.43, threshold=0.3, width=0.2
    )
    return found


def _validation(name: str, *, rate: float, c: float, lp: tuple[float, float], width: float) -> dict[str, object]:
    information = s.compute_information(*s.place_normal(*lp))
    n_c = s.compute_patients_for_c(c_statistic=c, event_rate=rate, width=0.1)
    return {
        f"{name}/se_log_oe_exact": s.compute_oe_error(width),
        f"{name}/n_oe_exact": s.compute_patients_for_oe(event_rate=rate, width=width),
        f"{name}/info_matrix": list(information),
        f"{name}/n_slope": s.compute_patients_for_slope(information, width=0.2),
        f"{name}/n_cstat": n_c,
        f"{name}/se_cstat_at_n": s.compute_c_error(n_c, c_statistic=c, event_rate=rate),
    }
