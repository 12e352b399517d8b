"""The command that counts the ballots of a file as an election.

The library is imported inside the functions, so that ``--help`` and bad input need no JAX.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrl.cli.columns import stated_columns
from scrl.cli.outputs import check_output, write_result
from scrl.cli.printing import MAX_PROMPTS, print_left_off, print_notes, print_table
from scrl.config import DEFAULT_RULES
from scrl.types import InputError, Outcome, Ratings

if TYPE_CHECKING:
    from scrl.voting.explain import ThinVictory

#: What a candidate left out may mean, and what the width of a victory may be.
MEANINGS, WIDTHS = ("last", "unseen", "pref_voting"), ("shares", "counts")


def vote(chosen: Namespace) -> None:
    """Count the ballots of a ratings file by every chosen rule."""
    from scrl.choice_models.ballot_support import ballot_support_notes
    from scrl.results import outcome_dict
    from scrl.runtime import start
    from scrl.voting import RULES, count_ratings
    from scrl.voting.explain import describe_reading
    from scrl.voting.truncated_ballots import rules_counted_by_pref_voting

    check_output(chosen.out)
    left_out, widths = chosen.missing or "last", chosen.widths or "shares"
    if chosen.widths and left_out != "unseen":
        raise InputError(
            "--widths is for --missing unseen, where pairs are compared by different ballots."
        )
    ratings = read_election(chosen)
    rules, refused = chosen.rule or DEFAULT_RULES, list[str]()
    start()
    if "all" in rules:
        by_package = left_out == "pref_voting" and _is_truncated(ratings)
        rules = rules_counted_by_pref_voting() if by_package else RULES.ordinal
        counted, refused = _count_where_possible(ratings, rules, left_out, widths)
    else:
        counted = count_ratings(ratings, rules, left_out, widths)
    names = {p: ratings.catalogue.names(i) for i, p in enumerate(ratings.catalogue.prompts)}
    prompts = {}
    for prompt, outcomes in counted.items():
        prompts[prompt] = {rule: outcome_dict(o, names[prompt]) for rule, o in outcomes.items()}
        if len(prompts) <= MAX_PROMPTS:
            rows = [(rule, entry["order"], "") for rule, entry in prompts[prompt].items()]
            print_table(prompt, rows)
    print_left_off(len(counted))
    notes = [*ratings.notes, *_uncounted(ratings, counted, left_out), *refused]
    notes += ballot_support_notes(ratings, left_out)
    result: dict[str, Any] = {"left_out": left_out, "prompts": prompts}
    if _is_truncated(ratings):
        print(f"{describe_reading(left_out, widths)} (--missing {left_out})")
        notes += _notes_of_reading(ratings, counted, left_out, widths)
    if left_out == "unseen":
        result["widths"] = widths
        notes += _notes_of_rewards(ratings, counted)
    print_notes(notes)
    write_result(chosen.out, {**result, "notes": notes})


def _count_where_possible(
    ratings: Ratings, rules: Sequence[str], left_out: str, widths: str
) -> tuple[dict[str, dict[str, Outcome]], list[str]]:
    """The outcomes of the rules that can count these ballots, and a note for each that cannot."""
    from scrl.voting import RULES, count_ratings

    try:
        return count_ratings(ratings, rules, left_out, widths), []
    except InputError as error:
        fault, notes = error, list[str]()
    counted: dict[str, dict[str, Outcome]] = {}
    # Only a rule that searches refuses ballots that others count; it runs on the host.
    alone = [name for name in rules if RULES[name].on_host]
    together = [name for name in rules if name not in alone]
    for group in (together, *([name] for name in alone)):
        try:
            found = count_ratings(ratings, group, left_out, widths) if group else {}
        except InputError as error:
            if group is together:
                raise
            notes.append(f"Not counted by {RULES[group[0]].title}: {error}")
            continue
        for prompt, outcomes in found.items():
            counted.setdefault(prompt, {}).update(outcomes)
    if not counted:
        raise fault
    return {p: {name: o[name] for name in rules if name in o} for p, o in counted.items()}, notes


def read_election(chosen: Namespace) -> Ratings:
    """The ballots in ``chosen.file``. Notes say where they are scores, of which a count reads the
    order, and nothing of what is left out: it is the count that reads this."""
    from scrl.cli.record_options import read_record
    from scrl.data.most_ranked import most_ranked
    from scrl.data.readers import load_ratings
    from scrl.data.score_columns import note_on_scores
    from scrl.data.table import MAX_ROWS

    ratings, columns = read_record(chosen), stated_columns(chosen)
    if ratings is None:
        ratings = load_ratings(chosen.file, "last", columns, most_raters=MAX_ROWS)
        told = note_on_scores(chosen.file, columns)
        ratings = replace(ratings, notes=(*ratings.notes, *told))
    return most_ranked(ratings, chosen.most_ranked) if chosen.most_ranked else ratings


def _uncounted(ratings: Ratings, counted: Mapping[str, object], left_out: str) -> list[str]:
    """A note on the prompts that are not counted."""
    number = len(ratings.catalogue.prompts) - len(counted)
    if not number:
        return []
    least = "two completions" if left_out == "unseen" else "a completion"
    return [
        f"No ballot ranks {least} on {number:,} {'prompt' if number == 1 else 'prompts'}, left out."
    ]


def _notes_of_rewards(
    ratings: Ratings, counted: Mapping[str, Mapping[str, Outcome]]
) -> tuple[str, ...]:
    """What only the prior of a fitted reward orders, where candidates left out are unseen."""
    from scrl.choice_models import pair_counts, support_notes
    from scrl.voting.explain import prior_of

    rules = list(dict.fromkeys(rule for outcomes in counted.values() for rule in outcomes))
    fitted = prior_of(rules)
    if not fitted or not _is_truncated(ratings):
        return ()
    are_counts = "bradley-terry" in rules
    counts = pair_counts(ratings)
    return support_notes(counts, ratings.catalogue, fitted, are_counts, with_groups=False)


def _is_truncated(ratings: Ratings) -> bool:
    """Whether a ballot leaves out a completion of its prompt."""
    import numpy as np

    offered = np.diff(ratings.catalogue.offsets)[ratings.ballot_prompt]
    return bool((ratings.sizes < offered).any())


def _notes_of_reading(
    ratings: Ratings, counted: Mapping[str, Mapping[str, Outcome]], left_out: str, widths: str
) -> list[str]:
    """Where the reading of truncated ballots decides, or is not what the data are made for."""
    import numpy as np

    from scrl.voting import count_ratings
    from scrl.voting.explain import (
        other_widths_notes,
        rules_of_widths,
        silent_ballots_note,
        thin_victories_note,
    )

    offered = np.diff(ratings.catalogue.offsets)[ratings.ballot_prompt]
    if left_out == "last" and offered.max() > 2 and (ratings.sizes[offered > 2] == 2).all():
        return [
            "Every ballot ranks two completions, as comparisons of pairs do; --missing unseen "
            "reads the others as not compared."
        ]
    if left_out != "unseen":
        return []
    silent = (ratings.sizes < 2) & (offered > 1)
    weight = ratings.ballot_weight
    notes = [silent_ballots_note(float(weight[silent].sum()), float(weight.sum()))]
    if widths == "shares":
        notes.append(thin_victories_note(_thin_victories(ratings)))
    rules = rules_of_widths(next(iter(counted.values())))
    if rules:
        other = count_ratings(ratings, rules, left_out, WIDTHS[widths == "shares"])
        several = len(counted) > 1
        number = {prompt: p for p, prompt in enumerate(ratings.catalogue.prompts)}
        contests = (
            (prompt if several else "", ratings.catalogue.names(number[prompt]), counted[prompt], o)
            for prompt, o in other.items()
        )
        notes += other_widths_notes(contests, widths)
    return [note for note in notes if note]


def _thin_victories(
    ratings: Ratings,
) -> list[tuple[str, Sequence[str], Sequence[ThinVictory]]]:
    """The thin victories of each prompt, as ``thin_victories_note`` takes them."""
    from scrl.types import Ballots
    from scrl.voting.explain import thin_victories
    from scrl.voting.ratings_counting import ballots_by_prompt

    catalogue = ratings.catalogue
    found: list[tuple[str, Sequence[str], Sequence[ThinVictory]]] = []
    for prompts, ballots in ballots_by_prompt(ratings):
        assert ballots.utility is not None
        assert ballots.ranked is not None
        assert ballots.weight is not None
        for row, p in enumerate(prompts):
            own = Ballots(ballots.utility[row], ballots.ranked[row], ballots.weight[row])
            name = catalogue.prompts[p] if len(catalogue.prompts) > 1 else ""
            found.append((name, catalogue.names(p), thin_victories(own)))
    return found
