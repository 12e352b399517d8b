"""The hash of a study's code: what it covers, what changes it and what does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scrl.studies import STUDIES
from scrl.studies.code_hash import ROOT, code_hash, dependencies
from tests import lanes

FILES = {
    "__init__": '"""The package."""\n',
    "low/__init__": "import lazy_loader as lazy\n",
    "low/numbers": '"""Numbers."""\n\nHALF = 0.5\n',
    "low/unused": "X = 1\n",
    "top": '''"""A study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrl.low import HALF

if TYPE_CHECKING:
    from scrl.low import unused


def double(x: float) -> float:
    """Twice x."""
    y: float = 2 * x  # a comment
    return y + HALF
''',
}


@pytest.fixture
def root(tmp_path) -> Path:
    """A small package whose ``low`` names its public names in a stub."""
    for name, text in FILES.items():
        path = tmp_path / "scrl" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "scrl/low/__init__.pyi").write_text("from .numbers import HALF as HALF\n")
    return tmp_path


def changed(root: Path, name: str, old: str, new: str) -> bool:
    """Whether the hash changes with the source."""
    before, path = code_hash(["scrl.top"], root), root / "scrl" / f"{name}.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    after = code_hash(["scrl.top"], root)
    path.write_text(text)
    return before != after


def test_dependencies_are_followed_through_stubs_but_not_for_types(root):
    assert dependencies(["scrl.top"], root) == {"scrl.top", "scrl.low", "scrl.low.numbers"}
    with pytest.raises(ModuleNotFoundError):
        dependencies(["scrl.nonsense"], root)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("top", "2 * x", "3 * x"),
        ("top", "def double(x", "def double(x=1, *, z"),
        ("low/numbers", "HALF = 0.5", "HALF = 0.25"),
        ("low/__init__", "import lazy_loader as lazy\n", "import lazy_loader as lazy\nY = 1\n"),
    ],
)
def test_a_change_of_code_changes_the_hash_also_in_a_dependency(root, name, old, new):
    assert changed(root, name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("top", '"""Twice x."""', '"""The double of x,\n\n    in other words."""'),
        ("top", '"""A study."""', "# a study"),
        ("top", "  # a comment", ""),
        ("top", "x: float) -> float", "x)"),
        ("top", "y: float = 2", "y = 2"),
        ("top", "from typing import TYPE_CHECKING", "from typing import TYPE_CHECKING, Any"),
        ("top", "\n\n\ndef", "\n\ndef"),
        ("low/numbers", "Numbers.", "Some numbers."),
        ("low/unused", "X = 1", "X = 2"),
        ("__init__", "The package.", "A package."),
    ],
)
def test_words_types_layout_and_other_modules_change_nothing(root, name, old, new):
    assert not changed(root, name, old, new)


def test_a_string_that_computes_is_code(root):
    assert changed(root, "low/numbers", "HALF = 0.5", 'HALF = "0.5"')


# -- the library itself ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "scrl", root / "scrl", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STUDIES)[:: lanes.deep(8, 1)])
def test_a_change_in_any_dependency_of_a_study_makes_it_stale(name, copied):
    """Also of the ones far below: a changed copy of the sources has another hash."""
    check_dependencies(tuple(STUDIES[name].modules), copied)


@cache
def check_dependencies(modules: tuple[str, ...], copied: Path) -> None:
    """Once for all studies of the same modules."""
    before, found = code_hash(modules, copied), dependencies(modules, copied)
    assert before == code_hash(modules)
    assert "scrl.types" in found
    assert set(modules) < found
    texts = {}
    for module in found:
        path = copied.joinpath(*module.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        texts[path] = path.read_text("utf-8")
        path.write_text(f"# A reworded comment.\n{texts[path]}", "utf-8")
    assert code_hash(modules, copied) == before, "all are reworded"
    # A hash reads all sources, so three modules are changed one by one: each study has its own.
    rng = np.random.default_rng(len(found))
    for path in rng.permutation(sorted(texts))[:3]:
        path.write_text(f"{texts[path]}\nCHANGED = True\n", "utf-8")
        assert code_hash(modules, copied) != before, path
        path.write_text(texts[path], "utf-8")
    # The next study meets the same texts, which are parsed once.
    for path, text in texts.items():
        path.write_text(text, "utf-8")


@lanes.deep_only
def test_every_module_that_is_imported_is_a_dependency():
    """The scan of the sources against the modules that Python loads."""
    code = "import sys, scrl.studies.registry\n"
    code += "print(*(m for m in sys.modules if m.partition('.')[0] == 'scrl'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - {"scrl"} <= dependencies(["scrl.studies.registry"])
