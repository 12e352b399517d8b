"""Answers that a language model writes, ranked by people who rated other texts (steps 4 to 7).

What types of raters think of texts is stored with the study of texts: the individual model's
rewards for the rated texts. New answers get their rewards from what they say (``TextReward``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts
from scrl.config import Config, RatersConfig
from scrl.pipeline import fit_raters
from scrl.progress import RunClock
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import sample
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.social.text_reward import TextReward, fit_text_rewards
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.text.encoder import SentenceEncoder, is_available
from scrl.text.features import with_text_features
from scrl.types import Ballots, Progress
from scrl.voting.counting import aggregate

#: Scenario whose raters rank the answers -> prompt -> its kind.
PROMPTS = {
    "text-caution": {
        "Should I lend money to a friend?": "money",
        "What helps against a headache?": "body",
        "How do I get rid of ants in the kitchen?": "house",
    },
    "text-detail": {
        "How do I keep tomatoes fresh?": "home",
        "How can I save money on a hotel?": "travel",
        "How can I wake up early?": "health",
    },
}
SEED, ANSWERS, TOKENS, TEMPERATURE, TOP_P, MAX_TYPES = 0, 8, 64, 0.8, 0.95, 5
#: Rewards agree within this; rounding differs between machines.
TOLERANCE = 0.05
#: Weight of a pair, when rewards stand for comparisons; voters simulated of each type.
PAIR_WEIGHT, VOTERS = 20.0, 400


@dataclass(frozen=True, eq=False)
class Opinions:
    """What types of raters think of new texts.

    Attributes:
        utility: rewards in log-odds ``[types, texts]``.
        uncertainty: their posterior standard deviation, a mean over types ``[texts]``.
        distance: from the nearest rated text, 0 to 2, NaN without an encoder ``[texts]``.
    """

    utility: np.ndarray
    uncertainty: np.ndarray
    distance: np.ndarray


def opinions(
    stem: str, type_rewards: Sequence[Sequence[float]], prompt: str, answers: Sequence[str]
) -> Opinions:
    """What types think of answers to a prompt.

    Args:
        stem: of the scenario whose texts were rated.
        type_rewards: of its items, for each type ``[types, items]``.
        prompt, answers: texts.
    """
    models = _type_models(stem, tuple(tuple(row) for row in type_rewards))
    prompts, texts = [prompt] * len(answers), list(answers)
    utility = np.array([model(prompts, texts) for model in models])
    spread = np.array([model.uncertainty(prompts, texts) for model in models])
    centred = utility - utility.mean(axis=1, keepdims=True)
    return Opinions(centred, spread.mean(axis=0), np.array(models[0].distance(prompts, texts)))


@lru_cache(maxsize=8)
def _type_models(stem: str, type_rewards: tuple[tuple[float, ...], ...]) -> list[TextReward]:
    """A reward that reads text for each type."""
    encoder = SentenceEncoder() if is_available() else None
    catalogue = with_text_features(load_scenario(gallery()[stem]).catalogue, encoder)
    pairs = [s + np.stack(np.triu_indices(t - s, 1)) for s, t in pairwise(catalogue.offsets)]
    first, second = np.concatenate(pairs, axis=1)
    comparisons = {}
    for number, row in enumerate(type_rewards):
        wins = PAIR_WEIGHT * expit(np.subtract(np.take(row, first), np.take(row, second)))
        comparisons[str(number)] = PairCounts(first, second, wins, PAIR_WEIGHT - wins)
    return list(fit_text_rewards(catalogue, comparisons, encoder).values())


def elect(
    utility: np.ndarray,
    share: np.ndarray,
    rates: np.ndarray,
    rules: Sequence[str],
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Places of texts by each rule and by vanilla ``[texts]``, 0 = first.

    Args:
        utility: of each group of voters, in log-odds; infinite where a group has no noise but ties
            ``[groups, texts]``.
        share: of the groups ``[groups]``.
        rates: the share of each group that rates such a prompt, which only vanilla needs
            ``[groups]``.
        rules: names of ordinal rules.
        seed: of the choice noise.
    """
    rng = host_rng(seed, HostStream.ANSWER_VOTERS)
    voters = np.repeat(utility, VOTERS, axis=0)
    voters = voters + rng.gumbel(size=voters.shape)
    ballots = Ballots(voters, weight=np.repeat(share / VOTERS, VOTERS))
    places = {rule: np.asarray(aggregate(ballots, rule).place) for rule in rules}
    texts = utility.shape[1]
    first, second = np.triu_indices(texts, 1)
    weight = 1000 * share * rates
    above = expit(utility[:, first] - utility[:, second])
    wins, losses = weight @ above, weight @ (1 - above)
    reward = fit_pair_counts(PairCounts(first, second, wins, losses), np.array([0, texts]))
    places["vanilla"] = np.array([(reward > r + 1e-9).sum() for r in reward])
    return places


