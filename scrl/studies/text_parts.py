"""Rewards for parts of a text beside one reward for the whole: bits, updates, and where they fail.

A text is a choice of one kind of clause for each segment (``scrl.fine_grained``). Part one counts
updates of a policy by the number of segments. Part two learns rewards from equal bits of answers.
The others look for where rewards for parts fail: unreliable answers, a false claim that ruins the
text, and raters who weigh errors differently (``weight_disagreement``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scrl.fine_grained import CREDITS, FEEDBACK, SegmentWorld, draw_world, learn_rewards
from scrl.fine_grained.policy_gradient import best_rate, updates_to_target
from scrl.random_streams import HostStream, host_rng
from scrl.studies import weight_disagreement
from scrl.studies.part_results import over_seeds, run_parts
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

SEGMENTS = (2, 4, 8, 16, 32)
#: Worlds of each number of segments; those that tune learning rates are others.
SEEDS, TUNING_SEEDS = tuple(range(40)), tuple(range(100, 130))
RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
BATCH, MOST_UPDATES, TARGET = 4, 3000, 0.95
BITS = tuple(48 * 2**k for k in range(8))
#: Quality for which bits are counted.
ENOUGH = 0.9
#: Segments and bits of the parts on errors of answers and on training with learnt rewards.
SHOWN_SEGMENTS, SHOWN_BITS, TRAINING_BITS = 8, 384, 1536
#: Segments for which the page draws quality by bits.
COMPARED_SEGMENTS = 16
ERROR_RATES = (0.1, 0.2, 0.3, 0.4)
#: Weights of an unverifiable claim, the other two being .3; and error rates of the fragile worlds.
CLAIM_WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 1.0)
FRAGILE_RATES, FRAGILE_SEGMENTS, FRAGILE_BITS = (0.3, 0.1, 0.3), (8, 16, 32), 3072
RESAMPLES = 2000
#: Values of a spot check agree within this; rounding may move a draw.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    settings = (SEGMENTS, SEEDS, TUNING_SEEDS, RATES, BATCH, MOST_UPDATES, TARGET, BITS, ENOUGH)
    more = (SHOWN_SEGMENTS, SHOWN_BITS, TRAINING_BITS, ERROR_RATES, CLAIM_WEIGHTS, FRAGILE_RATES)
    fragile = (FRAGILE_SEGMENTS, FRAGILE_BITS, RESAMPLES, tuple(FEEDBACK), CREDITS)
    return settings_hash(settings, more, fragile, weight_disagreement.SETTINGS)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: about a minute.

    Returns:
        ``"updates"``, ``"bits"``, ``"errors"``, ``"training"``, ``"fragile"`` and ``"votes"``, as
        the functions below return them.
    """
    parts = {
        "updates": updates_by_segments,
        "bits": quality_by_bits,
        "errors": quality_by_errors,
        "training": updates_with_learnt_rewards,
        "fragile": fragile_quality,
        "votes": weight_disagreement.run,
    }
    return run_parts(parts, on_progress)


def _world(segments: int, seed: int, rates: tuple[float, ...] | None = None) -> SegmentWorld:
    rng = host_rng(0, HostStream.PART_WORLDS, segments, seed)
    return draw_world(rng, segments) if rates is None else draw_world(rng, segments, rates)


# -- updates --------------------------------------------------------------------------------------


