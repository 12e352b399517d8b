"""The table of rules. A rule is a function of one profile, registered with its metadata."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from scrl.data.files import quoted
from scrl.types import InputError

#: The function of a rule; its arguments and result depend on ``Rule.reads`` and ``Rule.on_host``.
Count = TypeVar("Count", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    """A social welfare function or lottery.

    Attributes:
        name: its key in ``RULES`` and on the command line.
        title: its name on pages.
        family: one of ``FAMILIES``.
        reads: ``"pairwise"`` if the outcome depends on P(a ≻ b) alone; ``"profile"`` if it depends
            on the ballots; ``"utility"`` if it depends on utilities, so that ballots of orders
            cannot be counted.
        returns: what ``count`` returns ``[candidates]``: ``"scores"`` (higher better),
            ``"probabilities"``, and for rules without natural scores ``"places"`` (0 = first) or
            ``"order"`` (higher better), whose reported scores are m - 1 - place.
        on_host: False if ``count`` takes a ``Contest`` in JAX. True if it runs in NumPy: a rule
            that reads ``"pairwise"`` then takes P(a ≻ b) of many contests of one size
            ``[contests, candidates, candidates]`` and returns ``[contests, candidates]``; any other
            takes one ``Contest`` in NumPy and returns ``[candidates]``.
        summary: what it does, in one sentence.
        reference: the source, and the convention followed where there are several.
        satisfies: the criteria of ``criteria.CRITERIA`` that it satisfies according to the
            published table; None where the table has no row for it.
        distortion: published worst cases ``(utilitarian with unit-sum utilities, metric)``, ""
            where none is known.
        cost: complexity in n ballots and m candidates.
        max_candidates: most candidates that it can count, None for no limit.
        guaranteed_candidates: most candidates that it counts for any ballots; with more it may
            raise ``InputError``.
        count: the function.
        of_profile: of a rule of one's own, the function of a ``Profile``, which a profile is
            counted by so that its names and weights are kept; else None.
    """

    name: str
    title: str
    family: str
    reads: str
    returns: str
    on_host: bool
    summary: str
    reference: str
    satisfies: frozenset[str] | None
    distortion: tuple[str, str]
    cost: str
    max_candidates: int | None
    guaranteed_candidates: int | None
    count: Callable[..., Any]
    of_profile: Callable[..., Any] | None = None

    @property
    def lottery(self) -> bool:
        """Whether the outcome is a probability for each candidate."""
        return self.returns == "probabilities"

    @property
    def eliminates(self) -> bool:
        """Whether it reads the ballots again in every elimination round."""
        return self.family == "elimination" and self.reads == "profile"


#: Families of rules, in the order in which pages show them.
FAMILIES = ("positional", "pairwise", "elimination", "likelihood", "utility", "lottery")
#: Family of the rules that users register.
OWN_FAMILY = "own"
#: Common name of a rule in other libraries and books -> its name here, for the hint of an error.
OTHER_NAMES = {
    **dict.fromkeys(("irv", "rcv", "hare", "ranked-choice", "alternative-vote"), "instant-runoff"),
    **dict.fromkeys(("fptp", "first-past-the-post"), "plurality"),
    **dict.fromkeys(("maximin", "simpson", "simpson-kramer"), "minimax"),
    **dict.fromkeys(("beat-path", "beatpath"), "schulze"),
    **dict.fromkeys(("top-cycle", "getcha"), "smith-set"),
    **dict.fromkeys(("gocha",), "schwartz-set"),
    **dict.fromkeys(("tideman",), "ranked-pairs"),
    **dict.fromkeys(("veto",), "anti-plurality"),
}
#: Rules of committees, which ``scrl.elect_committee`` counts.
OF_COMMITTEES = ("stv", "pav", "phragmen", "equal-shares", "sntv", "bloc", "monroe")


class Rules(dict[str, Rule]):
    """Rules by name, in the order of registration."""

    @property
    def ordinal(self) -> list[str]:
        """Names of the rules that can count ballots of orders."""
        return [name for name, rule in self.items() if rule.reads != "utility"]

    def __missing__(self, name: str) -> Rule:
        spelled = str(name).lower().replace(" ", "-").replace("_", "-")
        if spelled in OF_COMMITTEES:
            raise InputError(
                f"{quoted(name)} elects a committee; use scrl.elect_committee, or scrl report "
                "--seats for the single transferable vote."
            )
        known = OTHER_NAMES.get(spelled)
        near = [known] if known else difflib.get_close_matches(spelled, self, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(self)}."
        raise InputError(f"There is no rule {quoted(name)}; {hint}")


RULES = Rules()


def rule(
    name: str,
    *,
    title: str,
    family: str,
    returns: str,
    summary: str,
    reference: str,
    reads: str = "profile",
    on_host: bool = False,
    satisfies: str | None = None,
    distortion: tuple[str, str] = ("", ""),
    cost: str = "n·m",
    max_candidates: int | None = None,
    guaranteed_candidates: int | None = None,
) -> Callable[[Count], Count]:
    """Register the decorated function in ``RULES``.

    The arguments are the fields of ``Rule``; ``satisfies`` lists criteria separated by spaces.
    """

    def register(count: Count) -> Count:
        assert name not in RULES, name
        assert family in FAMILIES, family
        criteria = None if satisfies is None else frozenset(satisfies.split())
        guaranteed = max_candidates if guaranteed_candidates is None else guaranteed_candidates
        RULES[name] = Rule(
            name, title, family, reads, returns, on_host, summary, reference, criteria, distortion,
            cost, max_candidates, guaranteed, count,
        )  # fmt: skip
        return count

    return register
