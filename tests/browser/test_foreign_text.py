"""Text that a person brought is shown as it is, in every kind of element that reads Markdown."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app_server import wait_for

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
ROOT = Path(__file__).resolve().parents[2]
PORT = 8851
TEXTS = [
    "![x](http://evil.example/a.png)", "HTTPS://Evil.example/x?a=b", "www.evil.example",
    "a.b+c@d.example.org", "mailto:a@b.co", "&lt;b&gt; &amp; &#65; &copy;", ":smile: :+1: :-1:",
    ":material/home: :material/x", ":material_home:", ":streamlit:",
    ":red[hot] :red-badge[x] :help[z]", "$x^2$ and $$y$$", "- item", "+ item", "* item",
    "1. item", "12) item", "## head", "===", "---", "> quote", "    code", "```\ncode\n```",
    "a\n\n- b\n\n# c\n===", "a | b\n---|---\nc | d", "<b>x</b> <script>alert(1)</script>",
    "<http://x.y> <!-- c -->", "[ref][a] [a]: http://x.y", "*a* **b** _c_ __d__ ~~e~~ `f`",
    "a -> b <- c <-> d -- e >= f <= g ~= h", "-->", "\\*x\\*", "a\\", "x[^1]\n\n[^1]: foot",
    "::leaf[x]", "{a=b}", "http:{x}", "=1+2", "@x", "5% :5:5:", "- [ ] task",
    "http://www.a.b@c.d/:smile:www.x.y", "Dr. B's & co, ünï ‘x’ 漢字",
]  # fmt: skip
APP = f"""
import sys
import time
sys.path.insert(0, {str(ROOT)!r})
import streamlit as st
from ui.shared.foreign_text import escaped
for i, text in enumerate({TEXTS!r}):
    shown = escaped(text)
    with st.container(key=f"text{{i}}"):
        st.markdown(shown)
        st.markdown(f"**{{shown}}** and ‘{{shown}}’: {{shown}}.")
        st.caption("x  \\n" + shown + "  \\n" + shown)
        st.error(shown)
        st.subheader(shown, anchor=False)
        st.checkbox(shown, key=f"checkbox{{i}}")
        st.button(shown, key=f"button{{i}}")
        st.segmented_control("Label", [shown, "other"], key=f"segmented{{i}}")
        st.radio("Label", [shown, "other"], key=f"radio{{i}}")
        st.tabs([shown, "other"], key=f"tabs{{i}}")
        st.metric(shown, "3")
        st.table([{{"column": shown}}])
st.write("END")
"""
READ = """i => {
    const inside = `.st-key-text${i} :is([data-testid="stMarkdownContainer"],` +
        `[data-testid="stCaptionContainer"])`
    const made = 'a,img,ul,ol,h1,h2,h4,pre,code,em,blockquote,hr,del,.katex,[style],[role=img]'
    return {
        texts: [...document.querySelectorAll(inside)].map(e => e.textContent),
        made: [...document.querySelectorAll(made.split(',').map(m => `${inside} ${m}`).join(','))]
            .map(e => e.outerHTML),
    }
}"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP, "utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={PORT}",
         "--server.address=127.0.0.1", "--server.headless=true",
         "--browser.gatherUsageStats=false"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{PORT}"
    wait_for(address, server)
    yield address
    server.terminate()
    server.wait(10)


def test_nothing_in_a_text_acts_and_nothing_is_changed(page, app):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(app)
    page.get_by_text("END", exact=True).wait_for()
    # Widgets, whose code is loaded when first needed, stand there as skeletons before.
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    page.wait_for_timeout(1500)  # plug-ins for emoji and formulas come later
    for i, text in enumerate(TEXTS):
        plain, found = " ".join(text.split()), page.evaluate(READ, i)
        texts = [" ".join(shown.split()) for shown in found["texts"]]
        assert not found["made"], (text, found["made"])
        assert texts.count(plain) == 10, (text, texts)
        assert f"{plain} and ‘{plain}’: {plain}." in texts
        assert f"x {plain} {plain}" in texts
    assert not [url for url in asked if not url.startswith((app, "data:", "blob:"))]
