"""What phones ask, over a real connection; and a server killed between two posts."""

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette

from scrl.classroom import ADDRESS_NEWCOMERS, MAX_BALLOT_BYTES, ClassStore, Rate, RateLimiter
from ui.classroom import phone_page
from ui.classroom import routes as phone_routes

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ["<script>alert(1)</script>", "=1+1", "y" * 90, "\u202eשלום", "plain"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Phone:
    """One phone: a random id, and requests to a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port, self.id = port, secrets.token_hex(16)

    def ask(self, method: str, path: str, body=None, **headers: str):
        """Status, headers and text of the answer; a body that is no bytes is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"X-Phone": self.id} | {k.replace("_", "-"): v for k, v in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, {k: v for k, v in sent.items() if v})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def vote(self, room: str, question: int, order, **headers: str):
        body = {"room": room, "phone": self.id, "question": question, "round": 1, "order": order}
        return self.ask("POST", "/ballot", body, **headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The port, the store and the handlers of a server in a thread."""
    store = ClassStore(tmp_path_factory.mktemp("class") / "c.sqlite")
    made = []

    class Recorded(phone_routes.PhoneRoutes):
        def __init__(self, store) -> None:
            super().__init__(store)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone_routes, "PhoneRoutes", Recorded)
        app = Starlette(routes=phone_routes.routes(lambda: store))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield port, store, made[0]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def class_(served):
    """A phone, a teacher and an open question."""
    port, store, _ = served
    teacher = store.create_room()
    return Phone(port), teacher, teacher.ask("Which <b>?", ANSWERS, "last")


def sentence(text: str) -> str:
    """The message of an error: JSON with one sentence."""
    found = json.loads(text)
    assert found.keys() == {"error"}
    assert found["error"].endswith(".")
    return found["error"]


# -- the page --------------------------------------------------------------------------------------


def test_the_page_is_small_whole_and_asks_nobody_else(class_):
    phone, teacher, _ = class_
    status, headers, html = phone.ask("GET", f"/join/{teacher.code}")
    assert status == 200
    assert len(html.encode()) < phone_page.MAX_BYTES == 30_000
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert not re.findall(r"""(?:src|href)=["'](?!data:,)""", html)
    assert re.findall(r"https?://[^\"]+", html) == ["http://www.w3.org/2000/svg"]
    # Texts of the teacher can only become text.
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", html)
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)


def test_a_code_may_be_typed_loosely_and_a_wrong_one_is_404(class_):
    phone, teacher, _ = class_
    assert phone.ask("GET", f"/join/{teacher.code.lower()}")[0] == 200
    assert phone.ask("GET", "/join")[0] == 200
    status, _, html = phone.ask("GET", "/join/XXXXX")
    assert status == 404
    assert "Join a class" in html
    status, _, text = phone.ask("GET", "/join/XXXXX/state?v=-1")
    assert status == 404
    assert "code" in sentence(text)


# -- what the class is at --------------------------------------------------------------------------


def test_a_phone_sees_what_the_teacher_does(served):
    port, store, _ = served
    phone, teacher = Phone(port), store.create_room()

    def state(version: str = "") -> tuple[int, dict]:
        status, _, text = phone.ask("GET", f"/join/{teacher.code}/state?v={version}")
        return status, json.loads(text) if text else {}

    status, found = state()
    assert (status, found["state"], found["question"]) == (200, "waiting", None)
    question = teacher.ask("Which?", ANSWERS)
    found = state(str(found["version"]))[1]
    assert found["state"] == "open"
    assert found["question"]["answers"] == ANSWERS
    assert found["question"]["names"] == [""] * len(ANSWERS)
    assert found["ballot"] is None
    assert state(str(found["version"])) == (204, {})
    assert phone.vote(teacher.code, question, [[1], [0, 2]])[0] == 200
    assert state()[1]["ballot"] == [[1], [0, 2]]
    assert phone.ask("GET", f"/join/{teacher.code}/result")[0] == 409
    teacher.close(question)
    assert state(str(found["version"]))[1]["state"] == "closed"
    teacher.reveal(question, lambda _, b: {"ballots": len(b), "phones": {b[0].phone: "me"}})
    assert state()[1]["state"] == "revealed"
    status, _, text = phone.ask("GET", f"/join/{teacher.code}/result")
    assert (status, json.loads(text)) == (200, {"ballots": 1, "you": "me"})
    teacher.delete()
    assert state()[0] == 404


