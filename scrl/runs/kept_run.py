"""The seven steps, as what a page keeps of them."""

from __future__ import annotations

from collections.abc import Sequence

from scrl.config import Config
from scrl.runs.report import latent_map
from scrl.runs.seeds import run_seeds, seeds_dict
from scrl.runs.serialization import to_plain
from scrl.runtime import start
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings


def train(
    source: Scenario | Ratings, rules: Sequence[str], seed: int, on_progress, seeds: int = 1
) -> dict:
    """The seven steps, as what a page keeps of them.

    Args:
        seed: of the run that is kept; seeds: how many runs, from that seed on, the result tells of.

    Returns:
        ``"result"`` and ``"latent"``, as in a baked file; ``"curves"``, of step 1, name -> values;
        ``"config"`` as ``keeping.to_plain`` writes it; and ``"learnt"``, the ``Learnt`` that later
        questions are put to.
    """
    start()
    config = Config(rules=tuple(rules))
    experiments = run_seeds(source, config, range(seed, seed + seeds), on_progress)
    experiment = experiments[0]
    return {
        "result": seeds_dict(experiments),
        "latent": latent_map(experiment),
        "curves": {name: values.tolist() for name, values in experiment.curves.items()},
        "config": to_plain(experiment.config, {}, "config"),
        "learnt": experiment.learnt,
    }
