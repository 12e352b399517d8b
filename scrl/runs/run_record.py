"""A stored run as the list shows it, and the facts that are recorded beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

#: Packages that a run's numbers depend on.
PACKAGES = ("jax", "flax", "optax", "numpy", "scikit-learn")


@dataclass(frozen=True)
class RunRecord:
    """One row of the archive, without the blobs.

    Attributes:
        owner: an unguessable token. created: seconds since 1970. state: ``"unfinished" | "done" |
            "failed"``; error: the message of a failed run.
        spec: a hash of everything the run depends on; origin: the id of an uploaded file, else "".
        seeds: number of seeds, from ``seed`` on.
        headline: ``prompt``, ``rule`` and the orders ``vanilla``, ``social`` and, if known,
            ``truth``; empty until the run is done.
    """

    id: str
    owner: str
    name: str
    created: float
    state: str
    error: str
    spec: str
    origin: str
    scenario: str
    seed: int
    rules: tuple[str, ...]
    versions: dict[str, str]
    headline: dict
    seeds: int = 1


def installed_versions() -> dict[str, str]:
    """Versions of scrl, Python and ``PACKAGES``, by name."""
    from scrl import __version__

    found = {"scrl": __version__, "python": sys.version.split()[0]}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def headline(result: Mapping) -> dict:
    """The orders of the first prompt under its first rule, which the list of runs shows."""
    prompt, entry = next(iter(result["prompts"].items()))
    rule = next(iter(entry["social"]))
    found = {"prompt": prompt, "rule": rule, "vanilla": entry["vanilla"]["order"],
             "social": entry["social"][rule]["order"]}  # fmt: skip
    if "truth" in entry:
        found["truth"] = entry["truth"][rule]["order"]
    return found
