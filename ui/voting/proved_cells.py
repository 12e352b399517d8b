"""What is known of rules and criteria beyond the library's published table.

The library's table knows the published facts and what its search found. Some cells that it leaves
open are decided: by a proof, or by ballots larger than those of the search. They stand here with
the reason and the source. All proofs are of complete ballots without ties within a ballot, and of
the rules as the library counts them, where a tie for first counts against the rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from scrl.voting import RULES
from scrl.voting.criteria import TableCell, is_testable, satisfaction_table


@dataclass(frozen=True)
class Proof:
    """Why a rule meets a criterion.

    Attributes:
        reason: the argument in one or two sentences.
        source: where it is published; "" where the argument is all.
    """

    reason: str
    source: str = ""

    def __str__(self) -> str:
        return self.reason + (f" Source: {self.source}." if self.source else "")


_ANONYMOUS = Proof(
    "The rule reads only how many voters cast each ballot.", "May 1952, for the criterion"
)
_NEUTRAL = Proof(
    "The rule never looks at a name, and it reports a tie as a tie.",
    "May 1952, for the criterion",
)
_SCORING = ("plurality", "anti-plurality", "2-approval", "3-approval", "borda", "dowdall")
_REINFORCED = Proof(
    "The points of two groups of voters add up. Who has the most in both has the most together.",
    "Young 1975: scoring rules",
)
_RAISED = Proof("A higher place never gives fewer points, and the other candidates gain no points.")
_COMES = Proof(
    "A ballot never gives more points to a candidate whom the voter likes less.",
    "Moulin 1988: scoring rules",
)
_AS_BORDA = Proof(
    "With complete ballots the order is Borda’s, and Borda meets the criterion.",
    "Ford 1957, for the order; the literature on Borda",
)
_CONDORCET = {
    "minimax-winning-votes": Proof(
        "A candidate who beats every other has no defeat. Each other candidate has one.",
        "Simpson 1969, Kramer 1977",
    ),
    "baldwin": Proof(
        "In each round a candidate who beats every other has more than the mean Borda score. So "
        "it never has the lowest.",
        "Baldwin 1926",
    ),
    "dodgson": Proof("Only a candidate who beats every other needs no step.", "Dodgson 1876"),
    "young": Proof(
        "For a candidate who beats every other nobody must stay at home. Every other loses to it, "
        "so for each of them somebody must.",
        "Young 1977",
    ),
}
_SMITH = Proof(
    "Each member of the Smith set beats everybody outside it, so nobody outside is chosen.",
    "Brandt, Brill & Harrenstein 2016",
)
_UNBEATEN = Proof(
    "Its winners are unbeaten in split cycle, and split cycle meets the criterion.",
    "Holliday & Pacuit 2023",
)
_STABLE = Proof(
    "If a member of the Smith set is left out, no one outside beats it. If another is left out, "
    "only members win among the rest. So the largest margin that counts is a member’s.",
    "Holliday & Pacuit 2023",
)
#: Rules whose winners belong to the Smith set, which contains a Condorcet winner alone and never a
#: Condorcet loser beside others.
_WITHIN_SMITH = {
    "smith-set": _SMITH,
    "schwartz-set": _SMITH,
    "uncovered-set": _SMITH,
    "smith-minimax": _SMITH,
    "stable-voting": _UNBEATEN,
    "simple-stable-voting": _STABLE,
}
_RAISED_SET = Proof(
    "The raised candidate beats no fewer and loses to no more than before, and the other pairs are "
    "as they were.",
    "Brandt, Brill & Harrenstein 2016",
)
_BALDWIN_LOSER = Proof(
    "A candidate who loses to every other has less than the mean Borda score in each round. So "
    "it never has the highest, and it loses the last duel.",
    "Baldwin 1926",
)

#: Rule -> why a candidate does not win where every voter prefers a certain other one.
_PARETO = {
    "plurality": Proof("Such a candidate has no first place."),
    "borda": Proof("The other one has more points on every ballot."),
    "dowdall": Proof("The other one has more points on every ballot."),
    "bucklin": Proof("The other one has a majority at least one place earlier."),
    "copeland": Proof(
        "The other one does at least as well against everybody else, and it beats this one."
    ),
    "minimax": Proof(
        "Such a candidate has a defeat by all voters, the worst of all. Some candidate has none."
    ),
    "minimax-winning-votes": Proof(
        "Such a candidate has a defeat by all voters, the worst of all. Some candidate has none."
    ),
    "schulze": Proof(
        "A win by all voters is the strongest link, and no chain of such wins leads back.",
        "Schulze 2011",
    ),
    "split-cycle": Proof(
        "A win by all voters is never the weakest of a circle, so it is kept.",
        "Holliday & Pacuit 2023",
    ),
    "kemeny": Proof(
        "Every order with the least disagreement puts the other one ahead.",
        "Young & Levenglick 1978",
    ),
    "ranked-pairs": Proof(
        "Wins by all voters come first and never form a circle, so each is accepted.",
        "Tideman 1987",
    ),
    "instant-runoff": Proof("Such a candidate has no first place and goes out in round 1."),
    "coombs": Proof(
        "As long as this one stands, the other one has no last place. So it does not go out first."
    ),
    "baldwin": Proof("In each round the other one has the higher Borda score."),
    "nanson": Proof("In each round the other one has the higher Borda score."),
    "plurality-veto": Proof("Such a candidate has no first place, so it begins without points."),
    "river": Proof(
        "Wins by all voters come first and never form a circle, so such a candidate loses one.",
        "Döring, Brill & Heitzig 2025",
    ),
    "stable-voting": _UNBEATEN,
    "simple-stable-voting": Proof(
        "It would win only by its match with the other one, the worst of all margins. Somebody "
        "wins by a better one."
    ),
    "slater": Proof("If the two exchange their places, an order reverses at least one win less."),
    "uncovered-set": Proof("The other one covers it: whoever beats the other one beats it, too."),
    "smith-minimax": Proof(
        "Such a candidate has a defeat by all voters, the worst of all. Some member of the Smith "
        "set has none."
    ),
    "dodgson": Proof("The other one stands higher on every ballot, so it needs fewer steps."),
    "young": Proof(
        "It loses to the other one as long as anybody votes, so all must stay at home. For a "
        "voter’s first choice that voter may vote."
    ),
    "bradley-terry": _AS_BORDA,
    "plackett-luce": Proof(
        "If its reward were as high, the ballots would be likelier with the other one’s higher."
    ),
}  # fmt: skip


def _proofs() -> dict[tuple[str, str], Proof]:
    """(rule, criterion) -> the proof."""
    tested = [name for name in RULES if is_testable(RULES[name])]
    known = {(r, "anonymity"): _ANONYMOUS for r in tested}
    known |= {(r, "neutrality"): _NEUTRAL for r in tested}
    known |= {(r, "pareto"): proof for r, proof in _PARETO.items()}
    known |= {
        (r, "unanimity"): Proof(
            "The rule meets Pareto: nobody wins whom every voter likes less than another. Here "
            "that leaves only the candidate whom all put first."
        )
        for r in _PARETO
    }
    known |= {(r, "reinforcement"): _REINFORCED for r in _SCORING}
    for r in ("2-approval", "3-approval", "dowdall"):
        known |= {(r, "monotonicity"): _RAISED, (r, "participation"): _COMES}
    known |= {
        ("bradley-terry", c): _AS_BORDA
        for c in ("majority-loser", "condorcet-loser", "monotonicity", "participation",
                  "reversal", "reinforcement")
    }  # fmt: skip
    for r, proof in _CONDORCET.items():
        known |= {(r, "condorcet"): proof}
        known |= {(r, "majority"): replace(proof, reason=_BY_MAJORITY + proof.reason)}
    for r, proof in _WITHIN_SMITH.items():
        known |= {
            (r, c): proof
            for c in ("majority", "majority-loser", "condorcet", "condorcet-loser", "smith")
        }
    for r in ("smith-set", "schwartz-set"):
        known |= {(r, "unanimity"): _SMITH}
    for r in ("smith-set", "schwartz-set", "uncovered-set"):
        known |= {(r, "monotonicity"): _RAISED_SET}
    return known | _SINGLE


_BY_MAJORITY = "Whom a majority puts first beats every other. "
_SINGLE = {
    ("bucklin", "majority"): Proof(
        "First places are counted first, and only one candidate can have more than half of them.",
        "Tideman 2006",
    ),
    ("bucklin", "majority-loser"): Proof(
        "A candidate whom a majority puts last passes half only at the last place. Some other "
        "candidate passes half before."
    ),
    ("bucklin", "monotonicity"): Proof(
        "The raised candidate passes half no later and with no fewer votes; the others pass no "
        "earlier and with no more.",
        "Tideman 2006",
    ),
    ("minimax-winning-votes", "monotonicity"): Proof(
        "The defeats of the raised candidate grow no worse, and those of the others no milder."
    ),
    ("baldwin", "condorcet-loser"): _BALDWIN_LOSER,
    ("baldwin", "majority-loser"): replace(
        _BALDWIN_LOSER,
        reason="Whom a majority puts last loses to every other. " + _BALDWIN_LOSER.reason,
    ),
    ("baldwin", "smith"): Proof(
        "In each round the Smith set has more than the mean Borda score on average. So its last "
        "member never goes out before others."
    ),
    ("young", "monotonicity"): Proof(
        "Whoever may stay for the raised candidate may still stay, and for the others no more may."
    ),
    ("plurality-veto", "majority"): Proof(
        "Those who put the candidate first are more than half. Their vetoes use up the points of "
        "all others, which are less than half, before its own are used up."
    ),
    ("plurality-veto", "majority-loser"): Proof(
        "The candidate has less than half of the points, and more than half of the vetoes go to "
        "it from the start. So it goes out before the points of all others are used up."
    ),
}

PROOFS: dict[tuple[str, str], Proof] = _proofs()

#: Where D withdraws, B passes A: three approvals then leave out one candidate, not two.
_THREE_APPROVAL = "4: A > B > D > C > E\n3: B > E > D > C > A\n4: E > A > D > B > C"
#: (rule, criterion) -> ballots by which the rule fails; the library's search does not go so far.
FAILURES: dict[tuple[str, str], str] = {
    ("2-approval", "majority-loser"): (
        "4: B > C > D > E > A\n3: D > E > B > C > A\n1: A > B > C > D > E\n"
        "1: A > C > B > D > E\n2: A > D > B > C > E\n2: A > E > B > C > D"
    ),
    ("3-approval", "iia"): _THREE_APPROVAL,
    ("3-approval", "local-iia"): _THREE_APPROVAL,
    ("minimax-winning-votes", "participation"): (
        "5: B > A > D > C\n4: A > D > C > B\n4: C > B > D > A\n1: C > D > B > A\n1: D > C > B > A"
    ),
}


@cache
def decided_table() -> dict[tuple[str, str], TableCell]:
    """The library's table of rules and criteria, with the cells decided here.

    A cell of ``FAILURES`` has the state ``"N"`` and no stored violation.
    """
    table = dict(satisfaction_table())
    for key, cell in table.items():
        if cell.state == "-" and key in PROOFS:
            table[key] = replace(cell, state="Y")
        elif cell.state == "-" and key in FAILURES:
            table[key] = replace(cell, state="N")
    return table
