"""Social welfare functions of utilities."""

from __future__ import annotations

import numpy as np

from scrl.types import InputError
from scrl.voting.contest import TIE_TOLERANCE, Contest
from scrl.voting.namespace import Array
from scrl.voting.registry import rule


@rule(
    "utilitarian",
    title="Utilitarian",
    family="utility",
    reads="utility",
    returns="scores",
    summary="The candidate with the greatest average utility wins.",
    reference="Bentham 1789; over the ballots that state one",
    distortion=("1", "1"),
)
def utilitarian(profile: Contest) -> Array:
    return profile.mean_utility


@rule(
    "egalitarian",
    title="Egalitarian",
    family="utility",
    reads="utility",
    returns="places",
    on_host=True,
    summary="The candidate that is best for the worst-off voter wins. A tie is decided by the "
    "next worst-off voter.",
    reference="leximin: Rawls 1971, Sen 1970; over the ballots that state a utility",
    cost="n·m·log n",
)
def egalitarian(profile: Contest) -> np.ndarray:
    """Of two candidates, the better has the smaller share of voters at or below the lowest utility
    at which these shares differ."""
    levels, level = np.unique(profile.utility[profile.ranked], return_inverse=True)
    weight = np.zeros((len(profile.utility), len(levels)))
    candidate, voter = np.nonzero(profile.ranked)
    np.add.at(weight, (candidate, level), profile.weight[voter])
    total = weight.sum(1, keepdims=True)
    cumulative = np.cumsum(weight / np.where(total > 0, total, 1.0), axis=1)
    cumulative = np.where(total > 0, np.round(cumulative / TIE_TOLERANCE), np.inf)
    return np.unique(cumulative, axis=0, return_inverse=True)[1].reshape(-1)


@rule(
    "nash",
    title="Nash welfare",
    family="utility",
    reads="utility",
    returns="scores",
    on_host=True,
    summary="The utilities of all voters are multiplied. The candidate with the greatest "
    "product wins, which favours a fair share for all.",
    reference="Nash 1950, Kaneko & Nakamura 1979; the geometric mean over the ballots that state "
    "a utility, which must not be negative",
)
def nash(profile: Contest) -> np.ndarray:
    utility = np.where(profile.ranked, profile.utility, 1.0).astype(float)
    if (utility < 0).any():
        raise InputError(
            "Nash welfare multiplies utilities, and one is negative; give utilities of 0 or more."
        )
    weight = np.where(profile.ranked, profile.weight, 0.0)
    total = weight.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(weight > 0, weight * np.log(utility), 0.0).sum(1)
    return np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), 0.0)
