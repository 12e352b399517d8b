"""A stored result to track, and one store of MLflow for all tests: making it takes seconds."""

import copy
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BAKED = json.loads((ROOT / "scenarios" / "baked" / "tennessee-morristown.json").read_text("utf-8"))


@pytest.fixture
def content():
    """The content of a run, as the archive keeps it."""
    return copy.deepcopy({"result": BAKED["result"], "latent": BAKED["latent"], "yaml": "name: x"})


@pytest.fixture(scope="session")
def mlflow_folder(tmp_path_factory):
    pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="session")
def client(mlflow_folder):
    """MLflow's own client on that store."""
    from scrl.tracking.mlflow_store import client, store_address

    return client(store_address(mlflow_folder)[0])
