"""The command ``bake``: make, list, check or verify baked results."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scrl.cli.printing import clear_progress, show_progress
from scrl.types import InputError

if TYPE_CHECKING:
    from scrl.studies.protocol import Study


def bake(chosen: Namespace) -> None:
    """Bake, list, check or verify studies.

    Raises:
        InputError: for an unknown name, no name, a study whose data are missing, or a stale file.
    """
    from scrl.studies.registry import STUDIES, study_named

    studies = [study_named(name) for name in dict.fromkeys(chosen.names)]
    if chosen.all or (not studies and (chosen.list or chosen.check)):
        studies = list(STUDIES.values())
    if not studies:
        raise InputError("Name the studies to bake, or give --all; --list lists them.")
    if chosen.list:
        _list(studies, chosen.out)
    elif chosen.check:
        _check(studies, chosen.out)
    elif chosen.verify:
        _verify(studies, chosen)
    else:
        _bake(studies, chosen)


def _list(studies: Sequence[Study], folder: Path | None) -> None:
    from scrl.studies.baking import staleness

    width = max(len(study.name) for study in studies)
    for study in studies:
        state = staleness(study, folder) or "fresh"
        people = "; needs --people" if study.needs_data else ""
        print(f"  {study.name:<{width}}  {study.title} ({state}{people})")


def _check(studies: Sequence[Study], folder: Path | None) -> None:
    from scrl.studies.baking import staleness

    states = {study.name: staleness(study, folder) for study in studies}
    stale = [f"{name} is {state}" for name, state in states.items() if state]
    if stale:
        raise InputError(f"{'; '.join(stale)}. Run `python -m scrl bake --verify NAME`.")
    print(f"{len(states)} baked files are fresh.")


def _verify(studies: Sequence[Study], chosen: Namespace) -> None:
    from scrl.studies.baking import verify

    failed = []
    for study in studies:
        if _skipped(study, chosen):
            continue
        found = verify(study, show_progress, chosen.out, chosen.people)
        clear_progress()
        if found:
            failed.append(study.name)
            print(f"{study.name}: differs from what today's code computes")
            print("".join(f"  {difference}\n" for difference in found), end="")
        else:
            print(f"{study.name}: agrees; marked as made by today's code")
    if failed:
        raise InputError(f"To be baked again: python -m scrl bake {' '.join(failed)}")


def _bake(studies: Sequence[Study], chosen: Namespace) -> None:
    from scrl.studies import baking

    for study in studies:
        if not _skipped(study, chosen):
            path = baking.bake(study, show_progress, chosen.out, chosen.people)
            clear_progress()
            print(path)


def _skipped(study: Study, chosen: Namespace) -> bool:
    """Whether ``--all`` leaves out a study whose data are not given."""
    skipped = study.needs_data and chosen.people is None and study.name not in chosen.names
    if skipped:
        print(f"{study.name}: left out without --people FOLDER", file=sys.stderr)
    return skipped
