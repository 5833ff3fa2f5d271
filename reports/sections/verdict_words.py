"""What follows from a verdict, in words: all of them are ordinary results."""

from __future__ import annotations

ADVICE = {
    "better": "Whether such a gain is worth a model that is harder to write down, check and update is a clinical "
    "judgement, to be made with calibration, net benefit, stability and the subgroups in view. That the gain is shown "
    "here does not say that it holds elsewhere.",
    "no worthwhile gain": "By default we recommend {reference}. Where a rival brings no gain worth having, what "
    "decides is whether a model can be written down, checked by others and recalibrated, and how stable its "
    "predictions are; the sections on calibration and stability tell what this run knows of these.",
    "undecided": "Until more patients have been followed, the default stays {reference}: a gain worth having was "
    "neither shown nor ruled out. That is no evidence that the models are alike.",
    "budget-limited": "This run is no argument against {rival}. Repeat it with more trials to reach a verdict; until "
    "then the default stays {reference}.",
}
"""What follows from a verdict; those without an entry follow `SAME`."""
POWER = " A study like this one would have"
"""Begins what a verdict says, at its end, of its power: a figure too rough to stand without its reservations."""
SAME = {"practically equivalent": "no worthwhile gain", "worse": "no worthwhile gain"}


def drop_power(text: str) -> str:
    """Return a verdict without what it says of its power, which stands with its reservations in a paragraph of its own.

    Examples
    --------
    >>> drop_power("Undecided: too little. A study like this one would have called a gain of 0.1 better.")
    'Undecided: too little.'
    """
    return text.partition(POWER)[0]
