"""Committees beside abcvoting: time, and all tied committees on random profiles.

    python benchmarks/committees.py                  measure, print, and write committees.json
    python benchmarks/committees.py --agreement N    also N random profiles a rule

200 profiles of 100 voters and 8 candidates, each approved with probability .4, and 4 seats, seed 0.
Both sides list all tied committees, abcvoting by the algorithm that it calls its fastest, its
profiles built before. The committees are compared, too. The first call for another number of seats
is timed apart: nothing is compiled.
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from abcvoting import abcrules
from abcvoting.preferences import Profile as AbcProfile

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from scrl.committees import (  # noqa: E402 (the project is not installed)
    count_stv,
    elect_committee,
    elect_committees,
)
from tests.committees.approval_profiles import ABC_RULES, UNWEIGHTED, drawn  # noqa: E402
from tests.committees.random_orders import agrees_with_pref_voting, draw_orders  # noqa: E402

PROFILES, VOTERS, CANDIDATES, SEATS, APPROVAL = 200, 100, 8, 4, 0.4
#: abcvoting counts so many of the profiles by rules that take it longer.
SOME = {"monroe": 2, "minimax-phragmen": 4, "maximin-support": 5}
#: Rules whose ties abcvoting does not list.
RESOLUTE = ("equal-shares/add-one",)


def seconds(work) -> float:
    """Seconds of one call on the processor: others may use the machine."""
    began, wall = time.process_time(), time.perf_counter()
    work()
    return min(time.process_time() - began, time.perf_counter() - wall)


def median(work, repeats: int) -> float:
    """Median seconds after one call."""
    work()
    return statistics.median(seconds(work) for _ in range(repeats))


def speed() -> dict:
    approves = np.random.default_rng(0).random((PROFILES, VOTERS, CANDIDATES)) < APPROVAL
    theirs = []
    for rows in approves:
        profile = AbcProfile(CANDIDATES)
        profile.add_voters([np.flatnonzero(row).tolist() for row in rows])
        theirs.append(profile)
    found = {}
    for named, (abc_rule, _) in ABC_RULES.items():
        rule, _, completion = named.partition("/")
        settings = {"completion": completion} if completion else {}
        work = lambda seats=SEATS, r=rule, s=settings: elect_committees(approves, r, seats, **s)  # noqa: E731
        ours = median(work, 15) / PROFILES
        other = seconds(lambda w=work: w(5)) / PROFILES
        some, resolute = SOME.get(named, 40), named in RESOLUTE
        expected: list = []
        abc = seconds(
            lambda e=expected, r=abc_rule, n=some, one=resolute: e.extend(
                abcrules.compute(r, profile, SEATS, resolute=one) for profile in theirs[:n]
            )
        )
        abc /= some
        elected = work()
        same = sum(
            elected.committees(p) == sorted(tuple(sorted(c)) for c in expected[p])
            for p in range(some)
        )
        found[named] = {
            "microseconds_a_profile": round(1e6 * ours, 2),
            "abcvoting_microseconds": round(1e6 * abc, 1),
            "ratio": round(abc / ours),
            "first_call_with_5_seats_microseconds": round(1e6 * other, 2),
            "algorithm": abcrules.Rule(abc_rule).fastest_available_algorithm(),
            "same": f"{same} of {some}",
        }
        print(named, found[named], flush=True)
    return found


def agreement(count: int) -> dict:
    found = {}
    for named, (abc_rule, algorithm) in ABC_RULES.items():
        rule, _, completion = named.partition("/")
        settings = {"completion": completion} if completion else {}
        resolute = {} if named in RESOLUTE else {"resolute": False}
        same = 0
        for ours, abc, seats in drawn(1, count, weighted=named not in UNWEIGHTED):
            expected = abcrules.compute(abc_rule, abc, seats, algorithm=algorithm, **resolute)
            outcome = elect_committee(ours, rule, seats, **settings)
            same += list(outcome.committees) == sorted(tuple(sorted(c)) for c in expected)
        found[named] = {"algorithm": algorithm, "same": same, "of": count}
        print(named, found[named], flush=True)
    rng = np.random.default_rng(1)
    for transfer in ("weighted-inclusive", "meek"):
        told = []
        for _ in range(count):
            profile = draw_orders(rng, ties=False)
            seats = int(rng.integers(1, len(profile.names) + 1))
            quota = "droop" if transfer != "meek" else "hagenbach-bischoff"
            told.append(
                agrees_with_pref_voting(
                    profile, seats, transfer, count_stv(profile, seats, quota, transfer)
                )
            )
        found[f"stv/{transfer}"] = {
            "library": "pref_voting", "same": told.count(True),
            "of": count - told.count(None), "at_the_quota": told.count(None),
        }  # fmt: skip
        print(transfer, found[f"stv/{transfer}"], flush=True)
    return found


def main() -> None:
    path = Path(__file__).with_suffix(".json")
    result = json.loads(path.read_text("utf-8")) if path.exists() else {}
    result["machine"] = f"{platform.processor() or platform.machine()}, one thread"
    result["versions"] = {name: version(name) for name in ("numpy", "abcvoting", "pref_voting")}
    result["speed"] = speed()
    if "--agreement" in sys.argv:
        result["agreement"] = agreement(int(sys.argv[sys.argv.index("--agreement") + 1]))
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
