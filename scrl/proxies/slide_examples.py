"""The examples of BLEU on the slides (Papineni et al. 2002)."""

from __future__ import annotations

BLEU_CANDIDATES = (
    "It is a guide to action which ensures that the military always obeys the commands of the "
    "party.",
    "It is to insure the troops forever hearing the activity guidebook that party direct.",
)
BLEU_REFERENCES = (
    "It is a guide to action that ensures that the military will forever heed Party commands.",
    "It is the guiding principle which guarantees the military forces always being under the "
    "command of the Party.",
    "It is the practical guide for the army always to heed the directions of the party.",
)
REPEATED = "the the the the the the the."
REPEATED_REFERENCES = ("The cat is on the mat.", "There is a cat on the mat.")
