"""Whether raters seem to leave off what they like least.

Where absent completions are unseen, a ballot that names the best first and stops says less than the
rater meant. The ballots alone do not tell the two apart, but where raters agree to some extent,
the completions that a ballot leaves off are then those that other ballots rank low.
"""

from __future__ import annotations

import numpy as np

from scrl.types import Ratings

#: Raters who leave completions off, at least; fewer say nothing.
MIN_RATERS = 20
#: How much lower others rank what is left off, of the way from first to last place: at least so
#: much, and so many standard errors.
MIN_GAP, STANDARD_ERRORS = 0.08, 4.0
NOTE = (
    "Most ballots leave completions off, rather those that others rank low. What is left off "
    "counts as unseen; if it is what the rater likes least, read the file with --missing last."
)


def truncation_notes(ratings: Ratings) -> tuple[str, ...]:
    """A note where most ballots leave off completions that other ballots rank low.

    Args:
        ratings: whose absent completions are unseen.
    """
    gap, short = left_off_gaps(ratings)
    if not len(gap) or ratings.ballot_weight[short].sum() <= 0.5 * ratings.ballot_weight.sum():
        return ()
    rater = np.unique(ratings.ballot_rater[short], return_inverse=True)[1]
    mean = np.bincount(rater, gap) / np.bincount(rater)
    if len(mean) < MIN_RATERS:
        return ()
    error = mean.std(ddof=1) / np.sqrt(len(mean))
    found = mean.mean()
    return (NOTE,) if found > max(MIN_GAP, STANDARD_ERRORS * error) else ()


def left_off_gaps(ratings: Ratings) -> tuple[np.ndarray, np.ndarray]:
    """How much lower the completions that a ballot leaves off are ranked than those it ranks.

    Returns:
        The gap, of the way from first to last place, and the number of each ballot that leaves
        completions off ``[short ballots]``. Completions that no ballot compares are left out.
    """
    catalogue, entry = ratings.catalogue, ratings.entry_ballot
    last = np.zeros(ratings.ballots)
    np.maximum.at(last, entry, ratings.rank)
    compared = last[entry] > 0
    item, place = ratings.item[compared], (ratings.rank / np.maximum(last, 1)[entry])[compared]
    count = np.bincount(item, minlength=catalogue.items)
    mean = np.bincount(item, place, catalogue.items) / np.maximum(count, 1)
    known, prompt = (count > 0).astype(float), catalogue.item_prompt
    offered = np.bincount(prompt, known)[ratings.ballot_prompt]
    total = np.bincount(prompt, known * mean)[ratings.ballot_prompt]
    ranked = np.bincount(entry, known[ratings.item], ratings.ballots)
    own = np.bincount(entry, (known * mean)[ratings.item], ratings.ballots)
    short = np.flatnonzero((ranked > 0) & (ranked < offered))
    left = (total - own)[short] / (offered - ranked)[short]
    return left - own[short] / ranked[short], short
