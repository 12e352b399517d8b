"""What phones ask: their page, what the class is at, the result, and the post of a ballot.

Phones are no Streamlit sessions: these routes answer from the store, without a rerun. Every error
is one sentence of JSON with its status.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from scrl.classroom import (
    ADDRESS_BALLOTS,
    ADDRESS_MISSES,
    ADDRESS_NEWCOMERS,
    ADDRESS_POLLS,
    MAX_BALLOT_BYTES,
    PHONE_BALLOTS,
    PHONE_LEAST,
    PHONE_POLLS,
    ClassroomError,
    ClassStore,
    PhoneState,
    Rate,
    RateLimiter,
    app_processes,
    is_phone,
    parse_ballot,
    read_code,
)
from ui.classroom import class_store, phone_page

log = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
Handler = Callable[[Request], Awaitable[Response]]


def routes(store: Callable[[], ClassStore] = class_store.store, base: str = "") -> list[Route]:
    """The routes of phones.

    Args:
        store: returns the store of classes.
        base: path below which the app is served, such as ``"/lab"``.
    """
    base = f"/{base.strip('/')}".rstrip("/")
    phones = PhoneRoutes(store)
    return [
        Route(f"{base}/join", phones.page, methods=["GET"]),
        Route(f"{base}/join/{{code}}", phones.page, methods=["GET"]),
        Route(f"{base}/join/{{code}}/state", answered(phones.state), methods=["GET"]),
        Route(f"{base}/join/{{code}}/result", answered(phones.result), methods=["GET"]),
        Route(f"{base}/ballot", answered(phones.ballot), methods=["POST"]),
    ]


def answered(handler: Handler) -> Handler:
    """The handler, with its errors as JSON of one sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ClassroomError as error:
            headers = HEADERS | ({"Retry-After": "2"} if error.status in (429, 503) else {})
            return JSONResponse({"error": str(error)}, error.status, headers)
        except Exception:
            log.exception("A phone's request failed")
            message = "The server failed; nothing was saved. Try again."
            return JSONResponse({"error": message}, 500, HEADERS)

    return answer


