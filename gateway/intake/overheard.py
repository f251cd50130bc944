"""A page of a vendor's API, or rows of a shared table, as a new mapping would read them.

Rule kept here: the new mapping is given what was fetched already, in copies of its own; it fetches,
claims and tells nothing. What it would have asked for instead is compared, and never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import NotOffered, Refused, WireError
from gateway.intake.comparing import (
    Compared,
    Difference,
    Pair,
    Seen,
    code_of,
    compare_documents,
    difference,
)
from gateway.intake.taking import foreseen
from gateway.ports.erp import Draft, ErpDialect
from gateway.ports.erp_api import Access, Call, CallReply, Moment, Pull, Pulled
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_tables import OrderTable, Row
from gateway.ports.runtime import Runtime

_ROW_BYTES: Final = 4 << 10
_UNREAD: Final = "unrecognised "
"""As a row that the old mapping stumbled over is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Whose documents are read again, by which two languages. ``new`` reads beside ``old``."""

    system: ErpSystem
    old: ErpDialect
    new: ErpDialect

    @property
    def options(self) -> Mapping[str, str]:
        """The new mapping's options, which it cannot change."""
        return MappingProxyType(dict(self.system.shadow_options or self.system.options))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One page of a vendor's documents, with how it was asked for and how it was read."""

    access: Access
    moment: Moment
    cursor: str
    call: Call
    reply: CallReply
    page: Pulled

    @property
    def size(self) -> int:
        """How much memory it holds, about."""
        return len(self.reply.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Rows that were claimed together, with how each was read; None: it could not be."""

    table: OrderTable
    rows: Sequence[tuple[Row, Draft | None]]

    @property
    def size(self) -> int:
        """How much memory it holds, about."""
        return len(self.rows) * _ROW_BYTES


Overheard = Heard | Claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What a comparison needs beside what was overheard. ``salt`` is its own."""

    shadow: Shadow
    runtime: Runtime
    seen: Seen
    salt: str

    def foreseen(self) -> AbstractContextManager[None]:
        """As ``taking.foreseen``; the same fault of the new mapping is told once."""

        def fresh(name: str) -> bool:
            return self.seen.first(_scope(self), "failed", name)

        return foreseen(self.runtime, self.shadow.system, "erp shadow", fresh=fresh)


def compare_overheard(it: Overheard, ear: Ear) -> Compared:
    """How the new mapping reads it. Raises NotOffered where it reads nothing of the kind.

    Whatever else the new mapping does wrong is a difference.
    """
    return _page(it, ear) if isinstance(it, Heard) else _rows(it, ear)


# ── pages ─────────────────────────────────────────────────────────────────────────────────────


def _page(heard: Heard, ear: Ear) -> Compared:
    pull = _pull(ear)
    access = replace(
        heard.access,
        options=ear.shadow.options,
        secrets=MappingProxyType(dict(heard.access.secrets)),
    )
    try:
        with ear.foreseen():
            asks = _asked(pull.encode(access, heard.moment, heard.cursor))
    except (WireError, Refused) as error:
        asks = code_of(error)
    found = _followed(pull, access, heard, ear)
    news = found.drafts if isinstance(found, Pulled) else [found] * len(heard.page.drafts)
    compared = compare_documents(
        zip_longest(heard.page.drafts, news), ear.salt, ear.seen, _scope(ear)
    )
    whole = [("asked", _asked(heard.call), asks)]
    if isinstance(found, Pulled):
        whole.append(("cursor", heard.page.cursor, found.cursor))
    else:
        whole.append(("page", "", found))
    compared.add(0, _parted(whole, heard.call.endpoint, ear))
    return compared


def _pull(ear: Ear) -> Pull:
    make = ear.shadow.new.api
    with ear.foreseen():
        pull = make(ear.shadow.options).pull if make is not None else None
    if pull is None:
        raise _not_offered(ear)
    return pull


def _followed(pull: Pull, access: Access, heard: Heard, ear: Ear) -> Pulled | str:
    """What the new mapping makes of the reply: a page, or the code of why there is none."""
    try:
        with ear.foreseen():
            if pull.follow is None:
                found = pull.decode(access, heard.reply)
            else:
                found = pull.follow(access, heard.reply, heard.cursor)
    except (WireError, Refused) as error:
        return code_of(error)
    return found if isinstance(found, Pulled) else str(found)


def _asked(call: Call) -> str:
    """A request as far as it decides what is fetched."""
    query = "&".join(f"{name}={value}" for name, value in call.query)
    headers = "\n".join(f"{name}: {value}" for name, value in call.headers)
    body = call.body.decode("latin-1")
    return f"{call.method} {call.to} {call.path}?{query}\n{headers}\n\n{body}"


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


def _rows(claimed: Claimed, ear: Ear) -> Compared:
    make = ear.shadow.new.tables
    with ear.foreseen():
        tables = make(ear.shadow.options) if make is not None else None
    if tables is None or tables.orders is None or tables.draft is None:
        raise _not_offered(ear)
    draft = tables.draft

    def pairs() -> Iterator[Pair]:
        for row, old in claimed.rows:
            try:
                with ear.foreseen():
                    new: Draft | str = draft(MappingProxyType(dict(row)))
            except (WireError, Refused) as error:
                new = code_of(error)
            yield old if old is not None else _UNREAD, new

    compared = compare_documents(pairs(), ear.salt, ear.seen, _scope(ear))
    whole = [("asked", repr(claimed.table), repr(tables.orders))]
    compared.add(0, _parted(whole, claimed.table.name, ear))
    return compared


# ── both ──────────────────────────────────────────────────────────────────────────────────────


def _parted(whole: Iterable[tuple[str, str, str]], where: str, ear: Ear) -> Iterator[Difference]:
    """What differs beside the documents: told once for each place, not at every look."""
    for name, was, becomes in whole:
        if was != becomes and ear.seen.first(_scope(ear), name, where):
            yield difference(0, name, (was, becomes), ear.salt)


def _scope(ear: Ear) -> str:
    """Whose documents these are."""
    return f"{ear.shadow.system.tenant} {ear.shadow.system.id}"


def _not_offered(ear: Ear) -> NotOffered:
    name = ear.shadow.new.name
    return NotOffered(f"{name} reads nothing that comes this way", f"{name} 不支持以此方式读取单据")
