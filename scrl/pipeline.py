"""The seven steps, from a scenario or ratings to a social reward model. Read this first.

1. train a model of individual raters        ``models.individual``
2. embed them, fit a density                 ``density``
   where a kind of rater is silent, learn    ``silence``
   what can be inferred, and train again
3. draw simulated voters from it             ``voters``
4. take prompts and completions              the raters' own
5. each voter's rewards are a ballot         ``voters``
6. aggregate the ballots by a rule           ``voting``
7. train the social reward model on that     ``social``

Beside it stands the vanilla model: one reward per completion, on the observed pairs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from scrl.choice_models.bradley_terry import fit_pair_counts, pair_counts
from scrl.config import Config, DensityConfig
from scrl.diagnostics import principal_plane
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.raters.density import Density, fit_density
from scrl.raters.fitted_run import Learnt
from scrl.raters.missing_blocks import Silence, listen, surveyed
from scrl.raters.model import Individual, fit_individual
from scrl.raters.network import Posterior
from scrl.runtime import compile_seconds, device_name
from scrl.scenarios.sampling import Sample, sample, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.social.fitting import ballot_pairs, fit_social, fit_vanilla, lottery_pairs, order_pairs
from scrl.social.network import Reward
from scrl.types import Ballots, Catalogue, InputError, Outcome, Progress, Ratings
from scrl.voting import RULES, aggregate_all
from scrl.voting.elections import Contests, ElectionResults, run_elections
from scrl.voting.ratings_counting import require_ordinal_rules

#: For each prompt in order, rule -> outcome.
Outcomes = list[dict[str, Outcome]]

#: Share of a run's time that each phase takes, about, for the progress bar.
_SHARES = {"individual": 0.7, "density": 0.08, "voters": 0.07, "social": 0.15}
#: Raters shown on a live map.
SHOWN = 400


@dataclass(frozen=True, eq=False)
class Experiment:
    """Everything a run found.

    Attributes:
        source: the scenario or the ratings; ``ratings``: what the raters said; ``config``,
            ``seed``: how it was run; ``device``: what computed it.
        truth: outcomes of the true types' complete ballots, None for ratings files.
        raters: outcomes of the sampled raters' own complete ballots, None for ratings files.
        vanilla, mle: rewards of the vanilla network and the exact scores, ``[items]``.
        individual, density: steps 1 and 2; silence: what kinds of rater said nothing about.
        read: the raters that were embedded ``[read]``; ``posterior``: theirs ``[read, latent]``.
        latents: of the simulated voters ``[voters, latent]``.
        voters: outcomes of the simulated voters (step 6).
        social: rule -> rewards of its social network ``[items]`` (step 7).
        models: the networks themselves: ``"vanilla"`` and each rule.
        curves: of step 1, name -> values by chunk.
        seconds: by step, as the command line reports them.
    """

    source: Scenario | Ratings
    ratings: Ratings
    config: Config
    seed: int
    device: str
    truth: Outcomes | None
    raters: Outcomes | None
    vanilla: np.ndarray
    mle: np.ndarray
    individual: Individual
    density: Density
    silence: Silence
    read: np.ndarray
    posterior: Posterior
    latents: np.ndarray
    voters: Outcomes
    social: dict[str, np.ndarray]
    models: dict[str, Reward]
    curves: dict[str, np.ndarray]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        return self.ratings.catalogue

    @property
    def learnt(self) -> Learnt:
        """What of it is kept, to be asked later."""
        return Learnt(
            self.source,
            self.ratings,
            self.seed,
            self.individual,
            self.density,
            self.silence,
            self.latents,
        )


def run(
    source: Scenario | Ratings,
    config: Config | None = None,
    seed: int = 0,
    on_progress: Callable[[Progress], None] | None = None,
) -> Experiment:
    """The seven steps, and the vanilla model beside them.

    Args:
        source: a scenario, from which raters are drawn, or the ratings of real ones.
        seed: of everything random, 0 or more.
        on_progress: called between chunks of work; what it raises (``Cancelled``) ends the run.

    Raises:
        InputError: where nothing can be learnt from the ratings, or a rule is unknown.
    """
    config = config or Config()
    clock = _Clock(on_progress)
    clock.say("compiling", 0.0, "Drawing raters; new shapes are compiled first")
    drawn = sample(source, seed) if source.is_scenario else None
    given = drawn.ratings if drawn else source
    ratings = given.with_absent_resolved()
    catalogue, rules = ratings.catalogue, list(dict.fromkeys(config.rules))
    _check(ratings, rules)
    counts = pair_counts(ratings, config.weighting)

    with clock.phase("individual"):  # step 1
        individual, curves = fit_individual(
            jax_key(seed, KeyStream.INDIVIDUAL),
            ratings,
            config.individual,
            clock.report_individual(ratings),
        )
    with clock.phase("density"):  # step 2
        embedded, density = _mapped(
            individual,
            ratings,
            config.density,
            host_rng(seed, HostStream.POSTERIOR_DRAWS),
            host_rng(seed, HostStream.DENSITY),
        )
    with clock.phase("individual"):
        silence = listen(
            seed, ratings, individual, embedded, density, config.silence,
            clock.within("individual", 1.0, 1.05, "Learning what the silent would have said"),
        )  # fmt: skip
        if silence.shared:
            individual, curves = fit_individual(
                jax_key(seed, KeyStream.SHARED_INDIVIDUAL),
                ratings,
                replace(config.individual, shared=silence.shared, penalty=silence.penalty),
                clock.report_individual(ratings, 1.05),
            )
            embedded, density = _mapped(
                individual,
                ratings,
                config.density,
                host_rng(seed, HostStream.SHARED_POSTERIOR_DRAWS),
                host_rng(seed, HostStream.SHARED_DENSITY),
            )
            silence = surveyed(silence, individual, ratings, embedded, density, config.silence)
    with clock.phase("density"):
        if config.density.weigh:
            ballots = individual.distinct(ratings, config.density.ballots)
            density = density.weighted(partial(individual.log_likelihood, ballots))
    with clock.phase("voters"):  # steps 3 to 6
        latents = density.draw(host_rng(seed, HostStream.VOTERS), config.voters)
        kinds = silence.kinds[density.component_of(config.voters)]

        def ballots(group: Contests) -> Ballots:
            rewards = individual.rewards(latents, group.item)
            rewards = silence.blur(rewards, kinds, group.item, seed)
            return Ballots(rewards, candidates=group.candidate_mask)

        election = run_elections(
            ballots,
            catalogue.offsets,
            config.voters,
            rules,
            clock.report("voters", "Counting the simulated voters"),
        )
    with clock.phase("social"):  # step 7
        targets = {rule: _target(rule, election, catalogue, config.voters) for rule in rules}
        models = fit_social(
            jax_key(seed, KeyStream.SOCIAL), catalogue, targets, config.reward,
            clock.report("social", "Training the social reward models"),
        )  # fmt: skip
    with clock.phase("vanilla"):
        key = jax_key(seed, KeyStream.VANILLA)
        vanilla = fit_vanilla(key, catalogue, counts, config.reward)
        mle = fit_pair_counts(counts, catalogue.offsets, config.reward.prior_sd)

    return Experiment(
        source=source,
        ratings=given,
        config=config,
        seed=seed,
        device=device_name(),
        truth=_truth(source, rules, config.draws, seed) if drawn else None,
        raters=_oracle(drawn, rules, config.voters) if drawn else None,
        vanilla=vanilla.rewards(),
        mle=mle,
        individual=individual,
        density=density,
        silence=silence,
        read=embedded[0],
        posterior=embedded[1],
        latents=latents,
        voters=election.outcomes,
        social={rule: model.rewards() for rule, model in models.items()},
        models={"vanilla": vanilla, **models},
        curves=curves,
        seconds=clock.seconds(),
    )


def _mapped(individual: Individual, ratings: Ratings, config: DensityConfig, draws, rng):
    """Everybody's posterior, and the density of one draw from each."""
    embedded = individual.embed(ratings)
    return embedded, fit_density(embedded[1].draw(draws), config, rng)


