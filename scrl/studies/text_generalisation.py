"""Rewards of texts that nobody rated: methods compared on the scenarios over texts.

Raters drawn from a scenario rate some prompts in some styles. Each method then orders all styles
under prompts that nobody rated, a quarter of them in styles that nobody rated either. Judged
against the exact outcome of a rule among the whole population, whose tastes are weights on
attributes of a text and hence known for any text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, pair_counts
from scrl.config import Config, RatersConfig
from scrl.pipeline import draw_voters, embed_raters, fit_raters, hold_elections, simulate_ballots
from scrl.progress import RunClock
from scrl.random_streams import HostStream, host_rng
from scrl.runs.progress import part_reporter
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import Sample, sample, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.social.comparisons import social_comparisons
from scrl.social.text_reward import fit_text_rewards
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.text.encoder import Encoder, SentenceEncoder, encode
from scrl.text.features import item_texts, with_text_features
from scrl.types import Ballots, Catalogue, Outcome, Progress, Ratings
from scrl.voting.counting import aggregate
from scrl.voting.elections import ElectionResults

SCENARIOS = ("text-detail", "text-caution", "text-tone")
SEEDS = tuple(range(10))
RULES = ("borda", "copeland")
#: Raters of a sample; the chance that one answers a prompt of theirs, and sees a completion.
RATERS, ANSWERS, INCLUDES = 200, 0.4, 0.7
#: Prompts and styles that nobody rates: so many of each kind of prompt and one more, and styles.
NEW_PROMPTS_OF_A_KIND, MORE_NEW_PROMPTS, NEW_STYLES = 1, 1, 2
VOTERS, TRUTH_DRAWS, MAX_TYPES = 4_000, 2_000, 5
#: Share of the range of scores from which a pair counts as clear.
CLEAR = 0.2
#: Strengths of the ridge's penalty; the best on held-out prompts is taken.
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
#: Numbers agree within this; rounding differs between machines.
TOLERANCE = 0.05
#: Method -> title.
METHODS = {
    "oracle": "These raters’ own ballots on the new texts",
    "voters": "Individual model, simulated voters, rule",
    "social-new": "Social reward, elections on new texts too",
    "social": "Social reward, elections on rated texts",
    "gaussian": "One Gaussian of raters, simulated voters, rule",
    "vanilla": "Vanilla reward on the same features",
    "ridge": "Vanilla ridge on the encoder’s vectors",
}


@dataclass(frozen=True, eq=False)
class Split:
    """A sample of ratings, and what nobody rated.

    Attributes:
        drawn: raters sampled from the scenario, who answer every prompt of theirs in full.
        rated: the raters' ballots on a catalogue of what may be rated, without features.
        extended: the same ballots on a catalogue that holds the new prompts, too.
        new_prompts: indices of prompts in the scenario's catalogue.
        new_style: whether the style of an item of the scenario is never rated ``[items]``.
    """

    drawn: Sample
    rated: Ratings
    extended: Ratings
    new_prompts: np.ndarray
    new_style: np.ndarray


def split_of(scenario: Scenario, seed: int) -> Split:
    """Draw raters, and choose what nobody rates."""
    scenario = scenario.model_copy(update={"raters": RATERS, "features": None})
    drawn = sample(scenario, seed)
    c, rng = drawn.ratings.catalogue, host_rng(seed, HostStream.TEXTS_HELD_OUT)
    kinds = np.array([prompt.kind or "" for prompt in scenario.prompts.values()])
    chosen = [
        p
        for kind in np.unique(kinds)
        for p in rng.permutation(np.flatnonzero(kinds == kind))[:NEW_PROMPTS_OF_A_KIND]
    ]
    left = np.setdiff1d(np.arange(len(kinds)), chosen)
    new_prompts = np.sort(np.r_[chosen, rng.permutation(left)[:MORE_NEW_PROMPTS]])
    styles = np.array([c.completions[m].rpartition(": ")[2] for m in c.members])
    hidden = rng.permutation(np.unique(styles))[:NEW_STYLES].tolist()
    new_style = np.isin(styles, hidden)
    full = drawn.ratings
    answered = rng.random(full.ballots) < ANSWERS
    seen = rng.random(len(full.completion)) < INCLUDES
    shown = answered[full.entry_ballot] & seen & ~new_style[full.item]
    shown &= ~np.isin(full.ballot_prompt, new_prompts)[full.entry_ballot]
    ballots, new = full.keep(shown), np.isin(c.item_prompt, new_prompts)
    rated, extended = on_items(ballots, ~new_style & ~new), on_items(ballots, ~new_style | new)
    return Split(drawn, rated, extended, new_prompts, new_style)


def on_items(ratings: Ratings, keep: np.ndarray) -> Ratings:
    """Ratings on a catalogue of some items (bool ``[items]``), which hold all that is ranked."""
    c = ratings.catalogue
    prompts = np.unique(c.item_prompt[keep])
    size = np.bincount(c.item_prompt[keep], minlength=len(c.prompts))[prompts]
    catalogue = Catalogue(
        tuple(c.prompts[p] for p in prompts), c.completions, c.members[keep],
        np.concatenate([[0], np.cumsum(size)]), tuple(c.prompt_texts[p] for p in prompts),
        c.completion_texts,
    )  # fmt: skip
    return replace(
        ratings,
        catalogue=catalogue,
        ballot_prompt=np.searchsorted(prompts, ratings.ballot_prompt),
    )


# -- methods --------------------------------------------------------------------------------------


def scores_of(split: Split, seed: int, encoder: Encoder | None) -> dict[str, dict[str, np.ndarray]]:
    """Method -> rule -> scores of the scenario's items ``[items]``, NaN where a method has none; of
    the vanilla models the same for every rule."""
    all_texts = split.drawn.ratings.catalogue
    rated, extended = (with_text_features(r, encoder) for r in (split.rated, split.extended))
    election = _simulated(extended, seed, RatersConfig(max_types=MAX_TYPES))
    gaussian = _simulated(extended, seed, RatersConfig(max_types=1))
    place = _items_at(extended.catalogue, all_texts)

    def simulated(election: ElectionResults, rule: str) -> np.ndarray:
        return np.where(place >= 0, _election_scores(election, rule)[place], np.nan)

    counts = {
        rule: social_comparisons(rule, election, extended.catalogue, VOTERS) for rule in RULES
    }
    at = _items_at(rated.catalogue, extended.catalogue)
    on_rated = {rule: _only_items(c, at, rated.catalogue.items) for rule, c in counts.items()}
    vanilla_counts = pair_counts(rated)
    fitted = fit_text_rewards(rated.catalogue, {"vanilla": vanilla_counts, **on_rated}, encoder)
    wide = fit_text_rewards(extended.catalogue, counts, encoder)
    found = {
        "oracle": {r: _complete_scores(split.drawn, r) for r in RULES},
        "voters": {r: simulated(election, r) for r in RULES},
        "social-new": {r: wide[r].score(all_texts) for r in RULES},
        "social": {r: fitted[r].score(all_texts) for r in RULES},
        "gaussian": {r: simulated(gaussian, r) for r in RULES},
    }
    vanilla = fitted["vanilla"].score(all_texts)
    ridge = _ridge(rated.catalogue, vanilla_counts, all_texts, encoder)
    return found | {name: dict.fromkeys(RULES, s) for name, s in
                    (("vanilla", vanilla), ("ridge", ridge))}  # fmt: skip


def _simulated(ratings: Ratings, seed: int, raters: RatersConfig) -> ElectionResults:
    """Steps 1 to 6 of a run."""
    config, clock = replace(Config(rules=RULES), raters=raters), RunClock(None)
    ratings = ratings.with_absent_resolved()
    fitted = fit_raters(ratings, config, seed, clock)
    _, density = embed_raters(fitted, ratings, seed, clock)
    latents = draw_voters(density, VOTERS, seed, clock)
    ballots = simulate_ballots(fitted, density, latents, seed)
    return hold_elections(ballots, ratings.catalogue, RULES, VOTERS, clock)


def _election_scores(election: ElectionResults, rule: str) -> np.ndarray:
    return np.concatenate([_strict_scores(prompt[rule]) for prompt in election.outcomes])


def _strict_scores(outcome: Outcome) -> np.ndarray:
    """Numbers in the outcome's order: minus the places."""
    return -np.asarray(outcome.place, float)


