"""Search every kind of file that a run can leave for what belongs to a patient: texts, dates and numbers.

A text is sought in every byte that can be reached: as UTF-8, Latin-1 and UTF-16, in any letter case, and inside base64,
in what zip, gzip, PDF and PNG compress, in the pages of databases. A number is sought wherever numbers are told: in
texts, tables, models, arrays and cells; not among the coordinates of a drawing, which are millimetres and not values.
What is told is read as a person reads it, too: without soft hyphens and signs of no width, with plain spaces and
hyphens, with a decimal comma, as a percentage. Where readers look (pages, tables), four digits tell some numbers.
A kind of file that is not known here is an error: what cannot be read cannot be said to be clean.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import math
import re
import sqlite3
import struct
import tempfile
import unicodedata
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pypdf
import pypdf.generic
import xgboost

LEAST_DIGITS = 7
"""Significant digits from which on a number is a patient's and no chance."""
TOLD_DIGITS = 12
"""Further digits are not compared: a sum may have changed the last ones."""
SEEN_DIGITS = 4
"""Significant digits from which on an unmistakable number counts, where a reader sees it."""
SCALES = (1.0, 0.01, 100.0)
"""What a told number is multiplied by before it is compared: a share and its percentage are the same."""
FACTORS = (2654435761, 2246822519, 3266489917, 668265263, 374761393, 2869860233, 3624381081)
"""Of the hash by which texts are sought; none may be shorter than these are many."""
TEXT_OBJECT = re.compile(rb"\bBT\b(?:\((?:\\.|[^\\)])*\)|[^(])*?\bET\b", re.DOTALL)
TEXT_TOKEN = re.compile(rb"(/[\w.+-]+)\s+[\d.]+\s+Tf|\(((?:\\.|[^\\)])*)\)|<([0-9A-Fa-f]+)>", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NUMBER = re.compile(rb"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
DECIMAL_COMMA = re.compile(rb"(?<![\d.])(\d+)(?=,(\d{%d,})(?![\d.]))" % SEEN_DIGITS)
THOUSANDS = re.compile(rb"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])")
UNSEEN = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])
HYPHENS = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212], "-")
SIGNS = bytes(range(0x30)) + b":;<=>?@[\\]^_`{|}~\x7f"
"""Of ASCII what is neither a letter nor a digit."""
COORDINATES = re.compile(
    rb"""\s(?:d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|points|transform|viewBox|style|stroke-[a-z]+|dx|dy)="[^"]*\"""",
)
TAG = re.compile(rb"<[^>]*>")
HIDDEN = re.compile(rb"<(script|style)\b.*?</\1>|<!--.*?-->", re.DOTALL)
READ = (".csv", ".txt", ".md")
"""Texts that people open."""
DATA_URI = re.compile(rb"""data:([\w/+.-]*(?:;[\w=-]+)*),([^"'\s)<>]*)""")


@dataclass(frozen=True)
class Finding:
    """What was found where; `what` is the planted thing's own name."""

    what: str
    where: str


