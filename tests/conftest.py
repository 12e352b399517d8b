"""What tests share: where reference data lies, and one trained experiment for all that need one."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items):
    """What shares a server, the one experiment or the voting programs runs in one process, and the
    rest a file at a time. The longest begin."""
    learnt = {item.path for item in items if "experiment" in item.fixturenames}

    def group(item) -> str:
        folder = item.path.parent.name
        if item.path in learnt:
            return "experiment"
        return folder if folder in ("browser", "voting") else str(item.path)

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    first = ("browser", "experiment")
    items.sort(key=lambda item: group(item) not in first)
    items.sort(key=lambda item: group(item) != first[0])


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
