"""How long to wait after failed log-ins: per name typed and per address, growing exponentially.

Rules kept here: names that exist and names that do not are counted alike, under a keyed hash,
because people also type passwords where a name belongs; a success clears the count of its
person, never that of the address, which an attacker with an account of their own could clear.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.identity.not_proven import NotProven
from gateway.identity.seals import seal

_V6_PREFIX: Final = 64
_EXPONENT_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The rule of one kind of counter.

    ``free`` failures cost no waiting; the next costs ``first``, and each further twice as
    much up to ``longest``. After ``forgotten`` without a failure the count starts anew, except
    that ``hard_max`` failures (0 = never) lock until a person with the right unlocks.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta
    hard_max: int = 0


OF_PERSON: Final = Patience(
    free=4,
    first=timedelta(seconds=30),
    longest=timedelta(hours=1),
    forgotten=timedelta(days=1),
    hard_max=100,
)
"""At most 100 failures in a row: NIST SP 800-63B, section on throttling."""
OF_ADDRESS: Final = Patience(
    free=20,
    first=timedelta(seconds=10),
    longest=timedelta(hours=1),
    forgotten=timedelta(hours=6),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """A stored counter: failures in a row, and when the last one was."""

    count: int
    last_at: datetime


def counter_of_person(tenant: str, name: str, *, key: bytes) -> bytes:
    """Under what to count a name as typed (32 bytes), existing or not."""
    return seal(key, "person", tenant, unicodedata.normalize("NFKC", name).casefold().strip())


def counter_of_address(address: str, *, key: bytes) -> bytes:
    """Under what to count where a request came from: one IPv4 address, or an IPv6 /64.

    An IPv4 address written as IPv6 counts as itself; what is no address (a local socket)
    counts as one place.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return seal(key, "address", "")
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, ipaddress.IPv4Address):
        return seal(key, "address", str(parsed))
    network = ipaddress.ip_network((parsed, _V6_PREFIX), strict=False)
    return seal(key, "address", str(network))


def open_from(failures: Failures | None, patience: Patience) -> datetime | None:
    """When an attempt counts again; None means at once.

    The end of time (``datetime.max``, aware) means: only after somebody unlocked it.
    """
    if failures is None or failures.count <= patience.free:
        return None
    if patience.hard_max and failures.count >= patience.hard_max:
        return datetime.max.replace(tzinfo=failures.last_at.tzinfo)
    exponent = min(failures.count - patience.free - 1, _EXPONENT_MAX)
    return failures.last_at + min(patience.first * (1 << exponent), patience.longest)


def attempt(
    *,
    person: Failures | None,
    address: Failures | None,
    now: datetime,
    of_person: Patience = OF_PERSON,
    of_address: Patience = OF_ADDRESS,
) -> tuple[Failures, Failures]:
    """Let an attempt pass: both counters, with this attempt already counted as a failure.

    They are stored before the password is looked at, so that many guesses at the same time
    count one by one; a success then forgets the person's and takes the address's back
    (``taken_back``). Raises NotProven (``locked_address``, ``locked_person``); what is refused
    so is not counted, else somebody impatient would wait for ever.
    """
    for flaw, failures, patience in (
        ("locked_address", address, of_address),
        ("locked_person", person, of_person),
    ):
        opens = open_from(failures, patience)
        if opens is not None and now < opens:
            raise NotProven(flaw)
    return _failed(person, now, of_person), _failed(address, now, of_address)


def taken_back(failures: Failures) -> Failures:
    """An address's counter after a success: without that attempt, with all earlier ones."""
    return Failures(count=max(failures.count - 1, 0), last_at=failures.last_at)


def _failed(failures: Failures | None, now: datetime, patience: Patience) -> Failures:
    if failures is None or _forgotten(failures, now, patience):
        return Failures(count=1, last_at=now)
    return Failures(count=failures.count + 1, last_at=max(now, failures.last_at))


def _forgotten(failures: Failures, now: datetime, patience: Patience) -> bool:
    if patience.hard_max and failures.count >= patience.hard_max:
        return False
    return now - failures.last_at >= patience.forgotten
