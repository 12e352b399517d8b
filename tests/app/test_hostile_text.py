"""Names and texts of a hostile file are shown as text on every page, never as Markdown."""

from pathlib import Path

import pytest

from scrl.runs import Archive
from tests import lanes
from tests.app.markdown_calls import unescaped as unescaped_calls
from tests.app.test_pages import widget
from ui.shared import run_store, uploads, viewer
from ui.shared.page_index import PAGES
from ui.shared.upload_files import UploadFiles

ROOT = Path(__file__).resolve().parents[2]
#: A picture and a link to another host; unescaped, the browser would fetch or offer it.
MARK = "](http"
#: Fields of Streamlit's messages that the browser reads as Markdown, by the kind of element; those
#: of every kind stand under "".
MARKDOWN_FIELDS = {
    "": {"label", "help", "caption", "text"},
    "markdown": {"body"}, "alert": {"body"}, "heading": {"body"}, "exception": {"message"},
    "radio": {"options"}, "button_group": {"content"}, "metric": {"delta"}, "toast": {"body"},
}  # fmt: skip
ME = "a-visitor-with-a-hostile-file"


def hostile(name: str) -> str:
    return f"![{name}](http://evil.example/{name})"


def quoted(name: str) -> str:
    return f'"{hostile(name)}"'


def scenario() -> bytes:
    a, b, c = map(quoted, "abc")
    return f"""
name: {quoted("story")}
summary: {quoted("summary")}
source: {quoted("source")}
completions: {{{a}: {{text: {quoted("ta")}}}, {b}: {{text: {quoted("tb")}}}, {c}: {{}}}}
prompts: {{{quoted("p")}: {{text: {quoted("tp")}}}, {quoted("q")}: {{text: {quoted("tq")}}}}}
types:
  {quoted("one")}: {{share: 0.6, rankings: {{{quoted("p")}: [{a}, {b}, {c}],
    {quoted("q")}: [{c}, {a}, {b}]}}, includes: {{{quoted("p")}: {{{a}: 0.5}}}}}}
  {quoted("two")}: {{share: 0.4, rankings: {{{quoted("p")}: [{b}, {c}, {a}],
    {quoted("q")}: [{b}, {c}, {a}]}}}}
raters: 120
""".encode()


def ratings() -> bytes:
    rows = ["rater,prompt,prompt_text,completion,completion_text,rank,rater_group,"
            + hostile("column")]  # fmt: skip
    for i in range(12):
        order = "abc" if i % 3 else "cab"
        rows += [
            f"{hostile(f'r{i}')},{hostile('p')},{hostile('tp')},{hostile(name)},"
            f"{hostile('t' + name)},{rank},{hostile(f'g{i % 2}')},x"
            for rank, name in enumerate(order[: 3 - i % 2], 1)
        ]
    return "\n".join(rows).encode()


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Uploads and runs of their own, and one visitor."""
    kept = uploads.UploadCache(UploadFiles(tmp_path / "uploads"))
    archive = Archive(tmp_path / "runs.sqlite")
    monkeypatch.setattr(uploads, "cache", lambda: kept)
    monkeypatch.setattr(run_store, "archive", lambda: archive)
    monkeypatch.setattr(viewer, "token", lambda: ME)
    yield archive
    archive.close()


def markdown_texts(node, kind: str = ""):
    """``(kind of element, field, text)`` of everything that is read as Markdown."""
    proto = getattr(node, "proto", None)
    if proto is not None:
        yield from texts_of(proto, getattr(node, "type", ""))
    for child in getattr(node, "children", {}).values():
        yield from markdown_texts(child)


def texts_of(message, kind: str):
    fields = MARKDOWN_FIELDS[""] | MARKDOWN_FIELDS.get(message.DESCRIPTOR.name.lower(), set())
    fields |= MARKDOWN_FIELDS.get(kind, set())
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        for one in values:
            if hasattr(one, "ListFields"):
                yield from texts_of(one, kind)
            elif isinstance(one, str) and field.name in fields:
                yield kind, field.name, one


def assert_harmless(app, where: str) -> None:
    assert not app.exception, (where, app.exception[0].value)
    bad = [found for found in markdown_texts(app._tree) if MARK in found[2]]
    assert not bad, (where, bad[:3])


def walk(open_page, name: str, **parameters: str) -> None:
    """Every choice of a page's first part, then every part."""
    app = open_page(name, **parameters)
    assert_harmless(app, name)
    choices = {group.key: (group.value, group.options) for group in app.button_group}
    for key in ("who", "about", "part"):
        shown, options = choices.get(key, (None, ()))
        for option in [option for option in options if option != shown]:
            widget(app.button_group, key).set_value(option).run()
            assert_harmless(app, f"{name}, {key} {option}")


#: Each page but the lab is opened on one of the two, and on both where the suite goes deep.
FILES = ("x.yaml", "x.csv")
OPENED = [
    (name, file)
    for number, name in enumerate(stem for stem in PAGES if stem not in ("start", "classroom"))
    for file in (FILES if lanes.DEEP or name == "lab" else FILES[number % 2 :][:1])
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "file"), OPENED)
def test_a_hostile_file_is_shown_as_text(open_page, server, name, file):
    id = uploads.cache().add(scenario() if file == "x.yaml" else ratings(), file)
    walk(open_page, name, scenario=id, profile=id)


