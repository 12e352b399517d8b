"""Ratings whose raters can be told apart, and those that name no rater."""

from __future__ import annotations

from scrl.types import InputError, Ratings

#: The note of ratings that name no rater.
NO_INDIVIDUALS = (
    "No row names its rater, so individuals cannot be told apart; each ballot counts as that of "
    "an unknown rater."
)


def require_individuals(ratings: Ratings, purpose: str) -> None:
    """Raise ``InputError`` where raters cannot be told apart.

    Args:
        purpose: what needs them, as the beginning of a sentence.
    """
    if not ratings.individuals:
        raise InputError(
            f"{purpose} needs to know which ballots are one rater's, and these data name no rater; "
            "add a column of raters, or count the ballots as they are (scrl vote, and scrl run for "
            "reward models)."
        )
