"""camt.052, camt.053 and camt.054 of any version, in any wrapper, streamed.

Rule kept here: the container says which message it is, wherever it stands; namespace and version
are hints. Everything between statements is passed over, nothing inside one is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.bank_file import Gravity
from gateway.domain.errors import WireError
from gateway.formats.read.camt_balances import text_at
from gateway.formats.read.camt_layout import Layout, Layouts
from gateway.formats.read.camt_statement import HEADS, Page, Statement, page
from gateway.formats.read.camt_text import Documents
from gateway.formats.read.camt_values import finding
from gateway.formats.read.texts import Findings
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.wire.limits import LIMITS, Limits, Profile
from gateway.wire.node import Node
from gateway.wire.runs import Alike, runs
from gateway.wire.shapes import Shape
from gateway.wire.stream import Close, Open, Record

NAME: Final = "camt"
_ENTRY: Final = "Ntry"
_RECORDS: Final = frozenset({"GrpHdr", "AppHdr", _ENTRY, *HEADS})
_CONTAINER: Final = re.compile(r"BkToCstmr(AcctRpt|Stmt|DbtCdtNtfctn)(?:V([0-9]{2}))?")
_MESSAGES: Final = {"AcctRpt": "camt.052", "Stmt": "camt.053", "DbtCdtNtfctn": "camt.054"}
_STATEMENTS: Final = frozenset({"Stmt", "Rpt", "Ntfctn"})
_NAMED: Final = re.compile(r"camt\.05[234]\.[0-9]{3}\.[0-9]{2}")
_ANY_MESSAGE: Final = re.compile(r"(?:camt|pain|pacs|head|admi|acmt)\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}")
_FRAME: Final = frozenset({"Document", "AppHdr"})
_SNIFFED: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)")
_LIMITS: Final = Limits(
    octets=32 << 20,
    nodes=500_000,
    depth=LIMITS[Profile.FILE].depth,
    attributes=LIMITS[Profile.FILE].attributes,
    comments=True,
    foreign=True,
)
"""An entry may be a collection of ten thousand transactions."""


def sniff(head: bytes) -> bool:
    """Whether one of the three containers begins here, in any encoding."""
    return _SNIFFED.search(head.replace(b"\x00", b"")) is not None


def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    """Read a file of one or more documents: each statement is a start, its entries, an end.

    Raises WireError with path and line: ``malformed`` also for a file that breaks off,
    ``unsupported`` for another message, ``missing`` for a message without a statement, and what
    ``gateway.wire`` refuses (``doctype``, ``depth``, ``nodes``, ``size`` …).
    """
    findings = Findings()
    for base, document in Documents(chunks, findings):
        reader = _Document(base, findings, reading)
        try:
            yield from reader.parts(document)
        except WireError as error:
            if not base or error.line is None:
                raise
            raise WireError(error.reason, error.path, line=error.line + base) from None


FORMAT: Final = StatementFormat(name=NAME, sniff=sniff, read=read, suffixes=(".xml", ".camt"))


@dataclass(slots=True)
class _Message:
    """A container: its path, which message it is, and how many statements it has had."""

    path: str
    format: str
    page: Page
    statements: int = 0


class _Document:
    """Where in a document we are."""

    def __init__(self, base: int, findings: Findings, reading: Reading) -> None:
        self._base = base
        self._findings = findings
        self._reading = reading
        self._named = ""
        """What the application header calls the message."""
        self._other = ""
        """Path of another message."""
        self._message: _Message | None = None
        self._messages = 0
        self._statement: Statement | None = None
        self._inside = ""
        """Path of the open statement."""
        self._entries = ""
        """Path of its entries."""
        self._layouts = Layouts()
        self._shapes: dict[Shape, Layout] = {}

    def parts(self, document: Iterable[bytes]) -> Iterator[Part]:
        """Everything in it. Raises WireError."""
        base, shapes = self._base, self._shapes
        for event in runs(document, _RECORDS, _ENTRY, limits=_LIMITS):
            if isinstance(event, Alike):
                shape = event.shape
                if self._statement is None or shape.path != self._entries:
                    raise WireError("missing", f"{shape.path}/..", line=event.line)
                layout = shapes.get(shape)
                if layout is None:
                    layout = shapes[shape] = self._layouts.of_shape(shape)
                texts = list(map(str.strip, event.texts))
                if not self._statement.opened:
                    yield self._statement.start(layout.currency)
                yield self._statement.entry(layout, texts, event.line + base)
            elif isinstance(event, Record):
                yield from self._record(event.node)
            elif isinstance(event, Open):
                self._open(event)
            elif isinstance(event, Close):
                yield from self._close(event)
        if not self._messages:
            raise WireError("unsupported" if self._other else "root", self._other or "/")

    def _record(self, node: Node) -> Iterator[Part]:
        name = node.name
        statement = self._statement
        if name == _ENTRY:
            if statement is None or node.path != self._entries:
                raise WireError("missing", f"{node.path}/..", line=node.line)
            layout, texts = self._layouts.of_element(node.element)
            if not statement.opened:
                yield statement.start(layout.currency)
            yield statement.entry(layout, texts, (node.line or 0) + self._base)
        elif statement is not None:
            if node.path == f"{self._inside}/{name}":
                statement.record(name, node)
        elif name == "AppHdr":
            found = _NAMED.search(text_at(node, "MsgDefIdr"))
            self._named = found[0] if found else ""
        elif name == "GrpHdr" and self._message is not None:
            pages = next(node.each("MsgPgntn"), None)
            if pages is not None:
                self._message.page = page(pages)

    def _open(self, event: Open) -> None:
        message = self._message
        if message is None:
            found = _CONTAINER.fullmatch(event.name)
            if found is not None:
                self._messages += 1
                version = self._version(found, event)
                self._message = _Message(event.path, version, Page())
            elif event.name not in _FRAME and _ANY_MESSAGE.search(event.namespace):
                self._other = self._other or event.path
        elif event.name in _STATEMENTS and event.path == f"{message.path}/{event.name}":
            message.statements += 1
            self._inside = event.path
            self._entries = f"{event.path}/{_ENTRY}"
            self._statement = Statement(
                format=message.format,
                path=f"{event.path}[{message.statements}]",
                line=(event.line or 0) + self._base,
                base=self._base,
                page=message.page,
                findings=self._findings,
                reading=self._reading,
            )

    def _version(self, found: re.Match[str], event: Open) -> str:
        """What the statements' format is called, e.g. ``camt.053.001.08``.

        A hint that names another message than the container is not believed.
        """
        message = _MESSAGES[found[1]]
        hint = _NAMED.search(event.namespace)
        for named in (hint[0] if hint else "", self._named):
            if named.startswith(message):
                return named
        code = "version_untrue" if hint else "version_unknown"
        line = (event.line or 0) + self._base
        self._findings.add(finding(code, event.path, line, Gravity.NOTE))
        return f"{message}.001.{found[2]}" if found[2] else message

    def _close(self, event: Close) -> Iterator[Part]:
        statement, message = self._statement, self._message
        if statement is not None:
            if event.path == self._inside:
                self._statement = None
                yield from statement.end()
            elif event.path == f"{self._inside}/{event.name}":
                statement.leaf(event.name, event.text, (event.line or 0) + self._base)
        elif message is not None and event.path == message.path:
            if not message.statements:
                raise WireError("missing", f"{message.path}/Stmt", line=event.line)
            self._message = None
