"""The seven steps, from a scenario or ratings to a social reward model. Read this first.

1. fit a model of individual raters            ``utility_models``, ``raters.rater_model``
2. embed the raters, state their density       ``RaterModel.embed``, ``raters.density``
3. draw simulated voters from the density      ``raters.density``
4. take prompts and completions                the catalogue of the ratings
5. each voter casts a ballot                   ``RaterModel.rewards`` and ``cast_ballots``
6. aggregate the ballots by a voting rule      ``voting.elections``
7. train the social reward model on that       ``social``

Step 1 infers what whole types of raters left out (``raters.reward_imputation``).

Beside it stands the vanilla model: one reward per completion, Bradley–Terry on the observed pairs.
At the end the simulated voters' ballots are checked against the raters' (``diagnostics``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts, pair_counts
from scrl.choice_models.comparison_support import support_notes
from scrl.config import Config
from scrl.data.individuals import require_individuals
from scrl.data.reading_limits import readable, require_countable_pairs
from scrl.diagnostics.predictive_check import PredictiveCheck, check_electorate
from scrl.diagnostics.voter_kinds import atom_kinds, kind_evidence
from scrl.progress import OnProgress, RunClock
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.raters.density import Density
from scrl.raters.fitted_run import FittedRun
from scrl.raters.imputation import ImputationModel
from scrl.raters.network import Embedding, Posterior
from scrl.raters.rater_model import RaterModel
from scrl.raters.reward_imputation import infer_missing_rewards
from scrl.runtime import device_name
from scrl.scenarios.reference_outcomes import sampled_outcomes, true_outcomes
from scrl.scenarios.sampling import Sample, sample
from scrl.scenarios.scenario import Scenario
from scrl.social.comparisons import social_comparisons
from scrl.social.reward_model import Reward, fit_social, fit_vanilla
from scrl.social.text_reward import TextReward, fit_text_rewards
from scrl.types import Ballots, Catalogue, InputError, Outcome, Ratings, Source
from scrl.utility_models.ballot_table import likely_types
from scrl.utility_models.population_fit import fit_population
from scrl.voting import RULES
from scrl.voting.elections import Contests, ElectionResults, run_elections
from scrl.voting.ratings_counting import require_ordinal_rules

#: For each prompt in order, rule -> outcome.
Outcomes = list[dict[str, Outcome]]


def run(
    source: Scenario | Ratings,
    config: Config | None = None,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> Experiment:
    """Run the seven steps, and train the vanilla model.

    >>> import scrl
    >>> scenario = scrl.load_scenario(scrl.gallery()["tennessee-morristown"])
    >>> experiment = run(scenario, scrl.Config(rules=("borda",)))  # doctest: +SKIP

    Args:
        source: a scenario, from which raters are drawn, or the ratings of real raters.
        config: the settings.
        seed: the seed of every random draw, 0 or more.
        on_progress: called between chunks of work; an exception it raises (``Cancelled``) ends the
            run.

    Raises:
        InputError: if the ratings compare nothing, or a rule cannot be counted.
    """
    config, clock = config or Config(), RunClock(on_progress)
    clock.report("compiling", 0.0, "Drawing raters; new shapes are compiled first")
    given, sampled = ratings_of(source, seed)
    require_individuals(given, "The model of raters")
    ratings, rules = given.with_absent_resolved(), list(dict.fromkeys(config.rules))
    check_input(ratings, rules)
    read, notes = readable(ratings, host_rng(seed, HostStream.RATERS_READ))

    raters = fit_raters(read, config, seed, clock)  # step 1
    embedding, density = embed_raters(raters, read, seed, clock)  # step 2
    latents = draw_voters(density, config.voters, seed, clock)  # step 3
    catalogue = ratings.catalogue  # step 4
    ballots = simulate_ballots(raters, density, latents, seed)  # step 5
    election = hold_elections(ballots, catalogue, rules, config.voters, clock)  # step 6
    social = fit_social_models(election, catalogue, config, rules, seed, clock)  # step 7
    with clock.phase("vanilla"):
        counts = pair_counts(ratings, config.weighting)
    vanilla, exact = fit_vanilla_model(counts, catalogue, config, seed, clock)
    check = check_voters(ballots, raters, density, read, config, seed, clock)

    return Experiment(
        source=source,
        ratings=given,
        config=config,
        seed=seed,
        device=device_name(),
        truth=true_outcomes(sampled.scenario, rules, config.draws, seed) if sampled else None,
        raters=sampled_outcomes(sampled, rules, config.voters) if sampled else None,
        vanilla=vanilla.rewards(),
        mle=exact,
        individual=raters.individual,
        density=density,
        imputation=raters.imputation,
        embedding=embedding,
        latents=latents,
        voters=election.outcomes,
        check=check,
        social={rule: model.rewards() for rule, model in social.items()},
        models={"vanilla": vanilla, **social},
        seconds=clock.seconds(),
        notes=(*notes, *raters.notes, *support_notes(counts, catalogue, _prior_of(catalogue))),
    )


@dataclass(frozen=True, eq=False)
class Experiment:
    """The results of a run.

    Attributes:
        source: the scenario or the ratings.
        ratings: the raters' ballots, absent completions not resolved.
        config, seed: the settings of the run.
        device: the device that computed it.
        truth: outcomes of the true types' complete ballots; None for ratings files.
        raters: outcomes of the sampled raters' own complete ballots; None for ratings files.
        vanilla: rewards of the vanilla network ``[items]``.
        mle: exact Bradley–Terry scores of the same pairs ``[items]``.
        individual, density: the results of steps 1 and 2.
        imputation: the imputation of missing blocks.
        embedding: the raters' posteriors.
        latents: the simulated voters' latents ``[voters, latent]``.
        voters: outcomes of the simulated voters (step 6).
        check: whether the simulated voters reproduce the raters' ballots.
        social: rule -> rewards of its social network ``[items]`` (step 7).
        models: the models themselves: ``"vanilla"`` and each rule. They are networks, or rewards
            that read text where the catalogue's features are made of texts.
        seconds: by phase, as the command line reports them.
        notes: what the model of raters did not read, and which orders nobody's comparisons support.
    """

    source: Source
    ratings: Ratings
    config: Config
    seed: int
    device: str
    truth: Outcomes | None
    raters: Outcomes | None
    vanilla: np.ndarray
    mle: np.ndarray
    individual: RaterModel
    density: Density
    imputation: ImputationModel
    embedding: Embedding
    latents: np.ndarray
    voters: Outcomes
    check: PredictiveCheck
    social: dict[str, np.ndarray]
    models: Mapping[str, Reward | TextReward]
    seconds: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def catalogue(self) -> Catalogue:
        """The prompts and completions."""
        return self.ratings.catalogue

    @property
    def embedded_raters(self) -> np.ndarray:
        """The raters with a ballot of two completions or more ``[embedded]``."""
        return self.embedding.raters

    @property
    def posterior(self) -> Posterior[np.ndarray]:
        """Posteriors of the embedded raters ``[embedded, latent]``."""
        return self.embedding.posterior

    @property
    def fitted_run(self) -> FittedRun:
        """The fitted models, on which diagnostics and saved runs work."""
        return FittedRun(
            self.source, self.ratings, self.seed, self.individual, self.density, self.imputation,
            self.latents, self.embedding,
        )  # fmt: skip


# -- the steps ------------------------------------------------------------------------------------


def ratings_of(source: Scenario | Ratings, seed: int) -> tuple[Ratings, Sample | None]:
    """The ratings of a run, and the sample they come from if the source is a scenario."""
    if source.is_scenario:
        sampled = sample(source, seed)
        return sampled.ratings, sampled
    return source, None


@dataclass(frozen=True, eq=False)
class FittedRaters:
    """The result of step 1.

    Attributes:
        individual: the model of individual raters.
        imputation: the imputation of missing blocks.
        notes: what was left out of the fit.
    """

    individual: RaterModel
    imputation: ImputationModel
    notes: tuple[str, ...] = ()


def fit_raters(ratings: Ratings, config: Config, seed: int, clock: RunClock) -> FittedRaters:
    """Step 1: fit the model of individual raters, and infer what whole types left out."""
    with clock.phase("individual"):
        fitted = fit_population(ratings, config.raters, seed, clock.stage_reporter())
        model = RaterModel.of(fitted.population, ratings.catalogue)
        table = fitted.table
        weight = fitted.population.type_probabilities(table)
        settings = config.imputation
        if ratings.catalogue.read_by:
            # What the texts say carries over to items that a type never ranked.
            settings = replace(settings, enabled=False)
        imputation, reward = infer_missing_rewards(
            ratings, table, fitted.population.reward, weight, likely_types(table, weight), settings
        )
        if reward is not fitted.population.reward:
            model = model.with_rewards(reward)
    return FittedRaters(model, imputation, fitted.notes)


def embed_raters(
    raters: FittedRaters, ratings: Ratings, seed: int, clock: RunClock
) -> tuple[Embedding, Density]:
    """Step 2: the raters' posteriors, and the density of the population."""
    with clock.phase("density"):
        density = Density.of(raters.individual, host_rng(seed, HostStream.DENSITY))
        return raters.individual.embed(ratings), density


