"""Baked results: written, read, and checked for staleness.

A baked file holds the study's ``"result"`` and beside it ``"made"`` (the command), ``"spec"`` (a
hash of the settings) and ``"code"`` (a hash of the code that made it, see ``code_hash``). Reading
one imports nothing heavy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrl.scenarios.shipped import gallery_folder
from scrl.studies.code_hash import code_hash
from scrl.types import InputError
from scrl.whole_files import write_whole

if TYPE_CHECKING:
    from scrl.studies.protocol import Listener, Study

#: Where baked results lie.
BAKED = gallery_folder() / "baked"
MISSING, OTHER_SETTINGS, OTHER_CODE = "missing", "of other settings", "of other code"


def load_baked(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The content of a baked file.

    Raises:
        InputError: where none has this name.
    """
    path = (folder or BAKED) / f"{name}.json"
    if not path.is_file():
        raise InputError(
            f"There is no baked result named '{name}'; run `python -m scrl bake {name}`."
        )
    return json.loads(path.read_text("utf-8"))


def bake(
    study: Study,
    on_progress: Listener = None,
    folder: Path | None = None,
    data: Path | None = None,
) -> Path:
    """Run a study and write its baked file. Seconds are left out, so that the same code writes the
    same file again.

    Args:
        folder: where to write; ``data``: the folder of real people's ballots.

    Raises:
        InputError: as ``Study.run``.
    """
    return write_baked(study, study.run(on_progress, data), folder)


def staleness(study: Study, folder: Path | None = None) -> str:
    """Why a baked file is stale: ``MISSING``, ``OTHER_SETTINGS`` or ``OTHER_CODE``; "" where it is
    not."""
    try:
        content = load_baked(study.name, folder)
    except InputError:
        return MISSING
    if content.get("spec") != study.spec():
        return OTHER_SETTINGS
    return "" if content.get("code") == code_hash(study.modules) else OTHER_CODE


def verify(
    study: Study,
    on_progress: Listener = None,
    folder: Path | None = None,
    data: Path | None = None,
) -> list[str]:
    """Recompute a part of a baked result; where it agrees, mark the file as made by today's code.

    Returns:
        The differences; empty where the file was marked.

    Raises:
        InputError: where nothing is baked, or as ``Study.run``.
    """
    content = load_baked(study.name, folder)
    found = study.spot_check(content, on_progress, data)
    if not found:
        write_baked(study, content, folder)
    return found


def write_baked(study: Study, content: Mapping[str, Any], folder: Path | None = None) -> Path:
    """Write the content of a baked file as made by today's code."""
    people = " --people FOLDER" if study.needs_data else ""
    content = dict(content) | {
        "made": f"python -m scrl bake {study.name}{people}",
        "spec": study.spec(),
        "code": code_hash(study.modules),
    }
    folder = folder or BAKED
    folder.mkdir(exist_ok=True)
    path = folder / f"{study.name}.json"
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    write_whole(path, f"{text}\n")
    return path