class Wanted:
    """What to look for.

    Parameters
    ----------
    texts
        Literal texts by name, each long and odd enough to be nobody else's.
    days
        Dates by name; every usual spelling is sought.
    numbers
        Numbers by name; in decimal spelling, as they are and in single precision, also times 100 and by 100.
    unmistakable
        Numbers by name that nothing else in a document is; where readers see them, four digits count.
    least_digits
        Significant digits of a token from which on it counts.
    scales
        What a told number is multiplied by before it is compared.
    """

    def __init__(
        self,
        *,
        texts: Mapping[str, str] | None = None,
        days: Mapping[str, date] | None = None,
        numbers: Mapping[str, float] | None = None,
        unmistakable: Mapping[str, float] | None = None,
        least_digits: int = LEAST_DIGITS,
        scales: Sequence[float] = SCALES,
    ) -> None:
        spelled = [(name, text) for name, text in (texts or {}).items()]
        spelled += [(name, text) for name, day in (days or {}).items() for text in spell_day(day)]
        self.numbers = dict(numbers or {})
        self._days = set(days or {})
        self.least_digits = least_digits
        self.scales = scales
        self.seen = Wanted(numbers=unmistakable, least_digits=SEEN_DIGITS, scales=(1,)) if unmistakable else None
        self._bytes = {form: name for name, text in spelled for form in spell_bytes(text)}
        self._bytes |= {normalise(text).lower().encode(): name for name, text in spelled}
        self._bytes |= {
            form: name
            for name, text in (texts or {}).items()
            if len(form := squeeze(normalise(text).lower().encode())) >= len(FACTORS)
        }
        self._runs = re.compile(rb"[\d.]{%d,}(?:[eE][-+]?\d+)?" % least_digits)

    @cached_property
    def _by_start(self) -> dict[bytes, list[bytes]]:
        """Texts by their first bytes."""
        table: dict[bytes, list[bytes]] = {}
        for form in self._bytes:
            table.setdefault(form[: len(FACTORS)], []).append(form)
        return table

    @cached_property
    def _may_start(self) -> np.ndarray[Any, Any]:
        """Whether a text may start where the bytes have a hash."""
        table = np.zeros(2**24, dtype=np.bool_)
        for start in self._by_start:
            table[_hash(start)] = True
        return table

    @cached_property
    def _by_prefix(self) -> dict[str, list[tuple[str, float]]]:
        """Numbers by their first digits, at most six; the last of these may be rounded either way."""
        table: dict[str, list[tuple[str, float]]] = {}
        for name, value in self.numbers.items():
            for own in {value, float(np.float32(value))}:
                digits = int(f"{abs(own):.{self._prefix - 1}e}".partition("e")[0].replace(".", ""))
                for near in (digits - 1, digits, digits + 1):
                    table.setdefault(str(near), []).append((name, own))
        return table

    @property
    def _prefix(self) -> int:
        return min(6, self.least_digits)

    @cached_property
    def _values(self) -> tuple[list[str], np.ndarray[Any, Any]]:
        pairs = [
            (name, own * scale)
            for name, v in self.numbers.items()
            for own in (v, float(np.float32(v)))
            for scale in self.scales
        ]
        return [name for name, _ in pairs], np.array([own for _, own in pairs])

    def find_texts(self, data: bytes) -> set[str]:
        """Name the texts that stand in bytes."""
        data = data.lower()
        if not self._bytes or len(data) < len(FACTORS):
            return set()
        found: set[str] = set()
        for at in np.flatnonzero(self._may_start[_hash(data)]).tolist():
            forms = self._by_start.get(data[at : at + len(FACTORS)], ())
            found |= {self._bytes[form] for form in forms if data.startswith(form, at)}
        return found

    def find_told(self, data: bytes) -> set[str]:
        """Name the texts that stand in what a person reads, however they are joined and parted."""
        plain = normalise(data.decode("utf-8", "replace")).lower().encode()
        # not days: digits of neighbouring cells that are joined make some
        return self.find_texts(plain) | (self.find_texts(squeeze(plain)) - self._days)

    def find_numbers(self, data: bytes) -> set[str]:
        """Name the numbers that are told in a text."""
        found: set[str] = set()
        for run in set(self._runs.findall(data)):
            for token in NUMBER.findall(run) if run.count(b".") > 1 else (run,):
                found |= set(self._match(token.decode()))
        for whole, part in set(DECIMAL_COMMA.findall(data)):
            found |= set(self._match(f"{whole.decode()}.{part.decode()}"))
        for run in set(THOUSANDS.findall(data)):
            found |= set(self._match(run.replace(b",", b"").decode()))
        return found

    def find_values(self, values: np.ndarray[Any, Any]) -> set[str]:
        """Name the numbers that are in an array, as they are or rounded."""
        names, wanted = self._values
        if values.dtype.kind not in "fiu" or not len(names) or not values.size:
            return set()
        kept = np.unique(np.abs(values.ravel()))
        exact, near = kept.astype(np.float64), 10.0 ** -(self.least_digits - 1)
        sought = np.abs(wanted)
        first, last = np.searchsorted(exact, sought * (1 - near)), np.searchsorted(exact, sought * (1 + near))
        found: set[str] = set()
        for at in np.flatnonzero(last > first):
            beside = slice(first[at], last[at])
            if np.any(np.abs(exact[beside] - sought[at]) <= sought[at] * 10.0**-TOLD_DIGITS):
                found.add(names[at])
            for one in kept[beside]:
                found |= set(self._match(str(one)))
        return found

    def _match(self, token: str) -> Iterator[str]:
        mantissa = token.lower().partition("e")[0]
        digits = mantissa.replace(".", "").lstrip("0")
        if len(digits) < self.least_digits or digits[: self._prefix] not in self._by_prefix:
            return
        told = float(token)
        kept = min(len(digits), TOLD_DIGITS)
        for name, value in self._by_prefix[digits[: self._prefix]]:
            half = 0.5 * 10.0 ** (math.floor(math.log10(abs(value))) - kept + 1)
            if any(abs(told * scale - abs(value)) <= half * (1 + 1e-6) for scale in self.scales):
                yield name


