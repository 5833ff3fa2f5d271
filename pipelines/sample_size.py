"""How many patients a prediction model needs, by published criteria, and how precisely some number of them can speak.

In the formulas z is 1.96, as in the criteria's own software, and not 1.959964.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.special import expit, log_expit, logit
from scipy.stats import norm

from pipelines.intervals import FloatArray

Z = 1.96
SHRINKAGE = 0.9
"""Expected uniform shrinkage that the first criterion asks for."""
OPTIMISM = 0.05
"""Largest difference between apparent and adjusted Nagelkerke R-squared, in the second criterion."""
MARGIN = 0.05
"""Half-width of the interval of the overall risk, in the third criterion."""
UNKNOWN_SHARE = 0.15
"""Share of the largest possible Cox-Snell R-squared that is assumed where nothing is known of a model."""
NODES = 200
ROOT = 1 / math.sqrt(2 * math.pi)
"""Density of the standard normal distribution at its mean."""


@dataclass(frozen=True, kw_only=True)
class DevelopmentSize:
    """Smallest numbers of patients for developing a regression model of an outcome that occurs or not.

    Attributes
    ----------
    r_squared, max_r_squared
        Expected Cox-Snell R-squared, and the largest that the event rate allows.
    shrinkage
        Criterion 1: patients for an expected shrinkage of 0.9.
    needed_shrinkage, optimism
        Criterion 2: the shrinkage and the patients for an optimism of at most 0.05 in Nagelkerke's R-squared.
    overall_risk
        Criterion 3: patients for an interval of the overall risk of -/+ 0.05.
    """

    r_squared: float
    max_r_squared: float
    shrinkage: int
    needed_shrinkage: float
    optimism: int
    overall_risk: int

    @property
    def needed(self) -> int:
        """Patients that all criteria together ask for."""
        return max(self.shrinkage, self.optimism, self.overall_risk)


def compute_max_r_squared(event_rate: float) -> float:
    """Return the largest Cox-Snell R-squared that an event rate in (0, 1) allows."""
    return 1 - math.exp(2 * _mean_log_likelihood(event_rate))


def compute_r_squared(c_statistic: float, event_rate: float) -> float:
    """Return the Cox-Snell R-squared of a well calibrated model of known c-statistic.

    Parameters
    ----------
    c_statistic
        Between 0.5 and 1.
    event_rate
        In (0, 1).

    Notes
    -----
    The linear predictor is taken as normal with unit variance in patients with and without the event, at a distance of
    ``sqrt(2) * Phi^-1(c)``; the expected log-likelihood of the logistic model that holds then is integrated exactly.

    References
    ----------
    Riley RD, Van Calster B, Collins GS. Stat Med 2021;40:859-864.
    """
    distance, intercept = _binormal(c_statistic, event_rate)

    def expect(mean: float, sign: float) -> float:
        def weigh(x: float) -> float:
            # written out: the density of scipy takes twenty times as long for one number
            density = ROOT * math.exp(-(x - mean) * (x - mean) / 2)
            return float(density * log_expit(sign * (intercept + distance * x)))

        return float(quad(weigh, -np.inf, np.inf, epsabs=1e-13, epsrel=1e-12, limit=200)[0])

    model = event_rate * expect(distance, 1.0) + (1 - event_rate) * expect(0.0, -1.0)
    return 1 - math.exp(-2 * (model - _mean_log_likelihood(event_rate)))


def compute_development_size(*, r_squared: float, parameters: int, event_rate: float) -> DevelopmentSize:
    """Compute how many patients the development of a model asks for.

    Parameters
    ----------
    r_squared
        Expected Cox-Snell R-squared, above 0 and below the largest possible.
    parameters
        Candidate parameters: every spline term, dummy and interaction that is considered, not only what is chosen.
    event_rate
        In (0, 1).

    References
    ----------
    Riley RD, Ensor J, Snell KIE, et al. BMJ 2020;368:m441. Riley RD, et al. Stat Med 2019;38:1276-1296.
    """
    largest = compute_max_r_squared(event_rate)
    needed_shrinkage = r_squared / (r_squared + OPTIMISM * largest)
    return DevelopmentSize(
        r_squared=r_squared,
        max_r_squared=largest,
        shrinkage=_round_up(_patients_for_shrinkage(SHRINKAGE, r_squared, parameters)),
        needed_shrinkage=needed_shrinkage,
        optimism=_round_up(_patients_for_shrinkage(needed_shrinkage, r_squared, parameters)),
        overall_risk=_round_up((Z / MARGIN) ** 2 * event_rate * (1 - event_rate)),
    )


def compute_mape(n: int, parameters: int, event_rate: float) -> float:
    """Return the mean absolute error of predicted risks that n patients let one expect (at most 30 parameters).

    References
    ----------
    van Smeden M, Moons KGM, de Groot JAH, et al. Stat Methods Med Res 2019;28:2455-2474.
    """
    return math.exp(-0.508 + 0.259 * math.log(event_rate) + 0.504 * math.log(parameters) - 0.544 * math.log(n))


def compute_oe_error(width: float) -> float:
    """Return the standard error of log(O:E) at which the interval of an O:E of 1 is `width` wide."""
    return math.asinh(width / 2) / Z


def compute_patients_for_oe(*, event_rate: float, width: float) -> int:
    """Return the patients for an interval of the O:E ratio that is `width` wide (Riley 2021)."""
    return _round_up((1 - event_rate) / (event_rate * compute_oe_error(width) ** 2))


def compute_information(linear_predictor: FloatArray, weights: FloatArray) -> tuple[float, float, float]:
    """Return the information per patient on calibration intercept and slope where calibration is perfect.

    Parameters
    ----------
    linear_predictor
        Log-odds of the patients, or the nodes of their distribution, shape (k,).
    weights
        Their shares, which sum to 1, shape (k,).

    Returns
    -------
    tuple of float
        Of the intercept, of both, and of the slope.
    """
    each = weights * expit(linear_predictor) * expit(-linear_predictor)
    a, b, c = (float(np.sum(each * linear_predictor**k)) for k in range(3))
    return a, b, c


def compute_slope_variance(information: tuple[float, float, float]) -> float:
    """Return n times the variance of the calibration slope."""
    a, b, c = information
    return a / (a * c - b**2)


def compute_patients_for_slope(information: tuple[float, float, float], *, width: float) -> int:
    """Return the patients for an interval of the calibration slope that is `width` wide (Riley 2021)."""
    return _round_up(compute_slope_variance(information) / (width / (2 * Z)) ** 2)


def compute_c_error(n: float, *, c_statistic: float, event_rate: float) -> float:
    """Return the standard error of a c-statistic in n patients by Newcombe's formula, which needs its value alone."""
    half = n / 2 - 1
    c = c_statistic
    spread = 1 + half * (1 - c) / (2 - c) + half * c / (1 + c)
    return math.sqrt(c * (1 - c) * spread / (n**2 * event_rate * (1 - event_rate)))


