"""Terms of payment channels as a file: amounts, hours, cut-offs, each with its dates and source.

Rule kept here: what a channel carries and when is data that changes by decree, also the terms
that ship with the gateway; a file is taken whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, time
from enum import StrEnum
from importlib.resources import files
from typing import Final, Literal

import msgspec

from gateway.controls.reference.calendars import FILE_BYTES_MAX
from gateway.controls.reference.faults import fault, refused
from gateway.controls.reference.sheet import json_fault, printable
from gateway.domain.channel import (
    MINUTES_A_DAY,
    ChannelCode,
    ChannelTerms,
    Days,
    Opening,
    OpenOn,
    RouteChoice,
    RouteFacts,
    choose,
)
from gateway.domain.errors import Fault
from gateway.domain.money import Money, MoneyFormatError, currency

MIDNIGHT: Final = "24:00"
_MINUTES_AN_HOUR: Final = 60


class _From(StrEnum):
    SAME_DAY = "same_day"
    DAY_BEFORE = "day_before"


class _Hours(msgspec.Struct, forbid_unknown_fields=True):
    on: OpenOn
    opens: str
    closes: str
    opens_on: _From = _From.SAME_DAY


class _Terms(msgspec.Struct, forbid_unknown_fields=True):
    code: ChannelCode
    valid_from: date
    source: str
    openings: list[_Hours]
    valid_to: date | None = None
    currency: str = "CNY"
    amount_max: str | None = None
    cut_off_min: int = 0
    rank: int = 0
    rank_urgent: int = 0
    fee_class: str = ""
    confirm_on_site: bool = True


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["channel-terms/1"]
    terms: list[_Terms]


def read_channels(body: bytes) -> tuple[ChannelTerms, ...]:
    """The terms of a JSON file ``channel-terms/1``, in its order.

    Times of day are Beijing time (``24:00`` is the day's end), amounts decimal text in the
    currency's unit. Raises Refused with every fault found, each at its element.
    """
    if len(body) > FILE_BYTES_MAX:
        raise refused(fault("line_too_long", "", detail=str(FILE_BYTES_MAX)))
    try:
        told = msgspec.json.decode(body, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refused(json_fault(error)) from None
    if not told.terms:
        raise refused(fault("empty", "terms"))
    found_terms = [_terms(it, f"terms[{place}]") for place, it in enumerate(told.terms)]
    faults = [it for it in found_terms if isinstance(it, Fault)]
    terms = [it for it in found_terms if isinstance(it, ChannelTerms)]
    faults += _contradictions(told.terms)
    if faults:
        raise refused(*faults)
    return tuple(terms)


def built_in_channels() -> tuple[ChannelTerms, ...]:
    """The terms that ship with the gateway. Each names its source; confirm them on site."""
    place = files("gateway.controls.reference") / "data" / "channels.json"
    return read_channels(place.read_bytes())


def laid_over(
    base: Iterable[ChannelTerms], newer: Iterable[ChannelTerms]
) -> tuple[ChannelTerms, ...]:
    """Both, where the newer ones win on every day on which they hold."""
    below = tuple(base)
    edition = max((it.edition for it in below), default=0) + 1
    return below + tuple(replace(it, edition=edition) for it in newer)


class ChannelRoutes:
    """The channels of a deployment: the built-in terms, read when first asked, and imports."""

    __slots__ = ("_days", "_imports", "_terms")

    def __init__(self, days: Days, imports: Sequence[Sequence[ChannelTerms]] = ()) -> None:
        self._days = days
        self._imports = imports
        self._terms: tuple[ChannelTerms, ...] = ()

    def choose(self, facts: RouteFacts) -> RouteChoice:
        """The channel for a payment at an instant of Asia/Shanghai, or why there is none."""
        return choose(facts, self.terms(), self._days)

    def terms(self) -> tuple[ChannelTerms, ...]:
        """All terms, later imports over earlier ones."""
        if not self._terms:
            terms = built_in_channels()
            for newer in self._imports:
                terms = laid_over(terms, newer)
            self._terms = terms
        return self._terms


def _terms(told: _Terms, path: str) -> ChannelTerms | Fault:
    if told.valid_to is not None and told.valid_to < told.valid_from:
        return fault("backwards", f"{path}.valid_to")
    for name in ("source", "fee_class"):
        if not printable(getattr(told, name)):
            return fault("forbidden_character", f"{path}.{name}")
    if not told.source:
        return fault("required", f"{path}.source")
    try:
        unit = currency(told.currency)
        bound = None if told.amount_max is None else Money.parse(told.amount_max, unit).minor
    except MoneyFormatError:
        return fault("amount", f"{path}.amount_max")
    openings: list[Opening] = []
    for place, hours in enumerate(told.openings):
        opening = _opening(hours, f"{path}.openings[{place}]")
        if isinstance(opening, Fault):
            return opening
        openings.append(opening)
    try:
        return ChannelTerms(
            code=told.code,
            valid_from=told.valid_from,
            valid_to=told.valid_to,
            openings=tuple(openings),
            source=told.source,
            currency=told.currency,
            amount_max=bound,
            cut_off_min=told.cut_off_min,
            rank=told.rank,
            rank_urgent=told.rank_urgent,
            fee_class=told.fee_class,
            confirm_on_site=told.confirm_on_site,
        )
    except ValueError:
        return fault("opening", f"{path}.cut_off_min")


def _opening(told: _Hours, path: str) -> Opening | Fault:
    opens, closes = _minutes(told.opens), _minutes(told.closes)
    if opens is None:
        return fault("time", f"{path}.opens")
    if closes is None:
        return fault("time", f"{path}.closes")
    if told.opens_on is _From.DAY_BEFORE:
        opens -= MINUTES_A_DAY
    try:
        return Opening(on=told.on, opens_min=opens, closes_min=closes)
    except ValueError:
        return fault("opening", path)


def _minutes(text: str) -> int | None:
    """``17:15`` as minutes from midnight; ``24:00`` is the day's end."""
    if text == MIDNIGHT:
        return MINUTES_A_DAY
    try:
        told = time.fromisoformat(text)
    except ValueError:
        return None
    exact = told == time(told.hour, told.minute)
    return told.hour * _MINUTES_AN_HOUR + told.minute if exact else None


def _contradictions(terms: Sequence[_Terms]) -> Iterable[Fault]:
    """Two terms of one channel that begin on the same day: nothing says which one holds."""
    first: dict[tuple[ChannelCode, date], int] = {}
    for place, it in enumerate(terms):
        earlier = first.setdefault((it.code, it.valid_from), place)
        if earlier != place:
            yield fault("contradiction", f"terms[{place}]", detail=f"terms[{earlier}]")
