"""Base of everything that is declared in TOML."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Direction = Literal["higher_is_better", "lower_is_better"]

Certainty = Literal["seen in the source", "quoted by others", "general knowledge", "set by the toolkit"]
"""How sure a figure is: read in the source itself, read where others quote it, neither, or no published figure."""

CERTAINTY_WORDS: dict[Certainty, str] = {
    "seen in the source": "figure seen in the source",
    "quoted by others": "figure as others quote it",
    "general knowledge": "figure from general knowledge, to be verified",
    "set by the toolkit": "set by the toolkit or by whoever declared it",
}
"""How a report says it."""


class Spec(BaseModel):
    """Base of everything read from TOML: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
