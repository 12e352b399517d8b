"""A rule of one's own, registered beside the rules of the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.contest import Contest
from scrl.voting.cultures.cultures import letter_names
from scrl.voting.profiles.profile import Profile
from scrl.voting.profiles.rankings import dense_places
from scrl.voting.registry import OWN_FAMILY, RULES, Rule

Count = TypeVar("Count", bound=Callable[[Profile], Any])


def rule(
    name: str,
    *,
    title: str = "",
    lottery: bool = False,
    utilities: bool = False,
    summary: str = "",
    reference: str = "",
) -> Callable[[Count], Count]:
    """Register a rule of one's own: a function of a ``Profile`` that scores its candidates.

    >>> import scrl
    >>> @scrl.rule("fewest-last-places")
    ... def fewest_last_places(profile):
    ...     last = profile.place == profile.place.max(axis=1, keepdims=True)
    ...     return -profile.weight @ last
    >>> profile = scrl.Profile.from_counts({"A > B > C": 4, "B > C > A": 3, "C > B > A": 2})
    >>> profile.order("fewest-last-places")
    [['B'], ['C'], ['A']]
    >>> scrl.count_all_rules(profile)[0]["fewest-last-places"].scores
    array([-5.,  0., -4.])

    The rule then works wherever a rule is named: in ``aggregate``, ``count_all_rules`` and the
    methods of profiles. Its ballots have been read by ``left_out`` already. Registered again under
    its name, as in a notebook, it replaces itself. Ballots that name no candidates, such as
    ``Ballots``, become a profile of the candidates A, B, C … whose weights sum to one.

    Args:
        name: by which it is counted.
        title: its name on pages; ``name`` where empty.
        lottery: whether the function returns a probability for each candidate.
        utilities: whether it reads ``profile.utility``; it then counts no profile without.
        summary: what it does, in a sentence; the first line of the function's docstring where
            empty.
        reference: the source.

    The function returns an array of scores ``[candidates]``, higher better; a dictionary of scores
    by name; or the list of the winners' names.

    Raises:
        InputError: for the name of a rule of the library.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputError("A rule needs a name; write @scrl.rule('my-rule').")
    if name in RULES and RULES[name].family != OWN_FAMILY:
        raise InputError(f"{quoted(name)} is a rule of the library; choose another name.")

    def register(count: Count) -> Count:
        def values(profile: Profile) -> np.ndarray:
            return _values(name, count(profile), profile, lottery)

        described = summary or (count.__doc__ or "").strip().split("\n")[0]
        RULES[name] = Rule(
            name, title or name, OWN_FAMILY, "utility" if utilities else "profile",
            "probabilities" if lottery else "scores", True, described, reference, None, ("", ""),
            "unknown", None, None, lambda contest: values(_profile_of(contest, utilities)), values,
        )  # fmt: skip
        return count

    return register


def _values(name: str, returned: Any, profile: Profile, lottery: bool) -> np.ndarray:
    """What the function of a rule returned as numbers ``[candidates]``.

    Raises:
        InputError: for anything but scores, probabilities that sum to one, or winners.
    """
    names = profile.names
    if isinstance(returned, str):
        returned = [returned]
    if isinstance(returned, Mapping):
        missing = [x for x in names if x not in returned] or [x for x in returned if x not in names]
        if missing:
            raise InputError(
                f"The rule {quoted(name)} returned scores that do not fit the candidate "
                f"{quoted(missing[0])}; return one for each candidate."
            )
        returned = [returned[x] for x in names]
    elif isinstance(returned, Iterable) and not isinstance(returned, np.ndarray):
        returned = list(returned)
        if returned and all(isinstance(x, str) for x in returned):
            if not set(returned) <= set(names):
                raise InputError(f"The rule {quoted(name)} returned a winner who does not stand.")
            won = np.array([float(x in returned) for x in names])
            returned = won / won.sum() if lottery else won
    try:
        values = np.asarray(returned, float)
    except (TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if values.shape != (len(names),) or not np.isfinite(values).all():
        raise InputError(
            f"The rule {quoted(name)} did not return {len(names)} numbers, one a candidate, nor "
            "the winners' names."
        )
    if lottery and (values.min() < -1e-9 or abs(values.sum() - 1) > 1e-6):
        raise InputError(f"The probabilities of the rule {quoted(name)} do not sum to 1.")
    return values


def _profile_of(contest: Contest, utilities: bool) -> Profile:
    """The ballots of a contest without names."""
    values = np.where(contest.ranked, contest.utility.astype(float), np.nan).T
    place = dense_places(-values)
    names = letter_names(len(contest.utility))
    return Profile(names, place, contest.weight, (), values if utilities else None)
