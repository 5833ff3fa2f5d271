"""A published prediction that the file itself carries, declared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from schemas.declared.spec import Name, Spec


class ComparatorSpec(Spec):
    """A published prediction that the file itself carries, made of its columns: sum of `plus` minus sum of `minus`.

    ``score`` ranks patients only; ``probability`` is a risk in [0, 1] and is evaluated like any model.
    Higher must mean that the outcome is more likely.
    """

    name: Name
    title: str
    outcome: str
    plus: Annotated[tuple[str, ...], Field(min_length=1)]
    minus: tuple[str, ...] = ()
    scale: Literal["score", "probability"] = "score"
    source: str = ""
