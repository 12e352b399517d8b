"""Summaries of raters in words (PLUS) beside vectors and exact Bayes, and how they can fail.

In populations with tastes for six named attributes a summariser and a reward are trained on some
raters and judged on disputed pairs of others, by the number of pairs that these have compared.
Refutations: summaries given to the wrong rater; a taste that no sentence names; a summariser that
does not know what words mean before it is trained. Edited sentences and summaries read by the model
of other raters test what words are said to be good for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scrl.config import ModelsConfig
from scrl.random_streams import KeyStream, jax_key
from scrl.reward_models import pooled, reward_features, vpl
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import PairDifferences, gaussian_weights
from scrl.reward_models.reward_features import BasesConfig, RewardFeatures
from scrl.studies.few_shot import fit_own
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.studies.summary_examples import example_of, sentence_weights
from scrl.studies.summary_worlds import (
    NAMES,
    SummaryWorld,
    disputed_queries,
    draw_summary_world,
)
from scrl.summaries.model import SummaryModel, fit
from scrl.summaries.training import SummariesConfig
from scrl.summaries.vocabulary import LIKES, other_sentence, vocabulary_of
from scrl.text import encode
from scrl.types import InputError, Progress

SEEDS = tuple(range(10))
#: VPL takes some ten seconds a seed.
VPL_SEEDS = (0, 1, 2)
#: Raters who train a model, raters who train another, and new raters; pairs of each.
SEEN, OTHERS, NEW, PAIRS = 1_000, 1_000, 400, 32
#: Pairs that a new rater has compared, and disputed pairs by which models are judged.
SHOTS, QUERIES = (2, 4, 8, 16), 40
MOST = SHOTS[-1]
#: Limits of sentences that are tried.
LIMITS = (1, 2, 6)
#: Strength of the taste without a name, in log-odds by standard deviation of its attribute.
UNNAMED = 1.5
CONFIG = SummariesConfig()
#: Prices of the KL that are tried there; at the last one the summariser learns nothing.
PRICES = (CONFIG.kl, 0.1, 1.0)
#: Whose words mean what they say: not tied to a wording, and anchored (see ``SummariesConfig``).
VARIANTS = {
    "summary": CONFIG,
    "wording": replace(CONFIG, paraphrased=False),
    "code": replace(CONFIG, paraphrased=False, anchored=False),
}
#: Bases of reward features: all attributes, as in the worlds.
BASES = len(NAMES)
#: Wordings of a taste.
FORMS = len(LIKES)
#: Accuracies of a spot check agree within this.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (
        SEEDS,
        VPL_SEEDS,
        SEEN,
        OTHERS,
        NEW,
        PAIRS,
        SHOTS,
        QUERIES,
        LIMITS,
        UNNAMED,
        PRICES,
        BASES,
    )
    return settings_hash(sizes, VARIANTS, BasesConfig(), ModelsConfig(), NAMES)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: some minutes.

    Returns:
        Of each measurement the mean over seeds and its 95 % interval, as the functions below name
        them; ``"first"``: the measurements of the first seed; ``"example"``: models and raters that
        the page shows.
    """
    rows: list[dict[str, Any]] = []
    example: dict[str, Any] = {}
    for i, seed in enumerate(SEEDS):
        if on_progress is not None:
            message = f"Population {i + 1} of {len(SEEDS)}"
            on_progress(Progress("summaries", i / len(SEEDS), message))
        row, shown = measure(seed)
        rows.append(row)
        example = example or shown
    result = _intervals(rows)
    result["vpl"] = _intervals([vpl_curve(seed) for seed in VPL_SEEDS])
    return result | {"first": _rounded(rows[0]), "example": example}


def _intervals(rows: Sequence[Any]) -> Any:
    """Mean and interval over rows of nested dictionaries ``[3][...]``."""
    if isinstance(rows[0], Mapping):
        return {key: _intervals([row[key] for row in rows]) for key in rows[0]}
    return over_seeds(rows)