def _complete_scores(drawn: Sample, rule: str) -> np.ndarray:
    """The rule's outcome of the sampled raters' own complete ballots, also where they would not
    have answered."""
    offsets, utility = drawn.ratings.catalogue.offsets, drawn.complete_utilities()
    return np.concatenate(
        [
            _strict_scores(aggregate(Ballots(utility[:, start:stop]), rule))
            for start, stop in pairwise(offsets)
        ]
    )


def _items_at(part: Catalogue, whole: Catalogue) -> np.ndarray:
    """Of each item of the whole its number in the part, −1 where it has none."""
    known = {pair: i for i, pair in enumerate(zip(*item_texts(part), strict=True))}
    return np.array([known.get(pair, -1) for pair in zip(*item_texts(whole), strict=True)])


def _only_items(counts: PairCounts, at: np.ndarray, items: int) -> PairCounts:
    """The pairs of items that have a number ``at``, renumbered."""
    first, second = at[counts.first], at[counts.second]
    keep = (first >= 0) & (second >= 0)
    return PairCounts(first[keep], second[keep], counts.wins_first[keep], counts.wins_second[keep])


def _ridge(
    catalogue: Catalogue, counts: PairCounts, texts: Catalogue, encoder: Encoder | None
) -> np.ndarray:
    """Scores by logistic regression of pairs on differences of the encoder's vectors, with the
    penalty that predicts pairs of held-out prompts best."""
    from sklearn.linear_model import LogisticRegression

    vectors = encode(item_texts(catalogue)[1], encoder).astype(float)
    gap = vectors[counts.first] - vectors[counts.second]
    prompt = catalogue.item_prompt[counts.first]
    x, y = np.concatenate([gap, gap]), np.repeat([1, 0], len(gap))
    weight, fold = np.r_[counts.wins_first, counts.wins_second], np.tile(prompt % 4, 2)

    def fitted(c: float, rows: np.ndarray) -> LogisticRegression:
        model = LogisticRegression(C=c, fit_intercept=False, max_iter=500)
        return model.fit(x[rows], y[rows], sample_weight=weight[rows])

    def loss(c: float) -> float:
        total = 0.0
        for f in range(4):
            model, rows = fitted(c, fold != f), fold == f
            log_chance = model.predict_log_proba(x[rows])
            total -= weight[rows] @ log_chance[np.arange(rows.sum()), y[rows]]
        return total

    best = min(PENALTIES, key=loss)
    model = fitted(best, np.ones(len(x), bool))
    return encode(item_texts(texts)[1], encoder).astype(float) @ model.coef_[0]


