"""The registry of random streams: every draw of a run, scenario or trained study is named here.

Draws that only measure or illustrate (intervals, integrals, projections, random profiles) have
generators of their own.

A stream belongs to one procedure and one module. Its key is the procedure's seed, the stream's
number and, where the stream has them, indices. Streams of different procedures may have equal
numbers, since no result combines their draws.

Adding a stream: give it the next free number of its procedure. Never change a number, since the
results that were kept or baked depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import jax


@dataclass(frozen=True)
class Stream:
    """One entry of the registry.

    Attributes:
        procedure: what the seed belongs to.
        number: of the stream within the procedure; None where the procedure has one stream only,
            whose key is the seed itself.
        indices: names of the indices that follow the number.
    """

    procedure: str
    number: int | None = None
    indices: tuple[str, ...] = ()

    def key(self, indices: tuple[int, ...]) -> tuple[int, ...]:
        """The key below the seed.

        Raises:
            ValueError: where the number of indices is not the stream's.
        """
        if len(indices) != len(self.indices):
            raise ValueError(f"{self} takes {len(self.indices)} indices, not {len(indices)}.")
        return (() if self.number is None else (self.number,)) + tuple(map(int, indices))


class HostStream(Enum):
    """NumPy streams, as ``SeedSequence(seed, spawn_key=(number, *indices))``."""

    # scrl.pipeline
    DENSITY = Stream("run", 1)  # the density's atoms
    VOTERS = Stream("run", 2)  # simulated voters
    IMPUTATION_NOISE = Stream("run", 3)  # errors of imputed rewards
    IMPUTATION_NOISE_OF_ITEM = Stream("run", 3, ("item",))
    CHOICE_NOISE = Stream("run", 4, ("item",))  # of simulated voters, by contest
    PREDICTIVE_CHECK = Stream("run", 6)  # voters who rank what raters ranked
    RATERS_READ = Stream("run", 7)  # what is read of large ratings

    # scrl.scenarios.sampling: each prompt has streams of its own
    SAMPLED_TYPES = Stream("scenario", 0, ("prompt",))
    SAMPLED_ANSWERS = Stream("scenario", 1, ("prompt",))
    SAMPLED_INCLUSIONS = Stream("scenario", 2, ("prompt",))
    SAMPLED_NOISE = Stream("scenario", 3, ("prompt",))
    TRUTH_NOISE = Stream("scenario", 4, ("prompt",))

    RIVAL_STARTS = Stream("rival", 0, ("types", "start"))  # scrl.utility_models.type_mixture
    RIVAL_HIDDEN = Stream("rival", 1)  # scrl.rivals.item_ridge
    # scrl.utility_models.population_fit
    RATERS_HELD_OUT = Stream("rival", 2)
    RATERS_SAMPLED = Stream("rival", 3)
    BASES_HELD_OUT = Stream("rival", 4)  # scrl.reward_models.reward_features

    # scrl.evaluation.held_out_accuracy
    EVALUATION_FOLDS = Stream("evaluate", 1)
    EVALUATION_BOOTSTRAP = Stream("evaluate", 2)
    EVALUATION_READ = Stream("evaluate", 3, ("fold",))  # what is read of large ratings
    EVALUATION_PAIRS = Stream("evaluate", 4, ("fold",))  # hidden pairs, of very many

    # scrl.evaluation.held_out_sets, whose seed is a constant
    HELD_OUT_MASKS = Stream("held-out sets", 1)
    HELD_OUT_TIES = Stream("held-out sets", 2)

    ENSEMBLE_STARTS = Stream("ensemble", 0)  # scrl.reward_models.ensembles

    POPULATION = Stream("population", 0, ("name",))  # scrl.scenarios.populations
    # scrl.studies.population_benchmark
    POPULATION_VOTERS = Stream("population", 1)
    POPULATION_TIES = Stream("population", 2)
    POPULATION_RIVAL_VOTERS = Stream("population", 3)

    # Studies: a number in one module only
    PRIOR_VOTERS = Stream("study", 11)  # scrl.studies.voter_sampling
    SCENARIO_PAIRS = Stream("study", 21, ("group",))  # scrl.reward_models.comparisons
    RATINGS_PAIRS = Stream("study", 22)  # scrl.reward_models.comparisons
    HIDDEN_CONTEXT_PAIRS = Stream("study", 23)  # scrl.studies.hidden_context
    RATER_FOLDS = Stream("study", 24)  # scrl.studies.scoreboard_splits
    MAZE_PAIRS = Stream("study", 25, ("group",))  # scrl.studies.maze_world
    FEEDBACK_ANSWERS = Stream("study", 26, ("format",))  # scrl.studies.feedback_sampling
    # scrl.studies.text_parts
    PART_WORLDS = Stream("study", 27, ("segments", "seed"))
    PART_FEEDBACK = Stream("study", 28, ("segments", "seed", "bits"))
    PART_UPDATES = Stream("study", 29, ("segments", "credit"))
    PART_VOTES = Stream("study", 30)  # scrl.studies.weight_disagreement
    PROXY_TEXTS = Stream("study", 31, ("pool",))  # scrl.studies.proxy_hacking
    PROXY_READERS = Stream("study", 32, ("seed",))  # scrl.studies.proxy_readers
    TEXTS_HELD_OUT = Stream("study", 40)  # scrl.studies.text_generalisation
    ANSWER_VOTERS = Stream("study", 41)  # scrl.studies.generated_answers
    # scrl.studies.few_shot_worlds
    TASTE_WORLDS = Stream("few shots", 41, ("part", "size"))
    INQUIRY_REWARDS = Stream("inquiries", 1, ("part",))  # scrl.studies.inquiry_rewards
    INQUIRY_RATERS = Stream("inquiries", 2, ("part",))  # scrl.studies.inquiry_raters
    PAIR_CALIBRATION = Stream("inquiries", 3, ("part",))  # scrl.studies.pair_calibration
    # scrl.studies.drift
    DRIFT_WORLDS = Stream("drift", 0)
    DRIFT_INFLUENCE = Stream("drift", 1)
    DRIFT_EXAMPLE = Stream("drift", 2)  # scrl.drift.example_file
    # scrl.studies.pooled_rules
    POOLED_PROFILES = Stream("study", 42, ("candidates",))
    POOLED_STARTS = Stream("study", 43, ("candidates",))
    # scrl.studies.references and scrl.studies.reference_writers
    REFERENCE_POLICIES = Stream("references", 0, ("part", "size"))
    REFERENCE_WRITERS = Stream("references", 1, ("part",))
    PROMPT_WORLDS = Stream("prompt blind", 0, ("share",))  # scrl.studies.prompt_blind
    ELICITED_PEOPLE = Stream("study", 50, ("world",))  # scrl.studies.elicitation_worlds
    RANDOM_QUESTIONS = Stream("study", 51, ("world",))  # scrl.studies.elicitation
    # scrl.studies.summary_worlds
    SUMMARY_WORLDS = Stream("summaries", 1, ("part",))

    # scrl.streamed_raters: the model of raters trained in batches on packed ratings
    STREAMED_START = Stream("streamed raters", 1)
    STREAMED_BATCHES = Stream("streamed raters", 2, ("epoch",))
    STREAMED_HELD_OUT = Stream("streamed raters", 3)
    STREAMED_VOTERS = Stream("streamed raters", 4, ("block",))
    STREAMED_CHOICE_NOISE = Stream("streamed raters", 5, ("prompt", "block"))
    STREAMED_SELECTION = Stream("streamed raters", 6, ("use",))
    # scrl.packed_ratings: large data sets of known raters
    LARGE_POPULATION = Stream("large population", 0)
    LARGE_POPULATION_RATERS = Stream("large population", 1, ("block",))


class KeyStream(Enum):
    """JAX streams: the seed's key, folded with the number and then with each index."""

    # scrl.pipeline
    VANILLA = Stream("run", 1)
    SOCIAL = Stream("run", 2)

    BALLOT_REWARDS = Stream("ballot rewards")  # scrl.social.ballot_rewards
    EVALUATION = Stream("evaluate", None, ("fold",))  # scrl.evaluation.held_out_accuracy
    SCOREBOARD = Stream("scoreboard", None, ("model",))  # scrl.studies.scoreboard
    HIDDEN_CONTEXT = Stream("hidden context")  # scrl.studies.hidden_context
    FEW_SHOT = Stream("few shots")  # scrl.studies.few_shot
    PAIR_CALIBRATION = Stream("pair calibration")  # scrl.studies.pair_calibration
    INQUIRY_RATERS = Stream("inquiries")  # scrl.studies.inquiry_raters
    REFERENCES = Stream("references")  # scrl.studies.references
    PROMPT_BLIND = Stream("prompt blind")  # scrl.studies.prompt_blind
    SUMMARIES = Stream("summaries", 2, ("model",))  # scrl.studies.summaries
    MAZE = Stream("maze")  # scrl.studies.maze
    MASKING_REGIMES = Stream("masking regimes")  # scrl.studies.masking_regimes
    FEW_PAIRS = Stream("few pairs", None, ("model",))  # scrl.studies.few_pairs
    POLICIES = Stream("policies")  # scrl.policies.trained, offline and online training
    COVERAGE = Stream("coverage")  # scrl.policies.trained, what the fixed pairs cover
    STREAMED_RATERS = Stream("streamed raters", None, ("step",))  # scrl.streamed_raters


