"""Files that people bring: their texts, their preview, where they are kept, and their limits."""

from scrl.data import parse_ratings
from scrl.scenarios import gallery, load_scenario
from ui.shared import item_texts

TEXTS = b"""rater,prompt,prompt_text,completion,completion_text,rank
ann,q1,How do I sleep better?,a,Go to bed at ten.,1
ann,q1,How do I sleep better?,b,Drink *less* coffee: see www.x.y,2
bob,q1,How do I sleep better?,b,Drink *less* coffee: see www.x.y,1
bob,q2,May I lie?,a,Never.,1
bob,q2,May I lie?,c,,2
"""


def test_texts_of_prompts_and_completions_belong_to_their_prompt():
    ratings = parse_ratings(TEXTS, "texts.csv")
    assert item_texts.prompt_text(ratings, "q2") == "May I lie?"
    assert item_texts.completion_text(ratings, "q1", "a") == "Go to bed at ten."
    assert item_texts.completion_texts(ratings, "q2") == {"a": "Never.", "c": "c"}
    assert item_texts.prompt_text(ratings, "q3") == "q3"
    assert item_texts.completion_texts(ratings, "q3") == {}
    tennessee = load_scenario(gallery()["tennessee-four"])
    (prompt,) = tennessee.catalogue.prompts
    assert item_texts.prompt_text(tennessee, prompt) == tennessee.prompts[prompt].text
    assert not item_texts.has_texts(tennessee, prompt)


def texts_of_a_file():
    from scrl.data import parse_ratings
    from tests.app.test_file_preview import TEXTS
    from ui.shared import item_texts

    item_texts.show_texts(parse_ratings(TEXTS, "texts.csv"), "q1")


def test_texts_are_shown_as_they_are(open_part):
    app = open_part(texts_of_a_file)
    assert [m.value for m in app.markdown] == [
        "**How do I sleep better?**", "**a** · Go to bed at ten.",
        r"**b** · Drink \*less\* coffee\: see www:color[\.]x.y",
    ]  # fmt: skip
