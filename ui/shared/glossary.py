"""The terms of the field in one plain sentence each, shown where a page uses them."""

from __future__ import annotations

import re
from functools import cache

#: Term -> what it means here. A term matches its plural, and at the start of a sentence. Of several
#: forms, divided by a bar, the first is shown.
TERMS = {
    "slate": "A slate is a few answers that are shown together; each person uses the one that "
    "suits best.",
    "quota": "A quota is the number of votes that a place in the slate costs.",
    "credit": "Credit says which of the choices in a text a reward is counted for.",
    "critic": "A critic is a model that learns, from the texts tried so far, how much each choice "
    "adds to the reward of the whole text.",
    "preference drift|drift": "Preferences drift if what people want changes with time.",
    "stationary": "A stationary model takes it that tastes never change: old answers count as "
    "much as new ones.",
    "random walk": "A random walk moves by a small random step at every moment. As a model of "
    "tastes it says how much they may have changed since an answer was given.",
    "Elo": "Elo's rating, known from chess: after each comparison the winner gains, and the loser "
    "loses, by how surprising the result was.",
    "segment": "A segment is a part of a text that is judged by itself, such as a sentence.",
    "policy|policies": "A policy says how likely an assistant is to give each answer.",
    "proxy|proxies": "A proxy is a number that is easy to compute and stands for what people think "
    "of a text.",
    "hacked": "A reward is hacked if a text gets a high reward without doing what was asked.",
    "BLEU": "BLEU says which runs of one to four words of a text also stand in a reference.",
    "ROUGE-L": "ROUGE-L says how much of a reference stands in a text in the same order.",
    "VADER": "VADER adds up how positive or negative the words of an English text are.",
    "best of n|best of": "Best of n: n answers are written, and the one with the highest reward is "
    "kept.",
    "verifiable": "A reward is verifiable if a program can check whether an answer is right.",
    "BIC": "BIC weighs how well a model fits against how many parameters it has; lower is "
    "better.",
    "Kendall’s τ": "Kendall’s τ says how far two orders agree: 1 is the same order, −1 the "
    "reverse.",
    "log-odds": "Log-odds say how likely one answer is preferred to another: a gap of 0 is "
    "half, 1 is 73 %, 2 is 88 %.",
    "noise": "Noise is chance in what a person prefers: the same person may order two answers "
    "differently next time.",
    "Shapley value|Shapley": "The Shapley value divides an effect among causes that act "
    "together, as an average over all orders of the causes.",
    "type of rater|types of rater|types of raters": "A type of rater is a group of people who "
    "prefer alike.",
    "ballot": "A ballot is one person’s order of some answers to one question, best first.",
    "Borda": "Borda counts points: an answer gets one point for each answer below it on a ballot.",
    "Bradley–Terry": "Bradley–Terry is the usual reward model: one reward for each answer, the "
    "same for everybody, learnt from pairs of which one answer was preferred.",
    "completion": "A completion is one possible answer of the assistant to a question (a prompt).",
    "prompt": "A prompt is the question or task that the assistant is given.",
    "rater": "A rater is a person who compares answers; the reward model learns from raters.",
    "reward model": "A reward model gives each answer a number; an assistant is then trained to "
    "give answers with high numbers.",
    "social model|social reward model|social order": "The social model is the reward model that "
    "this lab trains: it lets all simulated people vote by a rule, and learns the outcome.",
    "calibration|stated chance": "Stated chances are right if, of all pairs of which a model is 80 "
    "% sure, 80 % come out as it says. How far they are off is the calibration error.",
    "latent|latent space|latent dimension": "The latent space is a map of people that the model "
    "makes: people who like the same answers stand near each other.",
    "DPO": "DPO (direct preference optimisation) trains an assistant on comparisons, without a "
    "reward model in between.",
    "distortion": "Distortion compares the best possible mean worth with what is reached: 1 is the "
    "best, 2 means half of it.",
    "KL|KL penalty": "KL measures how far an assistant has moved from the one before training: 0 "
    "nats means that it answers as before.",
    "MaxMin": "MaxMin makes the least satisfied group as satisfied as it can be.",
    "Nash": "Nash is the way of answering that no other one beats in a vote of all people.",
    "online learner": "An online learner tries answers of its own and is told how good they are.",
    "nat|nats": "A nat is a unit of information: one yes-or-no answer tells at most 0.69 nats.",
    "bit|bits": "A bit is a unit of information: one yes-or-no answer tells at most 1 bit.",
    "pair": "A pair is two answers to one question, of which a person prefers one.",
    "refuted": "A model is refuted if what it says turns out false; the page says how to check.",
    "reward": "A reward is a number that a model gives to an answer: the higher, the better liked.",
    "silhouette": "The silhouette says how clearly groups lie apart on a map: 1 fully, 0 not at "
    "all.",
    "simulated voter": "A simulated voter is a person whom the model makes up, as likely as it "
    "thinks such people are.",
    "variance": "The variance says how far numbers lie apart; 0 means that all are equal.",
    "95 % interval": "A 95 % interval is where the true value lies with a chance of about 95 %.",
    "disputed|disputed pair": "A pair is disputed if groups of people disagree on which of "
    "the two is better.",
    "hidden context": "Hidden context is what matters for a comparison but is not written down, "
    "such as who compared.",
    "loss": "The loss says how badly a model predicts: 0 would be perfect.",
    "prototype": "A prototype is one of a few typical people, each with rewards of its own.",
    "seed": "A seed is a number that fixes all random draws: with the same seed, everything comes "
    "out the same.",
    "standard deviation|standard error": "The standard deviation says how far values typically "
    "lie from their mean; the standard error does so for a mean.",
    "VPL": "VPL (variational preference learning) is a network that reads some pairs of a person "
    "and guesses that person’s rewards.",
    "candidate": "A candidate is one of the things that voters rank: a person, a city, an answer.",
    "clone": "A clone is a near copy of a candidate: every voter ranks the two next to each other.",
    "Condorcet cycle|circle": "In a Condorcet cycle the majority prefers A to B, B to C, and C to "
    "A, so that nobody beats all others.",
    "Condorcet winner": "The Condorcet winner beats every other candidate head to head. Some "
    "elections have none.",
    "criterion|criteria": "A criterion is a promise that a voting rule should keep in every "
    "election.",
    "head to head|head-to-head": "Head to head, two candidates are compared alone: the one that "
    "more voters rank higher wins.",
    "lottery|lotteries": "A lottery gives each candidate a chance to win, and then the winner is "
    "drawn.",
    "majority": "A majority is more than half of the voters.",
    "maximal lottery": "The maximal lottery is a mix of candidates that no candidate beats on "
    "average.",
    "median": "The median is the middle value: half of the values are below it.",
    "RLHF": "RLHF is the usual way to train an assistant: people compare answers, a reward model "
    "learns from them, and the assistant is trained on its rewards.",
    "Smith set": "The Smith set is the smallest group of candidates each of whom beats everybody "
    "outside the group head to head.",
    "tie|tied": "Candidates are tied if they share a place.",
    "tied last": "Candidates are tied last if they share the last place of a ballot.",
    "utility|utilities": "A utility is a number that says how good a candidate is for a voter.",
    "voting rule|rule": "A voting rule turns the ballots of many people into one order.",
}  # fmt: skip


def _pattern(term: str) -> str:
    forms = sorted(term.split("|"), key=len, reverse=True)
    return "|".join(rf"{re.escape(form)}(?:s|es)?" for form in forms)


@cache
def _expressions() -> dict[str, re.Pattern[str]]:
    """Term -> the expression that finds it as whole words."""
    return {
        term: re.compile(
            rf"(?<![\w-])(?:{_pattern(term)})(?![\w-])",
            0 if any(c.isupper() for c in term) else re.IGNORECASE,
        )
        for term in TERMS
    }


def entries(*terms: str) -> str:
    """The entries of these terms as Markdown, one a paragraph.

    Raises:
        KeyError: a term has no entry.
    """
    by_form = {form: entry for term, entry in TERMS.items() for form in term.split("|")}
    return "\n\n".join(by_form[term] for term in terms)


@cache
def found_in(text: str) -> str:
    """The entries of the terms that occur in a text; "" where there is none."""
    found = (entry for term, entry in TERMS.items() if _expressions()[term].search(text))
    return "\n\n".join(found)
