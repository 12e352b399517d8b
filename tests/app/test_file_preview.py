"""Files that people bring: their texts, their preview, where they are kept, and their limits."""

import ast
import os
from pathlib import Path

import pytest

from scrl.data import parse_ratings
from scrl.scenarios import gallery, load_scenario
from scrl.types import InputError
from tests.app.test_pages import RATINGS, parameter, words
from ui.shared import file_preview, item_texts, uploads, viewer
from ui.shared.upload_files import MAX_LISTED, UploadFiles

ROOT = Path(__file__).resolve().parents[2]

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


def open_texts(letters):
    from scrl.data import parse_ratings
    from ui.shared import item_texts

    data = f"rater,prompt,completion,completion_text,rank\nann,q,a,{'x' * letters},1\nann,q,b,,2\n"
    item_texts.show_texts(parse_ratings(data.encode(), "texts.csv"), "q", expanded=True)


@pytest.mark.parametrize("letters", [50, 5000])
def test_texts_stand_open_where_they_do_not_push_the_page_away(open_page, letters):
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_function(open_texts, args=(letters,), default_timeout=90).run()
    assert not app.exception
    assert [e.proto.expanded for e in app.expander] == [letters == 50]


def test_texts_are_shown_as_they_are(open_part):
    app = open_part(texts_of_a_file)
    assert [m.value for m in app.markdown] == [
        "**How do I sleep better?**", "**a** · Go to bed at ten.",
        r"**b** · Drink \*less\* coffee\: see www:color[\.]x.y",
    ]  # fmt: skip


