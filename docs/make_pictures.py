"""Make the pictures of the documentation from a finished run.

    spinerisk demo
    python docs/make_pictures.py runs/demo

Needs, beside the toolkit's environment, ``chromium`` (or Google Chrome) for the figures, ``pdftoppm`` (of poppler) for
the pages, and ``pypdf`` of the development dependencies. The pictures in ``docs/pictures`` are replaced.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from PIL import Image
from pypdf import PdfReader

PICTURES = Path(__file__).parent / "pictures"
FIGURES = {
    "verdict": "verdict-forest-{outcome}.svg",
    "calibration": "calibration-overlaid-{outcome}-internal-development.svg",
    "audit_groups": "group-curves-{outcome}-internal-development.svg",
}
"""Name of a picture and the figure in ``share/figures`` that it shows."""
PAGES = {
    "manuscript": ("report.pdf", "Objective. To develop"),
    "audit_signature": ("audit.pdf", "Approved by"),
}
"""Name of a picture, a document, and words by which the page is found that it shows."""
WIDTH = 1000
"""Width of a picture, in pixels."""
COLOURS = 32
MARGIN = 16
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def make_pictures(run_dir: Path, folder: Path) -> list[Path]:
    """Write the pictures of a run.

    Parameters
    ----------
    run_dir
        Folder of a finished run with its documents; its first outcome is shown.
    folder
        Where the pictures are written; earlier ones of the same names are replaced.
    """
    outcome = tomllib.loads((run_dir / "study.toml").read_text(encoding="utf-8"))["outcomes"][0].replace("_", "-")
    written = []
    with TemporaryDirectory() as scratch:
        for name, figure in FIGURES.items():
            drawn = draw_figure(run_dir / "share" / "figures" / figure.format(outcome=outcome), Path(scratch))
            written.append(shrink(drawn, folder / f"{name}.png"))
        for name, (document, words) in PAGES.items():
            drawn = draw_page(run_dir / "share" / document, words, Path(scratch))
            written.append(shrink(drawn, folder / f"{name}.png"))
    return written


def draw_figure(svg: Path, folder: Path) -> Path:
    """Draw a vector figure on white."""
    _, _, width, height = (float(value) for value in ElementTree.parse(svg).getroot().attrib["viewBox"].split())
    tall = round((WIDTH - 2 * MARGIN) * height / width) + 2 * MARGIN
    page, png = folder / "page.html", folder / f"{svg.stem}.png"
    page.write_text(
        f'<body style="margin: {MARGIN}px; background: #fff"><img src="{svg.resolve().as_uri()}" '
        f'style="display: block; width: {WIDTH - 2 * MARGIN}px">',
        encoding="utf-8",
    )
    _run(
        find_tool(BROWSERS), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--window-size={WIDTH},{tall}", f"--screenshot={png}", page.as_uri(),
    )  # fmt: skip
    return png


def draw_page(pdf: Path, words: str, folder: Path) -> Path:
    """Draw the first page of a document that has certain words."""
    number = next(
        k for k, page in enumerate(PdfReader(pdf).pages, start=1) if words in " ".join(page.extract_text().split())
    )
    target = folder / pdf.stem
    _run(
        find_tool(("pdftoppm",)), "-png", "-singlefile", "-f", str(number), "-l", str(number), "-scale-to-x",
        str(WIDTH), "-scale-to-y", "-1", str(pdf), str(target),
    )  # fmt: skip
    return target.with_suffix(".png")


def shrink(png: Path, target: Path) -> Path:
    """Write a picture with few colours, so that it stays small."""
    target.parent.mkdir(exist_ok=True)
    with Image.open(png) as picture:
        flat = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        flat.save(target, optimize=True)
    return target


def find_tool(names: tuple[str, ...]) -> str:
    """Return the path of the first program that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    sys.exit(f"the pictures need {' or '.join(names)}, and none of them is installed")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/make_pictures.py RUN")
    for path in make_pictures(Path(sys.argv[1]), PICTURES):
        sys.stdout.write(f"{path}: {path.stat().st_size // 1024} kB\n")