def test_a_request_without_a_phone_is_refused(class_):
    phone, teacher, _ = class_
    for id in ("", "x", "0" * 33, "Z" * 32):
        phone.id = id
        status, _, text = phone.ask("GET", f"/join/{teacher.code}/state")
        assert status == 400
        assert sentence(text)


# -- ballots ---------------------------------------------------------------------------------------


def test_a_ballot_counts_once_however_often_it_comes(class_):
    phone, teacher, question = class_
    said = [json.loads(phone.vote(teacher.code, question, o)[2])["ballot"]
            for o in ([[0], [1]], [[0], [1]], [[1], [0]])]  # fmt: skip
    assert said == ["new", "same", "changed"]
    assert teacher.room().current.current.ballots == 1


def test_errors_have_their_status_and_one_sentence(class_):
    phone, teacher, question = class_
    good = {"room": teacher.code, "phone": phone.id, "question": question, "round": 1,
            "order": [[0]]}  # fmt: skip
    json_type = {"Content_Type": "application/json"}
    tried = [
        (400, good | {"order": [[9]]}, {}), (400, good | {"extra": 1}, {}),
        (400, b"{not json", json_type), (400, b"", json_type),
        (404, good | {"room": "XXXXX"}, {}), (409, good | {"question": question + 99}, {}),
        (409, good | {"round": 2}, {}),
        (413, json.dumps(good).encode() + b" " * MAX_BALLOT_BYTES, json_type),
        (415, json.dumps(good).encode(), {}),
        (415, json.dumps(good).encode(), {"Content_Type": "text/plain"}),
        (415, b"room=x", {"Content_Type": "application/x-www-form-urlencoded"}),
        (403, good, {"Origin": "https://elsewhere.example"}), (403, good, {"Origin": "null"}),
        (403, good, {"Origin": "http://["}),
        (403, good, {"Sec_Fetch_Site": "cross-site"}),
    ]  # fmt: skip
    for status, body, headers in tried:
        found, _, text = phone.ask("POST", "/ballot", body, **headers)
        assert found == status, (status, body, text)
        sentence(text)
    assert teacher.room().current.current.ballots == 0
    assert phone.ask("GET", "/ballot")[0] == 405
    origin = f"http://127.0.0.1:{phone.port}"
    assert phone.vote(teacher.code, question, [[0]], Origin=origin)[0] == 200
    teacher.close(question)
    assert phone.vote(teacher.code, question, [[1]])[0] == 409


def test_a_body_without_end_is_not_read_to_its_end(class_):
    phone, _, _ = class_
    with socket.create_connection(("127.0.0.1", phone.port), 20) as line:
        line.sendall(
            b"POST /ballot HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100000000\r\n\r\n" + b"[" * 10_000
        )
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_who_asks_too_often_waits(class_):
    phone, teacher, question = class_
    codes = [phone.vote(teacher.code, question, [[i % 5]])[0] for i in range(40)]
    assert codes[:20] == [200] * 20
    assert 429 in codes
    assert Phone(phone.port).vote(teacher.code, question, [[0]])[0] == 200  # another phone may


def test_who_guesses_codes_waits_on_every_route(served, monkeypatch):
    port, store, handlers = served
    teacher = store.create_room()
    question = teacher.ask("?", ANSWERS)
    known, waiting = Phone(port), Phone(port)
    assert known.ask("GET", f"/join/{teacher.code}/state")[0] == 200
    asks = {
        "ballot": lambda phone, code: phone.vote(code, question, [[0]])[0],
        "state": lambda phone, code: phone.ask("GET", f"/join/{code}/state")[0],
        "result": lambda phone, code: phone.ask("GET", f"/join/{code}/result")[0],
        "page": lambda phone, code: phone.ask("GET", f"/join/{code}")[0],
    }
    for route, ask in asks.items():
        monkeypatch.setattr(handlers, "_misses", RateLimiter(Rate(5, 0)))
        assert [ask(Phone(port), "XXXXX") for _ in range(7)] == [404] * 5 + [429] * 2, route
        # Neither does an existing code tell that it exists.
        for other in asks.values():
            assert other(waiting, teacher.code) == 429
        # A phone of the class goes on.
        assert asks["state"](known, teacher.code) == 200
        assert asks["ballot"](known, teacher.code) == 200
        assert asks["result"](known, teacher.code) == 409
        assert asks["state"](known, "XXXXX") == 429