def draw_voters(density: Density, voters: int, seed: int, clock: RunClock) -> np.ndarray:
    """Step 3: latents of simulated voters ``[voters, latent]``."""
    with clock.phase("voters"):
        return density.draw(host_rng(seed, HostStream.VOTERS), voters)


def simulate_ballots(
    raters: FittedRaters, density: Density, latents: np.ndarray, seed: int
) -> Callable[[Contests], Ballots]:
    """Step 5: the simulated voters' ballots on given contests, computed when they are counted.

    Voters err as raters do: their ballots have the choice noise of the model.

    Args:
        raters: the result of step 1.
        density, latents: the density, and the voters drawn from it ``[voters, latent]``.
        seed: of the imputation error and of the choice noise.
    """
    type = density.voter_components(len(latents))

    def ballots(contests: Contests) -> Ballots:
        item = contests.item
        rewards = raters.individual.rewards(latents, item)
        rewards = raters.imputation.add_imputation_noise(rewards, type, item, seed)
        scores = np.empty(rewards.shape)
        for c, items in enumerate(item):
            # A contest's noise does not depend on how contests are grouped.
            rng = host_rng(seed, HostStream.CHOICE_NOISE, int(items[0]))
            own = contests.candidate_mask[c]
            scores[c] = 0.0
            scores[c][:, own] = raters.individual.cast_ballots(
                rewards[c][None, :, own], type, items[None, own], rng
            )[0]
        return Ballots(scores, candidates=contests.candidate_mask)

    return ballots


