"""The studies whose results are baked."""

from __future__ import annotations

from scrl.studies import (
    data_efficiency,
    drift,
    elicitation,
    example_runs,
    few_pairs,
    few_shot,
    generated_answers,
    hidden_context,
    inquiry_raters,
    inquiry_rewards,
    masking_regimes,
    maze,
    pair_calibration,
    pooled_rules,
    prompt_blind,
    proxy_agreement,
    proxy_hacking,
    references,
    scoreboard_studies,
    story_runs,
    summaries,
    sweep_example,
    text_generalisation,
    text_parts,
    text_policy,
    voter_sampling,
)
from scrl.studies.protocol import Study
from scrl.types import InputError

_ALL: tuple[Study, ...] = (
    *story_runs.STUDIES,
    data_efficiency.STUDY,
    voter_sampling.STUDY,
    hidden_context.STUDY,
    maze.STUDY,
    text_generalisation.STUDY,
    generated_answers.STUDY,
    *masking_regimes.STUDIES,
    *scoreboard_studies.STUDIES,
    *example_runs.STUDIES,
    text_policy.STUDY,
    text_parts.STUDY,
    proxy_hacking.STUDY,
    proxy_agreement.STUDY,
    few_shot.STUDY,
    few_pairs.STUDY,
    pooled_rules.STUDY,
    pair_calibration.STUDY,
    inquiry_rewards.STUDY,
    inquiry_raters.STUDY,
    drift.STUDY,
    references.STUDY,
    prompt_blind.STUDY,
    elicitation.STUDY,
    summaries.STUDY,
    sweep_example.STUDY,
)
#: Name of the baked file -> study.
STUDIES: dict[str, Study] = {study.name: study for study in _ALL}


def study_named(name: str) -> Study:
    """A study by the name of its baked file.

    Raises:
        InputError: where there is none.
    """
    if name not in STUDIES:
        raise InputError(f"There is no study named '{name}'; one of {', '.join(STUDIES)}.")
    return STUDIES[name]
