"""The house's rules, checked: fences, budgets, names, the front door and what the wheel carries."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import spinerisk

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "outcomes", "pipelines", "reports", "spinerisk")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
each_module = pytest.mark.parametrize("path", MODULES, ids=NAMES)

LAZY_STARTS = {"spinerisk/cli.py", "spinerisk/cli_documents.py"}
FORBIDDEN_WORDS = ("accuracy", "f1_score", "smote")
PICKLERS = {"pickle", "cloudpickle", "dill", "shelve", "marshal"}
PICKLING_CALLS = {"joblib.dump", "joblib.load"}
# in two parts, so that this file passes its own check
FORBIDDEN_TEXT = {
    "a package index": r"://\S*/simp" + r"le\b|index" + r"-url|pypi" + r"\.org|python" + r"hosted",
    "a folder of one machine": r"/wo" + r"rk/|/ro" + r"ot/|/ho" + r"me/[a-z]",
}
TEXT_SUFFIXES = {
    ".py",
    ".toml",
    ".md",
    ".lock",
    ".yaml",
    ".yml",
    ".cff",
    ".html",
    ".css",
    ".js",
    ".csv",
    ".txt",
    ".R",
    "",
}
TEXT_FOLDERS = (*PACKAGES, "tests", "docs", "studies", "examples", "benchmarks", ".ci")


@dataclass(frozen=True, kw_only=True)
class Function:
    """One function of the project and its number of code lines: docstring, comments and blank lines not counted."""

    where: str
    lines: int


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def docstring_lines(tree: ast.AST) -> set[int]:
    """Return the line numbers of all docstrings, also of strings that document a name."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def code_lines(path: Path, node: ast.AST) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    left_out = docstring_lines(node)
    numbers = range(node.lineno, node.end_lineno + 1)
    return sum(1 for i in numbers if i not in left_out and (text := lines[i - 1].strip()) and not text.startswith("#"))


def functions_of(path: Path) -> Iterator[Function]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(where=f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines=code_lines(path, node))


