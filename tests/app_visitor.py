"""A visitor of the app without a browser: opens pages and uses widgets over Streamlit's websocket.

It speaks the protocol of ``streamlit.proto``, as the page in a browser does: it keeps the values of
widgets, the messages that it has seen, the timers of fragments, and the cookies.
"""

from __future__ import annotations

import asyncio
import random
import time
import urllib.request
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

#: Kinds of widgets that a visitor changes.
KINDS = ("slider", "selectbox", "radio", "button_group", "checkbox", "multiselect")
#: Kinds of widgets with a value, whether or not a visitor changes them.
_VALUED = (*KINDS, "number_input", "text_input", "text_area")
_MAX_MESSAGE = 200 * 2**20
#: Seconds after which a script that has not ended is a fault.
PATIENCE = 120.0


@dataclass
class Widget:
    """A widget on the page.

    Attributes:
        kind: of element. proto: the element's message. fragment: the id of its fragment, or "".
    """

    kind: str
    proto: Any
    fragment: str

    @property
    def label(self) -> str:
        return self.proto.label


@dataclass
class Visitor:
    """One tab of a browser.

    Attributes:
        address: of the server, without a slash at the end.
        cookies: by name, as the server sets them.
        faults: messages of exceptions that pages showed, and of connections that broke.
        received: bytes of messages.
    """

    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    received: int = 0
    text: dict[tuple, str] = field(default_factory=dict)
    widgets: dict[tuple, Widget] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    query: str = ""
    _values: dict[str, WidgetState] = field(default_factory=dict)
    _hashes: set[str] = field(default_factory=set)
    _page: str = ""
    _timers: dict[str, asyncio.Task] = field(default_factory=dict)
    _finished: asyncio.Queue = field(default_factory=asyncio.Queue)
    _drawn: set[tuple] = field(default_factory=set)
    _asked_fragment: bool = False

    async def open(self, page: str = "", **parameters: str) -> float:
        """Load a page as a new tab does; the seconds until its script has ended."""
        began = time.perf_counter()
        self.query = urlencode(parameters)
        await asyncio.to_thread(self._get, f"/{page}")
        scheme = {"http": "ws", "https": "wss"}[urlsplit(self.address).scheme]
        self._socket = await websockets.connect(
            f"{scheme}{self.address[self.address.index(':') :]}/_stcore/stream",
            subprotocols=["streamlit"], origin=self.address, max_size=_MAX_MESSAGE,
            additional_headers={"Cookie": self._cookie_header()}, open_timeout=60,
            ping_timeout=None, proxy=None,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        await self._rerun(page_name=page)
        return time.perf_counter() - began

    async def go(self, page: str) -> float:
        """Follow a link of the sidebar; seconds until the script has ended."""
        began = time.perf_counter()
        self.query = ""
        await self._rerun(page_script_hash=self.pages[page])
        return time.perf_counter() - began

    async def set(self, widget: Widget, value: Any) -> float:
        """Change a widget; seconds from the click until the script has ended."""
        began = time.perf_counter()
        self._values[widget.proto.id] = _state(widget, value)
        await self._rerun(fragment=widget.fragment)
        return time.perf_counter() - began

    async def press(self, label: str) -> float:
        """Press a button; seconds until the script has ended."""
        began = time.perf_counter()
        button = self.find("button", label)
        pressed = WidgetState(id=button.proto.id, trigger_value=True)
        await self._rerun(fragment=button.fragment, once=pressed)
        return time.perf_counter() - began

    def find(self, kind: str, label: str) -> Widget:
        """The widget of a kind and label."""
        found = [w for w in self.widgets.values() if w.kind == kind and w.label == label]
        labels = sorted(w.label for w in self.widgets.values() if w.kind == kind)
        assert found, f"no {kind} {label!r} among {labels}"
        return found[0]

    def usable(self) -> list[Widget]:
        """The widgets of the page that a visitor can change, without those in forms."""
        return [
            w for w in self.widgets.values()
            if w.kind in KINDS and not w.proto.form_id and _is_enabled(w) and list(_choices(w))
        ]  # fmt: skip

    async def change_one(
        self, rng: random.Random, widgets: list[Widget] | None = None
    ) -> tuple[str, float]:
        """Change a random widget to a random value; its label and the seconds it took.

        Args:
            widgets: those to choose from, by default ``usable()``.
        """
        widget = rng.choice(widgets or self.usable())
        value = rng.choice(list(_choices(widget)))
        return widget.label, await self.set(widget, value)

    async def leave(self) -> None:
        """Close the tab."""
        self._stop_timers()
        self._reader.cancel()
        await self._socket.close()

    # -- the protocol ------------------------------------------------------------------------------

    def _get(self, path: str) -> None:
        request = urllib.request.Request(
            f"{self.address}{path}", headers={"Cookie": self._cookie_header()}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            for line in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = line.partition(";")[0].partition("=")
                self.cookies[name.strip()] = value

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    async def _rerun(self, page_script_hash: str = "", page_name: str | None = None,
                     fragment: str = "", once: WidgetState | None = None) -> None:  # fmt: skip
        if not fragment:
            self._stop_timers()
        self._asked_fragment = bool(fragment)
        while not self._finished.empty():  # of scripts that timers began
            self._finished.get_nowait()
        await self._send(page_script_hash, page_name, fragment, once)
        await asyncio.wait_for(self._finished.get(), PATIENCE)

    async def _send(self, page_script_hash: str = "", page_name: str | None = None,
                    fragment: str = "", once: WidgetState | None = None,
                    timer: bool = False) -> None:  # fmt: skip
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self.query
        if page_name is None:
            state.page_script_hash = page_script_hash or self._page
        else:
            state.page_name = page_name
        state.widget_states.widgets.extend(self._values.values())
        if once is not None:
            state.widget_states.widgets.append(once)
        state.fragment_id = fragment
        state.is_auto_rerun = timer
        state.cached_message_hashes.extend(self._hashes)
        state.context_info.url = self.address
        state.context_info.locale = "en"
        state.context_info.timezone = "UTC"
        state.context_info.color_scheme = "light"
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        try:
            async for data in self._socket:
                self.received += len(data)
                message = ForwardMsg()
                message.ParseFromString(data)
                self._take(message)
        except websockets.ConnectionClosedError as error:
            self.faults.append(f"connection: {error}")
        self._finished.put_nowait(None)

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if message.metadata.cacheable:
            self._hashes.add(message.hash)
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            self._drawn = set()
        elif kind == "navigation":
            self._page = message.navigation.page_script_hash
            self.pages = {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        elif kind == "ref_hash":
            self._drawn.add(tuple(message.metadata.delta_path))
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "session_event" and message.session_event.HasField(
            "script_compilation_exception"
        ):
            self.faults.append(str(message.session_event)[:300])
        elif kind == "script_finished":
            self._end(message.script_finished)

    def _draw(self, path: tuple, delta: Any) -> None:
        if delta.WhichOneof("type") != "new_element":
            return
        self._drawn.add(path)
        self.widgets.pop(path, None)
        self.text.pop(path, None)
        element, kind = delta.new_element, delta.new_element.WhichOneof("type")
        if kind in (*_VALUED, "button"):
            widget = Widget(kind, getattr(element, kind), delta.fragment_id)
            self.widgets[path] = widget
            if kind != "button" and widget.proto.set_value:
                self._values.pop(widget.proto.id, None)
        elif kind == "exception":
            self.faults.append(f"{element.exception.type}: {element.exception.message}"[:300])
        elif kind in ("markdown", "heading", "alert"):
            self.text[path] = getattr(element, kind).body

    def _end(self, status: int) -> None:
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.faults.append("the script does not compile")
        if status == ForwardMsg.FINISHED_SUCCESSFULLY:  # what is left of the page before goes
            for kept in (self.widgets, self.text):
                for path in [path for path in kept if path not in self._drawn]:
                    del kept[path]
            shown = {w.proto.id for w in self.widgets.values()}
            self._values = {id: v for id, v in self._values.items() if id in shown}
        if status == ForwardMsg.FINISHED_SUCCESSFULLY or self._asked_fragment:
            self._finished.put_nowait(status)

    # -- timers of fragments -----------------------------------------------------------------------

    def _start_timer(self, fragment: str, seconds: float) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(seconds)
                with suppress(websockets.ConnectionClosed):
                    await self._send(fragment=fragment, timer=True)

        self._stop_timers(fragment)
        self._timers[fragment] = asyncio.create_task(tick())

    def _stop_timers(self, fragment: str = "") -> None:
        for name in [fragment] if fragment else list(self._timers):
            if name in self._timers:
                self._timers.pop(name).cancel()


def _is_enabled(widget: Widget) -> bool:
    disabled = widget.proto.disabled
    return not (disabled if isinstance(disabled, bool) else bool(disabled))


def _choices(widget: Widget) -> Iterator[Any]:
    """Values of a widget, those of a slider at eleven places."""
    proto, kind = widget.proto, widget.kind
    if kind == "slider":
        if proto.options:
            yield from ([option] for option in proto.options if len(proto.default) == 1)
        elif len(proto.default) == 1 and proto.step:
            steps = int((proto.max - proto.min) / proto.step + 1e-9)
            for i in range(11):
                yield [proto.min + proto.step * (steps * i // 10)]
    elif kind in ("selectbox", "radio"):
        yield from proto.options
    elif kind == "button_group":
        yield from ([option.content] for option in proto.options)
    elif kind == "checkbox":
        yield from (True, False)
    elif kind == "multiselect":
        yield from ([option] for option in proto.options)


def _state(widget: Widget, value: Any) -> WidgetState:
    state = WidgetState(id=widget.proto.id)
    if widget.kind == "slider" and not widget.proto.options:
        state.double_array_value.data.extend(value)
    elif widget.kind in ("slider", "button_group", "multiselect"):
        state.string_array_value.data.extend(value)
    elif widget.kind in ("selectbox", "radio", "text_input", "text_area"):
        state.string_value = value
    elif widget.kind == "number_input":
        state.double_value = value
    else:
        state.bool_value = value
    return state


def run_visits(visits: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in a thread of its own, as a browser may hold the loop of this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, visits).result()