@pytest.mark.slow
@pytest.mark.parametrize("make", lanes.deep([ratings], [scenario, ratings]))
def test_a_run_on_a_hostile_file_is_shown_as_text(open_page, server, make):
    from scrl.runs import pack, pack_source, train

    id = uploads.cache().add(make(), "x.yaml" if make is scenario else "x.csv")
    source = uploads.cache().get(id)[1]
    content = train(source, ("borda",), 0)
    for run in ("run", "other"):
        server.begin(run, owner=ME, name=hostile("run"), spec=run, scenario=source.name, seed=0,
                     rules=("borda",), source=pack_source(source),
                     origin="" if source.is_scenario else id)  # fmt: skip
        plain = {key: value for key, value in content.items() if key != "learnt"}
        plain["yaml"] = source.to_yaml()
        server.finish(run, plain, pack(content["learnt"], with_source=False))
    server.begin("failed", owner=ME, name=hostile("run"), spec="failed", scenario=source.name,
                 seed=0, rules=("borda",), source=pack_source(source))  # fmt: skip
    server.fail("failed", hostile("fault"))
    walk(open_page, "runs", run="failed", compare="run,other")
    for name in ("lab", "gap", "latent", "ask", "policy"):
        walk(open_page, name, run="run", scenario=id)


#: Texts of the project's own, by file: what ``markdown_calls`` takes for a person's.
OWN = {
    "pages/understand.py": {"entry.label"},
    "ui/lab/results.py": {"name"},
    "ui/lab/vanilla_gap.py": {"name"},
    "ui/lab/verdict.py": {"text"},  # made of escaped parts
    "ui/models/few_pairs.py": {"few_pairs.SIZES.raters", "_ABOUT[name]"},
    "ui/slate/stv_stages.py": {"text", "count.quota.name"},  # made of escaped parts
    "ui/questions/one.py": {"question.text", "name", "question.study.name"},
    "ui/runs/run_comparison.py": {"row['prompt']"},  # the number of rows
    "ui/scenario/draft_widgets.py": {"name", "prompts"},  # a table; harmless names only
    "ui/scenario/rater_types.py": {"text"},
    "ui/shared/baked_study.py": {"study.name"},
    "ui/shared/page.py": {"text"},  # say and note, whose callers are looked at
    "ui/shared/precompute.py": {"message"},
    "ui/shared/run_links.py": {"text"},  # made of escaped parts
    "ui/summaries/edited_summary.py": {
        "summary_answers.ANSWERS[int(true.argmax())].name", "name",
    },
    "ui/text_policies/before_and_after.py": {"name"},
    "ui/text_policies/whom_it_serves.py": {"name"},
    "ui/text_policies/without_training.py": {"name"},
    "ui/references/who_writes.py": {"kind['name']"},
    "ui/start/path.py": {"text"},
    "ui/start/served.py": {"story.scenario().completions"},
    "ui/voting/distortion_minority.py": {"names[-1]"},
    "ui/voting/profile_picker.py": {"culture_info.summary"},
    "ui/voting/theorem_rewards.py": {
        "name", "now.names[i]", "now.names[now.lottery.argmax()]",
        "now.names[now.lottery_without.argmax()]",
    },
}  # fmt: skip


def test_no_page_shows_a_person_s_text_unescaped():
    """Escape it by ``page.escaped``; a text of the project's own may be listed in ``OWN``."""
    found = {}
    for path in sorted([*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]):
        name = path.relative_to(ROOT).as_posix()
        calls = unescaped_calls(path)
        found[name] = [(line, text) for line, text in calls if text not in OWN.get(name, set())]
    assert not {name: calls for name, calls in found.items() if calls}


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("try:\n    x\nexcept E as fault:\n    st.error(str(fault))", 1),
        ("st.error(f'It stopped. {job.error}')", 1),
        ("st.error(page.escaped(f'It stopped. {job.error}'))", 0),
        ("def f(name):\n    title = f'About {name}'\n    st.subheader(title)", 1),
        ("def f(name):\n    name = page.escaped(name)\n    st.subheader(name)", 0),
        ("st.caption(', '.join(names))", 1),
        ("st.segmented_control('Which', names)", 1),
        ("st.segmented_control('Which', names, format_func=page.escaped)", 0),
        ("st.selectbox('Which', names)", 0),
        ("st.checkbox('Which', help=entry['name'])", 1),
        ("st.markdown(f'{raters:,} raters')", 0),
    ],
)
def test_the_reader_of_calls_knows_foreign_text(tmp_path, code, bad):
    (tmp_path / "page.py").write_text(code, "utf-8")
    assert len(list(unescaped_calls(tmp_path / "page.py"))) == bad


def test_the_check_finds_what_is_not_escaped(open_part):
    """The two tests above would pass if they looked at nothing."""
    app = open_part(unescaped)
    found = [(kind, field) for kind, field, text in markdown_texts(app._tree) if MARK in text]
    assert len(found) == 9, found


def unescaped():
    import streamlit as st

    text = "![x](http://y)"
    st.markdown(text)
    st.caption(text)
    st.error(text)
    st.subheader(text)
    st.checkbox(text)
    st.radio("Label", [text, "other"])
    st.segmented_control("Label", [text, "other"])
    st.tabs([text])
    st.slider("Label", help=text)
    st.selectbox("Label", [text])  # plain
    st.dataframe([{text: text}])  # plain
