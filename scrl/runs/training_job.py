"""The training job of the app: the seven steps, returned as plain data and the fitted run."""

from __future__ import annotations

from collections.abc import Sequence

from scrl.config import Config
from scrl.data.dataclass_json import to_plain
from scrl.results import RunContent
from scrl.runs.progress import Listener
from scrl.runs.report import latent_map
from scrl.runs.seeds import run_seeds, seeds_dict
from scrl.runtime import start
from scrl.scenarios.scenario import Scenario
from scrl.types import Ratings


def train(
    source: Scenario | Ratings,
    rules: Sequence[str],
    seed: int,
    on_progress: Listener = None,
    seeds: int = 1,
) -> RunContent:
    """Run the seven steps and return what pages show.

    Args:
        seed: of the run whose latent map and fitted model are kept.
        seeds: number of runs, from ``seed`` on, whose results are merged.

    Returns:
        ``"result"`` and ``"latent"``, as in a baked file; ``"config"`` as
        ``dataclass_json.to_plain`` writes it; and ``"learnt"``, the ``FittedRun`` that the
        diagnostics are computed from.
    """
    start()
    config = Config(rules=tuple(rules))
    experiments = run_seeds(source, config, range(seed, seed + seeds), on_progress)
    experiment = experiments[0]
    return {
        "result": seeds_dict(experiments),
        "latent": latent_map(experiment),
        "config": to_plain(experiment.config),
        "learnt": experiment.fitted_run,
    }