# -- measures -------------------------------------------------------------------------------------


def measure(split: Split, scores: Mapping[str, Mapping[str, np.ndarray]], seed: int) -> dict:
    """Method -> rule -> measures on new prompts.

    Returns:
        Of each: ``pairs`` (share of pairs ordered as the exact outcome has them, a tie counts ½),
        ``clear`` (of pairs whose exact scores differ by ``CLEAR`` of their range or more),
        ``new_style`` (of pairs with a style that nobody rated), ``orders`` and ``winners`` (share
        of prompts), and on prompts of the kind that a type never rates: ``silent_pairs``, and
        ``voice``, the share of the silent type's own pairs that the order follows, less that of
        the exact outcome.
    """
    scenario, c = split.drawn.scenario, split.drawn.ratings.catalogue
    truth = true_ballots(scenario, TRUTH_DRAWS, seed)
    answers = scenario.answer_chances
    found: dict[str, dict[str, dict[str, float]]] = {}
    for method, by_rule in scores.items():
        found[method] = {}
        for rule in RULES:
            rows = []
            for p in split.new_prompts:
                items = slice(*c.offsets[p : p + 2])
                exact = np.asarray(aggregate(truth[p], rule).scores, float)
                rows.append(
                    _prompt_measures(
                        by_rule[rule][items], exact, split.new_style[items],
                        scenario.type_utilities[answers[:, p] == 0, items],
                    )
                )  # fmt: skip
            names = rows[0].keys()
            found[method][rule] = {
                name: round(float(np.nanmean([row[name] for row in rows])), 4) for name in names
            }
    return found


