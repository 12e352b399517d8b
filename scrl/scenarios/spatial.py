"""Spatial models: rater types and completions on a map, preference by distance.

The map is a plane or the earth, and a nearer completion is preferred. A spatial model becomes an
ordinary scenario, which states orders or utilities.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.scenarios.links import pack_text, unpack_text
from scrl.scenarios.parsing import scenario_of
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

#: The earth's mean radius.
EARTH_RADIUS_KM = 6371.0088
METRICS = ("plane", "earth")
PREFERENCES = ("orders", "utilities")
MAX_LOCATIONS = 40


@dataclass(frozen=True)
class Location:
    """A named point. On the earth ``x`` is degrees east and ``y`` degrees north.

    Attributes:
        share: of the raters; unused for a completion.
    """

    name: str
    x: float
    y: float
    share: float = 0.0


@dataclass(frozen=True)
class SpatialModel:
    """Rater types and completions on one map.

    Attributes:
        metric: ``"plane"``: straight lines, in units of the axes; ``"earth"``: great circles, in
            kilometres.
        states: what the scenario states, ``"orders"``, or ``"utilities"``: minus distance /
            ``unit``.
        unit: the length of one unit of utility, in the metric's unit.
        prompt: the text of the one prompt.
    """

    raters: tuple[Location, ...]
    completions: tuple[Location, ...]
    metric: str = "plane"
    states: str = "orders"
    unit: float = 1.0
    prompt: str = "The best place is"
    name: str = "A map"

    def __post_init__(self) -> None:
        for what, places in (("raters", self.raters), ("completions", self.completions)):
            if len(places) > MAX_LOCATIONS:
                raise InputError(f"A map holds at most {MAX_LOCATIONS} {what}; there are "
                                 f"{len(places)}.")  # fmt: skip
            names = [p.name for p in places]
            if not all(isinstance(n, str) and n.strip() for n in names):
                raise InputError(f"One of the {what} has no name; give every place one.")
            if len(set(names)) < len(names):
                twice = next(n for n in names if names.count(n) > 1)
                raise InputError(f"Among the {what} {quoted(twice)} stands twice; keep one.")
            for p in places:
                _checked(p.x, f"{what}: {quoted(p.name)} has no place", "give both its coordinates")
                _checked(p.y, f"{what}: {quoted(p.name)} has no place", "give both its coordinates")
                if self.metric == "earth" and not (abs(p.y) <= 90 and abs(p.x) <= 360):
                    raise InputError(
                        f"{what}: {quoted(p.name)} lies off the earth; latitudes go from -90 to 90."
                    )
        if self.metric not in METRICS or self.states not in PREFERENCES:
            raise InputError("The map's metric is 'plane' or 'earth', and its types state 'orders' "
                             "or 'utilities'.")  # fmt: skip
        if not (_number(self.unit) and self.unit > 0):
            raise InputError("The unit of utility is a length above 0.")


def distances(space: SpatialModel) -> np.ndarray:
    """The distance of each rater type from each completion ``[types, completions]``: kilometres on
    the earth, units of the axes on a plane."""
    ax, ay = (np.array([getattr(p, k) for p in space.raters], float) for k in "xy")
    bx, by = (np.array([getattr(p, k) for p in space.completions], float) for k in "xy")
    if space.metric == "plane":
        return np.hypot(ax[:, None] - bx, ay[:, None] - by)
    ax, ay, bx, by = map(np.radians, (ax, ay, bx, by))
    # The haversine formula is accurate for short distances.
    h = np.sin((ay[:, None] - by) / 2) ** 2
    h = h + np.cos(ay)[:, None] * np.cos(by) * np.sin((ax[:, None] - bx) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))


def distance_orders(space: SpatialModel) -> list[list[list[str]]]:
    """Each type's order, nearest completion first, equal distances tied (within 1e-9 of the
    largest distance)."""
    names = [c.name for c in space.completions]
    found = []
    for row in distances(space):
        places: list[list[str]] = []
        last = -math.inf
        for k in np.argsort(row, kind="stable"):
            if row[k] - last > 1e-9 * max(row.max(), 1e-300):
                places.append([])
                last = row[k]
            places[-1].append(names[k])
        found.append(places)
    return found


def scenario_of_spatial_model(
    space: SpatialModel, raters: int = 10_000, noise: float = 0.0
) -> Scenario:
    """The scenario of a spatial model; utilities are rounded to a thousandth.

    Raises:
        InputError: where shares do not add up, or as for a scenario file.
    """
    names = [c.name for c in space.completions]
    length = "km" if space.metric == "earth" else "of the map's units"
    types = {}
    for kind, order, row in zip(
        space.raters, distance_orders(space), distances(space), strict=True
    ):
        own: dict = {"share": kind.share}
        if space.states == "utilities":
            worth = np.round(-row / space.unit, 3) + 0.0
            own["utilities"] = {"best": dict(zip(names, worth.tolist(), strict=True))}
        else:
            own["rankings"] = {"best": order}
        types[kind.name] = own
    view = "orders by distance" if space.states == "orders" else (
        f"utility is minus distance, {space.unit:g} {length} to 1"
    )  # fmt: skip
    circle = "great-circle" if space.metric == "earth" else "straight-line"
    return scenario_of({
        "name": space.name, "summary": f"Raters on a map prefer what is near: {view}.",
        "source": f"Coordinates on a map, {circle} distance.",
        "completions": names, "prompts": {"best": {"text": space.prompt}}, "types": types,
        "raters": raters, "noise": noise,
    })  # fmt: skip


# -- in a link ------------------------------------------------------------------------------------


def spatial_model_to_link(space: SpatialModel) -> str:
    """The map as an id for a URL."""
    plain = {
        "metric": space.metric, "states": space.states, "unit": space.unit,
        "prompt": space.prompt, "name": space.name,
        "raters": [[p.name, p.x, p.y, p.share] for p in space.raters],
        "completions": [[p.name, p.x, p.y] for p in space.completions],
    }  # fmt: skip
    return pack_text(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def spatial_model_from_link(id: str) -> SpatialModel:
    """The map that ``spatial_model_to_link`` wrote, or the preset of that name.

    Raises:
        InputError: where the id is neither.
    """
    if id in SPATIAL_MODELS:
        return SPATIAL_MODELS[id]
    if not id.startswith("z-"):
        raise InputError(f"There is no map named {quoted(id)}.")
    try:
        plain = json.loads(unpack_text(id))
        raters, completions = (
            tuple(Location(str(p[0]), *map(float, p[1:])) for p in plain.pop(key))
            for key in ("raters", "completions")
        )
        options: dict[str, Any] = {k: v if k == "unit" else str(v) for k, v in plain.items()}
        return SpatialModel(raters, completions, **options)
    except InputError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise InputError("The link holds no map that can be read; copy it again, whole.") from None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _checked(value: Any, problem: str, remedy: str) -> None:
    if not (_number(value) and abs(value) <= 1e9):
        raise InputError(f"{problem}; {remedy}.")


# -- maps to begin with ---------------------------------------------------------------------------

_CITIES = {
    "Memphis": (-90.05, 35.15), "Nashville": (-86.78, 36.16), "Chattanooga": (-85.31, 35.05),
    "Knoxville": (-83.92, 35.96), "Morristown": (-83.29, 36.21),
}  # fmt: skip
_SHARES = {"Memphis": 0.30, "Nashville": 0.25, "Chattanooga": 0.15, "Knoxville": 0.30}


def _ring(names: str, turn: float, radius: float, share: float = 0.0) -> tuple[Location, ...]:
    angles = [math.radians(turn - 360 * i / len(names)) for i in range(len(names))]
    return tuple(
        Location(n, round(radius * math.cos(a), 3), round(radius * math.sin(a), 3), share)
        for n, a in zip(names, angles, strict=True)
    )


SPATIAL_MODELS = {
    "tennessee": SpatialModel(
        tuple(Location(n, *_CITIES[n], share) for n, share in _SHARES.items()),
        tuple(Location(n, *at) for n, at in _CITIES.items()),
        "earth", "utilities", 100.0, "The capital of Tennessee should be", "Tennessee on the map",
    ),
    "line": SpatialModel(
        (Location("Left", -2, 0, 0.30), Location("Centre-left", -0.7, 0, 0.15),
         Location("Centre", 0.2, 0, 0.15), Location("Right", 1.6, 0, 0.40)),
        (Location("P", -2, 0), Location("Q", -1, 0), Location("R", 0, 0), Location("S", 1.8, 0)),
        prompt="The best policy is", name="Left to right",
    ),
    "lake": SpatialModel(
        tuple(replace(p, name=n, share=s) for p, n, s in zip(
            _ring("abc", 90, 1.0), ("North shore", "South-east shore", "South-west shore"),
            (0.34, 0.33, 0.33), strict=True)),
        _ring("ABC", 70, 1.0),
        prompt="The ferry should land at", name="A lake",
    ),
}  # fmt: skip