def _check(ratings: Ratings, rules: list[str]) -> None:
    require_ordinal_rules(rules, "rewards learnt from orders cannot be compared between people")
    largest = np.diff(ratings.catalogue.offsets).max(initial=0)
    for rule in rules:
        most = RULES[rule].guaranteed_candidates
        if most is not None and largest > most:
            raise InputError(
                f"'{rule}' is sure to count {most:,} completions of a prompt, and one has "
                f"{largest:,}; choose another rule."
            )
    if len(ratings.catalogue.prompts) == 0 or np.diff(ratings.catalogue.offsets).max() < 2:
        raise InputError(f"{ratings.name}: no prompt has two completions, so nothing is compared.")
    raters = len(np.unique(ratings.ballot_rater[ratings.sizes >= 2]))
    if raters < 2:
        raise InputError(
            f"{ratings.name}: {raters} rater{'s' * (raters != 1)} ranked two completions or more; "
            "a model of raters needs at least two."
        )


def _target(rule: str, election: ElectionResults, catalogue: Catalogue, voters: int):
    """The comparisons that stand for a rule's outcome."""
    if rule == "random-ballot":
        return ballot_pairs(catalogue, election.above, voters)
    outcomes = [prompt[rule] for prompt in election.outcomes]
    if RULES[rule].lottery:
        return lottery_pairs(catalogue, [outcome.scores for outcome in outcomes])
    return order_pairs(catalogue, [outcome.place for outcome in outcomes])


