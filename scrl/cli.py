"""The command ``scrl`` (or ``python -m scrl``): app, run, vote, evaluate, score, reproduce, bake.

Tables go to stdout, progress to stderr. Exit code 0, or 2 with one line for bad input.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scrl.config import DEFAULT_RULES, MOST_SEEDS, Config
from scrl.runs.seed_spread import seed_spreads
from scrl.types import InputError, Progress

SCENARIOS = (".yaml", ".yml")
MOST_VOTERS = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.command(chosen)
    except InputError as error:
        _clear_line()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"error: {message} (see python -m scrl --help)\n")


def _parser() -> argparse.ArgumentParser:
    top = _Parser(prog="python -m scrl", description="The social choice reward lab.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, function, about: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(name, help=about, description=about)
        parser.set_defaults(command=function)
        return parser

    def shared(parser, *names: str) -> None:
        if "rule" in names:
            parser.add_argument(
                "--rule", action="append", metavar="NAME", help="a rule; may be given several times"
            )
        if "seed" in names:
            parser.add_argument("--seed", type=_whole(0, 2**32 - 1), default=0, metavar="N")
        if "missing" in names:
            parser.add_argument(
                "--missing",
                choices=("unseen", "last"),
                help="what a completion left off a ballot means (default: as the format has it)",
            )
        parser.add_argument("--out", type=Path, metavar="RESULT.json", help="also write the result")

    app = command("app", _app, "Start the app in the browser.")
    app.add_argument("--port", type=_whole(1, 65535), default=8501, metavar="N")
    app.add_argument(
        "--headless", action="store_true", help="open no browser window, as on a server"
    )

    run = command("run", _run, "From a scenario or a ratings file to a social reward model.")
    run.add_argument("file", type=Path)
    run.add_argument("--raters", type=_whole(1), metavar="N", help="of a scenario, else its own")
    run.add_argument("--voters", type=_whole(1, MOST_VOTERS), metavar="N", help="simulated voters")
    run.add_argument(
        "--seeds", type=_whole(1, MOST_SEEDS), default=1, metavar="N",
        help="so many runs at once, from --seed on; the result tells how far apart they lie",
    )  # fmt: skip
    run.add_argument("--save", type=Path, metavar="FOLDER", help="save the reward models here")
    shared(run, "rule", "seed", "missing")

    vote = command("vote", _vote, "Count the ballots of a ratings file as they are.")
    vote.add_argument("file", type=Path)
    shared(vote, "rule", "missing")
    vote.epilog = "--rule all counts by every rule that reads orders."

    evaluate = command("evaluate", _evaluate, "Predict hidden comparisons of held-out raters.")
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--hide", type=float, default=0.5, metavar="FRACTION")
    shared(evaluate, "seed", "missing")

    score = command("score", _score, "Rewards of a saved model for the completions of a file.")
    score.add_argument("model", type=Path)
    score.add_argument("file", type=Path)
    shared(score)

    again = command("reproduce", _reproduce, "Run again what an exported archive holds.")
    again.add_argument("file", type=Path, metavar="ARCHIVE.zip")
    shared(again)

    bake = command("bake", _bake, "Make again the results that the first screen shows.")
    bake.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    bake.add_argument(
        "--studies", action="store_true", help="and those of many runs, which take minutes"
    )
    bake.add_argument(
        "--hidden", action="store_true", help="and that of hidden context, which takes minutes"
    )
    bake.add_argument(
        "--maze", action="store_true", help="and that of the maze, which takes minutes"
    )
    bake.add_argument(
        "--regimes", action="store_true", help="and the masking regimes, which take minutes"
    )
    bake.add_argument(
        "--models", action="store_true", help="and the scoreboards, which take minutes"
    )
    bake.add_argument(
        "--people", type=Path, metavar="FOLDER",
        help="and those of real people, from a folder that holds their ballots; half an hour",
    )  # fmt: skip
    return top


def _whole(least: int, most: int | None = None):
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            bound = f"from {least:,} to {most:,}" if most else f"{least} or more"
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number {bound}")
        return value

    return read


# -- commands -------------------------------------------------------------------------------------


def _app(chosen) -> None:
    """Run the app of this checkout, or the one that a wheel carries beside the library."""
    from importlib import resources

    beside = Path(str(resources.files("scrl"))).parent
    folder = next((f for f in (beside / "scrl_app", beside) if (f / "app.py").is_file()), None)
    if folder is None:
        raise InputError("The app is not installed beside the library; install scrl again.")
    options = ["--server.port", str(chosen.port)]
    options += ["--server.headless", "true"] if chosen.headless else []
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "app.py"), *options]
    raise SystemExit(subprocess.call(command))


def _run(chosen) -> None:
    from scrl.runs.seeds import run_seeds, seeds_dict
    from scrl.runtime import start

    _check_out(chosen.out)
    if chosen.seed + chosen.seeds > 2**32:
        raise InputError("--seed and --seeds lead beyond seed 4294967295; give a lower seed.")
    source = _source(chosen)
    if chosen.save:
        try:
            chosen.save.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--save {chosen.save}: {error.strerror}; give a folder.") from error
    start()
    config = Config(rules=tuple(chosen.rule or DEFAULT_RULES))
    if chosen.voters:
        config = replace(config, voters=chosen.voters)
    experiments = run_seeds(source, config, range(chosen.seed, chosen.seed + chosen.seeds), _show)
    _clear_line()
    experiment, result = experiments[0], seeds_dict(experiments)
    for prompt, entry in result["prompts"].items():
        _print_orders(prompt, entry)
    latent = result["latent"]
    print(
        f"{latent['raters']:,} raters read, {latent['active_units']} of {latent['dim']} latent "
        f"units active, {latent['components']} mixture components"
    )
    _print_seeds(result)
    _print_notes(result["notes"])
    seconds = result["seconds"]
    print(
        f"{seconds['total']:.1f} s on {result['device']}, "
        f"{seconds['compile']:.1f} s of it compiling"
    )
    _write(chosen.out, result)
    if chosen.save:
        from scrl.social.artifacts import save

        for name, model in experiment.models.items():
            save(model, chosen.save / f"{name}.safetensors", rule=name, scenario=source.name)


def _vote(chosen) -> None:
    from scrl.data.readers import load_ratings
    from scrl.results import outcome_dict
    from scrl.runtime import start
    from scrl.voting import RULES, count_ratings

    _check_out(chosen.out)
    ratings = load_ratings(chosen.file, chosen.missing)
    rules = chosen.rule or DEFAULT_RULES
    if "all" in rules:
        rules = RULES.ordinal
    start()
    counted = count_ratings(ratings, rules)
    prompts = {}
    for prompt, outcomes in counted.items():
        names = ratings.catalogue.names(ratings.catalogue.prompts.index(prompt))
        prompts[prompt] = {rule: outcome_dict(o, names) for rule, o in outcomes.items()}
        rows = [(rule, entry["order"], "") for rule, entry in prompts[prompt].items()]
        _print_table(prompt, rows)
    silent = len(ratings.catalogue.prompts) - len(counted)
    if silent:
        print(f"note: no ballot ranks two completions on {silent} prompts; they are left out.")
    _print_notes(ratings.notes)
    _write(chosen.out, {"prompts": prompts})


def _evaluate(chosen) -> None:
    from scrl.data.readers import load_ratings
    from scrl.evaluation.held_out_accuracy import evaluate
    from scrl.runtime import start

    _check_out(chosen.out)
    if not 0 < chosen.hide < 1:
        raise InputError(f"--hide is {chosen.hide:g}; give a fraction between 0 and 1.")
    ratings = load_ratings(chosen.file, chosen.missing)
    start()
    found = evaluate(ratings, Config(), chosen.hide, chosen.seed, _show)
    _clear_line()
    result = found.to_dict()
    print(f"{found.pairs:,} hidden pairs of {found.raters:,} held-out raters, five folds\n")
    for name, accuracy in result["accuracy"].items():
        interval = "" if name == "chance" else f"  [{accuracy['low']:.3f}, {accuracy['high']:.3f}]"
        print(f"  {name:<12}{accuracy['mean']:.3f}{interval}")
    print()
    _print_notes(result["notes"])
    _write(chosen.out, result)


def _score(chosen) -> None:
    from scrl.results import by_name
    from scrl.runtime import start
    from scrl.social.artifacts import load, score

    _check_out(chosen.out)
    start()
    model = load(chosen.model)
    catalogue = _source(chosen).catalogue
    rewards = score(model, catalogue)
    result = {}
    for p, prompt in enumerate(catalogue.prompts):
        names = catalogue.names(p)
        result[prompt] = by_name(names, rewards[slice(*catalogue.offsets[p : p + 2])])
        print(f"\n{prompt}")
        for name, reward in sorted(result[prompt].items(), key=lambda pair: -pair[1]):
            print(f"  {reward:8.3f}  {name}")
    _write(chosen.out, {"prompts": result})


def _reproduce(chosen) -> None:
    from scrl.data.files import read_file
    from scrl.runs.bundle import MAX_PACKED_BYTES, read_bundle, result_differences
    from scrl.runs.seeds import run_seeds, seeds_dict
    from scrl.runtime import start

    _check_out(chosen.out)
    source, config, seeds, before = read_bundle(read_file(chosen.file, MAX_PACKED_BYTES))
    start()
    after = seeds_dict(run_seeds(source, config, seeds, _show))
    _clear_line()
    found = result_differences(before, after)
    if found:
        print("\n".join(found))
    else:
        print("identical: every order, score and reward is the same.")
    if before.get("device") != after["device"]:
        print(
            f"note: it ran on {before.get('device') or 'an unknown device'}, now on "
            f"{after['device']}; only the same device rounds alike."
        )
    _write(chosen.out, after)


def _bake(chosen) -> None:
    from scrl.pipeline import run
    from scrl.runs.report import bake
    from scrl.runtime import start
    from scrl.scenarios.parsing import load_scenario
    from scrl.scenarios.shipped import gallery
    from scrl.studies import hidden_context, masking_regimes, run_studies, scoreboard
    from scrl.studies import maze as mazes

    start()
    experiment = run(load_scenario(gallery()["tennessee-morristown"]), Config(), 0, _show)
    _clear_line()
    print(bake(experiment, "tennessee-morristown", "python -m scrl bake", chosen.out))
    for study in run_studies.STUDIES if chosen.studies else ():
        print(run_studies.bake(study, "python -m scrl bake --studies", _show, chosen.out))
        _clear_line()
    if chosen.hidden:
        print(hidden_context.bake("python -m scrl bake --hidden", _show, chosen.out))
        _clear_line()
    if chosen.maze:
        print(mazes.bake("python -m scrl bake --maze", _show, chosen.out))
        _clear_line()
    for latent in masking_regimes.LATENTS if chosen.regimes else ():
        print(masking_regimes.bake(latent, "python -m scrl bake --regimes", _show, chosen.out))
        _clear_line()
    for stem in scoreboard.SCENARIOS if chosen.models else ():
        print(scoreboard.bake(stem, "python -m scrl bake --models", _show, chosen.out))
        _clear_line()
    for stem in scoreboard.REAL_RATINGS if chosen.people else ():
        made = "python -m scrl bake --people"
        print(scoreboard.bake(stem, made, _show, chosen.out, chosen.people))
        _clear_line()


# -- files ----------------------------------------------------------------------------------------


def _source(chosen):
    """The scenario or the ratings in a file, by its ending, or a shipped scenario by its name."""
    from scrl.data.readers import load_ratings
    from scrl.scenarios.parsing import load_scenario, with_overrides
    from scrl.scenarios.shipped import gallery

    if not chosen.file.exists():
        chosen.file = gallery().get(str(chosen.file), chosen.file)
    if chosen.file.suffix.lower() not in SCENARIOS:
        if getattr(chosen, "raters", None):
            raise InputError("--raters is for scenarios; a ratings file has its own raters.")
        return load_ratings(chosen.file, getattr(chosen, "missing", None))
    if getattr(chosen, "missing", None):
        raise InputError("--missing is for ratings files; a scenario says what is missing itself.")
    scenario = load_scenario(chosen.file)
    raters = getattr(chosen, "raters", None)
    return with_overrides(scenario, raters=raters) if raters else scenario


def _check_out(path: Path | None) -> None:
    """Better before the run than after it."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise InputError(f"--out {path}: cannot be written; give a file in a folder that exists.")


