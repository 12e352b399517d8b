"""The frozen arrays that pass between the steps.

Shapes are written as ``[axis, axis]``. Everything here is NumPy, flat and ragged: a ballot ranks
any subset of its prompt's completions, a rater answers any subset of prompts, a prompt may recur.
Nothing is dense over prompts × completions × raters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt


class InputError(ValueError):
    """Bad input. The message is one sentence: what is wrong, where, and what to do."""


def frozen(array: npt.ArrayLike, dtype: npt.DTypeLike) -> np.ndarray:
    """A read-only copy of ``array`` with this ``dtype``."""
    array = np.array(array, dtype=dtype)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The prompts, the completions, and which completions each prompt offers.

    An *item* is a completion in the context of one prompt: what a reward model scores. Items are
    numbered prompt by prompt, so those of prompt ``p`` are ``offsets[p] : offsets[p + 1]``.

    Attributes:
        prompts: names ``[prompts]``, distinct.
        completions: names ``[completions]``; a name recurs where it stands for different texts.
        members: the completion of each item ``[items]``.
        offsets: where each prompt's items begin ``[prompts + 1]``.
        prompt_texts, completion_texts: what raters read; the names by default.
        prompt_features, completion_features: ``[prompts, features]`` and ``[completions,
            features]`` in the units of the file, or None.
        read_by: where features are made of texts, what reads them (``text.with_text_features``).
    """

    prompts: tuple[str, ...]
    completions: tuple[str, ...]
    members: np.ndarray
    offsets: np.ndarray
    prompt_texts: tuple[str, ...] = ()
    completion_texts: tuple[str, ...] = ()
    prompt_features: np.ndarray | None = None
    completion_features: np.ndarray | None = None
    read_by: str = ""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "members", frozen(self.members, np.int32))
        set_(self, "offsets", frozen(self.offsets, np.int64))
        set_(self, "prompt_texts", tuple(self.prompt_texts) or self.prompts)
        set_(self, "completion_texts", tuple(self.completion_texts) or self.completions)
        for name in ("prompt_features", "completion_features"):
            if getattr(self, name) is not None:
                set_(self, name, frozen(getattr(self, name), np.float32))

    @property
    def items(self) -> int:
        """The number of items."""
        return len(self.members)

    @cached_property
    def item_prompt(self) -> np.ndarray:
        """The prompt of each item ``[items]``."""
        return frozen(np.repeat(np.arange(len(self.prompts)), np.diff(self.offsets)), np.int32)

    @cached_property
    def _item_keys(self) -> tuple[np.ndarray, np.ndarray]:
        keys = self.item_prompt.astype(np.int64) * len(self.completions) + self.members
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def item_of(self, prompt: np.ndarray, completion: np.ndarray) -> np.ndarray:
        """The item of each (prompt, completion), any equal shapes; the pair must exist."""
        keys, order = self._item_keys
        wanted = np.asarray(prompt, np.int64) * len(self.completions) + np.asarray(completion)
        return order[np.searchsorted(keys, wanted)]

    def names(self, prompt: int) -> list[str]:
        """The names of a prompt's completions, in item order."""
        start, stop = self.offsets[prompt : prompt + 2]
        return [self.completions[c] for c in self.members[start:stop]]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ballots of many raters, flat and ragged: a ``Source``.

    Ballots are grouped by rater in ascending order; the entries of ballot ``b`` are
    ``offsets[b] : offsets[b + 1]``.

    Attributes:
        catalogue: the prompts and completions.
        raters: names ``[raters]``; a rater may have no ballot.
        ballot_rater, ballot_prompt: indices ``[ballots]``; ``ballot_rater`` is ascending.
        ballot_weight: positive ``[ballots]``.
        offsets: where each ballot's entries begin ``[ballots + 1]``.
        completion: the completion of each entry ``[entries]``.
        rank: its place on the ballot ``[entries]``, 0 = best, equal = tied, dense (0, 1, 2 …).
        absent: what a completion left off a ballot means: ``"unseen"`` (its place is unknown) or
            ``"last"`` (tied behind all that are ranked); see ``with_absent_resolved``.
        rater_type: index into ``types`` ``[raters]``, -1 where unknown; None where no rater's is.
        types: names of the rater types.
        rater_features: numeric features of the raters ``[raters, features]`` in the units of the
            file, NaN where unknown; None where no rater has any.
        individuals: whether raters can be told apart; False where the data name none, and each
            ballot is that of an unknown rater.
        notes: remarks of the reader, such as ignored columns and ballots.
        name: of the data.
        times: when each ballot was cast ``[ballots]``, as a number that rises, NaN where unknown;
            None where no ballot's time is known. Dates are days since 1970-01-01 (UTC).
    """

    catalogue: Catalogue
    raters: tuple[str, ...]
    ballot_rater: np.ndarray
    ballot_prompt: np.ndarray
    ballot_weight: np.ndarray
    offsets: np.ndarray
    completion: np.ndarray
    rank: np.ndarray
    absent: str = "unseen"
    rater_type: np.ndarray | None = None
    types: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    name: str = "ratings"
    rater_features: np.ndarray | None = None
    individuals: bool = True
    times: np.ndarray | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        dtypes = {
            "ballot_rater": np.int32, "ballot_prompt": np.int32, "ballot_weight": np.float64,
            "offsets": np.int64, "completion": np.int32, "rank": np.int32,
            "rater_type": np.int32, "rater_features": np.float32, "times": np.float64,
        }  # fmt: skip
        for name, dtype in dtypes.items():
            if getattr(self, name) is not None:
                set_(self, name, frozen(getattr(self, name), dtype))

    @property
    def ballots(self) -> int:
        """The number of ballots."""
        return len(self.ballot_rater)

    @property
    def type_names(self) -> tuple[str, ...]:
        return self.types

    @property
    def type_shares(self) -> np.ndarray:
        """Share of each type among the raters whose type is known ``[types]``; 0 without any."""
        known = np.empty(0, int) if self.rater_type is None else self.rater_type
        count = np.bincount(known[known >= 0], minlength=len(self.types))
        return count / max(count.sum(), 1)

    @property
    def type_utilities(self) -> None:
        """The utilities of real raters are unknown."""

    @property
    def is_scenario(self) -> Literal[False]:
        return False

    @property
    def knows_every_type(self) -> bool:
        return self.rater_type is not None and bool((self.rater_type >= 0).all())

    def ratings(self, seed: int) -> Ratings:
        """These ratings, whatever the seed."""
        return self

    def true_ballots(self, draws: int = 4096, seed: int = 0) -> None:
        """The complete ballots of real raters are unknown."""

    def to_yaml(self) -> str:
        """Empty: ratings are no scenario file."""
        return ""

    @cached_property
    def sizes(self) -> np.ndarray:
        """The number of completions on each ballot ``[ballots]``."""
        return np.diff(self.offsets)

    @cached_property
    def entry_ballot(self) -> np.ndarray:
        """The ballot of each entry ``[entries]``."""
        return np.repeat(np.arange(self.ballots), self.sizes)

    @cached_property
    def item(self) -> np.ndarray:
        """The catalogue item of each entry ``[entries]``."""
        return self.catalogue.item_of(self.ballot_prompt[self.entry_ballot], self.completion)

    def select(self, ballots: np.ndarray) -> Ratings:
        """Only these ballots; raters, prompts and completions keep their numbers.

        Args:
            ballots: a boolean mask ``[ballots]``, or ascending indices.
        """
        index = np.arange(self.ballots)[ballots]
        sizes = self.sizes[index]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.repeat(self.offsets[index] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return replace(
            self, **self._of_ballots(index), offsets=offsets,
            completion=self.completion[entries], rank=self.rank[entries],
        )  # fmt: skip

    def keep(self, entries: np.ndarray) -> Ratings:
        """The ballots with only these entries (bool ``[entries]``); empty ballots are dropped."""
        sizes = np.bincount(self.entry_ballot[entries], minlength=self.ballots)
        ballots = sizes > 0
        offsets = np.concatenate([[0], np.cumsum(sizes[ballots])])
        return replace(
            self, **self._of_ballots(ballots), offsets=offsets,
            completion=self.completion[entries], rank=self.rank[entries],
        )  # fmt: skip

    def _of_ballots(self, ballots: np.ndarray) -> dict[str, Any]:
        """What is stored once a ballot, of these ballots."""
        names = ("ballot_rater", "ballot_prompt", "ballot_weight", "times")
        values = {name: getattr(self, name) for name in names}
        return {name: value[ballots] for name, value in values.items() if value is not None}

    def completed(self) -> Ratings:
        """Every ballot with the completions that it leaves out tied last."""
        c = self.catalogue
        offered = np.diff(c.offsets)[self.ballot_prompt]
        offsets = np.concatenate([[0], np.cumsum(offered)])
        first_item = c.offsets[self.ballot_prompt]
        worst = np.full(self.ballots, -1, np.int32)
        np.maximum.at(worst, self.entry_ballot, self.rank)
        rank = np.repeat(worst + 1, offered)
        rank[self.item + (offsets[:-1] - first_item)[self.entry_ballot]] = self.rank
        item = np.arange(offsets[-1]) + np.repeat(first_item - offsets[:-1], offered)
        return replace(
            self, offsets=offsets, completion=c.members[item], rank=rank, absent="unseen"
        )

    def with_absent_resolved(self, min_size: int = 1) -> Ratings:
        """Ballots that state all that is known of them, so that no later step reads ``absent``.

        Where absent means ``"last"`` the ballots are completed. Where it means ``"unseen"`` they
        stay as they are, and those of fewer than ``min_size`` completions are dropped: a ballot of
        one completion compares nothing.
        """
        if self.absent == "last":
            return self.completed()
        return self if min_size <= 1 else self.select(self.sizes >= min_size)


class Source(Protocol):
    """What a run learns from: a scenario, whose raters are drawn and whose truth is known, or the
    ratings of real raters."""

    @property
    def name(self) -> str: ...

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def type_names(self) -> tuple[str, ...]:
        """Names of the rater types; empty where none is known."""
        ...

    @property
    def type_shares(self) -> np.ndarray:
        """Share of each type ``[types]``."""
        ...

    @property
    def type_utilities(self) -> np.ndarray | None:
        """Utility of each item for each type ``[types, items]``; None where unknown."""
        ...

    @property
    def is_scenario(self) -> bool:
        """Whether raters are drawn and the truth is known."""
        ...

    @property
    def knows_every_type(self) -> bool:
        """Whether every rater's type is known."""
        ...

    def ratings(self, seed: int) -> Ratings:
        """The raters' ballots: drawn with this seed, or those of the real raters."""
        ...

    def true_ballots(self, draws: int = 4096, seed: int = 0) -> list[Ballots] | None:
        """Complete ballots of the whole population, one ``Ballots`` a prompt; None where unknown.

        Args:
            draws: voters a type where the scenario is noisy.
        """
        ...

    def to_yaml(self) -> str:
        """The source as a scenario file; empty for ratings."""
        ...