def _truth(scenario: Scenario, rules: list[str], draws: int, seed: int) -> Outcomes:
    """The exact outcome, from shares and complete orders."""
    return [aggregate_all(ballots, rules) for ballots in true_ballots(scenario, draws, seed)]


def _oracle(drawn: Sample, rules: list[str], voters: int) -> Outcomes:
    """What perfect knowledge of the sampled raters would give: their own complete ballots."""
    offsets = drawn.ratings.catalogue.offsets

    def ballots(group: Contests) -> Ballots:
        own = drawn.complete_utilities(group.prompts).astype(np.float32)
        starts = np.concatenate([[0], np.cumsum(group.candidate_mask.sum(1))[:-1]])
        item = np.where(
            group.candidate_mask, starts[:, None] + np.arange(group.candidate_mask.shape[1]), 0
        )
        # As many rows as there are simulated voters: then their program counts these too.
        rows = max(voters, len(own))
        weight = np.zeros((len(group.prompts), rows))
        weight[:, : len(own)] = 1.0
        own = np.pad(own, ((0, rows - len(own)), (0, 0)))
        return Ballots(
            np.moveaxis(own[:, item], 1, 0), weight=weight, candidates=group.candidate_mask
        )

    return run_elections(ballots, offsets, len(drawn.ratings.raters), rules).outcomes


class _Clock:
    """Times the phases and tells whoever listens."""

    def __init__(self, listen: Callable[[Progress], None] | None):
        self.listen = listen
        self.began = time.perf_counter()
        self.compiling = compile_seconds()
        self.spent: dict[str, float] = {}
        self.last: dict = {}

    def say(self, phase: str, fraction: float, message: str, **shown) -> None:
        if self.listen is not None:
            self.last = {**self.last, **shown}
            self.listen(Progress(phase, fraction, message, **self.last))

    @contextmanager
    def phase(self, name: str):
        began = time.perf_counter()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - began

    def report(self, phase: str, message: str) -> Callable[[float], None]:
        names = list(_SHARES)
        before = sum(_SHARES[name] for name in names[: names.index(phase)])
        return lambda done: self.say(phase, before + _SHARES[phase] * done, message)

    def within(self, phase: str, start: float, stop: float, message: str):
        """Reports between two shares of the first phase, which may run over into the next."""
        return lambda done: self.say(
            phase, _SHARES["individual"] * (start + (stop - start) * done), message
        )

    def report_individual(self, ratings: Ratings, after: float = 0.0):
        """Curves and a map of some raters' latents between the chunks of step 1.

        Args:
            after: the share of the phase that is over already, of a second training.
        """
        if self.listen is None:
            return None
        step = max(1, len(ratings.raters) // SHOWN)
        some = ratings.select(ratings.ballot_rater % step == 0)

        def report(model: Individual, curves: dict[str, np.ndarray], done: float) -> None:
            read, posterior = model.embed(some)
            plane, _ = principal_plane(posterior.mean)
            kinds = None if ratings.rater_type is None else ratings.rater_type[read]
            shown = {name: (curves["step"], y) for name, y in curves.items() if name != "step"}
            self.say(
                "individual",
                _SHARES["individual"] * (after + 0.05 * done if after else done),
                f"Learning individual raters, step {curves['step'][-1]:.0f}",
                curves=shown,
                embedding=plane,
                embedding_type=kinds,
            )

        return report

    def seconds(self) -> dict[str, float]:
        names = ("individual", "density", "voters", "social", "vanilla")
        return {
            **{name: self.spent.get(name, 0.0) for name in names},
            "compile": compile_seconds() - self.compiling,
            "total": time.perf_counter() - self.began,
        }
