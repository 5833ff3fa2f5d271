"""Where the texts of a figure lie, read from its SVG: which of them overlap, and which leave the canvas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from pipelines.intervals import FloatArray

SVG = "{http://www.w3.org/2000/svg}"
SLACK = 0.4
"""Points by which neighbours may touch."""
TITLES, NEAR = 24, 3
"""Points above a panel in which its titles stand, and between a text and numbers that stand at its height."""
SMALLEST, CONTRAST = 6.5, 4.5


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A text and the four corners of its ink, in points from the upper left of the canvas."""

    text: str
    corners: FloatArray

    def lies_between(self, left: float, right: float, top: float, bottom: float) -> bool:
        """Tell whether it stands between two panels, beside what is drawn in them."""
        (x, y), (beyond, below) = self.corners.min(axis=0), self.corners.max(axis=0)
        return bool(left < x and beyond < right and y < bottom and below > top)


def list_texts(svg: str) -> list[Placed]:
    """Return every text of a figure, measured in DejaVu Sans: the widest of the families that are named."""
    root = ElementTree.fromstring(svg)
    return [_place(node) for node in root.iter(f"{SVG}text") if "".join(node.itertext()).strip()]


def list_panels(svg: str) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of every panel in which something is drawn: what its drawing is clipped to."""
    found = (
        [float(node.get(name) or 0) for name in ("x", "y", "width", "height")]
        for node in ElementTree.fromstring(svg).iterfind(f".//{SVG}clipPath/{SVG}rect")
    )
    return sorted({(x, y, x + width, y + height) for x, y, width, height in found})


def list_trespasses(svg: str) -> list[str]:
    """Return in words which texts that begin in or above a panel run into the panel beside it, or into its numbers.

    The numbers of a panel are the texts left of it and right of the one before.
    """
    panels, placed = list_panels(svg), list_texts(svg)
    found = []
    for one, other in ((a, b) for a in panels for b in panels if a[2] < b[0] and max(a[1], b[1]) < min(a[3], b[3])):
        if any(one[2] < third[0] < other[0] for third in panels):
            continue
        numbers = [text for text in placed if text.lies_between(one[2], other[0], other[1], other[3])]
        for text in placed:
            (left, top), (right, bottom) = text.corners.min(axis=0), text.corners.max(axis=0)
            level = [own for own in numbers if own.lies_between(one[2], other[0], top - NEAR, bottom + NEAR)]
            border = min([other[0], *(own.corners[:, 0].min() for own in level)])
            beside = one[1] - TITLES <= top and bottom <= one[3]
            if beside and one[0] - SLACK <= left < one[2] and right > border:
                found.append(f"{text.text!r} runs into the panel beside it")
    return found


def find_faults(svg: str) -> list[str]:
    """Return in words what overlaps or lies outside; nothing where all can be read.

    A line that no panel clips (the thin one from a label to its curve) may not leave the canvas either: where it does,
    the label stands for what nobody sees.
    """
    width, height = (float(value) for value in re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0])
    placed = list_texts(svg)
    outside = [
        f"{one.text!r} leaves the canvas"
        for one in placed
        if one.corners.min() < -SLACK or (one.corners.max(axis=0) > np.array([width, height]) + SLACK).any()
    ]
    overlaps = [f"{a.text!r} overlaps {b.text!r}" for a, b in combinations(placed, 2) if _overlap(a.corners, b.corners)]
    lost = [
        f"a line to ({x:.0f}, {y:.0f}) leaves the canvas"
        for x, y in _list_unclipped(ElementTree.fromstring(svg))
        if not (-SLACK <= x <= width + SLACK and -SLACK <= y <= height + SLACK)
    ]
    return [*outside, *overlaps, *list_trespasses(svg), *lost, *_list_faint(ElementTree.fromstring(svg))]


def _list_faint(root: ElementTree.Element) -> Iterator[str]:
    """Yield the texts that are smaller than 6.5 points, or lighter on white than 4.5 to 1 (WCAG 2, AA)."""
    for node in root.iter(f"{SVG}text"):
        style = _read_style(node)
        size = float(style["font-size"].removesuffix("px"))
        if size < SMALLEST:
            yield f"{''.join(node.itertext())!r} is set in {size:g} points"
        if (contrast := _contrast(style.get("fill", "#000000"))) < CONTRAST:
            yield f"{''.join(node.itertext())!r} has a contrast of {contrast:.1f}"


def _contrast(color: str) -> float:
    parts = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ np.array([0.2126, 0.7152, 0.0722]) + 0.05))


def _list_unclipped(node: ElementTree.Element) -> Iterator[tuple[float, float]]:
    """Yield the points of all paths that stand where they are drawn and that nothing clips."""
    if node.tag == f"{SVG}defs" or node.get("clip-path") or node.get("transform"):
        return
    if node.tag == f"{SVG}path":
        numbers = [float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", node.get("d") or "")]
        yield from zip(numbers[::2], numbers[1::2], strict=True)
    for child in node:
        yield from _list_unclipped(child)


def _read_style(node: ElementTree.Element) -> dict[str, str]:
    return dict(part.split(": ", 1) for part in (node.get("style") or "").split("; "))


def _place(node: ElementTree.Element) -> Placed:
    style = _read_style(node)
    size = float(style["font-size"].removesuffix("px"))
    weight = "bold" if style.get("font-weight") in ("700", "bold") else "normal"
    text = "".join(node.itertext())
    path = TextPath((0, 0), text.strip(), prop=FontProperties(family="DejaVu Sans", weight=weight, size=size))
    box = path.get_extents()
    shift = {"middle": -0.5, "end": -1.0}.get(style.get("text-anchor", "start"), 0.0) * box.width
    # the y of an SVG grows downwards
    corners = np.array(
        [(x + shift, -y) for x, y in ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))]
    )
    origin, angle = _read_transform(node)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Placed(text=text, corners=corners @ turn.T + origin)


def _read_transform(node: ElementTree.Element) -> tuple[FloatArray, float]:
    transform = node.get("transform") or ""
    angle = np.deg2rad(float((re.findall(r"rotate\((-?[\d.]+)", transform) or ["0"])[0]))
    moved = re.findall(r"translate\((-?[\d.]+) (-?[\d.]+)\)", transform)
    at = moved[0] if moved else (node.get("x") or "0", node.get("y") or "0")
    return np.array([float(at[0]), float(at[1])]), float(angle)


def _overlap(one: FloatArray, other: FloatArray) -> bool:
    """Tell whether two rectangles share ink: no side of either parts them."""
    for corners in (one, other):
        for k in range(2):
            side = corners[k + 1] - corners[k]
            normal = np.array([-side[1], side[0]]) / max(float(np.hypot(*side)), 1e-9)
            first, second = one @ normal, other @ normal
            if first.max() < second.min() + SLACK or second.max() < first.min() + SLACK:
                return False
    return True
