"""What a simulated registry is made to be like: how values go missing, how hospitals and years differ."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_type_hints

from schemas.errors import InputError, unknown_name

Missingness = Literal["none", "at_random", "not_at_random"]
Response = Literal["complete", "at_random", "not_at_random"]
Sites = Literal["alike", "case_mix", "risk", "effects"]
Drift = Literal["none", "case_mix", "risk", "effects"]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The switches of a simulated registry.

    Attributes
    ----------
    missing
        Predictors: never missing; by age and site; or also by the value itself, if it can be said to be higher.
    response
        Questionnaires and complications: always answered while the patient is followed; by what is known of the
        patient; or also by the course after the operation, which nobody can see who does not answer.
    sites
        Hospitals: alike; with patients of different kinds, and more or less careful with forms; also of different risk
        for the same patient; also with predictors of different strength.
    drift
        Years: nothing changes; the patients change; also the risk of the same patient; also the strength of predictors.
    """

    missing: Missingness = "at_random"
    response: Response = "at_random"
    sites: Sites = "effects"
    drift: Drift = "effects"

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            known = get_args(hints[field.name])
            value = getattr(self, field.name)
            if value not in known:
                raise InputError(unknown_name(field.name, str(value), known))

    def sites_differ_in(self, what: str) -> bool:
        """Tell whether hospitals differ in ``case_mix``, ``risk`` or ``effects``; each brings those before it."""
        return _reaches(get_args(Sites), self.sites, what)

    def years_differ_in(self, what: str) -> bool:
        """Tell whether years differ in ``case_mix``, ``risk`` or ``effects``; each brings those before it."""
        return _reaches(get_args(Drift), self.drift, what)


def _reaches(order: tuple[str, ...], chosen: str, what: str) -> bool:
    return order.index(chosen) >= order.index(what)
