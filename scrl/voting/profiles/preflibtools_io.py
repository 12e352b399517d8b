"""Conversion to and from instances of the optional package preflibtools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scrl.types import InputError
from scrl.voting.profiles.profile import Profile
from scrl.voting.profiles.ratings_profiles import group_ballots, to_preflib


def to_preflibtools(profile: Profile, title: str = "Profile") -> Any:
    """Convert to preflibtools' ``OrdinalInstance``, equal ballots merged. Weights that are not
    whole are multiplied as in ``to_preflib``.

    Raises:
        InputError: if preflibtools is not installed.
    """
    try:
        from preflibtools.instances import OrdinalInstance
    except ImportError as error:
        raise InputError("preflibtools is not installed; pip install preflibtools.") from error
    merged = group_ballots(profile.names, profile.place, profile.weight)
    suffix, text = to_preflib(merged, title)
    instance = OrdinalInstance()
    instance.parse_str(text, suffix, file_name=f"profile.{suffix}")
    instance.data_type = instance.infer_type()
    return instance


def from_preflibtools(instance: Any) -> Profile:
    """Convert preflibtools' ``OrdinalInstance``, or its ``CategoricalInstance`` with the candidates
    of a category tied. What an order leaves out stays left out.

    Raises:
        InputError: for any other type, or an instance without an order.
    """
    preferences = getattr(instance, "preferences", None)
    if preferences is None or not hasattr(instance, "multiplicity"):
        raise InputError(f"A {type(instance).__name__} is none of preflibtools' ordinal instances.")
    if not preferences:
        raise InputError("The instance has no order; parse its file first.")
    names = tuple(str(name) for name in instance.alternatives_name.values())
    column = {number: i for i, number in enumerate(instance.alternatives_name)}
    place = np.full((len(preferences), len(names)), -1)
    for row, order in zip(place, preferences, strict=True):
        groups = (tuple(group) if isinstance(group, Iterable) else (group,) for group in order)
        for rank, tied in enumerate(filter(None, groups)):
            for number in tied:
                row[column[number]] = rank
    return Profile(names, place, np.array([instance.multiplicity[order] for order in preferences]))
