"""How a command ends: every outcome has its code, and no traceback reaches the terminal."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from schemas.errors import InputError

DONE = 0
UNUSABLE_INPUT = 2
NEEDS_A_PERSON = 3
INTERNAL_ERROR = 70
INTERRUPTED = 130


class ExitCodes:
    """Turn an exception that leaves a command into a message on standard error and an exit code.

    Parameters
    ----------
    interrupted
        What to say when the user stops the work.

    Notes
    -----
    An input error speaks for itself. For an internal error the kind and the place are printed, not its text, which
    might quote a patient's value.
    """

    def __init__(self, *, interrupted: str = "interrupted") -> None:
        self._interrupted = interrupted

    def __enter__(self) -> None:
        """Start watching."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End with the code that belongs to the exception."""
        if kind is None or not issubclass(kind, (Exception, KeyboardInterrupt)):
            return
        if issubclass(kind, KeyboardInterrupt):
            _say(self._interrupted)
            sys.exit(INTERRUPTED)
        if issubclass(kind, InputError):
            _say(f"error: {error}")
            sys.exit(UNUSABLE_INPUT)
        _say(f"internal error: {kind.__name__}, please report it with these places in the code:")
        for frame in traceback.extract_tb(trace)[-8:]:
            _say(f"  {frame.filename}:{frame.lineno} {frame.name}")
        sys.exit(INTERNAL_ERROR)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
