"""Writing an ISO 20022 message of any length as a stream: elements in, bytes out, flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Final

from gateway.wire.write import Element, element
from gateway.wire.write import document as whole

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
ID_LENGTH_MAX: Final = 35
"""Max35Text: every identification of a message, batch or transaction."""
CHINA: Final = timezone(timedelta(hours=8))
"""Times of a message are written in Chinese standard time, with the offset spelled out."""
_ENCODING: Final = "UTF-8"
_GAP: Final = "gap"
"""Stands in a frame where the contents will come; never written itself."""
_PIECE_LENGTH: Final = 64 * 1024


class Spool:
    """Collects what is written and hands it on in pieces.

    Text is made bytes once per piece: elements hold nothing that UTF-8 cannot.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def write(self, part: str) -> None:
        """Take text."""
        self._parts.append(part)
        self._size += len(part)

    def full(self) -> bool:
        """Whether a piece is worth handing on."""
        return self._size >= _PIECE_LENGTH

    def take(self) -> bytes:
        """Hand on all that was written since the last call."""
        piece = "".join(self._parts).encode()
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


class Writer:
    """An open document of one message: nest with ``inside``, add with ``put``."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Everything put until the end of the block becomes a child of ``name``."""
        opening, closing = _halves(element(name, element(_GAP)).xml)
        self._spool.write(opening)
        yield
        self._spool.write(closing)

    def put(self, *elements: Element | None) -> None:
        """Write finished elements; None is skipped."""
        for finished in elements:
            if finished is not None:
                self._spool.write(finished.xml)


@contextmanager
def document(spool: Spool, build: Build, message: str) -> Iterator[Writer]:
    """Open ``Document/<message>`` in UTF-8; the block writes what is inside."""
    frame = element("Document", element(message, element(_GAP)), xmlns=build.namespace)
    opening, closing = _halves(whole(frame, encoding=_ENCODING).decode())
    spool.write(opening)
    yield Writer(spool)
    spool.write(closing)


def _halves(frame: str) -> tuple[str, str]:
    """What stands before and after the gap of a built frame."""
    opening, _, closing = frame.partition(f"<{_GAP}/>")
    return opening, closing


def instant(moment: datetime) -> str:
    """An ISODateTime in Chinese time to the second. ``moment`` must be aware."""
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


def day(moment: datetime | None) -> str:
    """The Chinese calendar day of an instant as ISODate; '' for None."""
    return moment.astimezone(CHINA).date().isoformat() if moment else ""


def clean(text: str) -> str:
    """A text for people without what XML or a line of text cannot hold: it becomes spaces.

    A bank's text may hold control characters; it is information for people, so it is cleaned
    here, while an identification never would be.
    """
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def lines(text: str, length_max: int) -> list[str]:
    """A text, cleaned, in pieces that fit; never cut short."""
    if len(text) <= length_max and text.isprintable() and text == text.strip() and "  " not in text:
        return [text] if text else []
    whole_text = clean(text)
    return [
        whole_text[at : at + length_max].strip() for at in range(0, len(whole_text), length_max)
    ]


def fits(text: str) -> bool:
    """Whether an identification can be written as it is."""
    return len(text) <= ID_LENGTH_MAX and text.isprintable()


def is_iban(account: str) -> bool:
    """Whether an account number is written as an IBAN: two letters, two check digits, long."""
    return (
        len(account) >= _IBAN_LENGTH_MIN
        and account.isascii()
        and account[:2].isalpha()
        and account[2:4].isdigit()
    )


_IBAN_LENGTH_MIN: Final = 15
