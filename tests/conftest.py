"""What tests share: where reference data lies, one trained run, and in which order files begin."""

import fcntl
import gc
import os
import pickle
import sys
from pathlib import Path

import pytest

from tests import lanes
from tests.compiling import compile_quickly

# Two processes with as many threads of linear algebra as there are cores wait for each other:
# small matrices then take four times as long. The processes that run tests inherit this.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
# pref_voting, an oracle, would compile for five seconds what counts small profiles in one.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

# What is imported while tests are collected stays. Looking through it for garbage again and again
# takes five seconds of each process.
gc.disable()

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
MAIN = sys.modules["__main__"]


#: The files that take longest, in the order in which they begin. Those of browsers alternate with
#: those that train, so that the two processes seldom compile the same programs at once.
LONGEST = (
    "tests/fuzz/test_fuzz.py",
    "tests/browser/test_newcomer.py", "tests/streamed_raters/test_streamed_devices.py",
    "tests/browser/test_walk.py", "tests/durability/test_kills.py",
    "tests/browser/test_journey.py", "tests/raters/test_model.py",
    "tests/browser/test_voting_journey.py", "tests/raters/test_missing_blocks.py",
    "tests/browser/test_classroom_journey.py", "tests/reward_models/test_reward_models.py",
    "tests/browser/test_scenario_journey.py", "tests/voting/test_elections.py",
    "tests/browser/test_runs_journey.py", "tests/app/test_proved_cells.py",
    "tests/app/test_hostile_text.py", "tests/studies/test_masking_regimes.py",
    "tests/test_pipeline.py", "tests/sweeps/test_running_sweeps.py",
    "tests/rivals/test_rivals.py", "tests/voting/test_criteria.py",
    "tests/test_serving.py", "tests/utility_models/test_rater_features.py",
    "tests/app/test_latent_page.py", "tests/evaluation/test_held_out_accuracy.py",
    "tests/streamed_raters/test_streamed_training.py", "tests/raters/test_weighted_raters.py",
    "tests/app/test_training_page.py", "tests/voting/test_properties.py",
    "tests/language_model/test_language_model.py", "tests/app/test_rules_page.py",
    "tests/test_packing_commands.py", "tests/electorates/test_streamed_counting.py",
    "tests/voting/test_distortion.py", "tests/voting/test_likelihood.py",
)  # fmt: skip


#: Where programs are compiled without LLVM's optimisations (``tests/compiling.py``).
QUICKLY = (
    "tests/app/", "tests/choice_models/", "tests/durability/", "tests/electorates/",
    "tests/evaluation/", "tests/language_model/test_language_model.py", "tests/policies/",
    "tests/raters/", "tests/references/", "tests/reward_models/", "tests/runs/", "tests/social/",
    "tests/streamed_raters/", "tests/studies/", "tests/summaries/", "tests/sweeps/",
    "tests/test_cli.py", "tests/test_command_outputs.py", "tests/test_packing_commands.py",
    "tests/test_pipeline.py",
    "tests/voting/test_criteria.py", "tests/voting/test_distortion.py",
    "tests/voting/test_elections.py", "tests/voting/test_likelihood.py",
    "tests/voting/test_limits.py", "tests/voting/test_numpy_counting.py",
    "tests/voting/test_oracles.py", "tests/voting/test_properties.py",
    "tests/voting/test_references.py", "tests/voting/test_strategy.py",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Browsers and the trained experiment are slow. The longest files begin first."""
    order = {}
    for item in items:
        name = item.path.relative_to(ROOT).as_posix()
        if name.startswith("tests/browser/") or "experiment" in item.fixturenames:
            item.add_marker(pytest.mark.slow)
        order[item] = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    items.sort(key=order.__getitem__)


def pytest_collection_finish():
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # JAX makes many objects that stay
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_runs(tmp_path_factory):
    """No test, and no server that one starts, touches the runs that a person keeps."""
    os.environ["SCRL_RUNS"] = str(tmp_path_factory.mktemp("kept") / "runs.sqlite")


@pytest.fixture(scope="session", autouse=True)
def compilation_cache():
    """Set before the first test compiles, as the app and the command line do."""
    from scrl.runtime import start

    start()


@pytest.fixture(scope="module", autouse=True)
def own_main():
    """Streamlit leaves a page as the main module, which processes that are spawned would run."""
    sys.modules["__main__"] = MAIN


@pytest.fixture(scope="module", autouse=True)
def room():
    """A session compiles more programs than a process can hold."""
    yield
    from scrl.runtime import free_memory_maps

    free_memory_maps()


@pytest.fixture(scope="module", autouse=True)
def compiled_as_asked(request):
    """Files of ``QUICKLY`` compile in half the time, children that their tests start too."""
    name = request.path.relative_to(ROOT).as_posix()
    compile_quickly(not lanes.DEEP and name.startswith(QUICKLY))


@pytest.fixture(autouse=True)
def shipped_rules_only():
    """A rule of one's own is forgotten after the test that registers it."""
    yield
    registry = sys.modules.get("scrl.voting.registry")
    for name in [n for n, rule in registry.RULES.items() if rule.of_profile] if registry else ():
        del registry.RULES[name]


@pytest.fixture(scope="session")
def golden() -> Path:
    """Small input files and the outcomes that ``docs/conventions.md`` gives for them."""
    return ROOT / "tests" / "golden"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real preference data beside the project."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the folder of real preference data, ../shared/data, is absent")
    return SHARED / "data"


@pytest.fixture(scope="session")
def experiment(tmp_path_factory):
    """Tennessee with Morristown as shipped, run once for all tests; Borda and random ballot too.

    The first worker that asks trains it; the others wait, and read what it wrote.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all workers
    kept = folder / "experiment.pickle"
    with (folder / "experiment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(run_experiment()))
    return pickle.loads(kept.read_bytes())


def run_experiment():
    import scrl

    rules = ("borda", "plurality", "copeland", "minimax", "instant-runoff", "random-ballot")
    scenario = scrl.load_scenario(ROOT / "scenarios" / "tennessee-morristown.yaml")
    return scrl.run(scenario, scrl.Config(rules=rules), seed=1)
