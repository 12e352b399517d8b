"""How often proxy metrics order translations as professional raters do, beside learnt rewards.

The ratings are those of WMT 2023, English to German: ten translations of each segment, with the
error weights (MQM) of three raters each. One translation is a person's. It serves as the reference
of the proxies and is left out, and so is the translation of a system that serves as another
reference. Every reward is judged on the same pairs: of raters held out in five folds, the strict
pairs among the hidden half of their ballots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scrl.data.held_out_splits import (
    comparable_ballots,
    cross_validation_folds,
    hidden_entries,
    strict_pairs,
)
from scrl.evaluation.intervals import RaterBootstrap
from scrl.proxies import PROXIES, proxy_scores
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.studies.protocol import Listener, data_folder, differences, settings_hash
from scrl.text import encode
from scrl.types import Progress, Ratings

FILE = "mqm/wmt2023-ende-mqm.csv"
#: The person's translation, and a system's.
HUMAN, SYSTEM = "refA", "ONLINE-W"
SEEDS = tuple(range(3))
HIDE = 0.5
#: A reward without a reference: cosine of the source and the translation.
SOURCE = "source"
LEARNT = ("vanilla", "individual")
TOLERANCE, LEARNT_TOLERANCE = 1e-3, 0.02


def translations(ratings: Ratings) -> tuple[Ratings, dict[str, list[str]]]:
    """The ratings without both references, and the texts of each item: of ``"text"``, ``"source"``,
    and of both references, each ``[items]``."""
    catalogue = ratings.catalogue
    texts: dict[str, list[str]] = {key: [] for key in ("text", SOURCE, HUMAN, SYSTEM)}
    kept, written = np.zeros(catalogue.items, bool), catalogue.completion_texts
    for prompt in range(len(catalogue.prompts)):
        items = range(*catalogue.offsets[prompt : prompt + 2])
        own = dict(
            zip(
                catalogue.names(prompt), (written[catalogue.members[i]] for i in items), strict=True
            )
        )
        for item, (name, text) in zip(items, own.items(), strict=True):
            kept[item] = name not in (HUMAN, SYSTEM)
            texts["text"].append(text)
            texts[SOURCE].append(catalogue.prompt_texts[prompt])
            texts[HUMAN].append(own[HUMAN])
            texts[SYSTEM].append(own[SYSTEM])
    return ratings.keep(kept[ratings.item]), texts


def proxy_item_scores(texts: Mapping[str, list[str]]) -> dict[str, np.ndarray]:
    """Name of a proxy, with its reference behind a colon -> scores ``[items]``."""
    found = {}
    for name, proxy in PROXIES.items():
        for reference in (HUMAN, SYSTEM) if proxy.reads_reference else ("",):
            rows = [[text] for text in texts[reference]] if reference else ()
            key = f"{name}:{reference}" if reference else name
            found[key] = proxy_scores(name, texts["text"], rows)
    own, source = (np.asarray(encode(texts[key]), float) for key in ("text", SOURCE))
    found[SOURCE] = (own * source).sum(1)
    return found


def run(ratings: Ratings, seeds: tuple[int, ...], on_progress: Listener = None) -> dict[str, Any]:
    """Agreement of every reward on the same hidden pairs.

    Returns:
        ``"rewards"``: name -> ``agreement`` (share of pairs ordered rightly, ties ½: mean and 95 %
        interval), ``tau`` (2 · agreement − 1, Kendall's on strict pairs), ``lead`` (over vanilla on
        the same pairs, mean and interval) and ``by seed``; intervals are bootstraps over segments.
        ``"pairs"``, ``"segments"``, ``"raters"``.
    """
    ratings, texts = translations(ratings)
    scores = proxy_item_scores(texts)
    credit: dict[str, list[np.ndarray]] = {name: [] for name in (*scores, *LEARNT)}
    prompt, each_seed = [], []
    for i, seed in enumerate(seeds):
        if on_progress is not None:
            message = f"Split {i + 1} of {len(seeds)}"
            on_progress(Progress("evaluating", i / len(seeds), message))
        found, pairs_prompt = _split(ratings, scores, seed)
        for name, values in found.items():
            credit[name].append(values)
        prompt.append(pairs_prompt)
        each_seed.append({name: round(float(v.mean()), 4) for name, v in found.items()})
    pooled = {name: np.concatenate(values) for name, values in credit.items()}
    bootstrap = RaterBootstrap(
        np.concatenate(prompt), host_rng(seeds[0], HostStream.EVALUATION_BOOTSTRAP)
    )  # fmt: skip
    rewards = {}
    for name, values in pooled.items():
        own, lead = bootstrap(values), bootstrap(values - pooled["vanilla"])
        rewards[name] = {
            "agreement": [round(v, 4) for v in (own.mean, own.low, own.high)],
            "tau": [round(2 * v - 1, 4) for v in (own.mean, own.low, own.high)],
            "lead": [round(v, 4) for v in (lead.mean, lead.low, lead.high)],
            "by seed": [one[name] for one in each_seed],
        }
    return {
        "rewards": rewards, "pairs": len(pooled["vanilla"]), "seeds": list(seeds),
        "segments": len(np.unique(np.concatenate(prompt))),
        "raters": len(np.unique(ratings.ballot_rater)),
    }  # fmt: skip


def _split(
    ratings: Ratings, scores: Mapping[str, np.ndarray], seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Credit of every reward for each hidden pair of one split, and the pairs' prompts."""
    # Imported here, so that the page of the stored result loads no JAX.
    from scrl.choice_models.bradley_terry import pair_counts
    from scrl.config import Config
    from scrl.evaluation.pair_metrics import pair_credit
    from scrl.social import fit_vanilla
    from scrl.utility_models.population_fit import fit_population

    config = Config()
    ratings, raters = comparable_ballots(ratings, "agreement with raters")
    rng = host_rng(seed, HostStream.EVALUATION_FOLDS)
    order = np.argsort(rng.permutation(len(raters)))
    hidden = hidden_entries(ratings, HIDE, rng)
    credit: dict[str, list[np.ndarray]] = {name: [] for name in (*scores, *LEARNT)}
    prompts = []
    offsets = np.asarray(ratings.catalogue.offsets)
    for k, fold in enumerate(cross_validation_folds(ratings, raters, order, hidden)):
        rater, better, worse = strict_pairs(fold.hidden)
        key = jax_key(seed, KeyStream.EVALUATION, k)
        counts = pair_counts(fold.train, config.weighting)
        pooled = fit_vanilla(key, fold.train.catalogue, counts, config.reward).rewards()
        population = fit_population(fold.train, config.raters, seed).population
        own = population.pair_probability(fold.visible, rater, better, worse)
        credit["vanilla"].append(pair_credit(pooled[better] - pooled[worse]))
        credit["individual"].append(pair_credit(np.round(own - 0.5, 9)))
        for name, values in scores.items():
            credit[name].append(pair_credit(np.round(values[better] - values[worse], 9)))
        prompts.append(np.searchsorted(offsets, better, side="right") - 1)
    return {n: np.concatenate(v) for n, v in credit.items()}, np.concatenate(prompts)


