"""The commands that have no module of their own; each takes the parsed arguments.

The library is imported inside the commands, so that ``--help`` and bad input need no JAX.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from scrl.cli.columns import stated_columns
from scrl.cli.files import load_source, read_ratings
from scrl.cli.outputs import check_folder, check_output, keep, keep_all, write_result
from scrl.cli.printing import (
    MAX_PROMPTS,
    clear_progress,
    print_check,
    print_left_off,
    print_notes,
    print_orders,
    print_rivals,
    print_seed_spreads,
    print_table,
    show_progress,
    shown,
)
from scrl.config import DEFAULT_RULES, Config
from scrl.types import InputError, Ratings

if TYPE_CHECKING:
    from scrl.evaluation.held_out_accuracy import Evaluation
    from scrl.results import EvaluationResult, RunResult
    from scrl.social import Reward, TextReward

#: The note of a saved model's rewards, which are kept without the ballots.
NOT_COMPARED = (
    "The model does not keep which completions were compared: the order of others rests on its "
    "prior, or on what their texts say. The run that trained it notes which they are."
)
#: The note of a run on ballots that name no rater.
NO_MODEL_OF_RATERS = (
    "Without raters there is no model of individuals and no simulated electorate: the social "
    "reward models are trained on the ballots as they are counted."
)


def run(chosen: Namespace) -> None:
    """Run the steps on a scenario or ratings; print the orders, save result and reward models."""
    from scrl.runs.seeds import run_seeds, seeds_dict
    from scrl.runtime import start

    check_output(chosen.out)
    if chosen.seed + chosen.seeds > 2**32:
        raise InputError("--seed and --seeds lead beyond seed 4294967295; give a lower seed.")
    source = load_source(chosen)
    check_folder(chosen.save, "--save")
    start()
    config = Config(rules=tuple(chosen.rule or DEFAULT_RULES))
    if isinstance(source, Ratings) and not source.individuals:
        _run_without_individuals(chosen, source, config)
        return
    if chosen.voters:
        config = replace(config, voters=chosen.voters)
    experiments = run_seeds(
        source, config, range(chosen.seed, chosen.seed + chosen.seeds), show_progress
    )
    clear_progress()
    experiment, result = experiments[0], seeds_dict(experiments)
    try:
        _print_run(result)
    finally:  # nobody reads what is printed, or it is cut off
        _keep(chosen, result, experiment.models, source.name)


def _print_run(result: RunResult) -> None:
    for prompt, entry in islice(result["prompts"].items(), MAX_PROMPTS):
        print_orders(prompt, entry)
    print_left_off(len(result["prompts"]))
    latent = result["latent"]
    print(
        f"{latent['raters']:,} raters read, types of raters found: {latent['components']}, "
        f"active latent units: {latent['active_units']} of {latent['dim']}"
    )
    print_check(result)
    print_seed_spreads(result)
    print_notes(result["notes"])
    seconds = result["seconds"]
    print(
        f"{seconds['total']:.1f} s on {result['device']}, "
        f"{seconds['compile']:.1f} s of it compiling"
    )


def _run_without_individuals(chosen: Namespace, ratings: Ratings, config: Config) -> None:
    """The steps that need no rater: count the ballots, and train on the counted orders."""
    from scrl.results import by_name, order_of, outcome_dict
    from scrl.social import TIED_DIGITS, fit_ballot_rewards

    found, catalogue = fit_ballot_rewards(ratings, config, chosen.seed), ratings.catalogue
    rewards = {name: model.rewards() for name, model in found.models.items()}
    prompts, orders = {}, {}
    for p, prompt in enumerate(catalogue.prompts):
        names, items = catalogue.names(p), slice(*catalogue.offsets[p : p + 2])
        own = {name: by_name(names, reward[items]) for name, reward in rewards.items()}
        rules = found.counted.get(prompt, {})
        prompts[prompt] = {
            "ballots": {rule: outcome_dict(o, names) for rule, o in rules.items()},
            "rewards": own,
        }
        orders[prompt] = [
            (f"reward, {name}", order_of(reward[items].round(TIED_DIGITS), names), "")
            for name, reward in rewards.items()
        ]
    notes = [*ratings.notes, NO_MODEL_OF_RATERS, *found.notes]
    try:
        for prompt, rows in islice(orders.items(), MAX_PROMPTS):
            print_table(prompt, rows)
        print_left_off(len(prompts))
        print_notes(notes)
    finally:
        _keep(chosen, {"prompts": prompts, "notes": notes}, found.models, ratings.name)


def _keep(
    chosen: Namespace,
    result: Mapping[str, Any],
    models: Mapping[str, Reward | TextReward],
    source_name: str,
) -> None:
    """Write the result, and save the reward models in the folder that ``--save`` names."""
    from scrl.social.artifacts import save

    def save_one(name: str, model: Reward | TextReward) -> None:
        path = chosen.save / f"{name}.safetensors"
        about = {"rule": name, "scenario": source_name}
        keep(path, lambda place: save(model, place, **about), "model", "--save")

    saved = models.items() if chosen.save else ()
    keep_all(
        lambda: write_result(chosen.out, result),
        *(partial(save_one, name, model) for name, model in saved),
    )


def evaluate(chosen: Namespace) -> None:
    """Print and save the accuracy on hidden comparisons of held-out raters."""
    from scrl.evaluation import held_out_accuracy
    from scrl.evaluation.rival_accuracy import choose_rivals
    from scrl.rivals import RIVALS
    from scrl.runtime import start

    check_output(chosen.out)
    if not 0 < chosen.hide < 1:
        raise InputError(f"--hide is {chosen.hide:g}; give a fraction between 0 and 1.")
    rivals = {"all": tuple(RIVALS), "none": ()}.get(chosen.rivals)
    if rivals is None:
        rivals = tuple(name.strip() for name in chosen.rivals.split(","))
    ratings = read_ratings(chosen)
    choose_rivals(rivals, ratings)
    start()
    found = held_out_accuracy.evaluate(
        ratings, Config(), chosen.hide, chosen.seed, show_progress, rivals
    )
    clear_progress()
    result = found.to_dict()
    try:
        _print_evaluation(found, result)
    finally:
        write_result(chosen.out, result)


def _print_evaluation(found: Evaluation, result: EvaluationResult) -> None:
    print(f"{found.pairs:,} hidden pairs of {found.raters:,} held-out raters, five folds\n")
    for name, accuracy in result["accuracy"].items():
        interval = "" if name == "chance" else f"  [{accuracy['low']:.3f}, {accuracy['high']:.3f}]"
        print(f"  {name:<12}{accuracy['mean']:.3f}{interval}")
    print()
    print_rivals(result)
    print_notes(result["notes"])


def score(chosen: Namespace) -> None:
    """Print and save the rewards of a saved model for the completions of a file: rows of prompts
    and completions, ratings or a scenario."""
    from scrl.cli.text_rows import print_rows, read_text_rows, score_rows
    from scrl.results import by_name
    from scrl.runtime import start
    from scrl.social import artifacts

    check_output(chosen.out)
    start()
    model = artifacts.load(chosen.model)
    rows = read_text_rows(chosen.file, stated_columns(chosen))
    if rows is not None:
        scored = score_rows(model, rows, chosen.file.name)
        try:
            print_rows(scored)
            print_notes([NOT_COMPARED])
        finally:
            write_result(chosen.out, {"rows": scored, "notes": [NOT_COMPARED]})
        return
    catalogue = load_source(chosen).catalogue
    rewards = artifacts.score(model, catalogue)
    result = {
        prompt: by_name(catalogue.names(p), rewards[slice(*catalogue.offsets[p : p + 2])])
        for p, prompt in enumerate(catalogue.prompts)
    }
    try:
        for prompt, own in islice(result.items(), MAX_PROMPTS):
            print(f"\n{shown(prompt)}")
            for name, reward in sorted(own.items(), key=lambda pair: -pair[1]):
                print(f"  {reward:8.3f}  {shown(name)}")
        print_left_off(len(result))
        print_notes([NOT_COMPARED])
    finally:
        write_result(chosen.out, {"prompts": result, "notes": [NOT_COMPARED]})


def reproduce(chosen: Namespace) -> None:
    """Repeat the run in an exported archive and print the differences."""
    from scrl.data.files import check_file
    from scrl.runs.bundle import read_bundle, result_differences
    from scrl.runs.seeds import run_seeds, seeds_dict
    from scrl.runs.zip_files import MAX_PACKED_BYTES
    from scrl.runtime import start

    check_output(chosen.out)
    check_file(chosen.file, MAX_PACKED_BYTES)
    source, config, seeds, before = read_bundle(chosen.file)
    start()
    after = seeds_dict(run_seeds(source, config, seeds, show_progress))
    clear_progress()
    try:
        _print_differences(result_differences(before, after), before, after)
    finally:
        write_result(chosen.out, after)


def _print_differences(
    found: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    if found:
        print("\n".join(found))
    else:
        print("identical: every order, score and reward is the same.")
    if before.get("device") != after["device"]:
        print(
            f"note: it ran on {before.get('device') or 'an unknown device'}, now on "
            f"{after['device']}; only the same device rounds alike."
        )
