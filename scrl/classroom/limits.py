"""Limits of rooms, questions and ballots, and how often one phone or one address may ask."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from scrl.types import InputError

#: Bytes of a posted ballot.
MAX_BALLOT_BYTES = 4096
#: Answers of a question, and characters of its prompt and of each answer.
MIN_ANSWERS, MAX_ANSWERS = 2, 20
MAX_PROMPT_LENGTH, MAX_ANSWER_LENGTH = 2_000, 1_000
#: Rooms of a server, questions of a room, rounds of a question, phones of a room.
MAX_ROOMS, MAX_QUESTIONS, MAX_ROUNDS, MAX_PHONES = 500, 50, 9, 1_000
#: Seconds after the last action of its teacher until a room is deleted.
ROOM_LIFETIME = 14 * 24 * 3600.0
#: The same for a room in which nothing was asked.
EMPTY_ROOM_LIFETIME = 24 * 3600.0
#: Seconds between the time at which a room is first found too old and its deletion. A clock that
#: jumps ahead makes every room look too old at once.
EXPIRY_DELAY = 24 * 3600.0
#: Seconds since 1970 (1 January 2000): an earlier time is that of a clock that was not set yet.
EARLIEST_TIME = 946_684_800.0


@dataclass(frozen=True)
class Rate:
    """Requests that may come at once, and how many more each second allows."""

    burst: float
    per_second: float

    def of_one_process(self, processes: int, least: Rate | None = None) -> Rate:
        """What one of several processes allows, among which requests are spread evenly.

        Args:
            least: what it allows whatever the number of processes.
        """
        least = least or Rate(1, 0)
        return Rate(
            max(self.burst / processes, least.burst),
            max(self.per_second / processes, least.per_second),
        )


#: A phone taps; a class of hundreds shares the one address of its school.
PHONE_BALLOTS, ADDRESS_BALLOTS = Rate(20, 2), Rate(1_500, 150)
PHONE_POLLS, ADDRESS_POLLS = Rate(30, 3), Rate(3_000, 400)
#: What a phone's page needs, though it always reaches the same one of many processes: it asks every
#: two seconds at most.
PHONE_LEAST = Rate(8, 0.6)
#: The environment variable with the number of processes at one address; each counts by itself.
PROCESSES = "SCRL_APP_PROCESSES"
#: Codes that name no room, by address: guessing the code of one class takes months.
ADDRESS_MISSES = Rate(60, 0.5)
#: Phones that no class knew, by address: three hundred join at once, and a script fills no class
#: in seconds.
ADDRESS_NEWCOMERS = Rate(300, 2)


def app_processes() -> int:
    """The number of processes at this address, from ``$SCRL_APP_PROCESSES``; 1 without it.

    Raises:
        InputError: where it is no number from 1 on.
    """
    text = os.environ.get(PROCESSES) or "1"
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{PROCESSES} is '{text[:40]}'; give the number of processes.")
    return int(text)


class RateLimiter:
    """Token buckets by key, in memory only. Methods may be called from any thread.

    Args:
        rate: of each key.
        max_keys: number of keys remembered; the one that asked longest ago is dropped first.
        clock: seconds.
    """

    def __init__(
        self, rate: Rate, max_keys: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.max_keys, self.clock = rate, max_keys, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def allow(self, key: str) -> bool:
        """Take one request from the key's bucket; False where it is empty."""
        with self._lock:
            now = self.clock()
            left, since = self._buckets.pop(key, (self.rate.burst, now))
            left = min(self.rate.burst, left + (now - since) * self.rate.per_second)
            allowed = left >= 1
            self._buckets[key] = (left - allowed, now)
            while len(self._buckets) > self.max_keys:
                self._buckets.popitem(last=False)
            return allowed

    def is_empty(self, key: str) -> bool:
        """Whether the next request of the key would be refused; takes nothing."""
        with self._lock:
            left, since = self._buckets.get(key, (self.rate.burst, self.clock()))
            return left + (self.clock() - since) * self.rate.per_second < 1
