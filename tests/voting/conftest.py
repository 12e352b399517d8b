"""Counting compiles a program for each set of rules and padded size; keep them between runs."""

import pytest

from scrl.runtime import start


@pytest.fixture(scope="session", autouse=True)
def kept_programs():
    start()
