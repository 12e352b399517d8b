"""Electorates of a model of raters: voters drawn block by block, the same for every contest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scrl.data.files import quoted
from scrl.electorates.counts import ElectorateCounts
from scrl.electorates.streamed_counting import BLOCK, MEMORY, OnContest, count_electorate
from scrl.random_streams import HostStream, host_rng
from scrl.types import Catalogue, InputError

#: Voters, whose latents are held in memory, at most.
MAX_VOTERS = 1_000_000_000


class VoterModel(Protocol):
    """A model that draws voters, such as ``streamed_raters.StreamedRaters``."""

    @property
    def catalogue(self) -> Catalogue:
        """The prompts, which are the contests, and their completions."""
        ...

    def draw_voters(self, count: int, seed: int = 0, block: int = 0) -> Any:
        """Voters of a block; other blocks are other voters."""
        ...

    def rewards(self, voters: Any, items: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Rewards of items for voters ``[voters, items]``."""
        ...


def count_simulated_voters(
    model: VoterModel,
    voters: int,
    rules: Sequence[str],
    seed: int = 0,
    choice_noise: bool = True,
    checkpoint: str | Path | None = None,
    about: Mapping[str, str] | None = None,
    memory: int = MEMORY,
    on_contest: OnContest | None = None,
) -> ElectorateCounts:
    """Elections of a model's simulated voters on every prompt of its catalogue.

    Memory is that of ``count_electorate``, and what the voters' types and latents take.

    Args:
        model: draws the voters.
        voters: how many.
        rules: names in ``scrl.RULES``.
        seed: of the voters and of their choice noise. The noise of a contest has a stream of its
            own, so that a contest's outcome depends on no other.
        choice_noise: whether ballots are those of rewards with standard Gumbel noise, which
            Plackett and Luce's model of a ballot implies; or of rewards alone.
        checkpoint, about, memory, on_contest: as of ``count_electorate``; seed and noise are part
            of what the electorate is.

    Raises:
        InputError: as ``count_electorate``.
    """
    for what, value, most in (("voters", voters, MAX_VOTERS), ("seed", seed, 2**32 - 1)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not whole or value > most or value < 0:
            raise InputError(
                f"{what} is {quoted(value)[1:-1]}; give a whole number up to {most:,}."
            )
    if voters < 1:
        raise InputError("There is nobody to count: give one voter or more.")
    offsets = model.catalogue.offsets
    sizes = [min(BLOCK, voters - start) for start in range(0, voters, BLOCK)]
    drawn = [model.draw_voters(size, seed, block) for block, size in enumerate(sizes)]

    def utilities(contest: int, own: slice) -> np.ndarray:
        block = own.start // BLOCK
        items = slice(int(offsets[contest]), int(offsets[contest + 1]))
        found = np.asarray(model.rewards(drawn[block], items), np.float32)
        if choice_noise:
            found = found + _gumbel(seed, contest, block, found.shape)
        return found

    own = {"seed": str(seed), "choice noise": str(choice_noise), **(about or {})}
    return count_electorate(
        utilities, np.diff(offsets), voters, rules, checkpoint, own, BLOCK, memory, on_contest
    )


def _gumbel(seed: int, contest: int, block: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard Gumbel noise, float32: minus the logarithm of an exponential variable, which in
    single precision may be 0."""
    rng = host_rng(seed, HostStream.STREAMED_CHOICE_NOISE, contest, block)
    noise = rng.standard_exponential(shape, np.float32)
    np.log(np.maximum(noise, np.float32(1e-30), out=noise), out=noise)
    return np.negative(noise, out=noise)
