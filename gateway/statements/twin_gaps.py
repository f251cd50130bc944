"""Equal lines without gaps: when one of them goes, the others close up.

Rule kept here: N equal lines have the keys 1 to N. A statement that tells one line of which the
first twin is gone would otherwise find none, and keep it a second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

from gateway.domain.statement import EntryStatus
from gateway.statements.line_rows import GONE, keys_there
from gateway.statements.lines import equal_words, key_of
from gateway.store.uow import Uow

Place = tuple[str, str]
"""A line of an account: its day and key."""
_ASKED: Final = 5_000
"""Keys that are asked for at once."""
_NUMBER_MAX: Final = 100_000
"""Most equal lines of a day whose keys are counted through."""


def gaps(uow: Uow, account: tuple[str, str], gone: Sequence[Any]) -> Iterator[tuple[str, str, str]]:
    """Equal lines that stay and whose keys come after those of gone ones: day, key, new key.

    ``account`` is tenant and number; ``gone`` are rows of lines, which are still there.
    """
    numbers: defaultdict[tuple[str, bytes], set[int]] = defaultdict(set)
    for row in gone:
        equal = _equal(row)
        number = _number(equal, row.key)
        if number:
            numbers[row.day, equal].add(number)
    left = {it: _after(taken) for it, taken in numbers.items()}
    stand: defaultdict[tuple[str, bytes], list[int]] = defaultdict(list)
    while left:
        asked = {(day, key_of(equal, next_)): (day, equal) for (day, equal), next_ in left.items()}
        there = _there(uow, account, list(asked))
        for it in {asked[place] for place in asked.keys() - there}:
            del left[it]
        for it, number in tuple(left.items()):
            stand[it].append(number)
            left[it] = _after(numbers[it], number + 1)
    for (day, equal), standing in stand.items():
        holes = sorted(numbers[day, equal])
        for high in reversed(standing):
            if not holes or holes[0] > high:
                break
            yield day, key_of(equal, high), key_of(equal, holes.pop(0))


def _after(taken: set[int], start: int = 0) -> int:
    """The next number that is not among those of gone lines."""
    return next(it for it in count(start or min(taken) + 1) if it not in taken)


def _there(uow: Uow, account: tuple[str, str], places: Sequence[Place]) -> set[Place]:
    found: set[Place] = set()
    for at in range(0, len(places), _ASKED):
        found |= keys_there(uow, *account, places[at : at + _ASKED])
    return found


def _equal(row: Any) -> bytes:  # noqa: ANN401 - a row of lines
    waited = row.status in {GONE, EntryStatus.PENDING.value}
    return equal_words(
        day=row.day,
        minor=row.amount_minor,
        currency=row.currency,
        bank_key=row.bank_key,
        reference=row.reference,
        entry_reference=row.entry_reference,
        end_to_end_id=row.end_to_end_id,
        counterparty_account=row.counterparty_account,
        remittance=row.remittance,
        booked_at=row.booked_at,
        status=EntryStatus.PENDING.value if waited else row.status,
    )


def _number(equal: bytes, key: str) -> int:
    """Which of the equal lines a key is; 0 where it is none of them."""
    return next((it for it in range(1, _NUMBER_MAX) if key_of(equal, it) == key), 0)
