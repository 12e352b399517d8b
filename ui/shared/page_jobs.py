"""Background jobs of a page, one for each choice of the reader, found again by the URL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from scrl.runs import Job
from scrl.types import Progress
from ui.shared import run_store, session, viewer


def choice_hash(*choice: object) -> str:
    """A short hash of a choice."""
    return hashlib.sha256(repr(choice).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PageJobs:
    """The jobs of one page.

    Attributes:
        session_key: where the session keeps the ids of jobs, by choice.
        parameter: the URL parameter with the id of the shown job.
    """

    session_key: str
    parameter: str

    def __post_init__(self) -> None:
        session.keep(self.session_key)

    def find(self, choice: str) -> Job | None:
        """The job of a choice that this session or the URL knows; None without one.

        Args:
            choice: the beginning of the job's spec.
        """
        ids = st.session_state.setdefault(self.session_key, {})
        for id in (ids.get(choice), st.query_params.get(self.parameter)):
            job = run_store.job_queue().get(id) if id else None
            if job is not None and run_store.spec_hash_of(job).startswith(choice):
                ids[choice] = st.query_params[self.parameter] = job.id
                return job
        return None

    def submit(
        self,
        choice: str,
        work: Callable[[Callable[[Progress], None]], dict[str, Any]],
        label: str,
        spec: str | None = None,
    ) -> None:
        """Queue a job and draw the page again.

        Args:
            spec: of the job, by default the choice.

        Raises:
            InputError: too many jobs wait.
        """
        id = run_store.job_queue().submit(
            work, key=f"{viewer.token()}:{spec or choice}", label=label
        )
        st.session_state.setdefault(self.session_key, {})[choice] = id
        st.query_params[self.parameter] = id
        st.rerun()
