"""Weighted ballots over named candidates, as users write, count, edit and share them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from scrl.types import Outcome
from scrl.voting.profiles.pairwise import dominant_set, margin_graph, pairwise_counts
from scrl.voting.profiles.profile_data import format_ballot, on_demand
from scrl.voting.profiles.profile_editing import EditableProfile

__all__ = ["Profile", "format_ballot"]

#: What a ballot says of the candidates that it leaves out, and what the width of a victory is,
#: unless it is said; the values are explained at ``counting.aggregate``.
_LEFT_OUT, _WIDTHS = "last", "shares"
#: Head-to-head counts closer than this share of the weight are tied, as in ``contest``.
_TIE = 1e-9


class Profile(EditableProfile):
    """An anonymous preference profile: distinct ballots and how many voters cast each.

    >>> from scrl import Profile
    >>> profile = Profile.from_counts({"A > B > C": 4, "B > C > A": 3, "C > B > A": 2})
    >>> profile.condorcet_winner(), profile.winners("plurality")
    ('B', ['A'])

    The constructors are ``from_counts`` and ``from_rankings`` (names), ``from_orders``,
    ``from_ranks`` and ``from_utilities`` (arrays), ``from_frame``, ``from_file`` and ``from_text``.
    Two profiles are equal if the same candidates have the same ballots of the same weights.
    Every method that counts reads candidates that a ballot leaves out as tied last, unless
    ``left_out`` says ``"unseen"`` or ``"pref_voting"`` (docs/conventions.md).

    The fields are ``names [candidates]``, ``place [ballots, candidates]`` (0 = best, -1 = left
    out), ``weight [ballots]``, ``labels [ballots]`` and ``utility [ballots, candidates]`` or None;
    ``ProfileData`` describes them.
    """

    # -- head to head -----------------------------------------------------------------------------

    def pairwise(self, left_out: str | None = _LEFT_OUT) -> np.ndarray:
        """The number of voters who rank a above b ``[candidates, candidates]``.

        >>> Profile.from_text("3: A > B; 2: B").pairwise()
        array([[0., 3.],
               [2., 0.]])

        Args:
            left_out: what a ballot says of a candidate that it leaves out: ``"last"``, tied behind
                all that it ranks; ``"unseen"`` and ``"pref_voting"``, nothing.

        Raises:
            InputError: for another value.
        """
        read = self._read(left_out)
        return pairwise_counts(read.place, read.weight)

    def margins(self, left_out: str | None = _LEFT_OUT) -> np.ndarray:
        """Voters who rank a above b less those who rank b above a ``[candidates, candidates]``.

        >>> Profile.from_text("3: A > B; 2: B").margins()
        array([[ 0.,  1.],
               [-1.,  0.]])
        """
        count = self.pairwise(left_out)
        return count - count.T

    def margin(self, a: str, b: str, left_out: str | None = _LEFT_OUT) -> float:
        """Voters who rank ``a`` above ``b`` less those who rank ``b`` above ``a``."""
        return float(self.margins(left_out)[self._index(a), self._index(b)])

    def condorcet_winner(self, left_out: str | None = _LEFT_OUT) -> str | None:
        """The candidate who beats every other head to head, or None."""
        beats = self._beats(left_out)
        return self._only(beats.sum(1) == len(self.names) - 1)

    def weak_condorcet_winners(self, left_out: str | None = _LEFT_OUT) -> list[str]:
        """The candidates whom no other beats head to head."""
        return self._named(np.logical_not(self._beats(left_out).any(0)))

    def condorcet_loser(self, left_out: str | None = _LEFT_OUT) -> str | None:
        """The candidate whom every other beats head to head, or None; None for one candidate."""
        beats = self._beats(left_out)
        return self._only((beats.sum(0) == len(self.names) - 1) & (len(self.names) > 1))

    def smith_set(self, left_out: str | None = _LEFT_OUT) -> list[str]:
        """The smallest set of candidates who all beat everybody outside it head to head.

        >>> Profile.from_text("1: A > B > C > D; 1: B > C > A > D; 1: C > A > B > D").smith_set()
        ['A', 'B', 'C']
        """
        return self._named(dominant_set(~self._beats(left_out).T))

    # -- by rules ---------------------------------------------------------------------------------

    def outcome(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> Outcome:
        """The outcome of a rule, as arrays: ``scrl.aggregate`` of this profile.

        Raises:
            InputError: for an unknown rule, or one that cannot count this profile.
        """
        from scrl.voting import aggregate

        return aggregate(self, rule, left_out, widths)

    def winners(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> list[str]:
        """The candidates in first place by a rule; of a lottery, those who win most probably.

        >>> Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > B > A").winners("borda")
        ['B']
        """
        return self._named(self.outcome(rule, left_out, widths).place == 0)

    def order(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> list[list[str]]:
        """The order of a rule, best first; each place is the list of names tied there.

        >>> Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > B > A").order("borda")
        [['B'], ['A'], ['C']]
        """
        return self.outcome(rule, left_out, widths).order(list(self.names))

    def scores(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> dict[str, float]:
        """The score of each candidate by a rule, higher better; of a lottery its probability.

        >>> Profile.from_text("4: A > B > C; 4: B > C > A; 2: C > B > A").scores("plurality")
        {'A': 0.4, 'B': 0.4, 'C': 0.2}
        """
        return self.outcome(rule, left_out, widths).by_name(list(self.names))

    def count_all_rules(
        self,
        rules: Iterable[str] | None = None,
        left_out: str | None = _LEFT_OUT,
        widths: str = _WIDTHS,
    ) -> tuple[dict[str, Outcome], dict[str, str]]:
        """The outcomes of all rules, and why a rule cannot count: ``scrl.count_all_rules``."""
        from scrl.voting import count_all_rules

        return count_all_rules(self, rules, left_out, widths)

    def winners_by_rule(
        self,
        rules: Iterable[str] | None = None,
        left_out: str | None = _LEFT_OUT,
        widths: str = _WIDTHS,
    ) -> dict[str, list[str]]:
        """The candidates in first place by each rule that can count the profile.

        >>> profile = Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > B > A")
        >>> profile.winners_by_rule(["plurality", "borda", "schulze"])
        {'plurality': ['A'], 'borda': ['B'], 'schulze': ['B']}
        """
        outcomes, _ = self.count_all_rules(rules, left_out, widths)
        return {rule: self._named(outcome.place == 0) for rule, outcome in outcomes.items()}

    def bootstrap(
        self,
        rule: str,
        draws: int = 1_000,
        seed: int | np.random.Generator = 0,
        left_out: str | None = _LEFT_OUT,
        widths: str = _WIDTHS,
    ) -> dict[str, float]:
        """How often each candidate wins by a rule when voters are drawn again with replacement.

        >>> shares = Profile.from_text("52: A > B; 48: B > A").bootstrap("plurality")
        >>> .5 < shares["A"] < .8
        True

        Args:
            draws: number of resampled electorates; ties for first place are split equally.
        """
        sampling = on_demand("voting.profiles.sampling")
        return sampling.bootstrap(self, rule, draws, seed, left_out, widths)

    def plot_margins(
        self, left_out: str | None = _LEFT_OUT, *, dark: bool = False, scale: float = 1.0
    ) -> Any:
        """The margin graph as a Plotly figure: an arrow from the winner of each head-to-head
        contest to the loser, with the margin as a share of the voters."""
        graph = margin_graph(self.margins(left_out) / self.voters)
        return on_demand("figures").majority_graph(graph, self.names, dark=dark, scale=scale)

    # -- parts ------------------------------------------------------------------------------------

    def _read(self, left_out: str | None) -> Profile:
        """The ballots that head-to-head counts read."""
        from scrl.voting import check_reading, complete_ballots

        check_reading(left_out)
        return complete_ballots(self) if left_out == "last" else self

    def _beats(self, left_out: str | None) -> np.ndarray:
        """Whether more voters rank a above b than b above a ``[candidates, candidates]``."""
        return np.asarray(self.margins(left_out) > _TIE * self.voters)

    def _named(self, mask: np.ndarray) -> list[str]:
        return [self.names[i] for i in np.flatnonzero(mask)]

    def _only(self, mask: np.ndarray) -> str | None:
        """The name of the one candidate for whom the mask is true, or None."""
        named = self._named(mask)
        return named[0] if len(named) == 1 else None
