"""The YAML of a scenario, which many pages ask for in every rerun as a key of caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from scrl.scenarios import Scenario
    from scrl.types import Ratings


def of(source: Scenario | Ratings) -> str:
    """``source.to_yaml()``, written once for each content; "" for ratings."""
    return _yaml(source.model_dump_json(), source) if source.is_scenario else ""


@st.cache_resource(max_entries=500, show_spinner=False)
def _yaml(content: str, _scenario: Scenario) -> str:
    return _scenario.to_yaml()