def test_one_address_brings_only_so_many_new_phones(served, monkeypatch):
    port, store, handlers = served
    teacher = store.create_room()
    question = teacher.ask("?", ANSWERS)
    monkeypatch.setattr(handlers, "_newcomers", RateLimiter(Rate(6, 0)))
    joined, voted = Phone(port), Phone(port)
    for phone in [joined, *(Phone(port) for _ in range(3))]:
        assert phone.ask("GET", f"/join/{teacher.code}/state")[0] == 200
    for phone in (voted, Phone(port)):
        assert phone.vote(teacher.code, question, [[0]])[0] == 200
    assert Phone(port).ask("GET", f"/join/{teacher.code}/state")[0] == 429
    assert Phone(port).vote(teacher.code, question, [[0]])[0] == 429
    assert teacher.room().phones == 6
    for phone in (joined, voted):
        assert phone.ask("GET", f"/join/{teacher.code}/state")[0] == 200
        assert phone.vote(teacher.code, question, [[1]])[0] == 200


def test_a_class_joins_at_once_and_a_script_fills_none():
    now = [0.0]
    newcomers = RateLimiter(ADDRESS_NEWCOMERS, clock=lambda: now[0])
    for _ in range(100):
        now[0] += 0.1
        assert newcomers.allow("school")
    assert sum(newcomers.allow("script") for _ in range(1000)) <= 300


def test_a_failing_store_is_one_sentence(tmp_path):
    def broken():
        raise RuntimeError("secret detail")

    app = Starlette(routes=phone_routes.routes(broken))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        status, _, text = Phone(port).vote("CDFHJ", 1, [[0]])
        assert status == 500
        assert "secret" not in sentence(text)
    finally:
        server.should_exit = True
        thread.join(10)


# -- a killed server -------------------------------------------------------------------------------


def start_server(port: int, runs: Path) -> subprocess.Popen:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.classroom.phone_server", str(port)], cwd=ROOT,
        env=os.environ | {"SCRL_RUNS": str(runs)},
    )  # fmt: skip
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            assert server.poll() is None
            time.sleep(0.05)
    raise TimeoutError


def test_a_server_killed_between_posts_loses_no_acknowledged_ballot(tmp_path):
    """Phones post while the server is killed with SIGKILL, twice, and started again."""
    port, runs = free_port(), tmp_path / "runs.sqlite"
    store = ClassStore(tmp_path / "runs-classes.sqlite")
    teacher = store.create_room()
    question = teacher.ask("Which?", ANSWERS)
    phones = [Phone(port) for _ in range(60)]
    acknowledged: dict[str, list] = {}
    server = start_server(port, runs)

    def vote(own: list[Phone]) -> None:
        for i, phone in enumerate(own):
            order = [[i % 5], [(i + 1) % 5]]
            for _ in range(200):  # a phone asks again until it is answered
                try:
                    status, _, _ = phone.vote(teacher.code, question, order)
                except (OSError, http.client.HTTPException):
                    time.sleep(0.02)
                    continue
                if status == 200:
                    acknowledged[phone.id] = order
                    break

    threads = [threading.Thread(target=vote, args=(phones[i::4],)) for i in range(4)]
    for thread in threads:
        thread.start()
    kills = 0
    try:
        for wanted in (15, 35):
            while len(acknowledged) < wanted:
                time.sleep(0.002)
            server.send_signal(signal.SIGKILL)
            server.wait(10)
            kills += 1
            before = dict(acknowledged)
            for phone, order in before.items():
                assert store.phone_state(teacher.code, phone).ballot == order
            server = start_server(port, runs)
        for thread in threads:
            thread.join(60)
    finally:
        server.kill()
        server.wait(10)
    assert kills == 2
    assert len(acknowledged) == 60
    assert teacher.room().current.current.ballots == 60
    for phone, order in acknowledged.items():
        assert store.phone_state(teacher.code, phone).ballot == order


def test_processes_that_write_at_once_lose_no_ballot(tmp_path):
    """Three servers of one file, each with its own phones."""
    store = ClassStore(tmp_path / "runs-classes.sqlite")
    teacher = store.create_room()
    question = teacher.ask("Which?", ANSWERS)
    ports = [free_port() for _ in range(3)]
    servers = [start_server(port, tmp_path / "runs.sqlite") for port in ports]
    try:
        phones = [Phone(ports[i % 3]) for i in range(60)]
        statuses: list[int] = []

        def vote(own: list[Phone]) -> None:
            for phone in own:
                statuses.append(phone.vote(teacher.code, question, [[0], [1]])[0])

        threads = [threading.Thread(target=vote, args=(phones[i::6],)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        for server in servers:
            server.kill()
            server.wait(10)
    assert statuses == [200] * 60
    assert teacher.room().current.current.ballots == 60
