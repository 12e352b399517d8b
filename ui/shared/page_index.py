"""The pages of the app: where each stands in the navigation, what it asks, and for whom."""

from __future__ import annotations

from dataclasses import dataclass

#: Sections of the sidebar, in order.
START, PLAY, UNDERSTAND, KEEP = "Start", "Play", "Understand", "Keep"


@dataclass(frozen=True)
class PageEntry:
    """A page of the app.

    Attributes:
        label: its name in the sidebar and in the title of the browser's tab.
        icon: name of a Material symbol, which comes with Streamlit.
        section: of the sidebar.
        title: the heading of the page.
        question: one sentence: which question the page answers.
        audience: for whom, as the end of the sentence "For …".
        topic: the group of the page on the hub; "" where the sidebar always shows the page.
    """

    label: str
    icon: str
    section: str
    title: str
    question: str
    audience: str
    topic: str = ""


#: Topics of the hub, in order.
PEOPLE = "What does the model know about people?"
REWARDS = "Which reward model should I train?"
VOTING = "What should I know about voting rules?"

#: Stem of the file in ``pages/`` -> the page, in the order of the sidebar. The first is the first
#: screen.
PAGES: dict[str, PageEntry] = {
    "start": PageEntry(
        "The story", "flag", START, "Who decides what the assistant says?",
        "How can the people who rate answers change what an assistant says to everyone?",
        "everybody; five short steps, no knowledge needed",
    ),
    "scenario": PageEntry(
        "Scenario", "groups", PLAY, "Who is asked, and who answers?",
        "Who are the raters, what do they prefer, and which ratings are missing?",
        "everybody who wants to try an example of their own",
    ),
    "lab": PageEntry(
        "The lab", "science", PLAY, "What if others had answered?",
        "What does a reward model learn from these ratings, and what would another rule give?",
        "students, teachers and engineers",
    ),
    "rules": PageEntry(
        "Rules", "how_to_vote", PLAY, "One set of ballots. Who wins?",
        "Which candidate does each voting rule choose, and how does it count?",
        "teachers and students of voting",
    ),
    "classroom": PageEntry(
        "Class", "smartphone", PLAY, "What does this class think?",
        "What does a vote of my class say, and how much of it depends on the voting rule?",
        "teachers with a class that has phones",
    ),
    "understand": PageEntry(
        "All topics", "lightbulb", UNDERSTAND, "What would you like to understand?",
        "Which page answers my question?",
        "everybody",
    ),
    "finding": PageEntry(
        "Tennessee", "location_city", UNDERSTAND, "Who gets a say?",
        "How does a city that most people put fourth come last in a reward model?",
        "everybody; the classic example of the method",
        PEOPLE,
    ),
    "gap": PageEntry(
        "Why wrong?", "troubleshoot", UNDERSTAND, "Why is the reward model wrong?",
        "How much of a reward model’s error comes from missing ratings, and how much from the "
        "voting rule?",
        "students and engineers",
        PEOPLE,
    ),
    "latent": PageEntry(
        "Latent space", "scatter_plot", UNDERSTAND, "What does the model know about each rater?",
        "Which groups of raters does the model find, and how sure is it of one person?",
        "students, researchers and engineers",
        PEOPLE,
    ),
    "ask": PageEntry(
        "Ask", "quiz", UNDERSTAND, "Which question tells most about you?",
        "How few answers does the model need to know what you prefer?",
        "everybody",
        PEOPLE,
    ),
    "drift": PageEntry(
        "Drift", "timeline", UNDERSTAND, "What if people change their minds?",
        "How soon does a reward model notice that tastes have changed, and what if the assistant "
        "itself changes them?",
        "everybody who collects ratings over months; researchers and engineers",
        PEOPLE,
    ),
    "models": PageEntry(
        "Models", "scoreboard", UNDERSTAND, "Which reward model serves whom?",
        "Which kind of reward model predicts the preferences of each group best?",
        "researchers and engineers",
        REWARDS,
    ),
    "training": PageEntry(
        "Train wrongly", "school", UNDERSTAND, "How can a model of raters cheat?",
        "Why does a network learn nothing about raters when it is trained in the obvious way?",
        "students and researchers of machine learning",
        REWARDS,
    ),
    "policy": PageEntry(
        "Policies", "alt_route", UNDERSTAND, "What will the assistant say in the end?",
        "What does an assistant that is trained on a reward model actually answer?",
        "students, researchers and engineers",
        REWARDS,
    ),
    "parts": PageEntry(
        "Parts", "format_ink_highlighter", UNDERSTAND, "Which part of the answer was wrong?",
        "What changes when people mark the parts of an answer in place of judging the whole?",
        "students, researchers and engineers",
        REWARDS,
    ),
    "proxies": PageEntry(
        "Proxies", "straighten", UNDERSTAND, "What if the measure becomes the target?",
        "What happens to texts when BLEU, sentiment or length is the reward?",
        "everybody who trains or judges assistants",
        REWARDS,
    ),
    "references": PageEntry(
        "References", "compare", UNDERSTAND, "Who wrote the reference?",
        "What does a reward learn that compares an answer with one that somebody wrote?",
        "students, researchers and engineers",
        REWARDS,
    ),
    "summaries": PageEntry(
        "Summaries", "description", UNDERSTAND, "A person in six sentences?",
        "Can a summary in words tell a reward model what one person prefers?",
        "students, researchers and engineers",
        REWARDS,
    ),
    "generate": PageEntry(
        "Generate", "edit_note", UNDERSTAND, "Which answer is best, if nobody has rated it?",
        "How do people who rated other texts choose between answers that a language model writes?",
        "everybody",
        REWARDS,
    ),
    "text_policies": PageEntry(
        "Policies on text", "text_compare", UNDERSTAND, "Whose taste does the text model learn?",
        "Whom does a language model serve after it was trained on people’s choices?",
        "students, researchers and engineers",
        REWARDS,
    ),
    "questions": PageEntry(
        "Open questions", "live_help", UNDERSTAND, "What is known about one reward for all?",
        "Which open questions about reward models of many people can a study answer?",
        "researchers and students",
        REWARDS,
    ),
    "studies": PageEntry(
        "Studies", "query_stats", UNDERSTAND, "How many raters does it take?",
        "How do the results change with the number of raters and of simulated voters?",
        "researchers",
        REWARDS,
    ),
    "sweeps": PageEntry(
        "Sweeps", "grid_on", UNDERSTAND, "Which settings matter, and how sure is that?",
        "How does a result change over many settings and seeds?",
        "researchers and engineers",
        REWARDS,
    ),
    "slate": PageEntry(
        "Slate", "view_list", UNDERSTAND, "Three answers in place of one. For whom?",
        "If the assistant may show several answers, which ones, and who finds an answer of their "
        "own?",
        "students, teachers, engineers, and researchers of committees",
        VOTING,
    ),
    "report": PageEntry(
        "Election report", "summarize", UNDERSTAND, "How sure is this winner?",
        "Who wins an election by which rule, and how many ballots would change it?",
        "everybody who counts or reports an election; teachers and researchers",
        VOTING,
    ),
    "criteria": PageEntry(
        "Criteria", "checklist", UNDERSTAND, "Every rule breaks a promise. Which one?",
        "Which promises does each voting rule keep in every election, and which does it break?",
        "teachers and students of voting",
        VOTING,
    ),
    "distortion": PageEntry(
        "Distortion", "balance", UNDERSTAND, "What can a choice cost?",
        "How much can voters lose because ballots do not say how much they care?",
        "students and researchers of voting",
        VOTING,
    ),
    "strategy": PageEntry(
        "Strategy", "chess", UNDERSTAND, "Who gains by lying?",
        "When does a voter or a rater get a better result by lying?",
        "teachers and students of voting",
        VOTING,
    ),
    "theorems": PageEntry(
        "Theorems", "school", UNDERSTAND, "What can a reward not say?",
        "Which limits of reward models and voting rules are proved?",
        "students and researchers",
        VOTING,
    ),
    "runs": PageEntry(
        "Runs", "bookmarks", KEEP, "What have I trained?",
        "Where are my results, and how do I compare, share or repeat them?",
        "everybody who has trained something",
    ),
}  # fmt: skip
