"""scrl, the social choice reward lab: see, and choose, the voting rule inside a reward model.

    >>> import scrl
    >>> result = scrl.run(scrl.load_scenario("scenarios/tennessee-morristown.yaml"))
    >>> scrl.to_dict(result)["prompts"]["best"]["social"]["borda"]["order"]

Names are loaded when first used, so that a page of baked results need not load JAX.
"""

from importlib import import_module

_HOME = {
    "AnonymousProfile": "voting.anonymous",
    "Ballots": "types",
    "Config": "config",
    "Experiment": "pipeline",
    "InputError": "types",
    "RULES": "voting",
    "Ratings": "types",
    "Scenario": "scenario",
    "aggregate": "voting",
    "evaluate": "evaluation",
    "gallery": "scenario",
    "load": "artifacts",
    "load_ratings": "ratings_io",
    "load_scenario": "scenario",
    "run": "pipeline",
    "save": "artifacts",
    "score": "artifacts",
    "to_dict": "report",
}

__all__ = list(_HOME)
__version__ = "0.5.0"


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(f"scrl.{_HOME[name]}"), name)
    raise AttributeError(f"module 'scrl' has no attribute '{name}'")
