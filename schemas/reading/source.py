"""A file to be read, taken out of its packing, and its fingerprint."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePath
from typing import BinaryIO

import pandas as pd

from schemas.errors import DataError, suggest

Columns = tuple[Sequence[str], Sequence[pd.Series]]
"""Headers and columns of a raw table (`schemas.raw`), not yet checked."""

PACKED = (".gz", ".zip")
DAMAGED = (zipfile.BadZipFile, zlib.error, LZMAError, struct.error, EOFError, OSError, ValueError, LookupError)
"""What the archive modules of Python raise when bytes are missing or wrong."""


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file as its reader sees it.

    Attributes
    ----------
    name
        Without its folder; of a packed one, the inner name: its suffix is the one that counts.
    held
        Where it lies or, of a packed one, its bytes: what was packed is never written to a disk.
    """

    name: str
    held: Path | bytes

    @property
    def suffix(self) -> str:
        """Ending of the name in small letters."""
        return PurePath(self.name).suffix.lower()

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.held.stat().st_size if isinstance(self.held, Path) else len(self.held)

    def open(self) -> BinaryIO:
        """Return the bytes from the first one on."""
        return self.held.open("rb") if isinstance(self.held, Path) else io.BytesIO(self.held)


def find_source(path: Path, member: str | None) -> SourceFile:
    """Take a file out of its packing, if it has one.

    Raises
    ------
    DataError
        If the archive is damaged or locked, or does not hold the one file that is asked for.
    """
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return SourceFile(name=path.name, held=path)
    try:
        if suffix == ".gz":
            return SourceFile(name=path.stem, held=gzip.decompress(path.read_bytes()))
        return _read_member(path, member)
    except DAMAGED:
        raise DataError(f"{path.name}: must be a whole {suffix} archive; it is damaged, copy it again") from None
    except RuntimeError:
        raise DataError(f"{path.name}: must be a usual archive without a password; unpack it first") from None


def list_members(path: Path) -> list[str]:
    """Return the names of the files in a .zip archive, none of a damaged one: what it lacks is said when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _list_members(archive)
    except DAMAGED:
        return []


def compute_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises
    ------
    DataError
        If there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        near = suggest(path.name, [other.name for other in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise DataError(f"the data must be a readable file, got {str(path)!r}: {error.strerror}{near}") from None


def _read_member(path: Path, member: str | None) -> SourceFile:
    with zipfile.ZipFile(path) as archive:
        members = _list_members(archive)
        chosen = [found for found in members if member in (None, found)]
        if len(chosen) != 1:
            held = ", ".join(members) or "none"
            asked = f", {member!r} among them" if member else ""
            raise DataError(
                f"{path.name}: must hold one file{asked}; it holds: {held}; name one under [file] member in the "
                f"definition"
            )
        return SourceFile(name=PurePath(chosen[0]).name, held=archive.read(chosen[0]))


def _list_members(archive: zipfile.ZipFile) -> list[str]:
    return [info.filename for info in archive.infolist() if _is_real(info)]


def _is_real(info: zipfile.ZipInfo) -> bool:
    """Tell files from folders and from what macOS adds to an archive."""
    path = PurePath(info.filename)
    return not info.is_dir() and "__MACOSX" not in path.parts and not path.name.startswith(".")
