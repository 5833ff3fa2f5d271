"""What the pages for readers promise: the examples of the README work, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from outcomes.cohort import build_cohort
from outcomes.outcomes import build_outcomes
from schemas.definition import parse_definition, read_definition
from schemas.raw import as_raw, as_text
from schemas.registry import read_registry
from schemas.study import parse_study
from schemas.synthetic import simulate_registry

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_first_study_of_the_readme_works(tmp_path: Path) -> None:
    definition_text, study_text = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    (tmp_path / "my_registry.toml").write_text(definition_text, encoding="utf-8")
    sources = parse_definition(definition_text).sources
    simulated = simulate_registry("lumbar", n=300, seed=1).frame
    file = pd.DataFrame({name: as_text(as_raw(simulated[name])) for name in simulated.columns.drop("row_id")})
    for name, source in sources.items():
        if name in file:
            file[name] = file[name].replace({str(level): code for code, level in source.recode.items()})
    headers = {name: source.header for name, source in sources.items()}
    file.rename(columns=headers).to_csv(tmp_path / "my_registry.csv", index=False)

    study = parse_study(study_text, folder=tmp_path)
    registry = read_registry(tmp_path / "my_registry.csv", read_definition(study.definition, folder=study.folder))
    pd.testing.assert_frame_equal(registry.frame, simulated)
    assert registry.warnings == ()
    outcomes = build_outcomes(study, registry.definition)
    cohorts = [build_cohort(registry, outcome, study) for outcome in outcomes.values()]
    assert [list(cohort.X) for cohort in cohorts] == [list(study.predictors)]
    assert all(0 < cohort.events < cohort.n for cohort in cohorts)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
    absent = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert absent == []


def named_pictures(page: Path) -> set[Path]:
    text = page.read_text(encoding="utf-8")
    names = re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", text) + re.findall(r'<img [^>]*src="([^"]+)"', text)
    return {(page.parent / name).resolve() for name in names}


def test_every_picture_is_there_and_every_one_is_shown() -> None:
    shown = set().union(*map(named_pictures, PAGES))
    assert shown == {path.resolve() for path in (ROOT / "docs").rglob("*.png")}
    assert len(named_pictures(ROOT / "README.md")) >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pictures_say_in_words_what_they_show(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    words = re.findall(r"!\[([^\]]*)\]\(", text) + re.findall(r'<img [^>]*alt="([^"]*)"', text)
    assert len(words) == len(re.findall(r"!\[|<img ", text))
    assert all(len(word) > 40 for word in words)


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs" / "pictures").iterdir():
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert len(data) < 150_000
        assert int.from_bytes(data[16:20], "big") >= 800, "too narrow to be read"


def test_every_page_is_in_the_list_of_pages() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / link).resolve() for link in re.findall(r"\]\(([^)\s#]+)", index)}
    pages = {path.resolve() for path in PAGES if "decisions" not in path.parts and path.parent != ROOT}
    assert pages - {(ROOT / "docs" / "README.md").resolve()} <= linked


EXAMPLES = [
    pytest.param(text, id=f"{page.name}-{number}")
    for page in PAGES
    for number, text in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL))
    if re.search(r"^name = ", text, flags=re.MULTILINE)
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_whole_definitions_in_the_docs_can_be_read(text: str) -> None:
    assert parse_definition(text).sources
