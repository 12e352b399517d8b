"""Counting votes: beside pref_voting in the same process, and beside the memory itself.

    python benchmarks/voting.py                measure, print, and write voting.json
    python benchmarks/voting.py many single    measure these parts again, and keep the other rows

Ballots are drawn by impartial culture, seed 0, as int8 ranks with voters running along memory.
Medians of warm runs; compilation is told apart. pref_voting groups equal ballots first, which is
its faster way, and its profiles are built within the time. First calls are measured in processes of
their own, with an empty cache of compiled programs.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np
import pref_voting.c1_methods as c1
import pref_voting.iterative_methods as iterative
import pref_voting.margin_based_methods as by_margins
import pref_voting.other_methods as other_methods
import pref_voting.scoring_methods as scoring
from pref_voting.c1_methods import copeland
from pref_voting.iterative_methods import instant_runoff
from pref_voting.margin_based_methods import beat_path
from pref_voting.probabilistic_methods import maximal_lottery
from pref_voting.profiles import Profile
from pref_voting.scoring_methods import borda

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from scrl.runtime import device_name, start  # noqa: E402 (the project is not installed)
from scrl.types import Ballots  # noqa: E402
from scrl.voting import RULES, aggregate_all, count_all_rules  # noqa: E402
from scrl.voting import Profile as OurProfile  # noqa: E402

FOUR = ["borda", "copeland", "schulze", "instant-runoff"]
TWO = ["borda", "copeland"]
#: The rules of one small profile that pref_voting has, too.
PREF_VOTING = {
    "plurality": scoring.plurality,
    "anti-plurality": scoring.anti_plurality,
    "borda": borda,
    "dowdall": partial(scoring.scoring_rule, score=lambda _, place: 1 / place),
    "bucklin": other_methods.bucklin,
    "copeland": copeland,
    "minimax": by_margins.minimax,
    "schulze": beat_path,
    "split-cycle": by_margins.split_cycle,
    "ranked-pairs": by_margins.ranked_pairs,
    "kemeny": other_methods.kemeny_young,
    "instant-runoff": instant_runoff,
    "coombs": iterative.coombs,
    "baldwin": iterative.baldwin,
    "nanson": iterative.strict_nanson,
    "plurality-veto": iterative.plurality_veto,
    "bradley-terry": other_methods.bradley_terry,
    "maximal-lottery": maximal_lottery,
    "c1-maximal-lottery": c1.c1_maximal_lottery,
}
#: Counts a profile by all rules in a new process.
FIRST_CALL = """
import sys, time
began = time.perf_counter()
import scrl
profile = scrl.Profile.from_counts({"A > B > C > D": 4, "B > C = D > A": 3, "C > D > A": 2, "D": 1})
loaded = time.perf_counter()
found, errors = scrl.count_all_rules(profile)
print(loaded - began, time.perf_counter() - loaded, len(found), "jax" in sys.modules)
"""


def timed(work, repeats: int = 15) -> dict:
    """Seconds of the first run, and least and median of the later ones."""
    began = time.perf_counter()
    work()
    first, took = time.perf_counter() - began, []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return {"first": first, "least": min(took), "median": statistics.median(took)}


def ranks(contests: int, voters: int, candidates: int) -> np.ndarray:
    """int8 ranks, a view ``[contests, voters, candidates]`` of memory in which voters run last."""
    rng = np.random.default_rng(0)
    some = min(contests, 50)
    drawn = rng.permuted(
        np.broadcast_to(np.arange(candidates, dtype=np.int8), (some, voters, candidates)), axis=-1
    )
    held = np.tile(np.swapaxes(drawn, 1, 2), (-(-contests // some), 1, 1))[:contests]
    # Where JAX holds it, memory is aligned and read in place.
    return np.swapaxes(np.asarray(jax.numpy.asarray(np.ascontiguousarray(held))), 1, 2)


def ms(seconds: float) -> float:
    return round(1e3 * seconds, 3)


def small() -> dict:
    rank = ranks(200, 1_000, 5)
    orders = np.argsort(rank, axis=-1)

    def grouped(ballots: np.ndarray) -> Profile:
        cast = Counter(map(bytes, ballots.astype(np.uint8)))
        return Profile([list(ballot) for ballot in cast], rcounts=list(cast.values()))

    def theirs() -> list:
        found = []
        for ballots in orders:
            profile = grouped(ballots)
            found.append([rule(profile) for rule in (borda, copeland, beat_path, instant_runoff)])
        return found

    def ours() -> dict:
        return aggregate_all(Ballots(rank=rank), FOUR)

    winners, places = theirs(), ours()
    for i, contest in enumerate(winners):
        for name, wanted in zip(FOUR, contest, strict=True):
            assert np.flatnonzero(places[name].place[i] == 0).tolist() == wanted, name
    mine, other = timed(ours, 101), timed(theirs, 5)
    return {
        "case": "200 contests × 1,000 voters × 5, Borda + Copeland + Schulze + instant runoff",
        "scrl ms": ms(mine["median"]),
        "scrl least ms": ms(mine["least"]),
        "pref_voting grouped ms": ms(other["median"]),
        "ratio": round(other["median"] / mine["median"]),
        "ratio of the least": round(other["least"] / mine["least"]),
    }


def large() -> list[dict]:
    rank = ranks(1_000, 10_000, 10)
    flat = np.swapaxes(rank, 1, 2).reshape(-1).view(np.int64)
    read = timed(lambda: int(flat.sum()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    points = timed(lambda: aggregate_all(Ballots(rank=rank), ["borda"]))
    duels = ["copeland", "schulze", "minimax"]
    counted = timed(lambda: aggregate_all(Ballots(rank=rank), duels))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = [
        {
            "case": "1,000 contests × 10,000 voters × 10, int8 ranks: Borda",
            "one pass over them ms": ms(read["median"]),
            "bandwidth GB/s": round(rank.nbytes / read["median"] / 1e9, 1),
            "scrl ms": ms(points["median"]),
            "passes": round(points["median"] / read["median"], 2),
            "share of bandwidth": round(read["median"] / points["median"], 2),
        },
        {
            "case": "the same: pairwise matrix + Copeland + Schulze + minimax",
            "scrl ms": ms(counted["median"]),
            "first run ms": ms(counted["first"]),
            "ballots MB": round(rank.nbytes / 1e6),
            "memory grew by MB": round((after - before) / 1024),
        },
    ]
    utility = np.swapaxes(
        np.asarray(-jax.numpy.asarray(np.swapaxes(rank, 1, 2)).astype("f4")), 1, 2
    )
    assert utility.dtype == np.float32
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    real = timed(lambda: aggregate_all(Ballots(utility), duels), 5)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows.append(
        {
            "case": "the same from float32 utilities, without sorting",
            "scrl ms": ms(real["median"]),
            "ballots MB": round(utility.nbytes / 1e6),
            "memory grew by MB": round((after - before) / 1024),
        }
    )
    return rows


def duels(contests: int, voters: int, m: int) -> np.ndarray:
    rank = ranks(contests, voters, m)
    return (rank[..., :, None] < rank[..., None, :]).mean(1) + 0.5 * np.eye(m)


def host() -> list[dict]:
    from scrl.voting.rules.lotteries import maximal_lotteries
    from scrl.voting.rules.orders import kemeny, ranked_pairs

    rows = []
    for name, rule, contests, m in (
        ("Kemeny", kemeny, 1_000, 10),
        ("Kemeny", kemeny, 200, 12),
        ("Ranked pairs", ranked_pairs, 1_000, 10),
        ("Maximal lottery", maximal_lotteries, 10_000, 5),
        ("Maximal lottery", maximal_lotteries, 1_000, 10),
    ):
        above = np.concatenate([duels(50, 21, m)] * (contests // 50))
        took = timed(lambda rule=rule, above=above: rule(above), 3)
        rows.append(
            {
                "case": f"{name}, {contests:,} contests × {m}, from their duels",
                "scrl ms a contest": round(1e3 * took["median"] / contests, 4),
            }
        )
    rank = ranks(50, 21, 5)
    profiles = [Profile(np.argsort(r, axis=-1).tolist()) for r in rank]
    took = timed(lambda: [maximal_lottery(profile) for profile in profiles], 3)
    rows[3]["pref_voting ms a contest"] = ms(took["median"] / len(profiles))
    rows[3]["ratio"] = round(rows[3]["pref_voting ms a contest"] / rows[3]["scrl ms a contest"])
    return rows


def first_call() -> list[dict]:
    """The first count of a profile by all rules: a new process, nothing compiled before."""
    took = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as cache:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", FIRST_CALL], cwd=ROOT, capture_output=True, text=True,
                env=os.environ | {"SCRL_CACHE": cache}, check=True,
            )  # fmt: skip
            *seconds, rules, with_jax = done.stdout.split()
            took.append([*map(float, seconds), time.perf_counter() - began])
    loading, counting, process = np.median(took, axis=0)
    return [
        {
            "case": "first call of count_all_rules on 4 ballots × 4, nothing compiled before",
            "rules": int(rules),
            "import ms": ms(loading),
            "first count ms": ms(counting),
            "whole process ms": ms(process),
            "JAX is loaded": with_jax == "True",
        }
    ]


def single() -> list[dict]:
    """One small profile by all rules, warm."""
    rank = ranks(1, 20, 5)[0]
    cast = Counter(map(tuple, np.argsort(rank, axis=-1).tolist()))
    ours = OurProfile.from_orders("abcde", list(cast), list(cast.values()))
    names = list(PREF_VOTING)

    def theirs() -> list:
        profile = Profile(list(map(list, cast)), rcounts=list(cast.values()))
        return [rule(profile) for rule in PREF_VOTING.values()]

    found = aggregate_all(ours, names)
    for name, winners in zip(names, theirs(), strict=True):
        if not RULES[name].lottery:
            assert np.flatnonzero(found[name].place == 0).tolist() == list(winners), name
    everything = timed(lambda: count_all_rules(ours))
    mine, other = timed(lambda: aggregate_all(ours, names)), timed(theirs)
    return [
        {
            "case": f"one profile of {len(cast)} ballots × 5 by the {len(names)} rules of both",
            "scrl ms": ms(mine["median"]),
            "pref_voting ms": ms(other["median"]),
            "ratio": round(other["median"] / mine["median"], 1),
        },
        {
            "case": f"the same by all {len(RULES.ordinal)} rules of orders",
            "scrl ms": ms(everything["median"]),
        },
    ]


def many() -> list[dict]:
    """10,000 profiles of 100 voters × 5, as arrays and as a list of profiles."""
    rng = np.random.default_rng(0)
    rank = rng.permuted(np.broadcast_to(np.arange(5, dtype=np.int8), (10_000, 100, 5)), axis=-1)
    cut = np.where(rank < rng.integers(1, 6, (10_000, 100, 1)), rank, -1).astype(np.int8)
    profiles = []
    for ballots in cut:
        place, weight = np.unique(ballots, axis=0, return_counts=True)
        profiles.append(OurProfile(tuple("abcde"), place, weight))
    some = 200

    def theirs() -> list:
        found = []
        for ballots in np.argsort(rank[:some], axis=-1).tolist():
            cast = Counter(map(tuple, ballots))
            profile = Profile(list(map(list, cast)), rcounts=list(cast.values()))
            found.append([rule(profile) for rule in (borda, copeland)])
        return found

    whole = aggregate_all(Ballots(rank=rank), TWO)
    for i, contest in enumerate(theirs()):
        for name, wanted in zip(TWO, contest, strict=True):
            assert np.flatnonzero(whole[name].place[i] == 0).tolist() == wanted, name
    other = timed(theirs, 5)["median"] * len(rank) / some
    rows = []
    for title, ballots, left_out in (
        ("int8 ranks", Ballots(rank=rank), "last"),
        ("truncated, left out tied last", Ballots(rank=cut), "last"),
        ("truncated, left out unseen", Ballots(rank=cut), "unseen"),
        ("truncated, a list of Profile objects", profiles, "last"),
    ):
        count = partial(aggregate_all, ballots, TWO, left_out)
        took = timed(count, 9)
        rows.append(
            {
                "case": f"10,000 profiles × 100 voters × 5, Borda + Copeland: {title}",
                "scrl ms": ms(took["median"]),
                "first run ms": ms(took["first"]),
            }
        )
    rows[0] |= {
        "pref_voting grouped ms, from 200": ms(other),
        "ratio": round(1e3 * other / rows[0]["scrl ms"]),
    }
    return rows


#: What is measured, in the order of the rows.
PARTS = {
    "small": lambda: [small()],
    "large": large,
    "first_call": first_call,
    "single": single,
    "many": many,
    "host": host,
}


def main() -> None:
    start()
    chosen = sys.argv[1:] or list(PARTS)
    path = Path(__file__).with_suffix(".json")
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if sys.argv[1:] else []
    measured = [row for part in chosen for row in PARTS[part]()]
    cases = {row["case"] for row in measured}
    rows = [row for row in known if row["case"] not in cases] + measured
    summary = {
        "device": device_name(),
        "processor": processor(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("jax", "numpy", "scipy", "pref_voting")},
        "rows": rows,
    }
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in measured:
        print(row["case"], *(f"  {k}: {v}" for k, v in row.items() if k != "case"), sep="\n")


def processor() -> str:
    """The model of this machine's processor, where the system tells."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