def ratings(i: int) -> bytes:
    return RATINGS + f"dan{i},snack,apple,1\n".encode()


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Uploads of a server of its own, of which memory holds one parsed file."""
    kept = uploads.UploadCache(UploadFiles(tmp_path), max_parsed_bytes=1)
    monkeypatch.setattr(uploads, "cache", lambda: kept)
    monkeypatch.setattr(viewer, "token", lambda: "me")
    return tmp_path


def test_twenty_uploads_are_all_kept_also_for_another_server(folder):
    ids = [uploads.cache().add(ratings(i), f"{i}.csv") for i in range(20)]
    for i, id in enumerate(ids):
        name, source = uploads.cache().get(id)
        assert (name, source.raters[-1]) == (f"{i}.csv", f"dan{i}")
    assert uploads.UploadCache(UploadFiles(folder)).get(ids[0])[0] == "0.csv"


def test_a_visitor_who_brings_too_much_loses_the_own_oldest_file_only(tmp_path):
    noise = [os.urandom(1000) for _ in range(5)]
    files = UploadFiles(tmp_path, max_bytes=4500, max_owner_bytes=2500)
    ids = [f"file-{i:016x}" for i in range(5)]
    for i, owner in enumerate(("ann", "bob", "ann", "ann")):
        assert files.write(owner, ids[i], "n.csv", noise[i])
        os.utime(next(tmp_path.glob(f"*/{ids[i]}")), (2e9 + i, 2e9 + i))
    assert [files.read(id) is not None for id in ids] == [False, True, True, True, False]
    assert files.read(ids[1]) == ("n.csv", noise[1])
    assert files.write("cem", ids[4], "n.csv", noise[4])
    assert sum(files.read(id) is not None for id in ids) == 4


def test_files_that_nobody_opens_for_a_month_go(tmp_path):
    files = UploadFiles(tmp_path)
    files.write("ann", "file-0000000000000000", "a.csv", b"a")
    os.utime(next(tmp_path.glob("*/file-*")), (1e9, 1e9))
    files.write("ann", "file-0000000000000001", "b.csv", b"b")
    assert files.read("file-0000000000000000") is None
    assert files.read("file-0000000000000001") == ("b.csv", b"b")


@pytest.mark.parametrize("id", ["file-../../x", "file-*", "..", "", "file-0123456789ABCDEF"])
def test_an_id_of_the_url_never_names_a_path(tmp_path, id):
    (tmp_path / "owner").mkdir()
    (tmp_path / "owner" / "file-0123456789ABCDEF").write_bytes(b"{}")
    files = UploadFiles(tmp_path)
    assert files.read(id) is None
    assert not files.owns("owner", id)
    files.remove("owner", id)
    assert list(tmp_path.glob("*/*"))


def test_on_a_full_disk_an_upload_lasts_in_memory(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(viewer, "token", lambda: "me")
    kept = uploads.UploadCache(UploadFiles(tmp_path))
    assert kept.get(kept.add(RATINGS, "snacks.csv"))[0] == "snacks.csv"
    assert not list(tmp_path.glob("*/*"))


@pytest.mark.parametrize("name", ["lab", "rules", "strategy", "gap", "scenario"])
def test_a_page_whose_file_is_gone_says_so_and_goes_on(open_page, folder, name):
    id = uploads.cache().add(RATINGS, "snacks.csv")
    assert not open_page(name, scenario=id, profile=id).exception
    uploads.cache().remove(id)
    again = open_page(name, scenario=id, profile=id)
    assert not again.exception
    assert "no longer kept on the server" in words(again)
    with pytest.raises(InputError, match="choose it again"):
        uploads.cache().read(id)


def test_a_file_is_previewed_and_can_be_removed(open_page, folder):
    app = open_page("lab")
    app.get("file_uploader")[0].set_value(("texts.csv", TEXTS, "text/csv")).run()
    assert not app.exception
    assert "2 raters, 3 ballots and 2 prompts." in words(app)
    next(b for b in app.button if b.key == "preview").click().run()
    said = words(app)
    assert "count as **unseen**" in said
    assert "ann on ‘q1’\\: a ≻ b." in said
    assert "bob on ‘q1’\\: b. Left out\\: a." in said
    assert r"**b** · Drink \*less\* coffee\: see www:color[\.]x.y" in said
    assert "*May I lie?*" in said
    assert not list(folder.glob("*/*.part"))
    next(b for b in app.button if b.key == "remove_file").click().run()
    assert not app.exception
    assert not list(folder.glob("*/file-*"))
    assert not app.selectbox(key="scenario").value.startswith("file-")


def test_only_whoever_brought_a_file_can_remove_it(open_page, folder, monkeypatch):
    id = uploads.cache().add(RATINGS, "snacks.csv")
    monkeypatch.setattr(viewer, "token", lambda: "another")
    app = open_page("lab", scenario=id)
    assert "3 raters" in words(app)
    next(b for b in app.button if b.key == "preview").click().run()
    assert not [b for b in app.button if b.key == "remove_file"]
    uploads.cache().remove(id)
    assert list(folder.glob("*/file-*"))


def test_the_files_of_a_visitor_are_in_every_list_and_nobody_else_s(open_page, folder, monkeypatch):
    ratings_id = uploads.cache().add(RATINGS, "snacks.csv")
    same_name = uploads.cache().add(ratings(1), "snacks.csv")
    text = load_scenario(gallery()["tennessee-four"]).to_yaml()
    own = text.replace("name: ", "name: My ", 1)
    assert own != text
    uploads.cache().add(own.encode(), "mine.yaml")

    def options(name, key):
        app = open_page(name)  # as in another tab, by its address
        assert not app.exception
        return app.selectbox(key=key).options

    for name in ("lab", "gap"):
        shown = options(name, "scenario")
        assert {"snacks.csv", "snacks.csv (2)", "mine.yaml"} <= set(shown)
        assert len(set(shown)) == len(shown)
    assert {"snacks.csv", "snacks.csv (2)"} <= set(options("rules", "profile_pick"))
    assert "mine.yaml" not in options("rules", "profile_pick")
    app = open_page("lab")
    app.selectbox(key="scenario").set_value(same_name).run()
    assert parameter(app, "scenario") == same_name
    assert ratings_id != same_name
    monkeypatch.setattr(viewer, "token", lambda: "another")
    assert not {"snacks.csv", "mine.yaml"} & set(options("lab", "scenario"))


def test_a_list_of_files_passes_over_what_is_none(tmp_path):
    files = UploadFiles(tmp_path)
    assert files.names("ann") == {}
    for i in range(MAX_LISTED + 5):
        files.write("ann", f"file-{i:016x}", f"{i}.csv", b"a")
    folder = next(tmp_path.iterdir())
    (folder / "file-zz").write_bytes(b"{}")
    (folder / f"file-{0:016x}").write_bytes(b"no name")
    names = files.names("ann")
    assert len(names) == MAX_LISTED
    assert all(name.endswith(".csv") for name in names.values())
    assert files.names("bob") == {}


@pytest.mark.parametrize(("name", "place"), [("lab", "scenario"), ("rules", "profile")])
def test_an_uploader_is_empty_after_a_file_and_says_why_it_was_refused(
    open_page, folder, name, place
):
    app = open_page(name)
    first = app.get("file_uploader")[0].key
    app.get("file_uploader")[0].set_value(("bad.csv", b"rater\n", "text/csv")).run()
    assert not app.exception
    assert ["bad.csv" in e.value for e in app.error] == [True]
    assert app.get("file_uploader")[0].key != first
    app.get("file_uploader")[0].set_value(("good.csv", RATINGS, "text/csv")).run()
    assert not app.error
    assert parameter(app, place).startswith("file-")


def test_the_limit_of_a_file_is_said_by_the_uploader_alone():
    """Streamlit writes the limit into each uploader; a label with another would contradict it."""
    config = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    assert f"maxUploadSize = {uploads.MAX_MEGABYTES} " in config
    found = 0
    for path in [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in (
                "take_file", "file_uploader",
            ):  # fmt: skip
                found += 1
                assert " MB" not in ast.unparse(call), path
                if call.func.attr == "file_uploader":
                    assert any(k.arg == "max_upload_size" for k in call.keywords), path
    assert found >= 3


def test_a_ballot_in_words_names_ties_and_what_is_left_out():
    ballots = parse_ratings(RATINGS, "snacks.csv")
    assert [file_preview.ballot_text(ballots, b) for b in range(3)] == [
        "ann on ‘snack’: apple ≻ bread ≻ cake.",
        "bob on ‘snack’: cake ≻ apple. Left out: bread.",
        "cem on ‘snack’: bread = cake. Left out: apple.",
    ]


FILMS = b"user,film,stars,when\nann,Alien,5,1\nann,Brazil,3,2\nben,Alien,2,3\nben,Brazil,4,4\n"


def test_columns_of_a_table_are_chosen_with_a_preview_of_the_ballots(open_page, folder):
    app = open_page("lab")
    app.get("file_uploader")[0].set_value(("films.csv", FILMS, "text/csv")).run()
    assert not app.exception
    said = words(app)
    assert "films.csv: line 1: missing column" in said.replace("\\", "")
    assert "Which columns of films.csv say what" in said.replace("\\", "")
    assert app.selectbox(key="map_rater").value == "user"
    assert next(b for b in app.button if b.key == "map_use").disabled
    assert "Choose the column of the answer" in said
    app.selectbox(key="map_completion").set_value("film").run()
    said = words(app).replace("\\", "")
    assert "2 raters, 2 ballots and 1 prompt." in said
    assert "ann on ‘films’: Alien ≻ Brazil." in said
    app.selectbox(key="map_value").set_value("penalty").run()
    assert "ann on ‘films’: Brazil ≻ Alien." in words(app).replace("\\", "")
    next(b for b in app.button if b.key == "map_use").click().run()
    assert not app.exception
    source = uploads.cache().read(app.selectbox(key="scenario").value)[1]
    assert source.raters == ("ann", "ben")
    assert source.rank.tolist() == [1, 0, 0, 1]
    assert not [b for b in app.button if b.key == "map_use"]
    # Another table starts anew, also where it needs no choice unless one is wished.
    app.toggle(key="columns_by_hand").set_value(True).run()
    app.get("file_uploader")[0].set_value(("wide.csv", b"id,x,y\n1,2,3\n", "text/csv")).run()
    assert not app.exception
    app.radio(key="map_shape").set_value("person").run()
    app.multiselect(key="map_items").set_value(["x", "y"]).run()
    assert "1 on ‘wide’: y ≻ x." in words(app).replace("\\", "")
