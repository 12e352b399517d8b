"""The command ``bake``: make, list, check or verify baked results."""

from __future__ import annotations

import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrl.cli.engines import engine_of
from scrl.cli.outputs import check_folder
from scrl.cli.printing import clear_progress, show_progress
from scrl.types import InputError, Progress

if TYPE_CHECKING:
    from scrl.studies.protocol import Study


def bake(chosen: Namespace) -> None:
    """Bake, list, check or verify studies.

    Raises:
        InputError: for an unknown name, no name, a study whose data are missing, or a stale file.
    """
    from scrl.studies.baking import BAKED
    from scrl.studies.registry import STUDIES, study_named

    studies = [study_named(name) for name in dict.fromkeys(chosen.names)]
    if chosen.all or (not studies and (chosen.list or chosen.check)):
        studies = list(STUDIES.values())
    if not studies:
        raise InputError("Name the studies to bake, or give --all; --list lists them.")
    if chosen.list:
        _list(studies, chosen.out)
        return
    if chosen.check:
        _check(studies, chosen.out)
        return
    check_folder(chosen.out or BAKED, "--out")
    if chosen.verify:
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
    failed = []

    def tell(study: Study, found: Sequence[str]) -> None:
        if found:
            failed.append(study.name)
            print(f"{study.name}: differs from what today's code computes")
            print("".join(f"  {difference}\n" for difference in found), end="")
        else:
            print(f"{study.name}: agrees; marked as made by today's code", flush=True)

    studies = [study for study in studies if not _skipped(study, chosen)]
    for study, (found, content) in _computed(studies, chosen):
        if not found:
            _write(study, content, chosen.out)
        tell(study, found)
    if failed:
        raise InputError(f"To be baked again: python -m scrl bake {' '.join(failed)}")


def _bake(studies: Sequence[Study], chosen: Namespace) -> None:
    studies = [study for study in studies if not _skipped(study, chosen)]
    for study, content in _computed(studies, chosen):
        print(_write(study, content, chosen.out), flush=True)


def _write(study: Study, content: Mapping[str, Any], folder: Path | None) -> Path:
    """Write a baked file, or where its folder cannot be written any more, elsewhere; its path.

    Raises:
        InputError: with the place where it is.
    """
    from scrl.studies.baking import write_baked

    try:
        return write_baked(study, content, folder)
    except OSError as error:
        reason = error.strerror
    try:
        elsewhere = Path(tempfile.mkdtemp(prefix="scrl-baked-"))
        where = f"the result is in {write_baked(study, content, elsewhere)}"
    except OSError:
        where = "the result is lost"
    raise InputError(f"{study.name}: {reason}; {where}.")


def _computed(studies: Sequence[Study], chosen: Namespace) -> Iterator[tuple[Study, Any]]:
    """Each study and what ``compute_study`` found, as it comes."""
    if chosen.cluster or chosen.workers:
        yield from _on_engine(studies, chosen)
        return
    for study in studies:
        found = compute_study(study.name, chosen.verify, chosen.out, chosen.people, show_progress)
        clear_progress()
        yield study, found


def _on_engine(studies: Sequence[Study], chosen: Namespace) -> Iterator[tuple[Study, Any]]:
    """Each study and what ``compute_study`` found, as it comes. Those that fail are named at the
    end, when all others are done.

    Raises:
        InputError: where one has failed.
    """
    from scrl.parallel import iterate_tasks

    work = partial(compute_study, verify=chosen.verify, folder=chosen.out, people=chosen.people)
    failures = []
    names = [study.name for study in studies]
    for done, result in enumerate(iterate_tasks(work, names, engine_of(chosen), chosen.workers)):
        clear_progress()
        name = names[result.number]
        if result.failure is None:
            yield studies[result.number], result.value
        else:
            failures.append(name)
            print(f"{name}: {result.failure.message}", file=sys.stderr)
            if not result.failure.is_bad_input:
                print(result.failure.details, file=sys.stderr)
        show_progress(
            Progress("bake", (done + 1) / len(names), f"{done + 1} of {len(names)} studies")
        )
    clear_progress()
    if failures:
        raise InputError(f"{len(failures)} of {len(names)} studies failed: {', '.join(failures)}.")


def compute_study(
    name: str,
    verify: bool,
    folder: Path | None,
    people: Path | None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Any:
    """Compute a study, in whatever process it runs; nothing is written.

    Returns:
        The content of its baked file; with ``verify`` the differences of a part, and the stored
        content.

    Raises:
        InputError: as ``Study.run``, or where nothing is baked that could be verified.
    """
    from scrl.studies.baking import load_baked
    from scrl.studies.registry import study_named

    study = study_named(name)
    if not verify:
        return study.run(on_progress, people)
    content = load_baked(name, folder)
    return study.spot_check(content, on_progress, people), content


def _skipped(study: Study, chosen: Namespace) -> bool:
    """Whether ``--all`` leaves out a study whose data are not given."""
    skipped = study.needs_data and chosen.people is None and study.name not in chosen.names
    if skipped:
        print(f"{study.name}: left out without --people FOLDER", file=sys.stderr)
    return skipped