@dataclass(frozen=True, eq=False)
class Ballots:
    """The ballots of one or many contests, as rules count them.

    Attributes:
        utility: ``[..., voters, candidates]``; only its order within a voter matters to an ordinal
            rule, equal values are ties.
        ranked: which candidates the ballot ranks, same shape, or None for all. What a ballot says
            of the others is the argument ``left_out`` of ``voting.aggregate``.
        weight: ``[..., voters]``, zero for padding, or None for one each.
        candidates: which candidates stand in the contest ``[..., candidates]`` (False is padding),
            or None for all.
        rank: whole numbers ``[..., voters, candidates]``, 0 = best, equal = tied, -1 = left out,
            in place of ``utility``; int8 counts fastest.
    """

    utility: np.ndarray | None = None
    ranked: np.ndarray | None = None
    weight: np.ndarray | None = None
    candidates: np.ndarray | None = None
    rank: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Outcome:
    """A rule's result for each contest.

    Attributes:
        rule: its name in the registry.
        place: ``[..., candidates]``, how many candidates stand strictly ahead (0 = first, equal =
            tied); -1 for padding.
        scores: ``[..., candidates]``; for a lottery its probabilities. NaN for padding.
        lottery: whether ``scores`` are probabilities.
    """

    rule: str
    place: np.ndarray
    scores: np.ndarray
    lottery: bool = False

    @property
    def chances(self) -> np.ndarray:
        """Probability to win ``[..., candidates]``: the lottery's, or uniform over those who share
        first place; 0 for padding."""
        if self.lottery:
            return np.nan_to_num(self.scores)
        first = self.place == 0
        return first / first.sum(-1, keepdims=True)

    def order(self, names: list[str], contest: tuple[int, ...] | int = ()) -> list[list[str]]:
        """One contest's order, best first; each place is the list of names tied there."""
        return places_to_order(self.place[contest], names)

    def by_name(self, names: list[str], contest: tuple[int, ...] | int = ()) -> dict[str, float]:
        """One contest's scores (or probabilities) by candidate."""
        return {name: float(s) for name, s in zip(names, self.scores[contest], strict=False)}


def places_to_order(place: np.ndarray, names: list[str]) -> list[list[str]]:
    """``place [candidates]`` (0 = first, equal = tied) as names, best first."""
    place = np.asarray(place)[: len(names)]
    return [[names[i] for i in np.flatnonzero(place == p)] for p in np.unique(place)]


@dataclass(frozen=True)
class Progress:
    """The state of a run, passed to ``on_progress`` between chunks of work.

    Attributes:
        phase: ``"compiling" | "individual" | "density" | "voters" | "social" | "evaluating"``; of a
            language model ``"writing" | "scoring" | "training"``.
        fraction: of the whole run, 0 to 1.
        message: one line for a person.
        curves: of a training, name -> (steps, values), for a live chart.
    """

    phase: str
    fraction: float
    message: str = ""
    curves: dict = field(default_factory=dict)


class Cancelled(Exception):
    """Raised inside a run that its owner has cancelled."""
