"""The script that makes the pictures of the documentation: figures on white, and the page that has certain words."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from reports.blocks import Report, Text
from reports.render.pdf import render_pdf

SCRIPT = Path(__file__).parents[1] / "docs" / "make_pictures.py"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200pt" height="100pt" viewBox="0 0 200 100">'
    '<rect x="100" y="0" width="100" height="100" fill="#0072b2"/></svg>'
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def need(*names: str) -> None:
    if not any(shutil.which(name) for name in names):
        pytest.skip(f"needs {names[0]}")


def test_a_figure_is_drawn_on_white_in_its_own_shape(script: ModuleType, tmp_path: Path) -> None:
    need(*script.BROWSERS)
    (tmp_path / "figure.svg").write_text(SVG, encoding="utf-8")
    png = script.shrink(script.draw_figure(tmp_path / "figure.svg", tmp_path), tmp_path / "made" / "figure.png")
    with Image.open(png) as picture:
        assert picture.width == script.WIDTH
        assert picture.height == (script.WIDTH - 2 * script.MARGIN) // 2 + 2 * script.MARGIN
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels[200, 200].tolist() == [255, 255, 255]
    assert pixels[200, 800].tolist() == [0, 0x72, 0xB2]


def test_the_page_with_the_words_is_drawn(script: ModuleType, tmp_path: Path) -> None:
    need("pdftoppm")
    blocks = [Text(text=f"Part {k}", kind="section", anchor=f"part-{k}") for k in (1, 2)]
    filling = tuple(Text(text="A line that fills the page. " * 12) for _ in range(25))
    report = Report(title="Two pages", blocks=(blocks[0], *filling, blocks[1], Text(text="Words.")), provenance=())
    pdf = tmp_path / "two.pdf"
    pdf.write_bytes(render_pdf(report))
    found = {}
    for words in ("Two pages", "Words."):
        with Image.open(script.draw_page(pdf, words, tmp_path)) as picture:
            assert picture.width == script.WIDTH
            found[words] = np.asarray(picture.convert("L"))
    assert not np.array_equal(found["Two pages"], found["Words."])
    assert (found["Words."] < 128).mean() < (found["Two pages"] < 128).mean()  # the last page is nearly empty


def test_a_program_that_is_not_there_is_named(script: ModuleType) -> None:
    with pytest.raises(SystemExit, match="the pictures need absent-1 or absent-2, and none of them is installed"):
        script.find_tool(("absent-1", "absent-2"))