def _write(path: Path | None, result: dict) -> None:
    if path is not None:
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
        try:
            path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise InputError(f"--out {path}: {error.strerror}.") from error


# -- words ----------------------------------------------------------------------------------------


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress.fraction:4.0%}  {progress.message}", end="", file=sys.stderr)


def _clear_line() -> None:
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _print_orders(prompt: str, entry: dict) -> None:
    labels = {"truth": "truth", "raters": "raters' own ballots", "vanilla": "vanilla Bradley–Terry",
              "voters": "simulated voters", "social": "social reward"}  # fmt: skip
    agreement = entry.get("agreement", {})
    rows = []
    for source, label in labels.items():
        if source == "vanilla":
            taus = [f"{found['vanilla']['tau']:.2f} {rule}" for rule, found in agreement.items()]
            rows.append((label, entry[source]["order"], f"τ {', '.join(taus)}" if taus else ""))
            continue
        for rule, outcome in entry.get(source, {}).items():
            found = agreement.get(rule, {}).get(source)
            tau = f"τ {found['tau']:.2f}" if found else ""
            rows.append((f"{label}, {rule}", outcome["order"], tau))
    _print_table(prompt, rows)
    if agreement:
        print("  τ: Kendall's with the truth under the same rule\n")


def _print_table(title: str, rows: list[tuple[str, list[list[str]], str]]) -> None:
    """A line for each label, order and remark."""
    width = max(len(label) for label, *_ in rows)
    print(f"{title}\n")
    for label, order, remark in rows:
        shown = [" = ".join(tied) for tied in order[:12]] + ["…"] * (len(order) > 12)
        print(f"  {label:<{width}}  {' > '.join(shown)}   {remark}".rstrip())
    print()


def _print_seeds(result: dict) -> None:
    if "seeds" not in result:
        return
    seeds = result["seeds"]["seeds"]
    print(f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}\n")
    for prompt, entry in result["prompts"].items():
        rows = []
        for rule in entry["social"]:
            for source, said in seed_spreads(result, prompt, rule).items():
                order, count = said.distinct_orders[0]
                remark = f"in {count} of {len(seeds)}"
                if said.tau is not None:
                    mean = sum(said.tau) / len(seeds)
                    remark += (
                        f", the true one in {said.exact}; τ {mean:.2f}, least {min(said.tau):.2f}"
                    )
                rows.append((f"{source}, {rule}", order, remark))
        _print_table(prompt, rows)


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"note: {note}")
