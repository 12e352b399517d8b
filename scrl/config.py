"""Settings as frozen dataclasses. Constants of an algorithm stand in its module."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Seeds of one request, at most.
MAX_SEEDS = 100
#: Rules that a run counts by default.
DEFAULT_RULES = ("borda", "plurality", "copeland", "minimax", "instant-runoff")


@dataclass(frozen=True)
class Schedule:
    """The schedule of a fit, in optimiser steps (see ``networks.training.fit``).

    Attributes:
        rate: Adam's peak learning rate, reached after ``warmup`` steps.
        explore: the least and the most steps before the ramp, which begins between the two as
            soon as the watched loss has stopped falling.
        ramp: steps in which the task widens from its first form to its last.
        cool: steps in which the learning rate falls to zero along a cosine.
        decay: weight decay, as a share of a parameter per unit of learning rate (AdamW). It
            prevents overfitting to as few as forty raters.
        chunk: steps between two reports.
    """

    rate: float = 4e-3
    warmup: int = 50
    explore: tuple[int, int] = (400, 800)
    ramp: int = 400
    cool: int = 800
    decay: float = 0.1
    chunk: int = 100

    @property
    def max_steps(self) -> int:
        """The most steps a fit can take."""
        return self.explore[1] + self.ramp + self.cool


@dataclass(frozen=True)
class IndividualConfig:
    """The network that reads ballots: an encoder and a decoder (see ``raters.model``).

    Attributes:
        latent: dimensions of the preference latent.
        constant: replace the latent by zeros, which leaves a model of one pooled rater.
        width: of tokens and hidden layers.
        heads: of the encoder's attention.
        preference: dimensions of the decoded preference that rewards are conditioned on.
        likelihood: ``"list"`` (Plackett–Luce) or ``"pair"`` (Bradley–Terry).
        regime: of masking, a name of ``masking.REGIMES``.
        single: share of the views that show one completion with its absolute position.
        beta: weight of a rater's KL (nats) relative to the summed loss of that rater's ballots;
            it grows from 0 over ``kl_warmup`` steps, so that the latent is first found useful.
        prior_sd: of the Gaussian prior on each centred reward of each rater, in log-odds.
        cells: completions in a batch, which bounds its number of raters (8 to 256).
        schedule: its ramp adds the visible completions to the targets.
    """

    latent: int = 8
    constant: bool = False
    width: int = 32
    heads: int = 4
    preference: int = 32
    likelihood: str = "list"
    regime: str = "curriculum"
    single: float = 0.15
    beta: float = 0.01
    kl_warmup: int = 400
    prior_sd: float = 10.0
    cells: int = 768
    schedule: Schedule = Schedule()


@dataclass(frozen=True)
class RewardConfig:
    """Step 7 and the vanilla model: a network with one reward per completion.

    Attributes:
        width: of its embeddings and hidden layer.
        prior_sd: of the Gaussian prior on each centred reward, in log-odds: wide enough not to
            affect real counts, narrow enough that an unbeaten completion's reward is finite.
        schedule: of full-batch steps, without exploration or ramp.
    """

    width: int = 32
    prior_sd: float = 10.0
    schedule: Schedule = Schedule(
        rate=2e-2, warmup=20, explore=(0, 0), ramp=0, cool=600, decay=0.0, chunk=200
    )


@dataclass(frozen=True)
class RatersConfig:
    """Step 1: the model of individual raters (see ``utility_models.population_fit``).

    Attributes:
        max_types: most types of raters that are tried.
        variation: whether raters of one type vary.
        choose_noise: whether the noise level is chosen on held-out ballots.
    """

    max_types: int = 12
    variation: bool = True
    choose_noise: bool = True


@dataclass(frozen=True)
class ImputationConfig:
    """Imputation of missing blocks (see ``raters.imputation``).

    Attributes:
        enabled: whether missing blocks are imputed.
        min_response_rate: an item is missing of a cluster that ranked it, or answered its prompt,
            at less than this share of the highest rate in a cluster, and less than by chance.
        max_trials: trial blocks that are hidden, at most.
        max_shared, penalties: candidates share utilities up to this number (and below the number
            of prompts), each with these penalties, besides no sharing. A penalty is the prior
            precision (1 / log-odds²) of what an item has of its own.
        max_accuracy_loss: share of the visible pairs that a candidate may misorder beyond those
            that no sharing misorders.
        margin: nats within which candidates predict equally well; the one with the most sharing
            is then selected.
    """

    enabled: bool = True
    min_response_rate: float = 0.02
    max_trials: int = 4
    max_shared: int = 2
    penalties: tuple[float, ...] = (0.3, 3.0)
    max_accuracy_loss: float = 0.01
    margin: float = 0.5


@dataclass(frozen=True)
class ModelsConfig:
    """The reward models that are compared (see ``reward_models``).

    Attributes:
        width: of hidden layers.
        latent: dimensions of VPL's latent.
        prior: of that latent, ``"standard"`` (normal) or ``"mixture"`` (``components`` learnt
            Gaussians).
        beta: weight of a rater's KL (nats, summed over dimensions, once per rater) relative to the
            summed loss of that rater's pairs.
        anneal: ``"annealed"`` (β grows from 0 over ``kl_warmup`` steps), ``"cyclic"`` (it restarts
            every ``kl_warmup`` steps and grows over half of them) or ``"constant"``.
        prototypes: rewards that a rater's reward is a mixture of.
        spread: bounds of a distributional reward's standard deviation, in the probit's units;
            without an upper bound it drifts.
        atoms: values from 0 to 1 that a categorical reward can take.
        prior_sd: of the Gaussian prior on each reward gap, in log-odds, a mean over a rater's gaps.
        batch: raters per step.
        schedule: of every network, without a ramp.
    """

    width: int = 64
    latent: int = 4
    prior: str = "standard"
    components: int = 4
    beta: float = 0.1
    anneal: str = "annealed"
    kl_warmup: int = 300
    prototypes: int = 4
    spread: tuple[float, float] = (0.1, 3.0)
    atoms: int = 10
    prior_sd: float = 10.0
    batch: int = 64
    schedule: Schedule = Schedule(
        rate=5e-3, warmup=50, explore=(500, 500), ramp=0, cool=500, decay=0.01, chunk=100
    )


@dataclass(frozen=True)
class Config:
    """The settings of a run.

    Attributes:
        raters, imputation, reward: of the steps.
        voters: simulated voters (step 3).
        draws: voters per type by which noise is integrated in the true outcomes.
        weighting: of the vanilla model's pairs: ``"pair"`` counts each once, ``"ballot"`` divides
            by the number of pairs of its ballot, as InstructGPT's loss does.
        rules: voting rules that are counted.
    """

    raters: RatersConfig = RatersConfig()
    imputation: ImputationConfig = ImputationConfig()
    reward: RewardConfig = RewardConfig()
    voters: int = 20_000
    draws: int = 4096
    weighting: str = "pair"
    rules: tuple[str, ...] = field(default=DEFAULT_RULES)