def _rounded(row: Any) -> Any:
    if isinstance(row, Mapping):
        return {key: _rounded(value) for key, value in row.items()}
    return np.round(row, 4).tolist()


# -- one population -------------------------------------------------------------------------------


class _Population:
    """A world, its raters by role, and the pairs by which models are judged."""

    def __init__(self, seed: int, unnamed: float = 0.0) -> None:
        self.world: SummaryWorld = draw_summary_world(seed, SEEN + OTHERS + NEW, PAIRS, unnamed)
        self.train = self.world.select(np.arange(SEEN))
        self.others = self.world.select(np.arange(SEEN, SEEN + OTHERS))
        self.index = np.arange(SEEN + OTHERS, SEEN + OTHERS + NEW)
        self.new = self.world.select(self.index)
        self.tastes = self.world.tastes[self.index]
        self.queries, self.truth = disputed_queries(self.world, self.index, QUERIES, seed)

    def right(self, chance: np.ndarray) -> float:
        """Share of disputed pairs whose likelier item is what the rater likes better.

        Pairs between which a rater is indifferent are left out; undecided chances count half.
        """
        differ = np.abs(self.truth - 0.5) > 1e-9
        sign = np.sign(np.round(chance - 0.5, 9)) * np.sign(self.truth - 0.5)
        return float(0.5 + 0.5 * sign[differ].mean())

    def curve(self, predict: Any) -> list[float]:
        """Disputed pairs right ``[shots]``."""
        return [self.right(predict(self.new.masked_after(n), self.queries)) for n in SHOTS]


def _fit(seed: int, model: int, pairs: Comparisons, config: SummariesConfig) -> SummaryModel:
    key = jax_key(seed, KeyStream.SUMMARIES, model)
    return fit(key, pairs, ModelsConfig(), None, config, vocabulary_of(NAMES))[0]


def fit_bases(train: Comparisons, bases: int = BASES) -> RewardFeatures:
    """Reward features: the vector of a rater beside which summaries stand."""
    key = jax_key(0, KeyStream.FEW_SHOT)
    return reward_features.fit(key, train, ModelsConfig(), None, BasesConfig((bases,)))[0]


def pooled_weights(train: Comparisons) -> np.ndarray:
    """Bradley–Terry's weights on attributes, the same for everybody ``[features]``."""
    data = PairDifferences.of(train)
    features = data.x.shape[2]
    x, mask = data.x.reshape(1, -1, features), data.mask.reshape(1, -1)
    return gaussian_weights(x, mask, np.zeros(features))[0][0]


def _pooled(train: Comparisons) -> pooled.PooledTable:
    reward = train.features.astype(float) @ pooled_weights(train)
    return pooled.PooledTable(reward - reward.mean(), train.features.shape[1])


