"""The predictive check of a run as plain data, and in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scrl.results import CheckResult, ShareComparison

if TYPE_CHECKING:
    from scrl.diagnostics.predictive_check import PredictiveCheck
    from scrl.types import Catalogue

#: Shares in a result file: the failed ones, then those most standard errors apart.
MAX_SHARES = 200
REPRODUCED = "The electorate reproduces the ballots within sampling error."
UNTESTED = "Too few different raters to tell whether the electorate reproduces their ballots."


def check_dict(check: PredictiveCheck, catalogue: Catalogue) -> CheckResult:
    """The check as it stands in a result file."""
    deviation = np.abs(check.deviation)[check.tested]
    distance = np.abs(check.deviation) / np.maximum(check.error, 1e-12)
    order = np.lexsort((-distance, ~check.failed, ~check.tested))
    shown = order[: min(MAX_SHARES, int(check.tested.sum()))]
    return {
        "reproduces": check.reproduces,
        "tested": int(check.tested.sum()),
        "failed": int(check.failed.sum()),
        "mean": round(float(deviation.mean()), 6) if len(deviation) else 0.0,
        "largest": round(float(deviation.max()), 6) if len(deviation) else 0.0,
        "message": check_message(check, catalogue),
        "shares": [_share(check, int(i), catalogue) for i in shown],
    }


def check_message(check: PredictiveCheck, catalogue: Catalogue) -> str:
    """One sentence: the verdict, and where it is bad the share that is furthest off."""
    if check.worst is None:
        return UNTESTED if check.reproduces is None else REPRODUCED
    share, others = _share(check, check.worst, catalogue), int(check.failed.sum()) - 1
    place = f"above {share['over']}" if "over" in share else "first"
    more = f"; {others} more of {check.tested.sum()} shares differ" if others else ""
    return (
        f"The electorate does not reproduce the ballots: on '{share['prompt']}', "
        f"{share['observed']:.1%} of the raters' ballots put {share['completion']} {place}, "
        f"and {share['simulated']:.1%} of the simulated voters' on the same completions{more}."
    )


def _share(check: PredictiveCheck, i: int, catalogue: Catalogue) -> ShareComparison:
    first, second = int(check.first[i]), int(check.second[i])
    entry: ShareComparison = {
        "prompt": catalogue.prompts[catalogue.item_prompt[first]],
        "completion": catalogue.completions[catalogue.members[first]],
        "observed": round(float(check.observed[i]), 6),
        "simulated": round(float(check.simulated[i]), 6),
        "raters": round(float(check.raters[i]), 3),
        "error": round(float(check.error[i]), 6),
        "failed": bool(check.failed[i]),
    }
    if second >= 0:
        entry["over"] = catalogue.completions[catalogue.members[second]]
    return entry
