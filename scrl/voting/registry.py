"""The table of rules. A rule is a function of one profile, with what is known of it beside it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from scrl.files import quoted
from scrl.types import InputError


@dataclass(frozen=True)
class Rule:
    """A social welfare function or lottery.

    Attributes:
        name: on the command line; title: on a page.
        family: ``"positional" | "pairwise" | "elimination" | "lottery"``.
        reads: ``"pairwise"`` if P(a ≻ b) alone decides, so that two populations with equal duels
            are one to it; ``"profile"`` if it needs the ballots themselves.
        gives: what ``count`` returns ``[candidates]``: ``"scores"`` (higher better), ``"places"``
            (0 = first, for rules without natural scores), ``"probabilities"``.
        on_host: whether ``count`` takes the matrix of P(a ≻ b) in NumPy, instead of a
            ``Profile`` in JAX.
        summary: what it does, in a sentence; reference: who said so first.
        count: the rule itself, for one profile.
    """

    name: str
    title: str
    family: str
    reads: str
    gives: str
    on_host: bool
    summary: str
    reference: str
    count: Callable

    @property
    def lottery(self) -> bool:
        return self.gives == "probabilities"


class Rules(dict[str, Rule]):
    """Rules by name, in the order in which they were added."""

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
):
    """Add the decorated function to ``RULES``."""

    def add(count: Callable) -> Callable:
        assert name not in RULES, name
        RULES[name] = Rule(name, title, family, reads, gives, on_host, summary, reference, count)
        return count

    return add