def updates_by_segments(segments: Sequence[int] = SEGMENTS) -> dict[str, Any]:
    """Updates of a policy to 95 % of the optimum under the true rewards.

    Each way of giving credit has the learning rate that is best on other worlds.

    Returns:
        ``"each"``: credit -> for each number of segments the updates of each seed; ``"rates"``;
        and ``"growth"``: for each credit but ``own`` the exponent of T in its updates over those of
        ``own``, with a 95 % bootstrap interval over seeds.
    """
    each: dict[str, list[list[int]]] = {credit: [] for credit in CREDITS}
    rates: dict[str, list[float]] = {credit: [] for credit in CREDITS}
    for t in segments:
        worlds, tuning = ([_world(t, s) for s in seeds] for seeds in (SEEDS, TUNING_SEEDS))
        rewards, others = (np.array([w.values[w.offered] for w in ws]) for ws in (worlds, tuning))
        for i, credit in enumerate(CREDITS):
            rng = host_rng(0, HostStream.PART_UPDATES, t, i)
            rate = best_rate(others, credit, RATES, rng, MOST_UPDATES)
            needed = updates_to_target(rewards, credit, rate, rng, most=MOST_UPDATES, batch=BATCH)
            each[credit].append(needed.tolist())
            rates[credit].append(rate)
    growth = {}
    if len(segments) > 1:
        growth = {c: _growth(each[c], each["own"], segments) for c in CREDITS if c != "own"}
    return {"segments": list(segments), "each": each, "rates": rates, "growth": growth}


def _growth(
    slow: Sequence[Sequence[int]], fast: Sequence[Sequence[int]], segments: Sequence[int]
) -> list[float]:
    """Exponent of T in the ratio of median updates, and its bootstrap interval ``[3]``."""
    rng = host_rng(0, HostStream.PART_UPDATES, 0, 0)
    top, bottom = (np.maximum(np.array(rows, float), 1) for rows in (slow, fast))
    draws = rng.integers(top.shape[1], size=(RESAMPLES, top.shape[1]))
    ratio = np.median(top[:, draws], 2) / np.median(bottom[:, draws], 2)
    slopes = np.polyfit(np.log(segments), np.log(ratio), 1)[0]
    ratio = np.median(top, 1) / np.median(bottom, 1)
    slope = np.polyfit(np.log(segments), np.log(ratio), 1)[0]
    return [round(float(v), 3) for v in (slope, *np.quantile(slopes, (0.025, 0.975)))]


def updates_with_learnt_rewards() -> dict[str, Any]:
    """Updates with rewards learnt from equal bits, by feedback and credit.

    The reward of comparisons is a sum over segments, too, so either reward can be given either
    credit. The target is 95 % of the best true quality.

    Returns:
        ``"rows"``: for each number of segments, feedback and credit the median updates with the
        quartiles, and the share of seeds that reach the target.
    """
    rows = []
    for t in (SHOWN_SEGMENTS, SEGMENTS[-1]):
        worlds = [_world(t, s) for s in SEEDS]
        truth = np.array([w.values[w.offered] for w in worlds])
        for feedback in ("marks", "comparisons"):
            learnt = [_learnt(w, t, s, feedback, TRAINING_BITS) for s, w in enumerate(worlds)]
            paid = np.array([r[w.offered] for r, w in zip(learnt, worlds, strict=True)])
            # In the same units, so that the same learning rates are as fast.
            paid = paid / paid.std((1, 2), keepdims=True) * truth.std((1, 2), keepdims=True)
            for i, credit in enumerate(("own", "end")):
                rng = host_rng(1, HostStream.PART_UPDATES, t, i)
                rate = best_rate(truth, credit, RATES, rng, MOST_UPDATES)
                needed = updates_to_target(
                    paid, credit, rate, rng, truth=truth, most=MOST_UPDATES, batch=BATCH
                )
                middle = np.quantile(needed, (0.5, 0.25, 0.75)).tolist()
                reached = float((needed < MOST_UPDATES).mean())
                rows.append({"segments": t, "feedback": feedback, "credit": credit,
                             "updates": middle, "reached": reached})  # fmt: skip
    return {"bits": TRAINING_BITS, "rows": rows}