def imported_modules(tree: ast.AST) -> set[str]:
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def front_doors(tree: ast.AST) -> set[str]:
    """Return what is imported from a package as such and is no module of it; the version is the one name it owns."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module in PACKAGES]
    names = {(node.module, alias.name) for node in froms for alias in node.names if alias.name != "__version__"}
    return {f"{package}.{name}" for package, name in names if not (ROOT / package / f"{name}.py").is_file()}


def names_in(tree: ast.AST) -> set[str]:
    """Return every identifier that the module defines, reads or passes by keyword."""
    fields = {ast.Name: "id", ast.Attribute: "attr", ast.arg: "arg", ast.keyword: "arg", ast.alias: "asname"}
    fields |= {ast.FunctionDef: "name", ast.AsyncFunctionDef: "name", ast.ClassDef: "name"}
    return {getattr(node, fields[type(node)]) or "" for node in ast.walk(tree) if type(node) in fields}


def test_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("package", "contract"), [("pipelines", "order"), ("outcomes", "outcomes")])
def test_every_module_stands_in_one_layer(package: str, contract: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (layers,) = (one["layers"] for one in contracts if one["id"] == contract)
    placed = [name.strip("() ") for layer in layers for name in layer.split(":")]
    there = {path.stem for path in (ROOT / package).glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    assert sorted(placed) == sorted(there), f"place it in the layers of the contract {contract!r} in pyproject.toml"


@each_module
def test_no_module_imports_through_a_front_door(path: Path) -> None:
    assert not front_doors(parse(path)), "import from the module that defines the name"


@each_module
def test_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(parse(path)), "the module must start with a docstring"


@each_module
def test_module_keeps_its_size(path: Path) -> None:
    n = len(path.read_text(encoding="utf-8").splitlines()) - len(docstring_lines(parse(path)))
    assert n <= 400, f"a module must have at most 400 lines without docstrings, got {n}; split it"


@each_module
def test_functions_keep_their_size(path: Path) -> None:
    long = [function for function in functions_of(path) if function.lines > 60]
    assert not long, "a function must have at most 60 code lines"


def test_functions_are_small_on_the_whole() -> None:
    functions = [function for path in MODULES for function in functions_of(path)]
    lines = np.array([function.lines for function in functions])
    longest = sorted(functions, key=lambda function: -function.lines)[:15]
    assert np.median(lines) <= 10
    assert np.quantile(lines, 0.9) <= 30, longest


@each_module
def test_no_imports_inside_functions(path: Path) -> None:
    if str(path.relative_to(ROOT)) in LAZY_STARTS:
        pytest.skip("the command line starts lazily")
    inside = [
        f"{path.name}:{inner.lineno}"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not inside


@each_module
def test_no_broad_except(path: Path) -> None:
    handlers = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)]
    caught = [(node.lineno, ast.unparse(node.type) if node.type else "") for node in handlers]
    assert not [where for where in caught if re.search(r"^$|\b(Base)?Exception\b", where[1])]


@each_module
def test_nothing_is_pickled(path: Path) -> None:
    tree = parse(path)
    assert not {name.split(".")[0] for name in imported_modules(tree)} & PICKLERS
    assert not {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)} & PICKLING_CALLS
    assert not names_in(tree) & {"to_pickle", "read_pickle"}
    assert "allow_pickle=True" not in ast.unparse(tree)


@each_module
def test_no_misleading_words_in_names(path: Path) -> None:
    found = {name for name in names_in(parse(path)) for word in FORBIDDEN_WORDS if word in name.casefold()}
    assert not found, "these are not offered: see the README, What it refuses"


def texts() -> list[Path]:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in TEXT_FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in files if path.suffix in TEXT_SUFFIXES and "__pycache__" not in path.parts]


@pytest.mark.parametrize("what", FORBIDDEN_TEXT)
def test_tree_names_no_host_and_no_machine(what: str) -> None:
    pattern = re.compile(FORBIDDEN_TEXT[what])
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in texts()
        if path.name != "LICENSE" and (match := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert not found, f"the tree must not name {what}"


def test_lock_is_hashed_and_complete() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [i for i, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert len(pins) > 100
    assert all("==" in lines[i] and "--hash=sha256:" in lines[i + 1] for i in pins)


def test_public_names_are_those_of_the_toolkit() -> None:
    assert spinerisk.__all__ == [
        "bootstrap_predictions", "compare_predictions", "compute_quality", "derive_thresholds", "describe_entry",
        "draft_definition", "evaluate_predictions", "load_model", "read_definition", "read_registry", "read_study",
        "run_study", "score_items", "simulate_registry",
    ]  # fmt: skip
    assert set(spinerisk._HOMES) == set(spinerisk.__all__)


@pytest.mark.parametrize("name", spinerisk.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(spinerisk, name).__name__ == name
    assert getattr(spinerisk, name).__doc__
    assert name in dir(spinerisk)


def test_unknown_public_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'spinerisk' has no attribute 'run_studies'"):
        spinerisk.run_studies  # noqa: B018


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)


def test_import_is_cheap(tmp_path: Path) -> None:
    done = run_python("import sys, spinerisk; print(*sys.modules)", tmp_path)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not loaded & {"numpy", "pandas", "pydantic", "sklearn", "mlflow", "schemas", "pipelines"}


def test_a_file_that_hides_a_floor_is_named(tmp_path: Path) -> None:
    hiding = tmp_path / "schemas.py"
    hiding.write_text("")
    done = run_python("import spinerisk", tmp_path)
    assert done.returncode == 1
    assert f"ImportError: schemas must be spinerisk's own package in {ROOT}, got {hiding}; rename" in done.stderr


def test_another_distribution_that_hides_a_floor_is_named(tmp_path: Path) -> None:
    hiding = tmp_path / "reports/__init__.py"
    hiding.parent.mkdir()
    hiding.write_text("")
    done = run_python("import spinerisk", tmp_path)
    assert f"ImportError: reports must be spinerisk's own package in {ROOT}, got {hiding}; rename" in done.stderr


def test_a_folder_of_data_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "outcomes").mkdir()
    assert run_python("import spinerisk", tmp_path).returncode == 0


@pytest.mark.slow
def test_wheel_carries_the_packages_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("spinerisk-*.whl")
    files = set(zipfile.ZipFile(wheel).namelist())
    metadata = f"spinerisk-{spinerisk.__version__}.dist-info"
    assert {name.split("/")[0] for name in files} == {*PACKAGES, metadata}
    assert {f"{package}/py.typed" for package in PACKAGES} <= files
    assert set(NAMES) <= files
    carried = {str(path.relative_to(ROOT)) for path in data_files()}
    assert carried <= files
    assert any(name.startswith("schemas/definitions/") for name in carried)
    assert any(name.startswith("reports/templates/") for name in carried)
    assert {f"{metadata}/licenses/LICENSE", f"{metadata}/entry_points.txt"} <= files
    assert not [name for name in files if name.endswith((".pyc", ".parquet", ".db"))]


def data_files() -> list[Path]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    return [path for path in paths if path.suffix != ".py" and "__pycache__" not in path.parts]
