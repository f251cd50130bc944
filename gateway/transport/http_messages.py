"""What an HTTP handler of the sandbox sees and answers, and how an answer is delivered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto


class Action(Enum):
    """How an answer is delivered; all but SEND are faults a bank's line can have."""

    SEND = auto()
    RESET = auto()
    """The connection is reset (RST) and nothing is answered."""
    CLOSE = auto()
    """The connection is closed (FIN) and nothing is answered."""
    HALF_OPEN = auto()
    """The connection stays open and nothing is ever answered on it."""
    TRUNCATE = auto()
    """The head promises the whole body, half of it follows, then the connection closes."""
    DUPLICATE = auto()
    """The answer is sent twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A whole request. Header names are lower case; a repeated header is joined by ``, ``.

    ``path`` is percent-decoded, ``query`` keeps the last value of a repeated name.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer. ``delay_s`` is waited before it is delivered as ``action`` says."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    action: Action = Action.SEND
    delay_s: float = 0.0


Handler = Callable[[Request], Awaitable[Response]]