def _load(data: Path | None) -> tuple[Ratings, str]:
    """The ratings in a folder of real people's ballots, and a hash of them."""
    from scrl.data.readers import load_ratings
    from scrl.studies.scoreboard_studies import ratings_hash

    ratings = load_ratings(data_folder(data) / FILE)
    return ratings, ratings_hash(ratings)


@dataclass(frozen=True)
class _Agreement:
    """The study; its spot check repeats the first split."""

    name: str = "proxy-agreement"
    title: str = "Proxy metrics beside learnt rewards on real raters of translations"
    modules: tuple[str, ...] = (__name__,)
    needs_data: bool = True

    def spec(self) -> str:
        return settings_hash(FILE, HUMAN, SYSTEM, SEEDS, HIDE, tuple(PROXIES))

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        ratings, hashed = _load(data)
        return {"result": run(ratings, SEEDS, on_progress), "print": hashed}

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        ratings, hashed = _load(data)
        found = differences(content["print"], hashed, where="data.")
        fresh, stored = run(ratings, SEEDS[:1], on_progress)["rewards"], content["result"]
        for name, row in stored["rewards"].items():
            tolerance = LEARNT_TOLERANCE if name in LEARNT else TOLERANCE
            before, after = row["by seed"][0], fresh[name]["by seed"][0]
            found += differences(before, after, tolerance, f"{name}.")
        return found


STUDY = _Agreement()
