"""A full disk: nothing was written, and it is a matter of waiting, not a fault of anybody's.

Rule kept here: who asks from outside is told so at once; everything else waits for room, so that
what came back from a bank is written as soon as it can be.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import GatewayError, NoRoom

WAIT_S: Final = 1
"""How often it is tried again."""
_PRIMARY: Final = 0xFF
"""The part of SQLite's code that names the kind of error."""
_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_DISK_FULL: Final = "53100"
"""PostgreSQL's state for a full disk."""


def without_room(error: GatewayError | SQLAlchemyError) -> GatewayError | SQLAlchemyError:
    """NoRoom where a database's error says that its disk is full, else the error itself."""
    driver = getattr(error, "orig", None)
    code = getattr(driver, "sqlite_errorcode", 0)
    full = code in _FULL or code & _PRIMARY in _FULL
    return NoRoom() if full or getattr(driver, "sqlstate", None) == _DISK_FULL else error
