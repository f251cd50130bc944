"""An ERP's language as a frozen record of pure functions.

A folder below ``adapters/erp`` may speak several: ``DIALECTS`` maps their names ('' for the one
that ``DIALECT`` is) to records. What a dialect cannot do is absent, and the gateway says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from gateway.domain.errors import Fault
from gateway.domain.merged import MergedPart
from gateway.ports.erp_api import ErpApi
from gateway.ports.erp_draft import Draft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question
from gateway.ports.erp_tables import ErpTables
from gateway.ports.erp_told import Told, ToldKind

__all__ = [
    "Draft",
    "ErpDialect",
    "ErpTransport",
    "FileEnd",
    "FileFacts",
    "FileHead",
    "FilePart",
    "FileWriter",
    "LineStatus",
    "Module",
    "Product",
    "RefusedFile",
    "StatusReport",
]


class ErpTransport(StrEnum):
    """How an ERP and the gateway reach each other. Stands in settings."""

    REST = "rest"
    """K1: the ERP posts to our API and is told by webhooks or asks."""
    API = "api"
    """K2: the gateway calls the vendor's API, fetches documents and writes back."""
    XML = "xml"
    """K3: envelopes over HTTP, either way."""
    FOLDER = "folder"
    """K4: files in folders of this machine."""
    SFTP = "sftp"
    """K4: files on an SFTP server."""
    TABLES = "tables"
    """K5: tables of a database that both reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """One instruction's standing for a status report. ``state`` is our state name."""

    state: str
    source: Mapping[str, str]
    amount: str
    currency: str
    reason_code: str = ""
    """'' or one of HELD, SCHEDULED, UNCONFIRMED, or a bank code."""
    text: str = ""
    bank_reference: str = ""
    settled_at: datetime | None = None
    faults: tuple[Fault, ...] = ()
    instruction: str = ""
    """Our id; '' for a refused line."""
    erp_reference: str = ""
    line: int = 0
    merged: tuple[MergedPart, ...] = ()
    """The source documents of a merged payment (合并支付)."""

    def by_source(self) -> tuple[LineStatus, ...]:
        """The same for each source document; itself where the payment is none of merged ones."""
        return tuple(
            replace(
                self,
                erp_reference=it.reference,
                amount=it.amount,
                source={**self.source, **it.source},
                merged=(),
            )
            for it in self.merged
        ) or (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Everything a reply file needs, newest standing per line; ``lines`` may be lazy."""

    report_id: str
    created: datetime
    original_format: str
    original_message_id: str
    line_count: int
    lines: Callable[[], Iterable[LineStatus]]
    """Called once per pass; each call walks the lines from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """A file or message of which nothing was taken, and why: what a refusal must say."""

    report_id: str
    created: datetime
    faults: tuple[Fault, ...]
    file_name: str = ""
    message_id: str = ""
    """What the message calls itself, '' where it could not be read so far."""
    format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What a file that goes to an ERP needs beside its records."""

    id: str
    """Ours, unique for ever, at most 35 characters."""
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWriter:
    """How records become a file.

    ``write`` gets records of one kind, of one batch (status) or of one account (the others), and
    may be called again: it must give the same bytes.
    """

    suffix: str
    """Without the dot: xml, sta, csv …"""
    write: Callable[[tuple[Told, ...], FileFacts], Iterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A part of an ERP product that must be there. ``code`` stands in the readiness file."""

    code: str
    title_zh: str
    title_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """An ERP product that a dialect serves, as data for ``gateway readiness``.

    Versions are compared part by part, numbers as numbers; '' is any.
    """

    code: str
    title_zh: str
    title_en: str
    dialect: str
    """Which dialect serves it: ``yonyou/nc``."""
    transports: frozenset[ErpTransport]
    oldest: str = ""
    """Older ones must be upgraded to this."""
    unsupported_below: str = ""
    """Older than this cannot be served at all, and why is in ``reason``."""
    modules: tuple[Module, ...] = ()
    reason_zh: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpDialect:
    """An ERP's language. ``read`` raises WireError (with path and line) for a broken file."""

    name: str
    """As settings and ``?erp=`` name it: ``iso20022``, ``yonyou/nc``."""
    title_zh: str
    title_en: str
    read: Callable[[Iterable[bytes]], Iterator[FilePart]] | None = None
    report: Callable[[StatusReport], Iterator[bytes]] | None = None
    returns: Callable[[StatusReport], Iterator[bytes]] | None = None
    """A notice of the returned lines (退汇); no bytes where none came back."""
    content_type: str = "application/xml"
    sniff: Callable[[bytes], bool] | None = None
    refuse: Callable[[RefusedFile], Iterator[bytes]] | None = None
    """The answer, in the ERP's own format, to a file of which nothing was taken."""
    files: Mapping[ToldKind, FileWriter] = field(default_factory=dict)
    """Files that are written for the ERP, by what they tell (folders and SFTP)."""
    questions: Callable[[bytes], tuple[Question, ...]] | None = None
    """A file of questions (camt.060 …). Raises WireError."""
    asks: Callable[[bytes], bool] | None = None
    """Whether the first bytes are a file of questions rather than payments."""
    api: Callable[[Mapping[str, str]], ErpApi] | None = None
    """The vendor's API, made from the system's options. Raises Refused with faults."""
    tables: Callable[[Mapping[str, str]], ErpTables] | None = None
    """The tables, made from the system's options. Raises Refused with faults."""
    with_options: Callable[[Mapping[str, str]], ErpDialect] | None = None
    """The same dialect as a system's options shape it (saved column mappings, paths): what reads
    and writes its files and messages. Raises Refused with faults."""
    options: frozenset[str] = frozenset()
    """Options of a system that this dialect knows; another one is a fault of the settings."""
    secrets: frozenset[str] = frozenset()
    """Secrets it needs."""
    per_source: bool = False
    """Whether the ERP is told of each source document of a merged payment (合并支付) by itself;
    else it is told once, under the merged number, and the record names the documents."""
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By endpoint or message, what each of our states is called there: every state has a code."""
    transports: frozenset[ErpTransport] = frozenset()
    products: tuple[Product, ...] = ()