def _prompt_measures(
    score: np.ndarray, exact: np.ndarray, new_style: np.ndarray, silent: np.ndarray
) -> dict[str, float]:
    """The measures on one prompt, NaN where it has none.

    Args:
        silent: utilities of types that never rate such prompts ``[types, items]``.
    """
    first, second = np.triu_indices(len(score), 1)

    def agreement(mine: np.ndarray, other: np.ndarray, pairs: np.ndarray) -> float:
        sign = np.sign(np.round(other[first] - other[second], 9))
        right = 0.5 + 0.5 * np.sign(np.round(mine[first] - mine[second], 9)) * sign
        use = pairs & (sign != 0)
        return float(right[use].mean()) if use.any() else np.nan

    every, clear = np.ones(len(first), bool), CLEAR * np.ptp(exact)
    pairs = agreement(score, exact, every)
    voice = [agreement(score, own, every) - agreement(exact, own, every) for own in silent]
    return {
        "pairs": pairs,
        "clear": agreement(score, exact, np.abs(exact[first] - exact[second]) >= clear),
        "new_style": agreement(score, exact, new_style[first] | new_style[second]),
        "orders": float(pairs == 1),
        "winners": float(score.argmax() == exact.argmax()),
        "silent_pairs": pairs if len(silent) else np.nan,
        "voice": float(np.mean(voice)) if voice else np.nan,
    }


# -- the study ------------------------------------------------------------------------------------


def spec() -> str:
    """A hash of the study's settings."""
    files = [load_scenario(gallery()[stem]).to_yaml() for stem in SCENARIOS]
    return settings_hash(
        files, SEEDS, RULES, RATERS, ANSWERS, INCLUDES, NEW_STYLES, VOTERS, MAX_TYPES,
        SentenceEncoder.name,
    )  # fmt: skip


def run(
    on_progress: Listener = None,
    stems: Sequence[str] = SCENARIOS,
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Any]:
    """Compare the methods on every scenario and seed: a quarter of an hour.

    Returns:
        ``"methods"`` (name -> title), ``"rules"``, ``"seeds"``, and ``"scenarios"``: of each its
        ``name``, ``stem``, the ``silent`` type and kind of prompt, and ``runs``: for each seed what
        ``measure`` returns.
    """
    scenarios = []
    for number, stem in enumerate(stems):
        scenario, runs = load_scenario(gallery()[stem]), []
        for i, seed in enumerate(seeds):
            done = number * len(seeds) + i
            listen = part_reporter(on_progress, done, len(stems) * len(seeds), f"{stem}, {seed}")
            split = split_of(scenario, seed)
            runs.append(measure(split, scores_of(split, seed, SentenceEncoder()), seed))
            if listen is not None:
                listen(Progress("evaluating", 1.0, f"{stem}, seed {seed}"))
        scenarios.append(
            {"name": scenario.name, "stem": stem, "silent": silent(scenario), "runs": runs}
        )
    return {
        "methods": METHODS, "rules": list(RULES), "seeds": list(seeds), "scenarios": scenarios
    }  # fmt: skip


def silent(scenario: Scenario) -> dict[str, str]:
    """The type that never rates a kind of prompt, and the kind; empty where there is none."""
    kinds = [prompt.kind or "" for prompt in scenario.prompts.values()]
    for name, chances in zip(scenario.type_names, scenario.answer_chances, strict=True):
        for kind in dict.fromkeys(kinds):
            if (chances[[k == kind for k in kinds]] == 0).all():
                return {"type": name, "kind": kind}
    return {}


def summary(
    result: Mapping[str, Any], measure_name: str, rule: str = RULES[0], stem: str = ""
) -> dict[str, tuple[float, float]]:
    """Method -> mean of a measure over seeds (and scenarios, where none is named), and half its
    95 % interval over seeds."""
    found = {}
    for method in result["methods"]:
        rows = np.array(
            [
                [run[method][rule][measure_name] for run in scenario["runs"]]
                for scenario in result["scenarios"]
                if stem in ("", scenario["stem"])
            ]
        )
        mean = rows.mean(axis=0)
        half = 1.96 * mean.std(ddof=1) / np.sqrt(len(mean)) if len(mean) > 1 else 0.0
        found[method] = float(mean.mean()), float(half)
    return found


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first seed of a scenario, repeated."""
    stored = content["result"]
    fresh = run(on_progress, SCENARIOS[1:2], SEEDS[:1])
    found = differences(stored["seeds"], list(SEEDS), where="seeds.")
    before, after = stored["scenarios"][1]["runs"][0], fresh["scenarios"][0]["runs"][0]
    for method in METHODS:
        for rule in RULES:
            old, new = (run[method][rule]["pairs"] for run in (before, after))
            found += differences([old], [new], TOLERANCE, f"{method}.{rule}.")
    return found


STUDY = ModuleStudy(
    name="text",
    title="Rewards of prompts and completions that nobody rated",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
