"""The single transferable vote.

Each ballot counts for its highest candidate who is neither elected nor out, a tie split equally;
one with no such candidate is exhausted. A candidate who reaches the quota is elected and its
surplus moves on; where nobody has a surplus, the candidate with fewest votes goes out. Sources:
Tideman, The single transferable vote (1995); Scottish Local Government Elections Order 2011
(weighted inclusive Gregory); ERS97 (last parcel); Hill, Wichmann and Woodall (1987; Meek).
"""

from __future__ import annotations

from scrl.committees.approvals import check_seats, ranking_ballots
from scrl.committees.gregory import count_by_transfers
from scrl.committees.meek import count_meek
from scrl.committees.outcomes import CommitteeOutcome
from scrl.committees.quotas import quota_of
from scrl.committees.stv_stages import TIE_BREAKS, TRANSFERS, CountSettings, StvCount
from scrl.types import InputError
from scrl.voting.profiles.profile import Profile


def count_stv(
    profile: Profile,
    seats: int,
    quota: str = "droop",
    transfer: str = "weighted-inclusive",
    ties: str = "all",
    simultaneous: bool = False,
    decimals: int | None = None,
    limit: int = 1_000,
) -> StvCount:
    """Count a profile by the single transferable vote. Candidates whom a ballot leaves out get
    nothing from it.

    Args:
        quota: ``"droop"``, ``"hagenbach-bischoff"`` or ``"hare"`` (``quotas.quota_of``); Meek's
            count uses V / (k + 1) of the votes V that are not exhausted.
        transfer: ``"weighted-inclusive"``: all ballots of the candidate move on, each with the
            part surplus / votes of its value. ``"last-parcel"``: the ballots that came last, at
            most at the value that they have, the surplus shared among those that count for
            somebody else. ``"meek"``: every elected candidate keeps the part of each ballot
            that just leaves it the quota, found by iteration.
        ties: ``"all"``: every candidate tied for the largest surplus or for fewest votes is tried;
            ``"backwards"``: the last earlier stage at which they differ decides, and all are tried
            where there is none; ``"order"``: the first candidate.
        simultaneous: whether all surpluses of a stage move on at once, not the largest alone.
        decimals: the value of a ballot is cut to so many decimals, as in Scotland (5).
        limit: most committees in the outcome.

    Raises:
        InputError: for an unknown setting or number of seats.
    """
    if not isinstance(profile, Profile):
        raise InputError(
            f"count_stv counts a Profile of orders, not {type(profile).__name__}; give the profile "
            "of an election record."
        )
    m, profile = len(profile.names), ranking_ballots(profile)
    seats = check_seats(seats, m)
    for name, value, known in (("transfer", transfer, TRANSFERS), ("ties", ties, TIE_BREAKS)):
        if value not in known:
            raise InputError(f"{name} is one of {', '.join(known)}, not {value!r}.")
    price = quota_of("hagenbach-bischoff" if transfer == "meek" else quota, profile.weight, seats)
    settings = CountSettings(
        profile.place, profile.weight, seats, price, transfer, ties, simultaneous, decimals
    )
    count = count_meek if transfer == "meek" else count_by_transfers
    found, stages, complete = count(settings, limit)
    reading = f"{price.name} quota {price.value:.6g}; candidates left out get nothing"
    outcome = CommitteeOutcome("stv", profile.names, seats, tuple(found), complete, reading=reading)
    return StvCount(outcome, stages, price, transfer)