def median_updates(result: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Credit -> median updates by the number of segments and the quartiles ``[3, segments]``."""
    each = result["updates"]["each"]
    return {c: np.quantile(rows, (0.5, 0.25, 0.75), axis=1) for c, rows in each.items()}


# -- bits -----------------------------------------------------------------------------------------


def _learnt(
    world: SegmentWorld, segments: int, seed: int, feedback: str, bits: int, **settings: Any
) -> np.ndarray:
    rng = host_rng(
        list(FEEDBACK).index(feedback), HostStream.PART_FEEDBACK, segments, seed, bits
    )  # fmt: skip
    return learn_rewards(rng, world, feedback, bits, **settings)


def _gains(segments: int, feedback: str, bits: int, **settings: Any) -> np.ndarray:
    """Quality of the best text under learnt rewards ``[seeds]``, 0 for the mean text, 1 the best"""
    worlds = [_world(segments, seed) for seed in SEEDS]
    learnt = (_learnt(w, segments, s, feedback, bits, **settings) for s, w in enumerate(worlds))
    return np.array([w.gain(w.best_text(r)) for w, r in zip(worlds, learnt, strict=True)])


def quality_by_bits(segments: Sequence[int] = SEGMENTS) -> dict[str, Any]:
    """Quality of the text that is best under rewards learnt from so many bits.

    Returns:
        ``"quality"``: feedback -> ``[segments][bits]`` of mean and interval; ``"needed"``: feedback
        -> for each number of segments the bits for ``ENOUGH`` with a bootstrap interval, None
        beyond the grid; ``"read"``: segments that raters read for a bit, likewise.
    """
    quality: dict[str, list[list[list[float]]]] = {f: [] for f in FEEDBACK}
    needed: dict[str, list[list[float | None]]] = {f: [] for f in FEEDBACK}
    for t in segments:
        for feedback in FEEDBACK:
            gains = np.array([_gains(t, feedback, bits) for bits in BITS])
            quality[feedback].append([over_seeds(row) for row in gains])
            needed[feedback].append(_bits_needed(gains))
    read = {
        "marks": [1 / 3 for _ in segments],
        "comparisons": [2.0 * t for t in segments],
        "scores": [t / 3 for t in segments],
    }
    return {"segments": list(segments), "bits": list(BITS), "quality": quality, "needed": needed,
            "read": read}  # fmt: skip


def _bits_needed(gains: np.ndarray) -> list[float | None]:
    """Bits at which the mean over seeds passes ``ENOUGH``, and its bootstrap interval."""
    rng = host_rng(0, HostStream.PART_FEEDBACK, 0, 0, 0)
    draws = rng.integers(gains.shape[1], size=(RESAMPLES // 4, gains.shape[1]))
    each = [_crossing(gains[:, draw].mean(1)) for draw in draws]
    low, high = np.quantile(each, (0.025, 0.975))
    ends = (_crossing(gains.mean(1)), float(low), float(high))
    return [round(v, 1) if np.isfinite(v) and v <= BITS[-1] else None for v in ends]


def _crossing(mean: np.ndarray) -> float:
    """Bits at which an increasing hull of the means passes ``ENOUGH``, in logarithms."""
    hull = np.maximum.accumulate(mean)
    if hull[-1] < ENOUGH:
        return 2.0 * BITS[-1]
    first = int((hull >= ENOUGH).argmax())
    if first == 0:
        return float(BITS[0])
    share = (ENOUGH - hull[first - 1]) / (hull[first] - hull[first - 1])
    return float(BITS[first - 1] * 2**share)


def quality_by_errors() -> dict[str, Any]:
    """Quality from equal bits where comparisons are wrong more often than marks.

    Returns:
        ``"rates"``; ``"marks"``: mean and interval at the lowest rate; ``"comparisons"``: for each
        rate; ``"marks by rate"``: marks that are as often wrong.
    """
    t, bits = SHOWN_SEGMENTS, SHOWN_BITS
    return {
        "rates": list(ERROR_RATES), "segments": t, "bits": bits,
        "marks": over_seeds(_gains(t, "marks", bits, wrong=ERROR_RATES[0])),
        "comparisons": [over_seeds(_gains(t, "comparisons", bits, wrong=e)) for e in ERROR_RATES],
        "marks by rate": [over_seeds(_gains(t, "marks", bits, wrong=e)) for e in ERROR_RATES],
    }  # fmt: skip


# -- one false claim ------------------------------------------------------------------------------


def fragile_quality() -> dict[str, Any]:
    """Quality that one unverifiable claim makes 0, by the weight that marks give to such a claim.

    Returns:
        For each number of segments ``"marks"``: for each weight mean and interval of the share of
        the best quality; ``"sum"``: the same with errors known; ``"comparisons"``, ``"scores"`` and
        ``"marks and comparisons"``, which need no weight; ``"lead"``: for each weight the paired
        lead of comparisons over marks; ``"intact"``: the share of reference texts without an
        unverifiable claim.
    """
    found: dict[str, Any] = {"weights": list(CLAIM_WEIGHTS), "bits": FRAGILE_BITS, "rows": []}
    for t in FRAGILE_SEGMENTS:
        worlds = [_world(t, seed, FRAGILE_RATES) for seed in SEEDS]
        row: dict[str, Any] = {"segments": t, "marks": [], "sum": [], "lead": []}
        without = {
            feedback: _fragile(_fragile_rewards(worlds, t, feedback), worlds)
            for feedback in ("comparisons", "scores", "marks and comparisons")
        }
        row |= {feedback: over_seeds(values) for feedback, values in without.items()}
        for weight in CLAIM_WEIGHTS:
            weighted = [replace(w, weights=np.array([0.3, weight, 0.3])) for w in worlds]
            marks = _fragile(_fragile_rewards(weighted, t, "marks"), worlds)
            row["sum"].append(over_seeds(_fragile([w.values for w in weighted], worlds)))
            row["marks"].append(over_seeds(marks))
            row["lead"].append(over_seeds(without["comparisons"] - marks))
        intact = [np.prod(1 - w.errors[w.offered, 1].mean(1)) for w in worlds]
        row["intact"] = round(float(np.mean(intact)), 4)
        found["rows"].append(row)
    return found


def _fragile_rewards(
    worlds: Sequence[SegmentWorld], segments: int, feedback: str
) -> list[np.ndarray]:
    return [
        _learnt(w, segments, s, feedback, FRAGILE_BITS, fragile=True) for s, w in enumerate(worlds)
    ]


def _fragile(rewards: Sequence[np.ndarray], worlds: Sequence[SegmentWorld]) -> np.ndarray:
    """Quality of the best text under rewards, as share of the best quality ``[seeds]``."""
    texts = (w.best_text(r)[None] for r, w in zip(rewards, worlds, strict=True))
    return np.array([
        w.fragile_quality(text)[0] / w.best_fragile_quality()
        for text, w in zip(texts, worlds, strict=True)
    ])  # fmt: skip


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the parts that take seconds, repeated."""
    stored, few = content["result"], SEGMENTS[:3]
    fresh_updates, fresh_bits = updates_by_segments(few), quality_by_bits(few[:2])
    found: list[str] = []
    for credit in CREDITS:
        rows = [np.median(row) for row in stored["updates"]["each"][credit][: len(few)]]
        again = [np.median(row) for row in fresh_updates["each"][credit]]
        found += differences(rows, again, 1.0, f"updates.{credit}.")
    for feedback in FEEDBACK:
        before, after = (r["quality"][feedback][:2] for r in (stored["bits"], fresh_bits))
        found += differences(before, after, TOLERANCE, f"bits.{feedback}.")
    for name, part in (("errors", quality_by_errors), ("votes", weight_disagreement.run)):
        found += differences(stored[name], part(), TOLERANCE, f"{name}.")
    return found


STUDY = ModuleStudy(
    name="text-parts",
    title="Rewards for parts of a text beside one for the whole",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
