"""What libraries say through the standard library's logging, in our form.

Rule kept here: of other people's messages only the part that is written in their source is
told, never what was put into it; of their exceptions the type and the place.
"""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Final

from gateway.observe.words import safe_text, what_failed
from gateway.ports.events import DIED, LIBRARY, Event, Level, Log

_TRUSTED: Final = ("uvicorn", "gateway")
"""Loggers whose messages are constants with holes; others build theirs of anything."""


class LibraryHandler(logging.Handler):
    """A logging handler that tells events."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one record: never formatted, so that no value comes along."""
        trusted = record.name.split(".")[0] in _TRUSTED
        said = safe_text(str(record.msg).strip()) if trusted else ""
        place = f"{record.module}:{record.lineno}"
        error = ""
        if record.exc_info and record.exc_info[1] is not None:
            error, at, own = what_failed(record.exc_info[1])
            place, said = at or place, own or said
        self._log.tell(
            _event(record.levelno), logger=record.name, error=error, place=place, why=said
        )


def _event(level: int) -> Event:
    """The event at the library's own level."""
    for known in (Level.ERROR, Level.WARNING, Level.INFO):
        if level >= known:
            return _LEVELS[known]
    return _LEVELS[Level.DEBUG]


_LEVELS: Final = {
    level: Event(name=LIBRARY.name, level=level, zh=LIBRARY.zh, en=LIBRARY.en) for level in Level
}


def tell_last_words(log: Log) -> None:
    """Let what ends the process or a thread of it be told as a line, not as a traceback."""

    def ended(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        name, place, why = what_failed(error)
        log.tell(DIED, error=name or kind.__name__, place=place, why=why)

    def thread_ended(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None:
            name, place, why = what_failed(told.exc_value)
            thread = told.thread.name if told.thread is not None else ""
            log.tell(_LEVELS[Level.ERROR], error=name, place=place, why=f"{thread}: {why}")

    sys.excepthook = ended
    threading.excepthook = thread_ended


def listen_to_libraries(log: Log) -> None:
    """Let the whole process's library messages come here, and nowhere else."""
    tell_last_words(log)
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler(log)]
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpcore", "asyncio", "asyncssh", "sqlalchemy", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    # It says where it listens, who comes and who goes; we say that ourselves.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
