"""Instants as they are stored: integer microseconds since 1970-01-01 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

BEIJING: Final = ZoneInfo("Asia/Shanghai")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Microseconds of an aware instant; exact integer arithmetic."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The instant in Beijing time, the business time zone."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(BEIJING)


def span_us(span: timedelta) -> int:
    """Microseconds of a duration."""
    return span // _MICROSECOND
