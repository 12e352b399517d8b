"""The structure of the code: imports run one way, and what is shipped can be made again."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import scrl
from scrl.scenarios import gallery, load_scenario, sample, true_ballots
from tests import house_metrics as house

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {"jax", "flax", "optax", "sklearn"}
#: The rooms of the library from the ground up. A room imports only rooms that stand before it.
ROOMS = (
    "types", "config", "random_streams", "runtime", "devices", "results", "sqlite_files",
    "whole_files", "file_locks", "parallel", "data", "text", "packed_ratings", "proxies",
    "choice_models", "utility_models", "rivals", "networks", "figures", "voting", "simulators",
    "electorates", "election_records", "committees", "election_reports", "scenarios", "raters",
    "social", "streamed_raters", "diagnostics", "elicitation", "policies", "references",
    "language_model", "fine_grained", "progress", "pipeline", "evaluation", "drift",
    "reward_models", "summaries", "runs", "classroom", "studies", "sweeps", "tracking", "cli",
    "__main__",
)  # fmt: skip
SCREENS = house.modules(ROOT, ("pages", "ui")) | {"app": ROOT / "app.py"}


@cache
def graph() -> dict[str, set[str]]:
    """Parsed when the first test asks, as every process of the suite imports this file."""
    return house.arrows(ROOT)


def tops(path: Path) -> set[str]:
    return {module.split(".")[0] for module in house.imports(path, ROOT)}


def test_there_are_modules_to_look_at():
    assert {"scrl.pipeline", "scrl.types", "scrl.voting.counting", "scrl.raters.model"} <= set(
        graph()
    )
    assert {"app", "pages.lab", "ui.shared.controls"} <= SCREENS.keys()
    assert "scrl.types" in graph()["scrl.pipeline"]
    assert "jax" in tops(house.modules(ROOT)["scrl.networks.training"])
    assert {house.room(name) for name in graph()} - {"scrl"} == set(ROOMS)


def test_the_library_knows_no_screen():
    for name, path in house.modules(ROOT).items():
        assert not tops(path) & {"streamlit", "ui", "pages", "app"}, name


def test_screens_compute_nothing_themselves():
    for name, path in SCREENS.items():
        assert not tops(path) & HEAVY, name


def test_screens_reach_the_library_through_its_public_faces():
    """``scrl``, a package of it, or a package of ``scrl.voting``: never a module inside one."""
    packages = {name for name, path in house.modules(ROOT).items() if path.name == "__init__.py"}
    faces = packages | {f"scrl.{name}" for name in ("types", "config", "runtime", "results")}
    faces |= {"scrl.whole_files"}
    for name, path in SCREENS.items():
        for target in house.modules_named(path):
            if target.split(".")[0] == "scrl":
                assert target in faces, f"{name} imports {target}"


def test_tests_and_benchmarks_use_public_names_where_there_are_any():
    """A test of something internal imports its module."""
    packages = [name for name, path in house.modules(ROOT).items() if path.name == "__init__.py"]
    faces = {name: importlib.import_module(name) for name in packages}
    public = {name: set(getattr(face, "__all__", ())) for name, face in faces.items()}
    for name, path in house.modules(ROOT, ("tests", "benchmarks")).items():
        for node in house.statements(path):
            package = (getattr(node, "module", None) or "").rpartition(".")[0]
            if isinstance(node, ast.ImportFrom) and package != "scrl" and package in public:
                there = {alias.name for alias in node.names} & public[package]
                assert node.module in public or not there, f"{name}: {there} is in {package}"


def test_a_message_that_may_quote_a_file_is_never_markup():
    """Messages quote names that people bring; Streamlit would read them as Markdown."""
    for name, path in SCREENS.items():
        text = path.read_text("utf-8")
        for raw in ("error(str(", "warning(str(", "info(str(", 'error(st.session_state["file'):
            assert f"st.{raw}" not in text, f"{name} shows a message without page.escaped"


def test_imports_have_no_circle():
    assert house.circles(graph()) == []
    assert house.circles(house.rooms(graph())) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_below_it(room):
    """Directly or through others."""
    below = set(ROOMS[: ROOMS.index(room)])
    for name in graph():
        if house.room(name) == room:
            above = {house.room(m) for m in house.reached(graph(), name)} - below - {room, "scrl"}
            assert not above, f"{name} comes to import {sorted(above)}"


def test_no_file_is_wider_than_400_lines():
    for name, path in (house.modules(ROOT) | SCREENS).items():
        assert len(path.read_text("utf-8").splitlines()) <= 400, name


def test_figures_and_reports_need_no_jax_and_a_run_no_library_that_takes_a_second():
    """So a page of baked results is there in seconds, and commands and workers begin soon."""
    code = "import sys, scrl, scrl.figures, scrl.runs.report, scrl.scenarios.sampling\n"
    code += "import scrl.studies.baking\n"
    code += f"print(sorted({HEAVY!r} & set(sys.modules)))\n"
    code += "scrl.run\nprint(sorted({'sklearn', 'scipy.stats', 'pandas'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]"] * 2


def test_every_public_name_is_there():
    for name in scrl.__all__:
        assert getattr(scrl, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        scrl.nonsense  # noqa: B018


def test_documents_name_files_that_are_there():
    """Links, and paths with a suffix; a path in capitals stands for any."""
    for document in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        text = document.read_text("utf-8")
        for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", text):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
        for path in re.findall(
            r"`((?:scrl|ui|pages|tests|benchmarks|docs)/[a-z_0-9/]+\.\w+)`", text
        ):
            assert (ROOT / path).exists(), f"{document.name}: {path}"


def test_docstrings_name_fields_and_parameters_that_are_there():
    for name, path in (house.modules(ROOT) | SCREENS).items():
        for node in house.statements(path):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            if named := names_in_docstring(ast.get_docstring(node) or ""):
                known = {getattr(n, "arg", getattr(n, "attr", None)) for n in ast.walk(node)}
                known |= {getattr(n, "id", getattr(n, "name", None)) for n in ast.walk(node)}
                assert named <= known, f"{name}.{node.name}: {named - known}"


def names_in_docstring(docstring: str) -> set[str]:
    """The names that begin the entries of the sections Args and Attributes."""
    found: set[str] = set()
    for section in re.findall(r"^(?:Args|Attributes):\n((?: +.*\n|\n)+)", docstring + "\n", re.M):
        for entry in re.findall(r"^    (\w+(?:, \w+)*):", section, re.M):
            found |= set(entry.split(", "))
    return found


# -- what is shipped ------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", gallery())
def test_a_shipped_scenario_loads_and_can_be_sampled_and_counted(stem):
    scenario = load_scenario(gallery()[stem])
    assert scenario.summary
    assert scenario.source
    ratings = sample(scenario, 0).ratings
    assert ratings.ballots > 0
    for ballots in true_ballots(scenario, draws=4):
        assert np.isfinite(ballots.utility).all()


def test_scenarios_are_shipped():
    assert len(gallery()) >= 5
