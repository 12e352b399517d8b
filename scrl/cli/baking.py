"""The command ``bake``: the results that are shipped, made again."""

from __future__ import annotations

from argparse import Namespace

from scrl.cli.printing import clear_progress, show_progress
from scrl.config import Config


def bake(chosen: Namespace) -> None:
    """Compute and write the chosen baked results."""
    from scrl.pipeline import run
    from scrl.runs import report
    from scrl.runtime import start
    from scrl.scenarios.parsing import load_scenario
    from scrl.scenarios.shipped import gallery
    from scrl.studies import hidden_context, masking_regimes, run_studies, scoreboard
    from scrl.studies import maze as mazes

    start()
    experiment = run(load_scenario(gallery()["tennessee-morristown"]), Config(), 0, show_progress)
    clear_progress()
    print(report.bake(experiment, "tennessee-morristown", "python -m scrl bake", chosen.out))
    for study in run_studies.STUDIES if chosen.studies else ():
        print(run_studies.bake(study, "python -m scrl bake --studies", show_progress, chosen.out))
        clear_progress()
    if chosen.hidden:
        print(hidden_context.bake("python -m scrl bake --hidden", show_progress, chosen.out))
        clear_progress()
    if chosen.maze:
        print(mazes.bake("python -m scrl bake --maze", show_progress, chosen.out))
        clear_progress()
    for latent in masking_regimes.LATENTS if chosen.regimes else ():
        print(
            masking_regimes.bake(latent, "python -m scrl bake --regimes", show_progress, chosen.out)
        )
        clear_progress()
    for stem in scoreboard.SCENARIOS if chosen.models else ():
        print(scoreboard.bake(stem, "python -m scrl bake --models", show_progress, chosen.out))
        clear_progress()
    for stem in scoreboard.REAL_RATINGS if chosen.people else ():
        made = "python -m scrl bake --people"
        print(scoreboard.bake(stem, made, show_progress, chosen.out, chosen.people))
        clear_progress()