def measure(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """All measurements of one population, and what the page shows of it."""
    town = _Population(seed)
    context = town.new.masked_after(MOST)
    writers = {
        name: (_fit(seed, 2 * i, town.train, config), _fit(seed, 2 * i + 1, town.others, config))
        for i, (name, config) in enumerate(VARIANTS.items())
    }
    chosen = {name: pair[0].summaries(context) for name, pair in writers.items()}
    main = writers["summary"][0]
    right = curves(town, main, seed)
    row = {
        "right": right,
        "of oracle": (np.array(right["summaries"]) / np.array(right["oracle"])).tolist(),
        "limit": _limits(seed, town, main),
        "unnamed": unnamed_taste(seed),
        "edits": {name: edits(writers[name][0], said) for name, said in chosen.items()},
        "stated": {
            name: stated(writers[name][0], said, town.tastes) for name, said in chosen.items()
        },
        "carried": carried(town, writers),
    }
    return row, example_of(town.world, town.index, writers, context)


def curves(town: _Population, model: SummaryModel, seed: int) -> dict[str, list[float]]:
    """Disputed pairs right by pairs compared: model -> ``[shots]``.

    ``"exchanged"``: each new rater's summary is another's. ``"shuffled"``: in training, too.
    ``"untrained"``: the summariser stays the reference, and only the reward learns.
    """
    untrained = _fit(seed, 8, town.train, replace(CONFIG, kl=PRICES[-1]))
    shuffled = _fit(seed, 6, town.train, replace(CONFIG, shuffled=True))

    def moved(model: SummaryModel) -> Any:
        return lambda context, queries: model.probabilities_given(
            np.roll(model.summaries(context), 1, axis=0), queries
        )

    return {
        "oracle": town.curve(town.world.oracle_probabilities),
        "features": town.curve(fit_bases(town.train).probabilities),
        "own": town.curve(fit_own(town.train).probabilities),
        "untrained": town.curve(untrained.probabilities),
        "summaries": town.curve(model.probabilities),
        "pooled": town.curve(_pooled(town.train).probabilities),
        "shuffled": town.curve(moved(shuffled)),
        "exchanged": town.curve(moved(model)),
    }


def vpl_curve(seed: int) -> list[float]:
    """Disputed pairs right of VPL, with a dimension for each attribute ``[shots]``."""
    town = _Population(seed)
    config = ModelsConfig(latent=BASES)
    model, _ = vpl.fit(jax_key(seed, KeyStream.SUMMARIES, 10), town.train, config)
    return town.curve(model.probabilities)


def _limits(seed: int, town: _Population, model: SummaryModel) -> list[float]:
    """Disputed pairs right by the most sentences of a summary ``[limits]``."""
    found = []
    for limit in LIMITS:
        if limit != CONFIG.sentences:
            model_of = _fit(seed, 7, town.train, replace(CONFIG, sentences=limit))
        else:
            model_of = model
        context = town.new.masked_after(MOST)
        found.append(town.right(model_of.probabilities(context, town.queries)))
    return found


def unnamed_taste(seed: int) -> dict[str, Any]:
    """Disputed pairs right where a strong taste has no name.

    Returns:
        ``"right"`` by model. Of summaries by the price of the KL ``[prices]``: ``"summaries"``,
        their disputed pairs right; ``"smuggled"``, how often the weight that a summary gives the
        unnamed attribute has the sign of the rater's taste (½ where summaries tell nothing of it);
        ``"true"``, the share of stated tastes that are true.
    """
    town = _Population(seed, UNNAMED)
    context = town.new.masked_after(MOST)
    models: dict[str, Any] = {
        "features": fit_bases(town.train, BASES + 1), "own": fit_own(town.train),
        "pooled": _pooled(town.train),
    }  # fmt: skip
    chances = {name: m.probabilities(context, town.queries) for name, m in models.items()}
    chances["oracle"] = town.world.oracle_probabilities(context, town.queries)
    found: dict[str, list[float]] = {"summaries": [], "smuggled": [], "true": []}
    for price in PRICES:
        model = _fit(seed, 9, town.train, replace(CONFIG, kl=price))
        chosen = model.summaries(context)
        weight = model.weights(chosen)[:, -1]
        found["summaries"].append(town.right(model.probabilities_given(chosen, town.queries)))
        sign = np.sign(np.round(weight - weight.mean(), 6)) * town.tastes[:, -1]
        found["smuggled"].append(float(0.5 + 0.5 * sign.mean()))
        found["true"].append(stated(model, chosen, town.tastes)["true"])
    return found | {"right": {name: town.right(chance) for name, chance in chances.items()}}


def edits(model: SummaryModel, chosen: np.ndarray) -> dict[str, float]:
    """What happens when a stated taste is replaced by its opposite.

    Returns:
        ``"flipped"``: how often the preference between answers that differ in this attribute only
        follows the sentence before and after; ``"others"``: how often the preference in another
        attribute stays; ``"other words"``: as the first, with a sentence that no summariser writes.
    """
    vocabulary = model.vocabulary
    rater, old = np.nonzero(chosen & (np.abs(vocabulary.signs).sum(1) > 0))
    attribute = np.abs(vocabulary.signs[old]).argmax(1)
    sign = vocabulary.signs[old, attribute]
    opposite = np.where(sign > 0, old + FORMS, old - FORMS)
    step = sentence_weights(model)
    before = model.weights(chosen)[rater]
    without = before - step[old]
    after = without + step[opposite]
    other = _other_words(model)[attribute, (sign > 0).astype(int), old % FORMS]
    at = np.arange(len(old))
    told = before[at, attribute] * sign > 0
    mask = np.ones_like(before, bool)
    mask[at, attribute] = False
    return {
        "flipped": float((told & (after[at, attribute] * sign < 0)).mean()),
        "others": float((before * after > 0)[mask].mean()),
        "other words": float((told & ((without + other)[at, attribute] * sign < 0)).mean()),
    }


def _other_words(model: SummaryModel) -> np.ndarray:
    """Weights that sentences in other words add ``[attributes, 2, forms, features]``."""
    texts = [other_sentence(name, s, f) for name in NAMES for s in (1, -1) for f in range(FORMS)]
    found = (encode(texts) - model.reader.centre) @ model.reader.matrix
    return found.reshape(len(NAMES), 2, FORMS, -1)


def stated(model: SummaryModel, chosen: np.ndarray, tastes: np.ndarray) -> dict[str, float]:
    """Of the tastes that summaries state, the shares that are true, of somebody who does not care,
    and opposite; and the mean number of sentences."""
    said = model.vocabulary.stated(chosen)
    spoken = said != 0
    truth = tastes[:, : said.shape[1]]
    return {
        "true": float((said == truth)[spoken].mean()),
        "indifferent": float((truth == 0)[spoken].mean()),
        "opposite": float((said == -truth)[spoken & (truth != 0)].sum() / spoken.sum()),
        "sentences": float(chosen.sum(1).mean()),
    }


def carried(
    town: _Population, writers: Mapping[str, tuple[SummaryModel, SummaryModel]]
) -> dict[str, float]:
    """Disputed pairs right where one model describes a rater and another reads the description.

    Args:
        town: the population.
        writers: models of ``VARIANTS``, one trained on the first raters and one on others.

    Returns:
        For each variant ``"own …"`` and ``"…"``: the description is by the reading model itself, or
        by the one that was trained on other raters; the same of ``"vector"``, reward features; and
        ``"named weights"``: regressions' weights by attribute.
    """
    context = town.new.masked_after(MOST)
    found = {}
    for name, (other, reader) in writers.items():
        for prefix, author in (("own ", reader), ("", other)):
            chance = reader.probabilities_given(author.summaries(context), town.queries)
            found[prefix + name] = town.right(chance)
    vector, bases = fit_bases(town.train), fit_bases(town.others)
    found["own vector"] = town.right(bases.probabilities(context, town.queries))
    for name, weights in {
        "vector": vector.weights(context)[0] @ bases.theta,
        "named weights": fit_own(town.train).weights(context)[0],
    }.items():
        items = town.queries.features.astype(float)
        pair = items[town.queries.pairs[..., 0]] - items[town.queries.pairs[..., 1]]
        gap = np.einsum("rpf,rf->rp", pair, weights)
        found[name] = town.right(0.5 + 0.5 * np.sign(gap))
    return found


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the curves of the first population, repeated."""
    try:
        town = _Population(SEEDS[0])
        model = _fit(SEEDS[0], 0, town.train, CONFIG)
    except InputError as error:
        return [str(error)]
    stored = content["result"]["first"]["right"]
    fresh = curves(town, model, SEEDS[0])
    return differences(stored, fresh, TOLERANCE, "first.right.")


STUDY = ModuleStudy(
    name="summaries",
    title="Summaries of raters in words, beside vectors",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