def hold_elections(
    ballots: Callable[[Contests], Ballots],
    catalogue: Catalogue,
    rules: Sequence[str],
    voters: int,
    clock: RunClock,
) -> ElectionResults:
    """Step 6: the outcome of every rule on every prompt."""
    with clock.phase("voters"):
        report = clock.reporter("voters", "Counting the simulated voters")
        return run_elections(ballots, catalogue.offsets, voters, rules, report)


def fit_social_models(
    election: ElectionResults,
    catalogue: Catalogue,
    config: Config,
    rules: Sequence[str],
    seed: int,
    clock: RunClock,
) -> Mapping[str, Reward | TextReward]:
    """Step 7: a social reward model for each rule."""
    with clock.phase("social"):
        comparisons = {
            rule: social_comparisons(rule, election, catalogue, config.voters) for rule in rules
        }
        if catalogue.read_by:
            return fit_text_rewards(catalogue, comparisons)
        report = clock.reporter("social", "Training the social reward models")
        key = jax_key(seed, KeyStream.SOCIAL)
        return fit_social(key, catalogue, comparisons, config.reward, report)


def fit_vanilla_model(
    counts: PairCounts, catalogue: Catalogue, config: Config, seed: int, clock: RunClock
) -> tuple[Reward | TextReward, np.ndarray]:
    """The vanilla model, and the exact Bradley–Terry scores of the same pairs ``[items]``."""
    with clock.phase("vanilla"):
        exact = fit_pair_counts(counts, catalogue.offsets, config.reward.prior_sd)
        if catalogue.read_by:
            return fit_text_rewards(catalogue, {"vanilla": counts})["vanilla"], exact
        key = jax_key(seed, KeyStream.VANILLA)
        return fit_vanilla(key, catalogue, counts, config.reward), exact


def _prior_of(catalogue: Catalogue) -> str:
    """What orders rest on where no comparison supports them, for a note."""
    known = ["a model's prior"]
    if len(catalogue.prompts) > 1:
        known.append("other prompts")
    if catalogue.completion_features is not None:
        known.append("the completions' features")
    return ", ".join(known[:-1]) + " and " * (len(known) > 1) + known[-1]


def check_voters(
    ballots: Callable[[Contests], Ballots],
    raters: FittedRaters,
    density: Density,
    ratings: Ratings,
    config: Config,
    seed: int,
    clock: RunClock,
) -> PredictiveCheck:
    """Check that the simulated voters' ballots are distributed as the raters' ballots.

    Args:
        ballots: of the simulated voters (step 5).
    """
    with clock.phase("voters"):
        rng, individual = host_rng(seed, HostStream.PREDICTIVE_CHECK), raters.individual
        kind = atom_kinds(individual, density, rng)
        evidence = partial(kind_evidence, individual, density, ratings, kind)
        of_voter = kind[density.voter_atoms(config.voters)]
        return check_electorate(ratings, ballots, of_voter, evidence, rng)


# -- checks ---------------------------------------------------------------------------------------


def check_input(ratings: Ratings, rules: Sequence[str]) -> None:
    """Check that the ratings can be learnt from and the rules counted.

    Raises:
        InputError: if they cannot.
    """
    require_ordinal_rules(rules, "rewards learnt from orders cannot be compared between people")
    sizes = np.diff(ratings.catalogue.offsets)
    largest = sizes.max(initial=0)
    for rule in rules:
        limit = RULES[rule].guaranteed_candidates
        if limit is not None and largest > limit:
            raise InputError(
                f"'{rule}' is sure to count {limit:,} completions of a prompt, and one has "
                f"{largest:,}; choose another rule."
            )
    require_countable_pairs(ratings)
    if largest < 2:
        raise InputError(f"{ratings.name}: no prompt has two completions, so nothing is compared.")
    raters = len(np.unique(ratings.ballot_rater[ratings.sizes >= 2]))
    if raters < 2:
        raise InputError(
            f"{ratings.name}: {raters} rater{'s' * (raters != 1)} ranked two completions or more; "
            "a model of raters needs at least two."
        )