def kind_rates(scenario: Scenario, kind: str) -> np.ndarray:
    """The share of each type that rates prompts of a kind ``[types]``."""
    kinds = np.array([prompt.kind for prompt in scenario.prompts.values()])
    return scenario.answer_chances[:, kinds == kind].mean(axis=1)


# -- the study ------------------------------------------------------------------------------------


def spec() -> str:
    """A hash of the study's settings."""
    files = [load_scenario(gallery()[stem]).to_yaml() for stem in PROMPTS]
    return settings_hash(files, PROMPTS, SEED, ANSWERS, TOKENS, TEMPERATURE, TOP_P, MAX_TYPES)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """Fit the raters of each scenario, let the language model answer, and rate the answers: a
    minute or two.

    Returns:
        ``"scenarios"``: stem -> ``name``, ``types``, ``shares`` and ``rewards`` of the types that
        were found; ``"answers"``: a list of ``stem``, ``prompt``, ``kind``, ``texts`` and what
        ``opinions`` says of them: ``utility``, ``uncertainty``, ``distance``.
    """
    scenarios = {stem: _found_types(stem) for stem in PROMPTS}
    model, found = _language_model(), []
    for stem, prompts in PROMPTS.items():
        for prompt, kind in prompts.items():
            written = model.complete([prompt], ANSWERS, TOKENS, TEMPERATURE, TOP_P, SEED)[0]
            found.append(
                rated_answers(stem, scenarios[stem]["rewards"], prompt, kind,
                              [shortened(w.text, w.ended) for w in written])
            )  # fmt: skip
            if on_progress is not None:
                on_progress(Progress("evaluating", len(found) / 6, prompt))
    return {"scenarios": scenarios, "answers": found}


def rated_answers(
    stem: str, rewards: Sequence[Sequence[float]], prompt: str, kind: str, texts: Sequence[str]
) -> dict[str, Any]:
    """Answers with what types think of them, as plain data."""
    seen = opinions(stem, rewards, prompt, texts)
    return {
        "stem": stem, "prompt": prompt, "kind": kind, "texts": list(texts),
        "utility": np.round(seen.utility, 3).tolist(),
        "uncertainty": np.round(seen.uncertainty, 3).tolist(),
        "distance": [None if d != d else round(float(d), 3) for d in seen.distance],
    }  # fmt: skip


def written_answers(
    stem: str,
    rewards: Sequence[Sequence[float]],
    prompt: str,
    answers: int,
    tokens: int,
    on_progress: Listener = None,
) -> dict[str, Any]:
    """Answers that the language model writes now, with what types think of them.

    Args:
        answers, tokens: how many, and their greatest length.

    Raises:
        InputError: where the model is not installed or the prompt is too long.
    """
    found = _language_model().complete(
        [prompt], answers, tokens, TEMPERATURE, TOP_P, SEED, on_progress
    )[0]
    texts = [shortened(one.text, one.ended) for one in found]
    return rated_answers(stem, rewards, prompt, "", texts)


@cache
def _language_model() -> Any:
    from scrl.language_model import load_language_model

    return load_language_model()


def shortened(text: str, ended: bool) -> str:
    """A text that was cut off, up to the end of its last whole sentence if it has one."""
    if ended:
        return text.strip()
    stop = max(text.rfind(mark) for mark in (". ", "! ", "? ", ".\n", "!\n", "?\n"))
    return text[: stop + 1].strip() if stop > 0 else text.strip() + "…"


def _found_types(stem: str) -> dict[str, Any]:
    """The types that the individual model finds among raters drawn from a scenario."""
    scenario = load_scenario(gallery()[stem])
    ratings = sample(scenario, SEED).ratings.with_absent_resolved()
    config = replace(Config(), raters=RatersConfig(max_types=MAX_TYPES))
    fitted = fit_raters(ratings, config, SEED, RunClock(None)).individual.population
    order = np.argsort(-fitted.share, kind="stable")
    rewards, true = np.asarray(fitted.reward)[order], scenario.type_utilities
    nearest = np.corrcoef(rewards, true)[: len(rewards), len(rewards) :].argmax(axis=1)
    return {
        "name": scenario.name,
        "types": [scenario.type_names[i] for i in nearest],
        "shares": np.round(fitted.share[order], 4).tolist(),
        "rewards": np.round(rewards, 3).tolist(),
    }


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of the stored opinions from those of the stored answers, computed again."""
    stored = content["result"]
    found: list[str] = []
    for entry in stored["answers"]:
        rewards = stored["scenarios"][entry["stem"]]["rewards"]
        fresh = rated_answers(
            entry["stem"], rewards, entry["prompt"], entry["kind"], entry["texts"]
        )
        for name in ("utility", "distance"):
            found += differences(entry[name], fresh[name], TOLERANCE, f"{entry['prompt']}.{name}.")
    return found


STUDY = ModuleStudy(
    name="generated-answers",
    title="Answers of a language model, ranked by people who rated other texts",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
