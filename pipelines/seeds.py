"""Seeds by name: one integer in the study, a child for every step, so that steps do not move one another."""

from __future__ import annotations

import hashlib


def child_seed(seed: int, *names: object) -> int:
    """Derive the seed of a named step.

    Parameters
    ----------
    seed
        The study's seed.
    names
        What the step is, for instance outcome, model, repeat and fold.

    Returns
    -------
    int
        In [0, 2**31), the same on every machine.
    """
    key = "\x1f".join(str(part) for part in (seed, *names)).encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") % 2**31