def normalise(text: str) -> str:
    """Return a text as a person reads it: no signs of no width, one kind of space and of hyphen."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text.translate(UNSEEN)).translate(HYPHENS).split())


def squeeze(data: bytes) -> bytes:
    """Return a text without spaces and signs, so that it does not matter with which of them it is written."""
    return data.translate(None, delete=SIGNS)


def _hash(data: bytes) -> np.ndarray[Any, Any]:
    """Return a hash of 24 bits for each run of as many bytes as there are factors."""
    values = np.frombuffer(data, dtype=np.uint8)
    last = len(values) - len(FACTORS) + 1
    total = np.zeros(last, dtype=np.uint32)
    for at, factor in enumerate(FACTORS):
        total += values[at : at + last] * np.uint32(factor)
    return total >> np.uint32(8)


def spell_day(day: date) -> set[str]:
    """Return the usual spellings of a day, and what it is in seconds since 1970."""
    months = (f"{day:%B}", f"{day:%b}")
    patterns = (
        "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d",
        "%d.%m.%y", "%d/%m/%y", "%m/%d/%y",
    )  # fmt: skip
    short = [day.strftime(pattern) for pattern in patterns]
    short += [
        f"{day.day}.{day.month}.{day.year}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day.day}/{day.month}/{day.year}",
    ]
    short += [f"{day.month}/{day.day}/{day:%y}", f"{day.day}/{day.month}/{day:%y}"]
    ordinal = f"{day.day}{_end_ordinal(day.day)}"
    long = [
        text
        for m in months
        for d in (f"{day.day}", f"{day:%d}", ordinal, f"{day.day}.")
        for text in (f"{d} {m} {day.year}", f"{d} of {m} {day.year}", f"{m} {d}, {day.year}", f"{m} {d} {day.year}")
    ]
    long += [
        gap.join(parts)
        for m in months
        for d in (f"{day.day}", f"{day:%d}")
        for gap in ("-", "", "/", ".")
        for parts in ((d, m, f"{day.year}"), (f"{day.year}", m, d), (d, m, f"{day:%y}"))
    ]
    seconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    # a shorter one stands somewhere by chance
    return {text for text in (*short, *long, str(seconds)) if len(text) >= len(FACTORS)}


def _end_ordinal(number: int) -> str:
    return "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def spell_bytes(text: str) -> set[bytes]:
    """Return the lower-case bytes as which a text may stand in a file, base64 in any of its three positions too."""
    cases = {text, text.lower(), text.upper()}
    plain = {
        one for case in cases for one in (case, html.escape(case), json.dumps(case)[1:-1], urllib.parse.quote(case))
    }
    forms = {one.encode(code, "ignore") for one in plain for code in ("utf-8", "latin-1", "utf-16-le", "utf-16-be")}
    for case in cases:
        for shift in range(3):
            written = b"\0" * shift + case.encode()
            coded = base64.b64encode(written + b"\0" * (-len(written) % 3))
            # the outer characters hold bits of what stands beside as well
            forms.add(coded[(0, 2, 3)[shift] : len(coded) - (0, 3, 2)[len(written) % 3]])
    return {form.lower() for form in forms}


@dataclass(frozen=True)
class Piece:
    """Something that a file holds: its bytes, and what of them tells numbers (None: nothing does).

    `seen` says that a reader of the file sees what is told.
    """

    where: str
    data: bytes
    told: bytes | None = None
    values: np.ndarray[Any, Any] | None = None
    seen: bool = False


def search_folder(folder: Path, wanted: Wanted, *, leave_out: Callable[[Path], bool] = lambda path: False) -> Search:
    """Search all files below a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not leave_out(path))
    search = Search(wanted)
    for path in paths:
        search.add(path, str(path.relative_to(folder)))
    return search


