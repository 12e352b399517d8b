"""Random samples of a profile's voters, and how sure a winner is of winning."""

from __future__ import annotations

import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.counting import aggregate
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES

#: Most voters that are drawn: NumPy draws counts as 64-bit integers.
MAX_VOTERS = 10**15
#: Bound of NumPy's multivariate hypergeometric distribution on the number of voters.
MAX_WITHOUT_REPLACEMENT = 10**9
#: Most draws of ``bootstrap``, and ballots × candidates that are counted at once.
MAX_DRAWS, CELLS = 1_000_000, 20_000_000


def sample(
    profile: Profile, voters: int | None, seed: int | np.random.Generator, replace: bool
) -> Profile:
    """A random sample of the voters, as ``Profile.sample`` describes."""
    total = profile.voters
    size = round(total) if voters is None else voters
    if size != int(size) or not 1 <= size <= MAX_VOTERS:
        raise InputError(
            f"A sample of {size:,} voters cannot be drawn; give a whole number from 1."
        )
    rng = np.random.default_rng(seed)
    if replace:
        count = rng.multinomial(int(size), profile.weight / total)
    else:
        whole = np.rint(profile.weight).astype(np.int64)
        if np.abs(whole - profile.weight).max() > 1e-9:
            raise InputError(
                "A weight is a fraction, so that voters cannot be drawn once each; draw with "
                "replacement, or give whole numbers of voters."
            )
        if size > whole.sum():
            raise InputError(
                f"{int(size):,} of {whole.sum():,} voters cannot be drawn without replacement."
            )
        if whole.sum() >= MAX_WITHOUT_REPLACEMENT:
            raise InputError(
                f"Of {MAX_WITHOUT_REPLACEMENT:,} or more voters a sample is drawn with replacement."
            )
        count = rng.multivariate_hypergeometric(whole, int(size), method="marginals")
    drawn = np.flatnonzero(count)
    return profile.select(drawn, count[drawn])


def bootstrap(
    profile: Profile,
    rule: str,
    draws: int,
    seed: int | np.random.Generator,
    left_out: str | None,
    widths: str,
) -> dict[str, float]:
    """Shares of resampled electorates won, as ``Profile.bootstrap`` describes."""
    if draws != int(draws) or not 1 <= draws <= MAX_DRAWS:
        raise InputError(f"draws is {draws:,}; give a whole number from 1 to {MAX_DRAWS:,}.")
    if profile.voters < 1.5 and len(profile.weight) > 1:
        raise InputError(
            "The weights are shares, so that the number of voters is unknown; give weights as "
            "numbers of voters."
        )
    merged = profile.merged()
    size, share = max(round(profile.voters), 1), merged.weight / profile.voters
    rng = np.random.default_rng(seed)
    won = np.zeros(len(merged.names))
    # A rule that searches on the host takes one electorate after another in any case.
    step = max(1, CELLS // merged.place.size)
    for start in range(0, int(draws), step):
        part = min(step, int(draws) - start)
        weight = rng.multinomial(size, share, part).astype(float)
        if RULES[rule].of_profile is None:
            won += aggregate(_electorates(merged, weight), rule, left_out, widths).chances.sum(0)
            continue
        for row in weight:  # a rule of one's own reads names, which ballots have not
            drawn = merged.select(row > 0, row[row > 0])
            won += aggregate(drawn, rule, left_out, widths).chances
    return dict(zip(merged.names, (won / draws).tolist(), strict=True))


def _electorates(profile: Profile, weight: np.ndarray) -> Ballots:
    """The ballots of a profile with several weights ``[draws, ballots]``."""
    shape = (*weight.shape, len(profile.names))
    ranked = np.broadcast_to(profile.place >= 0, shape)
    if profile.utility is None:
        return Ballots(rank=np.broadcast_to(profile.place, shape), ranked=ranked, weight=weight)
    return Ballots(np.broadcast_to(profile.utility, shape), ranked, weight)
