"""The table of rules. A rule is a function of one profile, with what is known of it beside it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from scrl.data.files import quoted
from scrl.types import InputError


@dataclass(frozen=True)
class Rule:
    """A social welfare function or lottery.

    Attributes:
        name: on the command line; title: on a page.
        family: one of ``FAMILIES``.
        reads: ``"pairwise"`` if P(a ≻ b) alone decides, so that two populations with equal duels
            are one to it; ``"profile"`` if it needs the ballots themselves; ``"utility"`` if it
            needs how much, not only which, so that ballots of mere orders cannot be counted.
        gives: what ``count`` returns ``[candidates]``: ``"scores"`` (higher better),
            ``"probabilities"``, and for rules without natural scores ``"places"`` (lower better) or
            ``"order"`` (higher better), which are reported as m - 1 - place.
        on_host: False if ``count`` takes a ``Profile`` in JAX. True if it runs in NumPy: a rule
            that reads duels then takes those of many contests of one size, P(a ≻ b)
            ``[contests, candidates, candidates]``, and gives ``[contests, candidates]``; any other
            takes one ``Profile`` of NumPy arrays without padding and gives ``[candidates]``.
        summary: what it does, in a sentence; reference: who said so first, and the convention
            where there are several.
        satisfies: which of ``criteria.CRITERIA`` it satisfies, of those in the published table;
            None where the table has no row for it.
        distortion: worst cases as published, ``(utilitarian with unit-sum utilities, metric)``, ""
            where none is known to us.
        cost: how work grows with n ballots and m candidates.
        max_candidates: how many it can count, None for as many as fit.
        guaranteed_candidates: how many it counts whatever the ballots; beyond, some make it refuse.
        count: the rule itself.
    """

    name: str
    title: str
    family: str
    reads: str
    gives: str
    on_host: bool
    summary: str
    reference: str
    satisfies: frozenset[str] | None
    distortion: tuple[str, str]
    cost: str
    max_candidates: int | None
    guaranteed_candidates: int | None
    count: Callable

    @property
    def lottery(self) -> bool:
        return self.gives == "probabilities"

    @property
    def eliminates(self) -> bool:
        """Whether it goes back to the ballots round by round."""
        return self.family == "elimination" and self.reads == "profile"


#: Kinds of rule, as a reader finds them grouped.
FAMILIES = ("positional", "pairwise", "elimination", "likelihood", "utility", "lottery")


class Rules(dict[str, Rule]):
    """Rules by name, in the order in which they were added."""

    @property
    def ordinal(self) -> list[str]:
        """Those that ballots of mere orders can be counted by."""
        return [name for name, rule in self.items() if rule.reads != "utility"]

    def __missing__(self, name: str) -> Rule:
        near = difflib.get_close_matches(str(name), self, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(self)}."
        raise InputError(f"There is no rule {quoted(name)}; {hint}")


RULES = Rules()


def rule(
    name: str,
    *,
    title: str,
    family: str,
    gives: str,
    summary: str,
    reference: str,
    reads: str = "profile",
    on_host: bool = False,
    satisfies: str | None = None,
    distortion: tuple[str, str] = ("", ""),
    cost: str = "n·m",
    max_candidates: int | None = None,
    guaranteed_candidates: int | None = None,
):
    """Register the decorated function in ``RULES``.

    Args are the fields of ``Rule``; ``satisfies`` lists criteria separated by spaces.
    """

    def add(count: Callable) -> Callable:
        assert name not in RULES, name
        assert family in FAMILIES, family
        criteria = None if satisfies is None else frozenset(satisfies.split())
        guaranteed = max_candidates if guaranteed_candidates is None else guaranteed_candidates
        RULES[name] = Rule(
            name, title, family, reads, gives, on_host, summary, reference, criteria, distortion,
            cost, max_candidates, guaranteed, count,
        )  # fmt: skip
        return count

    return add
