"""Writing a message of any length as a stream: elements in, bytes out, flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Final

from adapters.erp.iso20022.codes import BUDGET_WORD, FURTHER_LENGTH_MAX, NAMESPACE
from gateway.wire.write import Element, element, fragment
from gateway.wire.write import document as whole

CHINA: Final = timezone(timedelta(hours=8))
"""Times of a report are written in Chinese standard time, with the offset spelled out."""
_ENCODING: Final = "UTF-8"
_GAP: Final = "gap"
"""Stands in a frame where the contents will come; never written itself."""
_PIECE_BYTES: Final = 64 * 1024


class Spool:
    """Collects what is written and hands it on in pieces."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: bytes) -> None:
        """Take bytes."""
        self._parts.append(part)
        self._size += len(part)

    def full(self) -> bool:
        """Whether a piece is worth handing on."""
        return self._size >= _PIECE_BYTES

    def take(self) -> bytes:
        """Hand on all that was written since the last call."""
        piece = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return piece


class Build:
    """Makes elements of one message format. Empty texts and empty parents are left out.

    Elements are made without a namespace and come out as bare names, so that on the wire
    they stand in the default namespace that ``Document`` declares: once, not on every line.
    """

    def __init__(self, message_format: str) -> None:
        self.namespace = NAMESPACE + message_format

    def leaf(self, name: str, text: str, **attributes: str) -> Element | None:
        """An element with text; None for ''. Raises WireError for what XML cannot hold."""
        return element(name, text, **attributes) if text else None

    def node(self, name: str, *children: Element | None) -> Element | None:
        """An element with children; None if all of them are None."""
        if all(child is None for child in children):
            return None
        return element(name, *children)


def budget_item(build: Build, item: str) -> Element | None:
    """The structured remittance that names a budget item; none for '' and for what does not fit."""
    text = f"{BUDGET_WORD}{item}" if item else ""
    return build.node(
        "Strd", build.leaf("AddtlRmtInf", text if len(text) <= FURTHER_LENGTH_MAX else "")
    )


class Writer:
    """An open document of one message: nest with ``inside``, add with ``put``."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Everything put until the end of the block becomes a child of ``name``."""
        opening, closing = _halves(fragment(element(name, element(_GAP)), encoding=_ENCODING))
        self._spool.write(opening)
        yield
        self._spool.write(closing)

    def put(self, *elements: Element | None) -> None:
        """Write finished elements; None is skipped."""
        for finished in elements:
            if finished is not None:
                self._spool.write(fragment(finished, encoding=_ENCODING))


@contextmanager
def document(spool: Spool, build: Build, message: str) -> Iterator[Writer]:
    """Open ``Document/<message>`` in UTF-8; the block writes what is inside."""
    frame = element("Document", element(message, element(_GAP)), xmlns=build.namespace)
    opening, closing = _halves(whole(frame, encoding=_ENCODING))
    spool.write(opening)
    yield Writer(spool)
    spool.write(closing)


def _halves(frame: bytes) -> tuple[bytes, bytes]:
    """What stands before and after the gap of a built frame."""
    opening, _, closing = frame.partition(f"<{_GAP}/>".encode())
    return opening, closing


def instant(moment: datetime) -> str:
    """An ISODateTime in Chinese time to the second. ``moment`` must be aware."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


def day(moment: datetime | None) -> str:
    """The Chinese calendar day of an instant as ISODate; '' for None."""
    return moment.astimezone(CHINA).date().isoformat() if moment else ""


def lines(text: str, length_max: int) -> list[str]:
    """A text in pieces that fit; never cut short. Control characters become spaces.

    A bank's text may hold what XML cannot carry; it is information for people, so it is
    cleaned here, while an identification never would be.
    """
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return [clean[at : at + length_max].strip() for at in range(0, len(clean), length_max)]
