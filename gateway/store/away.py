"""A database server that is away for a while: it is waited for, and then it is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception, stop_after_delay
from tenacity.wait import wait_random_exponential

from gateway.domain.errors import DatabaseAway

T = TypeVar("T")


def is_lost(error: BaseException) -> bool:
    """Whether the connection to the server is gone."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def cannot_connect(error: BaseException) -> bool:
    """Gone, or not to be had: a server that is starting or stopping refuses connections."""
    if not isinstance(error, OperationalError):
        return is_lost(error)
    state = getattr(error.orig, "sqlstate", None)
    return is_lost(error) or state is None or state.startswith(("08", "57P"))


def reached(work: Callable[[], T], longest_s: int) -> T:
    """Run ``work`` on a server, again while it cannot be had.

    Raises DatabaseAway once that takes longer than ``longest_s``, and what ``work`` raises.
    """
    patient = Retrying(
        retry=retry_if_exception(cannot_connect),
        stop=stop_after_delay(longest_s),
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        reraise=True,
    )
    try:
        return patient(work)
    except SQLAlchemyError as error:
        if cannot_connect(error):
            raise DatabaseAway from error
        raise
