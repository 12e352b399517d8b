"""Outcomes from ballots.

Where the ballots are few, NumPy counts them at once. Many contests or many voters are counted in
one compiled program (``compiled_counting``). Both run the same rules and give the same places.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.ballot_arrays import BallotArrays, NotStrictOrders, flatten_ballots, readings_of
from scrl.voting.contest import CUTTING_TOLERANCE, ITERATION_TOLERANCE, TIE_TOLERANCE, Contest
from scrl.voting.profiles.profile import Profile
from scrl.voting.profiles.stacks import stack_profiles
from scrl.voting.registry import RULES, Rule
from scrl.voting.truncated_ballots import LAST, PREF_VOTING, SHARES, ballots_read_by, check_reading
from scrl.voting.weak_orders import place_scores, weak_order

#: Up to so many contests, and ballots × candidates² of all together, are counted by NumPy: a few
#: milliseconds a rule at most. A program takes .1 to 3 s to compile, and then .3 ms a call or more.
MAX_HOST_CONTESTS, MAX_HOST_CELLS = 16, 1_000_000
_NO_BALLOT = "No ballot of a contest ranks any of its candidates."


def aggregate(
    ballots: Ballots | Profile | Sequence[Profile],
    rule: str,
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> Outcome:
    """The outcome of one rule.

    >>> from scrl.voting import Profile
    >>> profile = Profile.from_text("2: R > G > B\\n3: B > R > G")
    >>> aggregate(profile, "borda").order(profile.names)
    [['R'], ['B'], ['G']]

    Args:
        ballots: of one or many contests; a profile; or a list of profiles of the same candidates,
            which are counted together, with an axis ``[profiles]`` in the outcome.
        left_out: what a ballot says of the candidates that it leaves out: ``"last"`` (tied in last
            place), ``"unseen"`` (nothing: pairs are compared by the ballots that rank both, and a
            ballot of one candidate is not counted) or ``"pref_voting"`` (as that package counts);
            None as ``"unseen"``, but a ballot of one candidate counts for first places.
        widths: of victories where candidates left out are unseen: ``"shares"`` of the ballots that
            rank both, or ``"counts"`` of ballots, over all of them.

    Raises:
        InputError: for an unknown rule or meaning, weights that are negative or all zero, utilities
            that are not numbers, a rule of utilities where ballots state orders, no voter or no
            candidate, a contest in which no ballot ranks a candidate (or two, where unseen).
    """
    if not isinstance(rule, str):
        raise InputError("A rule is a name, such as 'borda'; aggregate_all counts by several.")
    return aggregate_all(ballots, [rule], left_out, widths)[rule]


def aggregate_all(
    ballots: Ballots | Profile | Sequence[Profile],
    rules: Sequence[str],
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> dict[str, Outcome]:
    """The outcome of each rule; shared statistics are computed once. Arguments and errors are those
    of ``aggregate``."""
    names = list(dict.fromkeys(rules))
    found: dict[str, Outcome] = {}
    if isinstance(ballots, Profile):
        found = _count_by_own_rules([ballots], (), names, left_out, widths)
        ballots = ballots.ballots()
    elif not isinstance(ballots, Ballots):
        stacked = stack_profiles(ballots)
        found = _count_by_own_rules(ballots, (len(ballots),), names, left_out, widths)
        ballots = stacked
    if found and len(found) == len(names):
        return found
    counted = [name for name in names if name not in found]
    found |= _count_as_read(ballots, counted, left_out, widths, False)[0]
    return {name: found[name] for name in names}


def _count_by_own_rules(
    profiles: Sequence[Profile],
    leading: tuple[int, ...],
    names: Sequence[str],
    left_out: str | None,
    widths: str,
) -> dict[str, Outcome]:
    """The outcomes, with the ``leading`` axes, of the rules that are functions of a profile."""
    check_reading(left_out, widths)
    found: dict[str, Outcome] = {}
    for name in names:
        count = RULES[name].of_profile
        if count is None:
            continue
        if RULES[name].reads == "utility" and any(p.utility is None for p in profiles):
            raise InputError(f"{RULES[name].title} reads utilities and the profile states orders.")
        read = list(profiles)
        if left_out is not None:
            read = [ballots_read_by(name, profile, left_out) for profile in profiles]
        values = np.stack([np.asarray(count(profile)) for profile in read])
        found |= _outcomes({name: values}, np.ones(values.shape, bool), leading)
    return found


def aggregate_with_pairwise(
    ballots: Ballots | Profile,
    rules: Sequence[str],
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> tuple[dict[str, Outcome], np.ndarray]:
    """As ``aggregate_all``, and P(a ≻ b) ``[..., candidates, candidates]``.

    Raises:
        InputError: as ``aggregate``, and for ``left_out="pref_voting"``, where rules read different
            ballots.
    """
    if left_out == PREF_VOTING:
        raise InputError("Each rule of pref_voting reads ballots in its own way; count one by one.")
    ballots = ballots.ballots() if isinstance(ballots, Profile) else ballots
    names = list(dict.fromkeys(rules))
    outcomes, above = _count_as_read(ballots, names, left_out, widths, True)
    assert above is not None
    return outcomes, above


def _count_as_read(
    ballots: Ballots,
    names: list[str],
    left_out: str | None,
    widths: str,
    with_pairwise: bool,
    assume_strict: bool = True,
) -> tuple[dict[str, Outcome], np.ndarray | None]:
    """The outcome of each rule, and P(a ≻ b) ``[..., candidates, candidates]`` where it is asked
    for."""
    leading, arrays, are_ranks = flatten_ballots(ballots, names, assume_strict)
    found: dict[str, Outcome] = {}
    above = None
    try:
        for group, read, by_counts in readings_of(arrays, names, left_out, widths):
            outcomes, above = _count_rules(
                leading, read, are_ranks, group, with_pairwise, by_counts
            )
            found |= outcomes
    except NotStrictOrders:
        return _count_as_read(ballots, names, left_out, widths, with_pairwise, False)
    return found, None if above is None else above.reshape(*leading, *above.shape[1:])


def _count_rules(
    leading: tuple[int, ...],
    arrays: BallotArrays[np.ndarray],
    are_ranks: bool,
    names: list[str],
    with_pairwise: bool,
    by_counts: bool,
) -> tuple[dict[str, Outcome], np.ndarray | None]:
    """The outcome of each rule, and P(a ≻ b) where it is asked for or a host rule needs it."""
    candidate_mask = arrays.candidate_mask
    for name in names:
        limit = RULES[name].max_candidates
        if limit is not None and candidate_mask.sum(-1).max() > limit:
            raise InputError(
                f"{RULES[name].title} counts at most {limit:,} candidates and a contest has "
                f"{candidate_mask.sum(-1).max():,}; choose another rule for it."
            )
    if _is_small(arrays):
        values, above = _count_small(arrays, names, with_pairwise, by_counts)
    else:
        values, above = _count_compiled(arrays, are_ranks, names, with_pairwise, by_counts)
    return _outcomes(
        values, arrays.candidate_mask, leading, _tolerances(list(values), arrays)
    ), above


def _is_small(arrays: BallotArrays[np.ndarray]) -> bool:
    """Whether NumPy counts these ballots sooner than a program is compiled."""
    if arrays.weight is None or len(arrays.weight) > MAX_HOST_CONTESTS:
        return False
    ballots, candidates = np.count_nonzero(arrays.weight), arrays.candidate_mask.sum(1).max()
    return bool(ballots * candidates**2 <= MAX_HOST_CELLS)


def _count_small(
    arrays: BallotArrays[np.ndarray], names: list[str], with_pairwise: bool, by_counts: bool
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """The values of each rule ``[contests, candidates]``, and P(a ≻ b) where it is asked for, by
    NumPy."""
    contests, m = arrays.candidate_mask.shape
    values = {name: np.zeros((contests, m)) for name in names}
    above = np.full((contests, m, m), 0.5) if with_pairwise else None
    for i, members in enumerate(arrays.candidate_mask):
        contest = _host_contest(arrays, i, None, by_counts)
        if above is not None:
            above[i][np.ix_(members, members)] = contest.above
        for name in names:
            rule = RULES[name]
            if rule.on_host and rule.reads == "pairwise":
                values[name][i, members] = rule.count(contest.above[None])[0]
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    values[name][i, members] = rule.count(contest)
    return values, above


def _count_compiled(
    arrays: BallotArrays[np.ndarray],
    are_ranks: bool,
    names: list[str],
    with_pairwise: bool,
    by_counts: bool,
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """The values of each rule ``[contests, candidates]``, and P(a ≻ b) where it is asked for or a
    host rule needs it, by a compiled program."""
    from scrl.voting.compiled_counting import count_padded, count_uncopied

    device = tuple(sorted(name for name in names if not RULES[name].on_host))
    with_pairwise = with_pairwise or any(RULES[name].on_host for name in names)
    if arrays.weight is None:
        above, counted, valid = count_uncopied(arrays, device, are_ranks, with_pairwise)
        fault = "A utility on a ballot is not a number."
    else:
        above, counted, valid = count_padded(arrays, device, with_pairwise, by_counts)
        fault = _NO_BALLOT
    if not valid.all():
        raise InputError(fault)
    values = {}
    if are_ranks and any(RULES[x].on_host and RULES[x].reads != "pairwise" for x in names):
        arrays = arrays._replace(utility=~arrays.utility)  # higher better, as rules read them
    for name in names:
        if name in device:
            assert counted is not None
            values[name] = counted[:, device.index(name)]
        else:
            assert above is not None
            values[name] = _count_on_host(RULES[name], arrays, above)
    return values, above


def _count_on_host(rule: Rule, arrays: BallotArrays[np.ndarray], above: np.ndarray) -> np.ndarray:
    """The values of a NumPy rule ``[contests, candidates]``: contests of one size together where
    it reads pairwise shares, else one by one."""
    candidate_mask = arrays.candidate_mask
    size = candidate_mask.sum(1)
    values = np.zeros(candidate_mask.shape)
    if rule.reads == "pairwise":
        for k in np.unique(size):
            contests = np.flatnonzero(size == k)
            members = np.nonzero(candidate_mask[contests])[1].reshape(len(contests), k)
            shares = above[contests[:, None, None], members[:, :, None], members[:, None, :]]
            values[contests[:, None], members] = rule.count(shares)
        return values
    for i, members in enumerate(candidate_mask):
        shares = above[i][np.ix_(members, members)]
        values[i, members] = rule.count(_host_contest(arrays, i, shares))
    return values


def _host_contest(
    arrays: BallotArrays[np.ndarray],
    i: int,
    known_above: np.ndarray | None,
    has_count_widths: bool = False,
) -> Contest:
    """Contest i in NumPy, without padding and without ballots that count nothing."""
    members = arrays.candidate_mask[i]
    utility = np.asarray(arrays.utility[i])[members]
    ranked = np.ones(utility.shape, bool) if arrays.ranked is None else arrays.ranked[i][members]
    weight = np.ones(utility.shape[1]) if arrays.weight is None else arrays.weight[i]
    counted = (weight > 0) & ranked.any(0)
    if not counted.any():
        raise InputError(_NO_BALLOT)
    share = weight[counted] / weight[counted].sum()
    stands = np.ones(len(utility), bool)
    return Contest(
        utility[:, counted], ranked[:, counted], share, stands, known_above, has_count_widths
    )


def _outcomes(
    values: dict[str, np.ndarray],
    candidate_mask: np.ndarray,
    leading: tuple[int, ...],
    tolerance: ArrayLike = TIE_TOLERANCE,
) -> dict[str, Outcome]:
    """The values ``[contests, candidates]`` of each rule as outcomes with the ``leading`` axes;
    values within ``tolerance`` ``[rules, contests]`` are tied."""
    names = list(values)
    if not names:
        return {}
    scores = np.empty((len(names), *candidate_mask.shape))
    for i, name in enumerate(names):
        np.multiply(values[name], -1 if RULES[name].returns == "places" else 1, out=scores[i])
    is_padded = not candidate_mask.all()
    place = weak_order(scores, candidate_mask if is_padded else None, tolerance)
    ordinal = [i for i, name in enumerate(names) if RULES[name].returns in ("places", "order")]
    if ordinal:
        scores[ordinal] = place_scores(place[ordinal], candidate_mask)
    shape = (*leading, candidate_mask.shape[-1])
    if is_padded:
        place = np.where(candidate_mask, place, -1)
        scores = np.where(candidate_mask, scores, np.nan)
    return {
        name: Outcome(name, place[i].reshape(shape), scores[i].reshape(shape), RULES[name].lottery)
        for i, name in enumerate(names)
    }


def _tolerances(names: list[str], arrays: BallotArrays[np.ndarray]) -> np.ndarray:
    """How close scores of each rule are tied ``[rules, contests]``: more where an iteration finds
    them, and in proportion to the utilities of the contest where these are added or multiplied."""
    contests = len(arrays.candidate_mask)
    tolerance = np.full((len(names), contests), TIE_TOLERANCE)
    scale: np.ndarray | None = None
    for i, name in enumerate(names):
        rule = RULES[name]
        if rule.family in ("likelihood", "lottery"):
            by_cuts = name == "optimal-lottery"
            tolerance[i] = CUTTING_TOLERANCE if by_cuts else ITERATION_TOLERANCE
        elif rule.reads == "utility" and rule.returns == "scores":
            if scale is None:
                size = np.abs(np.asarray(arrays.utility, float))
                known = np.isfinite(size) & arrays.candidate_mask[:, :, None]
                known &= True if arrays.ranked is None else arrays.ranked
                scale = np.where(known, size, 0.0).max(axis=(1, 2))
            tolerance[i] *= scale
    return tolerance