def host_seed(seed: int, stream: HostStream, *indices: int) -> np.random.SeedSequence:
    """The seed sequence of a host stream."""
    return np.random.SeedSequence(seed, spawn_key=stream.value.key(indices))


def host_rng(seed: int, stream: HostStream, *indices: int) -> np.random.Generator:
    """The generator of a host stream.

    >>> host_rng(0, HostStream.VOTERS).integers(10) == host_rng(0, HostStream.VOTERS).integers(10)
    np.True_
    """
    return np.random.default_rng(host_seed(seed, stream, *indices))


def jax_key(seed: int, stream: KeyStream, *indices: int) -> jax.Array:
    """The key of a JAX stream."""
    import jax  # reports and scenarios are read without JAX

    key = jax.random.key(seed)
    for number in stream.value.key(indices):
        key = jax.random.fold_in(key, number)
    return key


def sampling_key(seed: int) -> jax.Array:
    """The key of a language model's samples: the seed's own, which no stream uses.

    Samples belong to no run: whoever asks for them gives the seed.
    """
    import jax

    return jax.random.key(seed)


def key_shape() -> jax.ShapeDtypeStruct:
    """The shape of a key, for abstract evaluation: nothing is drawn."""
    import jax

    return jax.eval_shape(lambda: jax.random.key(0))
