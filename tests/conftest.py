"""What tests share: where reference data lies, and one trained experiment for all that need one."""

import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
#: What begins, since it takes longest.
FIRST = ("browser", "experiment")


@cache
def group(path: str) -> str:
    """What a file of tests, from the root, shares a process with: those of the same server, those
    of the one experiment; else nothing but itself."""
    if re.search(r"def \w+\([^)]*\bexperiment\b", (ROOT / path).read_text("utf-8")):
        return "experiment"
    return "browser" if Path(path).parent.name == "browser" else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid.split("::")[0])

    return Groups(config, log)


def pytest_collection_modifyitems(items):
    place = {name: i for i, name in enumerate(FIRST)}
    items.sort(key=lambda item: place.get(group(item.nodeid.split("::")[0]), len(FIRST)))


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
def room():
    """A session compiles more programs than a process can hold."""
    yield
    from scrl.runtime import make_room

    make_room()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project."""
    if not (SHARED / "golden").is_dir():
        pytest.skip("the reference data folder ../shared is absent")
    return SHARED


@pytest.fixture(scope="session")
def experiment():
    """Tennessee with Morristown as shipped, run once for all tests; Borda and random ballot too."""
    import scrl

    rules = ("borda", "plurality", "copeland", "minimax", "instant-runoff", "random-ballot")
    scenario = scrl.load_scenario(ROOT / "scenarios" / "tennessee-morristown.yaml")
    return scrl.run(scenario, scrl.Config(rules=rules), seed=1)
