"""What nearly every test would make anew although it comes out the same, made once per process.

Rule kept here: only what says nothing of a test is shared: composed SQL, under SQLAlchemy's own
keys, and the authorities that are trusted when nobody names any.
"""

from __future__ import annotations

import os
import ssl
from functools import cache
from typing import Final

import httpx
from httpx._transports import default
from sqlalchemy import Connection, Engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_MOST: Final = 2_000
_PLACES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Where the environment may say who is trusted."""
_COMPOSED: Final[LRUCache[object, object]] = LRUCache(_MOST)


def _alike(one: object, other: object) -> bool:
    return type(one) is type(other)


def _kind(one: object) -> int:
    return hash(type(one))


def compose_once() -> None:
    """From now on all SQLite engines of this process share what they composed.

    Every engine remembers what it composed, and nearly every test makes an engine of its own: a
    sixth of the time of tests with a database went into composing the same statements again.
    Databases in files and in memory are of one kind to SQLAlchemy; what else a text depends on
    stands in its keys.
    """
    SQLiteDialect_pysqlite.__eq__ = _alike  # type: ignore[method-assign]
    SQLiteDialect_pysqlite.__hash__ = _kind  # type: ignore[assignment, method-assign]

    @event.listens_for(Engine, "engine_connect")
    def _connected(connection: Connection) -> None:
        if isinstance(connection.dialect, SQLiteDialect_pysqlite):
            connection.execution_options(compiled_cache=_COMPOSED)


def trust_once() -> None:
    """From now on clients that say nothing about TLS share what they trust.

    Each of them read the certificates of all authorities anew, for requests without TLS too.
    """
    made = default.create_ssl_context  # type: ignore[attr-defined]

    @cache
    def usual(trust_env: bool, *_places: str | None) -> ssl.SSLContext:
        return made(trust_env=trust_env)

    def context(
        verify: ssl.SSLContext | str | bool = True, cert: None = None, trust_env: bool = True
    ) -> ssl.SSLContext:
        if verify is True and cert is None:
            return usual(trust_env, *map(os.environ.get, _PLACES))
        return made(verify=verify, cert=cert, trust_env=trust_env)

    default.create_ssl_context = context  # type: ignore[assignment, attr-defined]
    assert httpx.HTTPTransport.__init__.__globals__["create_ssl_context"] is context
