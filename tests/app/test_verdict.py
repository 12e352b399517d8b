"""The lab's verdict: a social model that fails is named as clearly as one that wins."""

import pytest

from ui.lab import verdict


def entry(social: int | None, vanilla: int = 0) -> dict:
    order = [["A"], ["B"], ["C"]]
    found = {
        "completions": ["A", "B", "C"], "vanilla": {"order": order},
        "social": {"borda": {"order": [["B"], ["A"], ["C"]]}},
    }  # fmt: skip
    if social is not None:
        found["truth"] = {"borda": {"order": order}}
        found["agreement"] = {
            "borda": {"social": {"reversed": social}, "vanilla": {"reversed": vanilla}}
        }
    return found


@pytest.mark.parametrize(
    ("social", "vanilla", "works", "words"),
    [
        (0, 0, True, "Both are right"),
        (0, 2, True, "The social model is right, Bradley–Terry is wrong"),
        (1, 2, True, "nearer, but not right"),
        (2, 2, False, "Both fail"),
        (1, 0, False, "The social model fails here"),
        (3, 1, False, "The social model fails here"),
    ],
)
def test_the_verdict_names_who_is_nearer_or_that_both_fail(social, vanilla, works, words):
    found, text = verdict.compare(entry(social, vanilla), "borda")
    assert found is works
    assert words in text
    if social:
        assert f"It has {social} of 3 pairs" in text
        assert f"Bradley–Terry {vanilla or 'none'}" in text
    assert "**B** in the social model" in text


def test_real_ratings_get_no_verdict():
    works, text = verdict.compare(entry(None), "borda")
    assert works
    assert "cannot say which" in text


def test_a_failure_is_a_warning_on_the_page(open_part):
    def part():
        from tests.app.test_verdict import entry
        from ui.lab import verdict

        verdict.show(entry(3, 1), "borda")

    app = open_part(part)
    assert "fails here" in app.warning[0].value
