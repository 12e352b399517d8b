"""The policy problem of one prompt of a ratings file: what its ballots say of groups of raters."""

from __future__ import annotations

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry, pair_counts
from scrl.config import RewardConfig
from scrl.policies.prompt_problem import PromptProblem, observe_prompt
from scrl.types import InputError, Ratings
from scrl.voting.ratings_counting import count_ratings

#: Groups of raters by first choice; the raters of smaller groups are one further group.
MAX_GROUPS = 5
OTHERS = "Other first choices"


def observed_prompt_problem(ratings: Ratings, prompt: str, rule: str) -> PromptProblem:
    """The policy problem of a prompt, read from ballots.

    Groups are those that the file states, else raters by their first choice. What a completion is
    worth to a group is the share of the group's comparisons that it wins, a mean over the others;
    ½ where nobody of the group compares two.

    Args:
        rule: counts all ballots on the prompt.

    Raises:
        InputError: if no ballot compares two of its completions, or the rule cannot count.
    """
    observed = observe_prompt(ratings, prompt)
    p = ratings.catalogue.prompts.index(prompt)
    own = ratings.select(ratings.ballot_prompt == p).with_absent_resolved()
    names, start = observed.names, int(ratings.catalogue.offsets[p])
    group, titles = _groups(own)
    weight = np.bincount(group[group >= 0], own.ballot_weight[group >= 0], len(titles))
    present = weight > 0
    if not present.any():
        raise InputError(f"No group of raters answers the prompt '{prompt}'.")
    utility = [_worth(own, group == g, start, len(names)) for g in np.flatnonzero(present)]
    place = count_ratings(own, [rule], "unseen")[prompt][rule].place
    ahead = 0.5 + 0.5 * np.sign(place[None, :] - place[:, None])
    np.fill_diagonal(ahead, 0.0)
    return PromptProblem(
        names=names,
        types=tuple(np.array(titles, object)[present]),
        share=weight[present] / weight[present].sum(),
        utility=np.array(utility),
        above=_share_above(observed.wins),
        wins=observed.wins,
        vanilla=observed.vanilla,
        social=fit_bradley_terry(ahead, RewardConfig().prior_sd),
    )


def _groups(ratings: Ratings) -> tuple[np.ndarray, list[str]]:
    """The group of each ballot ``[ballots]``, −1 for none, and the names of the groups."""
    known = ratings.rater_type
    if known is not None and len(np.unique(known[known >= 0])) > 1:
        return known[ratings.ballot_rater], list(ratings.types)
    top = np.minimum.reduceat(ratings.rank, ratings.offsets[:-1])
    first = np.full(ratings.ballots, -1)
    chosen = np.flatnonzero(ratings.rank == top[ratings.entry_ballot])[::-1]
    first[ratings.entry_ballot[chosen]] = ratings.completion[chosen]  # of a tie the first listed
    count = np.bincount(first[first >= 0], minlength=len(ratings.catalogue.completions))
    large = np.argsort(-count, kind="stable")[:MAX_GROUPS]
    large = large[count[large] > 0]
    place = np.full(len(count), len(large))
    place[large] = np.arange(len(large))
    titles = [f"{ratings.catalogue.completions[c]} first" for c in large]
    return np.where(first >= 0, place[first], -1), [*titles, OTHERS]


def _worth(ratings: Ratings, ballots: np.ndarray, start: int, size: int) -> np.ndarray:
    """The share of comparisons of these ballots that each completion wins ``[completions]``.

    Args:
        start: first item of the prompt; size: number of its completions.
    """
    counts, wins = pair_counts(ratings.select(ballots)), np.zeros((size, size))
    first, second = counts.first - start, counts.second - start
    wins[first, second], wins[second, first] = counts.wins_first, counts.wins_second
    return (_share_above(wins).sum(axis=1) - 0.5) / max(size - 1, 1)


def _share_above(wins: np.ndarray) -> np.ndarray:
    """P(row above column) ``[m, m]``; ½ where the two were never compared."""
    both = wins + wins.T
    return np.divide(wins, both, out=np.full(wins.shape, 0.5), where=both > 0)
