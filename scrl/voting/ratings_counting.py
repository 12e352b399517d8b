"""Outcomes from ratings, without a model: what ``python -m scrl vote`` counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scrl.data.batches import next_power_of_two
from scrl.data.files import quoted
from scrl.types import Ballots, InputError, Outcome, Ratings
from scrl.voting.ballot_arrays import MAX_CANDIDATES
from scrl.voting.counting import aggregate_all
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import LAST, SHARES, UNSEEN

#: Ballots × candidates held at once.
CELLS = 20_000_000


def ballots_by_prompt(ratings: Ratings) -> Iterator[tuple[np.ndarray, Ballots]]:
    """The ballots of every prompt that has any, prompts of similar size together.

    Args:
        ratings: with absent completions resolved.

    Yields:
        Prompt indices ``[contests]`` and their ``Ballots [contests, voters, candidates]``.
    """
    r = ratings
    sizes = np.diff(r.catalogue.offsets)
    cast = np.bincount(r.ballot_prompt, minlength=len(sizes))
    # Compiling one shape costs as much as counting some hundred million cells. Shapes of 64, 256,
    # 1024 … voters by 4, 8, 16 … candidates need few programs for a thousand different prompts.
    shape = np.array([_padded_shape(v, m) for v, m in zip(cast, sizes, strict=True)])
    by_prompt = np.argsort(r.ballot_prompt, kind="stable")
    start = np.concatenate([[0], np.cumsum(cast)])
    row = np.empty(r.ballots, np.int64)
    row[by_prompt] = np.arange(r.ballots) - start[r.ballot_prompt[by_prompt]]
    slot = r.item - r.catalogue.offsets[r.ballot_prompt][r.entry_ballot]
    for group in np.unique(shape[cast > 0], axis=0):
        members = np.flatnonzero((shape == group).all(1) & (cast > 0))
        # The arrays are allocated at the size of the largest contest, not at the padded size.
        v, m = min(group[0], max(64, cast[members].max())), sizes[members].max()
        step = max(1, CELLS // int(v * m))
        for i in range(0, len(members), step):
            prompts = members[i : i + step]
            contest_of = np.full(len(sizes), -1)
            contest_of[prompts] = np.arange(len(prompts))
            contest = contest_of[r.ballot_prompt]
            ballots = np.flatnonzero(contest >= 0)
            entries = np.flatnonzero(contest[r.entry_ballot] >= 0)
            at = (contest[r.entry_ballot[entries]], row[r.entry_ballot[entries]], slot[entries])
            utility = np.zeros((len(prompts), v, m), np.float32)
            ranked = np.zeros(utility.shape, bool)
            weight = np.zeros(utility.shape[:2])
            utility[at], ranked[at] = -r.rank[entries], True
            weight[contest[ballots], row[ballots]] = r.ballot_weight[ballots]
            candidates = np.arange(m) < sizes[prompts, None]
            yield prompts, Ballots(utility, ranked, weight, candidates)


def require_ordinal_rules(rules: Sequence[str], reason: str) -> None:
    """Check that all rules can count orders.

    Args:
        rules: their names.
        reason: why utilities are unknown, as a clause of the message.

    Raises:
        InputError: for a rule that is unknown or reads utilities.
    """
    for name in rules:
        if RULES[name].reads == "utility":
            raise InputError(
                f"'{name}' needs known utilities, and {reason}; choose a rule that reads orders."
            )


def _check_candidates(ratings: Ratings) -> None:
    """Raise ``InputError`` for a prompt with too many completions to be compared."""
    sizes = np.diff(ratings.catalogue.offsets)
    if sizes.max(initial=0) > MAX_CANDIDATES:
        prompt = int(sizes.argmax())
        raise InputError(
            f"{ratings.name}: the prompt {quoted(ratings.catalogue.prompts[prompt])} has "
            f"{sizes[prompt]:,} completions, and at most {MAX_CANDIDATES:,} can be compared; count "
            f"those that most ballots rank ('scrl vote … --most-ranked {MAX_CANDIDATES}', or "
            "scrl.data.most_ranked)."
        )


def _padded_shape(voters: int, candidates: int) -> tuple[int, int]:
    """The padded size of a contest: voters a power of four, at least 64; candidates a power of two,
    at least 4."""
    exponent = next_power_of_two(max(voters, 64)).bit_length() - 1
    return 1 << (exponent + exponent % 2), next_power_of_two(max(candidates, 4))


def count_ratings(
    ratings: Ratings, rules: Sequence[str], left_out: str = LAST, widths: str = SHARES
) -> dict[str, dict[str, Outcome]]:
    """Count every prompt's ballots by every rule.

    Args:
        left_out, widths: what a ballot says of the completions that it leaves out, and what the
            width of a victory is, as in ``aggregate``. What ``ratings.absent`` says is what models
            learn from them, and is not read.

    Returns:
        prompt -> rule -> ``Outcome`` over the prompt's completions, in the order of the catalogue;
        a prompt without a ballot (where absent completions are unseen, one that ranks two) is left
        out.

    Raises:
        InputError: if no ballot ranks two completions, or a rule is unknown or reads utilities,
            which ratings do not state.
    """
    require_ordinal_rules(rules, "ratings state only orders")
    catalogue = ratings.catalogue
    _check_candidates(ratings)
    found: dict[int, dict[str, Outcome]] = {}
    # Prompts without a comparison are left out where they would be refused.
    selected = ratings.select(ratings.sizes >= 2) if left_out == UNSEEN else ratings
    for prompts, ballots in ballots_by_prompt(selected):
        outcomes = aggregate_all(ballots, rules, left_out, widths)
        for row, prompt in enumerate(prompts):
            size = len(catalogue.names(prompt))
            found[prompt] = {
                rule: Outcome(
                    rule, outcome.place[row, :size], outcome.scores[row, :size], outcome.lottery
                )
                for rule, outcome in outcomes.items()
            }
    if not found:
        raise InputError(
            f"{ratings.name}: no ballot ranks two completions of one prompt, so there is nothing "
            "to count."
        )
    return {catalogue.prompts[p]: found[p] for p in sorted(found)}
