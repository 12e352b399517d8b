"""How often scrl and the libraries that mean the same rule name the same winners.

    python benchmarks/agreement.py        3,000 random profiles a rule; writes agreement.json

pref_voting counts every rule that it has, for complete strict ballots and for ballots with ties and
candidates left out, by each reading that it knows (``tests/voting/library_oracles.py``). abcvoting
lists all tied committees. VoteKit breaks ties, so that profiles with one winner are compared; it
takes milliseconds a profile and counts 300. Each difference is named by the convention that
explains it (docs/agreement.md), or is unexplained. Three rules that take another library long are
compared on 1,000 profiles.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from abcvoting import abcrules

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from scrl.committees import elect_committee  # noqa: E402 (the project is not installed)
from scrl.voting import Profile  # noqa: E402
from scrl.voting.profiles import to_votekit  # noqa: E402
from tests.committees.approval_profiles import ABC_RULES, UNWEIGHTED, drawn  # noqa: E402
from tests.voting import library_oracles as oracles  # noqa: E402

PROFILES, VOTEKIT_PROFILES = 3_000, 300
NO_POINTS = "those left out get no points there"
#: Rules that abcvoting counts by an integer programme: fewer profiles.
SLOW_COMMITTEES = {"minimax-phragmen": 1_000, "maximin-support": 1_000}


def beside_pref_voting() -> list[dict]:
    rows = []
    for comparison in oracles.comparisons():
        found = oracles.compare(comparison, PROFILES)
        rows.append(
            {
                "rule": comparison.rule, "library": comparison.library, "there": comparison.there,
                "ballots": comparison.ballots, "left_out": comparison.left_out,
                "widths": comparison.widths, "profiles": found.profiles, "equal": found.equal,
                "several_winners": found.several_winners, "explained": dict(found.explained),
                "unexplained": found.unexplained,
            }
        )  # fmt: skip
        if found.unexplained:
            print(comparison.rule, comparison.ballots, found.example)
    return rows


def beside_abcvoting() -> list[dict]:
    """All tied committees, of weighted approvals where abcvoting reads weights."""
    rows = []
    for named, (there, algorithm) in ABC_RULES.items():
        rule, _, completion = named.partition("/")
        settings = {"completion": completion} if completion else {}
        resolute = {} if completion == "add-one" else {"resolute": False}
        count = SLOW_COMMITTEES.get(named, PROFILES)
        equal = tied = 0
        for ours, theirs, seats in drawn(16, count, weighted=named not in UNWEIGHTED):
            wanted = abcrules.compute(there, theirs, seats, algorithm=algorithm, **resolute)
            found = elect_committee(ours, rule, seats, **settings).committees
            equal += set(found) == {tuple(sorted(committee)) for committee in wanted}
            tied += len(wanted) > 1
        rows.append(
            {
                "rule": named, "library": "abcvoting", "there": there, "ballots": "approvals",
                "profiles": count, "equal": equal, "several_winners": tied, "explained": {},
                "unexplained": count - equal,
            }
        )  # fmt: skip
    return rows


def beside_votekit() -> list[dict]:
    """The winner, where scrl has one, of strict ballots that leave candidates out."""
    from votekit.elections import IRV, Borda, Plurality, RankedPairs, Schulze

    elections: dict[str, Callable] = {
        "plurality": lambda p: Plurality(p, tiebreak="random"),
        "borda": lambda p: Borda(p, tiebreak="random"),
        "instant-runoff": lambda p: IRV(p, tiebreak="random"),
        "ranked-pairs": RankedPairs, "schulze": Schulze,
    }  # fmt: skip
    rows = []
    for rule, elect in elections.items():
        rng = np.random.default_rng(len(rule))
        equal = 0
        explained = {"ties are broken there": 0}
        for _ in range(VOTEKIT_PROFILES):
            profile = _short_ballots(rng)
            winners = profile.winners(rule)
            if len(winners) > 1:
                explained["ties are broken there"] += 1
                continue
            elected = {name for tied in elect(to_votekit(profile)).get_elected() for name in tied}
            if elected == set(winners):
                equal += 1
            elif rule == "borda" and elected <= _most_points_of_votekit(profile):
                explained[NO_POINTS] = explained.get(NO_POINTS, 0) + 1
            else:
                print("votekit", rule, profile.to_text(), winners, elected)
        rows.append(
            {
                "rule": rule, "library": "votekit", "there": rule, "ballots": oracles.SHORT,
                "left_out": "last", "widths": "shares", "profiles": VOTEKIT_PROFILES,
                "equal": equal, "several_winners": explained["ties are broken there"],
                "explained": {why: n for why, n in explained.items() if n},
                "unexplained": VOTEKIT_PROFILES - equal - sum(explained.values()),
            }
        )  # fmt: skip
    return rows


def _most_points_of_votekit(profile: Profile) -> set[str]:
    """Who has most points where the first of m candidates gets m, the second m - 1 …, and those
    left out get none."""
    points = np.where(profile.place >= 0, len(profile.names) - profile.place, 0)
    total = profile.weight @ points
    return {name for name, sum_ in zip(profile.names, total, strict=True) if sum_ == total.max()}


def _short_ballots(rng: np.random.Generator) -> Profile:
    """Strict ballots; a third of them leave candidates out, and every candidate is on one."""
    m, n = int(rng.integers(2, 6)), int(rng.integers(2, 8))
    orders = [rng.permutation(m) for _ in range(n)]
    orders = [o[: rng.integers(1, m + 1)] if rng.random() < 0.3 else o for o in orders]
    orders.append(rng.permutation(m))
    return Profile.from_orders("ABCDE"[:m], orders, rng.integers(1, 60, n + 1))


def main() -> None:
    began = time.process_time()
    rows = beside_pref_voting() + beside_abcvoting() + beside_votekit()
    libraries = ("pref_voting", "abcvoting", "votekit")
    found = {
        "profiles_a_rule": PROFILES,
        "versions": {name: version(name) for name in libraries},
        "compared": sum(row["profiles"] for row in rows),
        "equal": sum(row["equal"] for row in rows),
        "explained": sum(sum(row["explained"].values()) for row in rows),
        "unexplained": sum(row["unexplained"] for row in rows),
        "processor_seconds": round(time.process_time() - began),
        "rows": rows,
    }
    for row in rows:
        print(
            f"{row['library']:12}{row['rule']:24}{row['ballots']:22}{row.get('left_out', ''):12}"
            f"{row.get('widths', ''):8}{row['profiles']:6}{row['equal']:6} {row['explained']} "
            f"{row['unexplained']}"
        )
    print({name: value for name, value in found.items() if name != "rows"})
    target = ROOT / "benchmarks" / "agreement.json"
    lines = ",\n".join(f"  {json.dumps(row)}" for row in found.pop("rows"))
    head = json.dumps(found, indent=1)[:-2]
    target.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