def compute_patients_for_c(*, c_statistic: float, event_rate: float, width: float) -> int:
    """Return the fewest patients at which the interval of the c-statistic is at most `width` wide (Riley 2021)."""

    def is_enough(n: int) -> bool:
        return 2 * Z * compute_c_error(n, c_statistic=c_statistic, event_rate=event_rate) <= width

    high = 2
    while not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def compute_patients_for_net_benefit(
    *, sensitivity: float, specificity: float, event_rate: float, threshold: float, width: float
) -> int:
    """Return the patients for an interval of the standardised net benefit that is `width` wide (Riley 2021)."""
    odds = (1 - event_rate) / event_rate * threshold / (1 - threshold)
    variance = (
        sensitivity * (1 - sensitivity) / event_rate
        + odds**2 * specificity * (1 - specificity) / (1 - event_rate)
        + odds**2 * (1 - specificity) ** 2 / (event_rate * (1 - event_rate))
    )
    return _round_up(variance / (width / (2 * Z)) ** 2)


def place_normal(mean: float, sd: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and shares that stand for normally distributed log-odds, each of shape (k,)."""
    nodes, shares = np.polynomial.hermite_e.hermegauss(NODES // 2)
    return mean + sd * nodes, shares / shares.sum()


def place_binormal(c_statistic: float, event_rate: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and shares of the log-odds of a well calibrated model of known c-statistic, each of shape (k,)."""
    distance, intercept = _binormal(c_statistic, event_rate)
    with_event, shares = place_normal(intercept + distance**2, distance)
    without, _ = place_normal(intercept, distance)
    return np.concatenate([with_event, without]), np.concatenate([event_rate * shares, (1 - event_rate) * shares])


def find_c_statistic(r_squared: float, event_rate: float) -> float:
    """Return the c-statistic of a well calibrated model of known Cox-Snell R-squared, by bisection."""
    low, high = 0.5, 0.9999
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if compute_r_squared(middle, event_rate) < r_squared else (low, middle)
    return (low + high) / 2


def _binormal(c_statistic: float, event_rate: float) -> tuple[float, float]:
    """Return the distance between the two normal distributions and the intercept of the logistic model."""
    distance = math.sqrt(2) * float(norm.ppf(c_statistic))
    return distance, float(logit(event_rate)) - distance**2 / 2


def _mean_log_likelihood(event_rate: float) -> float:
    return event_rate * math.log(event_rate) + (1 - event_rate) * math.log(1 - event_rate)


def _patients_for_shrinkage(shrinkage: float, r_squared: float, parameters: int) -> float:
    return parameters / ((shrinkage - 1) * math.log(1 - r_squared / shrinkage))


def _round_up(n: float) -> int:
    return math.ceil(n)