class Search:
    """What was found so far; a file of known content is not read again."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.findings: list[Finding] = []
        self.files = 0
        self._seen: dict[tuple[str, bytes], set[tuple[str, str]]] = {}

    def add(self, path: Path, name: str) -> None:
        """Search a file, and its name."""
        self.files += 1
        data = path.read_bytes()
        named = self.wanted.find_texts(name.encode()) | self.wanted.find_told(name.encode())
        self.findings += [Finding(what, f"name of {name}") for what in named]
        key = (path.suffix, data)
        if key not in self._seen:
            self._seen[key] = set(self._search(unpack(path.name, data)))
        self.findings += [Finding(what, f"{name}{inner}") for what, inner in sorted(self._seen[key])]

    def add_text(self, text: str, name: str) -> None:
        """Search a text, such as what a command printed."""
        piece = Piece("", text.encode(), text.encode(), seen=True)
        self.findings += [Finding(what, name) for what, _ in self._search([piece])]

    def _search(self, pieces: Iterable[Piece]) -> Iterator[tuple[str, str]]:
        for piece in pieces:
            found = self.wanted.find_texts(piece.data)
            if piece.told is not None:
                found |= self.wanted.find_numbers(piece.told) | self.wanted.find_told(piece.told)
            if piece.told is not None and piece.seen and self.wanted.seen is not None:
                found |= self.wanted.seen.find_numbers(piece.told)
            if piece.values is not None:
                found |= self.wanted.find_values(piece.values)
            yield from ((what, piece.where) for what in found)


def unpack(name: str, data: bytes) -> Iterator[Piece]:
    """Yield all that a file holds, its packed parts unpacked.

    Raises
    ------
    ValueError
        If the kind of file is not known.
    """
    for mark, read in MARKS:
        if data.startswith(mark):
            yield from read(name, data)
            return
    reader = SUFFIXES.get(Path(name).suffix.lower() or Path(name).name)
    if reader is None:
        raise ValueError(f"no way is known to search {name!r}; teach privacy_search to read it")
    yield from reader(name, data)


def _within(inner: str, pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        yield Piece(f" > {inner}{piece.where}", piece.data, piece.told, piece.values, piece.seen)


def _read_text(name: str, data: bytes) -> Iterator[Piece]:
    data.decode("utf-8")
    yield Piece("", data, data, seen=Path(name).suffix in READ)


def _read_raw(name: str, data: bytes) -> Iterator[Piece]:
    yield Piece("", data)


def _read_json(name: str, data: bytes) -> Iterator[Piece]:
    yield from _read_text(name, data)
    # as a reader of the file gets it, without the escapes of JSON
    strings = "\n".join(_list_strings(json.loads(data))).encode()
    yield Piece(" > strings", strings, strings)


def _list_strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from (text for pair in value.items() for part in pair for text in _list_strings(part))
        case list():
            yield from (text for part in value for text in _list_strings(part))


def _read_markup(name: str, data: bytes) -> Iterator[Piece]:
    """HTML and SVG: the text with and without entities, coordinates left out of the numbers; data URIs unpacked."""
    data.decode("utf-8")
    yield Piece("", data)
    bare = DATA_URI.sub(b"", COORDINATES.sub(b"", data))
    plain = html.unescape(bare.decode("utf-8")).encode()
    yield Piece(" > text", plain, plain)
    shown = html.unescape(TAG.sub(b" ", HIDDEN.sub(b" ", bare)).decode("utf-8")).encode()
    yield Piece(" > shown", shown, shown, seen=True)
    # words that tags cut into pieces
    joined = html.unescape(TAG.sub(b"", HIDDEN.sub(b" ", bare)).decode("utf-8")).encode()
    yield Piece(" > joined", joined, joined)
    for kind, body in set(DATA_URI.findall(data)):
        inner = urllib.parse.unquote_to_bytes(body)
        if kind.endswith(b";base64"):
            inner = base64.b64decode(inner + b"=" * (-len(inner) % 4))
        yield from _within("data", unpack("data.svg" if kind.startswith(b"image/svg") else "data.txt", inner))


def _read_zip(name: str, data: bytes) -> Iterator[Piece]:
    yield Piece("", data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield Piece(" > names", "\n".join(archive.namelist()).encode(), archive.comment)
        for part in archive.namelist():
            if not part.endswith("/"):
                yield from _within(part, unpack(part, archive.read(part)))


def _read_office_xml(name: str, data: bytes) -> Iterator[Piece]:
    """A part of a Word file: as it is, and its words joined, which formats may cut into runs."""
    yield Piece("", data)
    text = re.sub(rb"<[^>]*>", b"", re.sub(rb"</(?:w:p|w:tc|w:tr|vt:\w+|dc:\w+|cp:\w+)>", b"\n", data))
    attributes = b"\n".join(re.findall(rb'(?:descr|title|w:val)="([^"]*)"', data))
    for where, part, seen in ((" > text", text, True), (" > attributes", attributes, False)):
        told = html.unescape(part.decode("utf-8")).encode()
        yield Piece(where, told, told, seen=seen)


def _read_gzip(name: str, data: bytes) -> Iterator[Piece]:
    yield Piece("", data)
    yield from _within("gzip", unpack(Path(name).stem, gzip.decompress(data)))


def _read_png(name: str, data: bytes) -> Iterator[Piece]:
    yield Piece("", data)
    at = 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf"):
            yield Piece(f" > {kind.decode()}", body, body)
        if kind == b"zTXt":
            text = zlib.decompress(body.partition(b"\0")[2][1:])
            yield Piece(" > zTXt", text, text)
        if kind == b"iTXt" and body.partition(b"\0")[2][:1] == b"\1":
            text = zlib.decompress(body.split(b"\0", 1)[1][2:].split(b"\0", 2)[2])
            yield Piece(" > iTXt", text, text)


def _read_pdf(name: str, data: bytes) -> Iterator[Piece]:
    """Every object of a PDF: its strings, its decompressed streams and the letters that these show."""
    yield Piece("", data)
    reader = pypdf.PdfReader(io.BytesIO(data))
    strings: list[str] = []
    for number in sorted({number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)):
        found = reader.get_object(pypdf.generic.IndirectObject(number, 0, reader))
        strings += _list_pdf_strings(found)
        if isinstance(found, pypdf.generic.StreamObject):
            yield Piece(f" > object {number}", found.get_data())
            if found.get("/Subtype") == "/Form":
                yield from _show_letters(f" > object {number}", found, found)
    told = "\n".join(strings).encode()
    yield Piece(" > strings", told, told)
    for number, page in enumerate(reader.pages, 1):
        yield from _show_letters(f" > page {number}", page, page.get_contents())


def _show_letters(where: str, holder: Any, stream: Any) -> Iterator[Piece]:
    """Yield the letters that a page or a form shows."""
    if stream is None:
        return
    none = pypdf.generic.DictionaryObject()
    fonts = holder.get("/Resources", none).get_object().get("/Font", none).get_object()
    letters = {name.encode(): _read_letters(font.get_object()) for name, font in fonts.items()}
    shown = list(show_text(stream.get_data(), letters))
    # words that stand apart, and words that are cut into pieces
    for text in ("\n".join(shown), "".join(shown), " ".join(shown)):
        yield Piece(where, text.encode(), text.encode(), seen=text != "".join(shown))


def _read_letters(font: Any) -> dict[bytes, str]:
    """Return the letters of a font by their two bytes."""
    if "/ToUnicode" not in font:
        raise ValueError("no way is known to search a PDF whose font does not tell its letters")
    letters: dict[bytes, str] = {}
    for kind, body in re.findall(rb"beginbf(char|range)(.*?)endbf", font["/ToUnicode"].get_data(), re.DOTALL):
        codes = [bytes.fromhex(code.decode()) for code in re.findall(rb"<([0-9A-Fa-f]*)>", body)]
        if kind == b"char":
            letters |= {code: text.decode("utf-16-be") for code, text in zip(codes[::2], codes[1::2], strict=True)}
            continue
        for first, last, text in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
            start = int.from_bytes(first)
            for code in range(start, int.from_bytes(last) + 1):
                letters[code.to_bytes(2)] = (
                    (int.from_bytes(text) + code - start).to_bytes(len(text)).decode("utf-16-be")
                )
    return letters


def show_text(content: bytes, fonts: Mapping[bytes, Mapping[bytes, str]]) -> Iterator[str]:
    """Yield each text that a content stream shows, by the letters of its fonts."""
    letters: Mapping[bytes, str] = {}
    for block in TEXT_OBJECT.findall(content):
        parts = []
        for font, literal, coded in TEXT_TOKEN.findall(block):
            if font:
                letters = fonts[font]
                continue
            codes = bytes.fromhex(coded.decode()) if coded else ESCAPE.sub(_unescape, literal)
            parts += [letters.get(codes[at : at + 2], "\ufffd") for at in range(0, len(codes), 2)]
        yield "".join(parts)


def _unescape(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return (
        bytes([int(sign, 8)])
        if sign.isdigit()
        else dict(zip(b"nrtbf", b"\n\r\t\b\f", strict=True)).get(sign[0], sign[0]).to_bytes()
    )


def _list_pdf_strings(found: Any) -> Iterator[str]:
    match found:
        case pypdf.generic.TextStringObject():
            yield str(found)
        case pypdf.generic.ByteStringObject():
            yield bytes(found).decode("latin-1")
        case dict():
            yield from (text for part in found.values() for text in _list_pdf_strings(part))
        case list():
            yield from (text for part in found for text in _list_pdf_strings(part))


def _read_sqlite(name: str, data: bytes) -> Iterator[Piece]:
    """Every page as bytes (deleted rows too), and every cell of every table."""
    yield Piece("", data)
    with tempfile.NamedTemporaryFile(suffix=".db") as copy:
        copy.write(data)
        copy.flush()
        with sqlite3.connect(copy.name) as base:
            base.text_factory = bytes
            tables = [row[0].decode() for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                rows = base.execute(f'SELECT * FROM "{table}"').fetchall()
                cells = [cell for row in rows for cell in row]
                floats = np.array([cell for cell in cells if isinstance(cell, int | float)], dtype=np.float64)
                text = b"\n".join(
                    cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells if cell is not None
                )
                yield Piece(f" > table {table}", text, text, floats)
        base.close()


def _read_array(name: str, data: bytes) -> Iterator[Piece]:
    array = np.load(io.BytesIO(data), allow_pickle=False)
    if array.dtype.kind not in "fiubSU":
        raise ValueError(f"no way is known to search an array of {array.dtype}; teach privacy_search to read it")
    text = b"\n".join(str(cell).encode() for cell in array.ravel()) if array.dtype.kind in "SU" else b""
    yield Piece("", data + text, text, array)


def _read_booster(name: str, data: bytes) -> Iterator[Piece]:
    """An XGBoost model: its bytes, and all its numbers as text."""
    yield Piece("", data)
    booster = xgboost.Booster(model_file=bytearray(data))
    dumped = bytes(booster.save_raw(raw_format="json"))
    yield from _within("json", _read_json(name, dumped))
    numbers = np.array(list(_list_numbers(json.loads(dumped))))
    yield Piece(" > numbers", b"", None, numbers)


def _list_numbers(value: Any) -> Iterator[float]:
    match value:
        case float():
            yield value
        case dict():
            yield from (number for part in value.values() for number in _list_numbers(part))
        case list():
            yield from (number for part in value for number in _list_numbers(part))


def _read_parquet(name: str, data: bytes) -> Iterator[Piece]:
    frame = pd.read_parquet(io.BytesIO(data))
    yield Piece("", data)
    for column in frame:
        values = frame[column].to_numpy()
        text = "\n".join(map(str, frame[column])).encode() if values.dtype.kind not in "fiub" else b""
        yield Piece(f" > {column}", text, text, values if values.dtype.kind in "fiu" else None)


MARKS: tuple[tuple[bytes, Callable[[str, bytes], Iterator[Piece]]], ...] = (
    (b"PK\x03\x04", _read_zip),
    (b"\x1f\x8b", _read_gzip),
    (b"\x89PNG\r\n\x1a\n", _read_png),
    (b"%PDF-", _read_pdf),
    (b"SQLite format 3\0", _read_sqlite),
    (b"\x93NUMPY", _read_array),
    (b"PAR1", _read_parquet),
)
SUFFIXES: Mapping[str, Callable[[str, bytes], Iterator[Piece]]] = {
    **dict.fromkeys(
        (".csv", ".toml", ".txt", ".md", ".yaml", ".yml", ".py", ".log", "MLmodel", ".gitignore"), _read_text
    ),
    **dict.fromkeys((".json",), _read_json),
    **dict.fromkeys((".html", ".svg"), _read_markup),
    **dict.fromkeys((".xml", ".rels"), _read_office_xml),
    **dict.fromkeys((".jpeg", ".ttf", ".odttf", ".woff2", ".db-wal", ".db-shm", ".db-journal"), _read_raw),
    ".ubj": _read_booster,
}
"""By the end of the name, or the whole name where it has none."""