class PhoneRoutes:
    """The handlers, and the limits of how often a phone and an address may ask.

    Each of several processes counts by itself, so each allows its part of a limit.

    Args:
        store: returns the store of classes.
    """

    def __init__(self, store: Callable[[], ClassStore]) -> None:
        self._store = store
        processes = app_processes()

        def limiter(rate: Rate, least: Rate | None = None) -> RateLimiter:
            return RateLimiter(rate.of_one_process(processes, least))

        self._phone_ballots = limiter(PHONE_BALLOTS, PHONE_LEAST)
        self._phone_polls = limiter(PHONE_POLLS, PHONE_LEAST)
        self._address_ballots, self._address_polls, self._misses, self._newcomers = map(
            limiter, (ADDRESS_BALLOTS, ADDRESS_POLLS, ADDRESS_MISSES, ADDRESS_NEWCOMERS)
        )
        # Threads of our own: those of the server may all be busy with pages.
        self._readers = ThreadPoolExecutor(2, "class-read")

    async def page(self, request: Request) -> Response:
        """The phones' page; 404 with the same page where no room has the code."""
        html, headers = phone_page.page()
        status = 200
        if code := request.path_params.get("code"):
            try:
                await self._read(self._known, request, code)
            except ClassroomError as error:
                # The page itself shows what is wrong, as its first request meets the same error.
                status = error.status
        return HTMLResponse(html, status, HEADERS | headers)

    async def state(self, request: Request) -> Response:
        """What the phone shows now; 204 where nothing has changed since version ``?v=``."""
        phone = self._admit(request, self._phone_polls, self._address_polls)
        code = request.path_params["code"]
        seen = request.query_params.get("v", "")
        version = await self._read(self._known, request, code, phone)
        if seen == str(version):
            return Response(status_code=204, headers=HEADERS)
        state = await self._read(self._store().phone_state, read_code(code), phone)
        if not state.joined:
            self._admit_newcomer(request)
            await asyncio.wrap_future(self._store().join(read_code(code), phone))
        return JSONResponse(_state_dict(read_code(code), state), headers=HEADERS)

    async def result(self, request: Request) -> Response:
        """The revealed result, with this phone's own place in it."""
        phone = self._admit(request, self._phone_polls, self._address_polls)
        code = request.path_params["code"]
        await self._read(self._known, request, code, phone)
        found = await self._read(self._store().phone_result, read_code(code), phone)
        if found is None:
            raise ClassroomError("The result is not revealed yet.", 409)
        return JSONResponse(found, headers=HEADERS)

    async def ballot(self, request: Request) -> Response:
        """Store a ballot; it is on the disk when the answer leaves."""
        _check_same_site(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise ClassroomError("A ballot is posted as application/json.", 415)
        self._admit_address(request, self._address_ballots)
        posted = parse_ballot(await _body(request))
        if not self._phone_ballots.allow(posted.phone):
            raise ClassroomError("This phone sends too often; wait a moment.", 429)
        await self._read(self._known, request, posted.room, posted.phone)
        if not await self._read(self._store().has_phone, posted.room, posted.phone):
            self._admit_newcomer(request)
        outcome = await asyncio.wrap_future(self._store().cast(posted))
        return JSONResponse({"ballot": outcome}, headers=HEADERS)

    # -- admission and threads ---------------------------------------------------------------------

    def _admit(self, request: Request, by_phone: RateLimiter, by_address: RateLimiter) -> str:
        """The phone's id, where it and its address may ask now."""
        phone = request.headers.get("x-phone", "")
        if not is_phone(phone):
            raise ClassroomError("The request lacks the phone's id; reload the page.")
        self._admit_address(request, by_address)
        if not by_phone.allow(phone):
            raise ClassroomError("This phone asks too often; wait a moment.", 429)
        return phone

    def _admit_address(self, request: Request, limit: RateLimiter) -> None:
        if not limit.allow(_address(request)):
            raise ClassroomError("Too many requests from this network; wait a moment.", 429)

    def _admit_newcomer(self, request: Request) -> None:
        """Take one from the number of new phones that the address may bring."""
        if not self._newcomers.allow(_address(request)):
            raise ClassroomError("Too many new phones from this network; wait a minute.", 429)

    def _known(self, request: Request, code: str, phone: str = "") -> int:
        """The version of the room of a code.

        After too many wrong codes from an address, only phones that are in the room are answered:
        any other answer would tell whether the code exists.
        """
        code = read_code(code)
        store = self._store()
        refusing = self._misses.is_empty(_address(request))
        if refusing and not (phone and store.has_phone(code, phone)):
            raise ClassroomError("Too many wrong codes from this network; wait a minute.", 429)
        try:
            return store.version(code)
        except ClassroomError as error:
            if error.status == 404:
                self._misses.allow(_address(request))
            raise

    async def _read(self, function: Callable, *values: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._readers, function, *values)


def _state_dict(code: str, state: PhoneState) -> dict[str, Any]:
    question, round = state.question, state.round
    if question is None or round is None:
        return {"room": code, "version": state.version, "question": None, "state": "waiting"}
    return {
        "room": code, "version": state.version, "state": round.state, "ballot": state.ballot,
        "question": {"id": question.id, "round": round.number, "prompt": question.prompt,
                     "answers": question.answers, "names": question.names,
                     "absent": question.absent},
    }  # fmt: skip


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _check_same_site(request: Request) -> None:
    """Refuse what another site's page makes a browser post.

    Raises:
        ClassroomError: the request names another origin (403).
    """
    headers = request.headers
    hosts = {headers.get("host"), headers.get("x-forwarded-host")}
    origin = headers.get("origin")
    try:
        foreign = origin is not None and urlsplit(origin).netloc not in hosts - {None, ""}
    except ValueError:  # no address at all, such as "http://["
        foreign = True
    if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise ClassroomError("Ballots are taken from the class's own page only.", 403)


async def _body(request: Request) -> bytes:
    """The body, read no further than a ballot may be long.

    Raises:
        ClassroomError: it is longer (413).
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BALLOT_BYTES:
            break
    return body
