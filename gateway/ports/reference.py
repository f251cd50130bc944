"""What rooms ask of reference material: days, channels, bank offices, lists of names, codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gateway.domain.bank_office import BankOffice, OfficeMatch
from gateway.domain.calendar import DayStanding
from gateway.domain.channel import RouteChoice, RouteFacts
from gateway.domain.errors import Fault
from gateway.domain.name_list import NameHit, Subject


class Calendar(Protocol):
    """The working days of one calendar. Every answer says whether it is provisional."""

    def day(self, day: date) -> DayStanding:
        """What holds for ``day``."""
        ...

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is a working day, as far as is known."""
        ...

    def next_working_day(self, day: date) -> DayStanding:
        """The first working day after ``day``. Raises ValueError when none is in sight."""
        ...

    def working_day_from(self, day: date) -> DayStanding:
        """``day`` itself when it is a working day, else the next one. Raises ValueError."""
        ...

    def nth_working_day(self, day: date, count: int) -> DayStanding:
        """The ``count``-th working day after ``day``, before it where negative.

        Raises ValueError for 0 and when none is in sight.
        """
        ...


class Routes(Protocol):
    """The channels of a deployment with their dated terms."""

    def choose(self, facts: RouteFacts) -> RouteChoice:
        """The channel for a payment at an instant of Asia/Shanghai, or why there is none."""
        ...


class BankOffices(Protocol):
    """The directory of bank offices (行名行号)."""

    def by_number(self, number: str) -> BankOffice | None:
        """The office with these 12 digits."""
        ...

    def by_exact_name(self, name: str) -> Sequence[BankOffice]:
        """The offices that bear this name, but for widths, punctuation and the legal form."""
        ...

    def by_name(self, asked: str, *, limit: int, city: str = "") -> Sequence[OfficeMatch]:
        """At most ``limit`` offices whose name fits, best first."""
        ...

    def of_bank(self, bank_code: str, *, city: str, limit: int) -> Sequence[BankOffice]:
        """At most ``limit`` offices of a bank (three digits) in a city, by number."""
        ...


class OfficeSource(Protocol):
    """The directory as it was imported, which may happen at any time."""

    @property
    def now(self) -> BankOffices | None:
        """The directory as it was ready last; None where none was imported."""
        ...

    async def ready(self) -> BankOffices | None:
        """The directory as it was imported last, read first where it is not yet."""
        ...


class NameList(Protocol):
    """Lists of names not to be paid."""

    def check(self, subject: Subject, on: date) -> Sequence[NameHit]:
        """The entries in force on ``on`` that the subject meets, surest first."""
        ...


class UsccCheck(Protocol):
    """Whether a text is a unified social credit code (统一社会信用代码)."""

    def __call__(self, text: str, path: str) -> Fault | None:
        """What is wrong with the code that stands at ``path``; None when it is right."""
        ...
