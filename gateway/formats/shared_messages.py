"""The rows of shared tables as JSON messages over HTTP: orders and queries in, results out.

Rule kept here: a number is taken as the text it was written as; what two readers could understand
differently (a member twice, NaN, bytes that are not UTF-8) is refused with its place.
"""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from gateway.domain.errors import Fault, WireError
from gateway.formats.amounts import plain, scaled
from gateway.formats.shared_names import REFUSED, SharedNames
from gateway.formats.shared_orders import draft_of, question_of
from gateway.formats.shared_results import local, shared_tables
from gateway.formats.standings import state_of
from gateway.ports.erp import FileFacts, FileWriter, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question
from gateway.ports.erp_tables import Cell, ResultTable
from gateway.ports.erp_told import Told, ToldKind

OCTETS_MAX: Final = 64 << 20
"""A message is read whole; longer ones come as rows."""
_AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,5})?", re.ASCII)
_NAME_SHOWN: Final = 64
_PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class _Repeated:
    """Stands for a member that stood twice in one object."""


_REPEATED: Final = _Repeated()


class SharedMessages:
    """The messages of one client's names."""

    def __init__(self, names: SharedNames) -> None:
        self._names = names
        self._orders, self._queries = f"{names.title}.orders.v1", f"{names.title}.queries.v1"
        self._known = {name: field for field, name in names.columns["order"].items() if name}

    def sniff(self, head: bytes) -> bool:
        """Whether the first bytes are a message of orders: by its ``format``."""
        return _says(head, self._orders)

    def asks(self, head: bytes) -> bool:
        """Whether they are a message of questions."""
        return _says(head, self._queries)

    def read(self, chunks: Iterable[bytes]) -> Iterator[FilePart]:
        """A message of orders. Raises WireError with the place."""
        message = self._message(chunks, self._orders)
        orders = _list(message, "orders")
        yield FileHead(
            format=self._orders,
            message_id=_text(message, "message_no"),
            created=_text(message, "created_at"),
            count=_text(message, "count"),
            control_sum=_text(message, "control_sum"),
        )
        total: int | None = 0
        for place, order in enumerate(orders):
            draft = self._draft(order, f"/orders/{place}")
            known = _AMOUNT.fullmatch(draft.amount)
            total = total + scaled(draft.amount) if known and total is not None else None
            yield draft
        yield FileEnd(count=len(orders), faults=tuple(_of_totals(message, len(orders), total)))

    def _draft(self, order: object, at: str) -> Draft:
        if not isinstance(order, dict):
            fault = _fault(at, "not_object", "须为 JSON 对象", "must be a JSON object")
            return FaultyDraft(at={"erp_reference": at}, faults=(fault,), unreadable=True)
        texts: dict[str, str] = {}
        faults: list[Fault] = []
        for name, member in order.items():
            field, where = self._known.get(name), f"{at}/{_step(name)}"
            if field is None:
                zh, en = "不认识的字段，请删除或更正字段名", "unknown field; remove or correct it"
                faults.append(_fault(where, "unknown_field", zh, en))
            elif isinstance(member, str):
                texts[field] = member
            elif member is not None:
                faults.append(_no_text(member, where))
        columns = self._names.columns["order"]
        draft = draft_of(
            self._names, lambda field: texts.get(field, ""), lambda field: f"{at}/{columns[field]}"
        )
        if not faults:
            return draft
        kept: dict[str, object] = {it: getattr(draft, it) for it in Draft.__struct_fields__}
        earlier = draft.faults if isinstance(draft, FaultyDraft) else ()
        return _faulty_draft(**kept, faults=(*earlier, *faults))

    def questions(self, body: bytes) -> tuple[Question, ...]:
        """A message of questions. Raises WireError with the place."""
        queries = _list(self._message([body], self._queries), "queries")
        columns = self._names.columns["query"]
        found = []
        for place, query in enumerate(queries):
            at = f"/queries/{place}"
            if not isinstance(query, dict):
                raise WireError("json_object", at)
            texts = {field: _text(query, name, at) for field, name in columns.items() if name}
            found.append(
                question_of(
                    lambda field, texts=texts: texts.get(field, ""),  # type: ignore[misc]
                    lambda field, at=at: f"{at}/{columns[field]}",  # type: ignore[misc]
                )
            )
        return tuple(found)

    def report(self, report: StatusReport) -> Iterator[bytes]:
        """Where each order of a message stands, in its order, streamed."""
        head = {
            "format": f"{self._names.title}.results.v1",
            "report_no": report.report_id,
            "created_at": local(report.created).isoformat(" "),
            "original_format": report.original_format,
            "original_message_no": report.original_message_id,
            "count": str(report.line_count),
        }
        refused = taken = 0
        parts, size = [_json(head)[:-1], ',"results":['], 0
        for line in report.lines():
            refused += line.state == REFUSED
            taken += line.state != REFUSED
            parts.append(("," if refused + taken > 1 else "") + _json(self._standing(line)))
            size += len(parts[-1])
            if size >= _PIECE:
                yield "".join(parts).encode()
                parts, size = [], 0
        parts.append(f'],"accepted":"{taken}","refused":"{refused}"}}')
        yield "".join(parts).encode()

    def _standing(self, line: LineStatus) -> dict[str, object]:
        names, state = self._names, state_of(line)
        said: dict[str, object] = {
            "system": line.source.get("system", ""),
            "order": line.source.get("order") or line.erp_reference,
            "line": line.source.get("line", ""),
            "gateway_reference": line.instruction,
            "status": names.words[state],
            "send_flag": names.flags[state],
            "bank_code": line.reason_code,
            "bank_text": line.text,
            "bank_serial": line.bank_reference,
            "bank_time": local(line.settled_at).isoformat(" ") if line.settled_at else "",
            "amount": line.amount,
            "currency": line.currency,
        }
        columns = names.columns["result"]
        row: dict[str, object] = {columns[it]: cell for it, cell in said.items() if columns[it]}
        if line.merged:
            row["sources"] = [dict(it.source) | {"amount": it.amount} for it in line.merged]
        if line.faults:
            row["errors"] = [fault.document() for fault in line.faults]
        return row

    def writers(self) -> dict[ToldKind, FileWriter]:
        """What is told, as messages: the rows of the tables, one format per kind."""
        results = shared_tables(self._names).results

        def writer(kind: ToldKind, table: ResultTable) -> FileWriter:
            def pieces(told: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
                rows = [{it: _shown(cell) for it, cell in row.items()}
                        for one in told for row in table.rows(one)]  # fmt: skip
                yield _json(
                    {
                        "format": f"{self._names.title}.{kind}.v1",
                        "message_no": facts.id,
                        "created_at": local(facts.created).isoformat(" "),
                        "rows": rows,
                    }
                ).encode()

            return FileWriter(suffix="json", write=pieces)

        return {kind: writer(kind, table) for kind, table in results.items()}

    def refuse(self, refused: RefusedFile) -> Iterator[bytes]:
        """The answer to a message of which nothing was taken."""
        yield _json(
            {
                "format": f"{self._names.title}.refusal.v1",
                "report_no": refused.report_id,
                "created_at": local(refused.created).isoformat(" "),
                "original_message_no": refused.message_id,
                "accepted": "0",
                "explanation_zh": "整份未受理，其余各行也未受理；更正后请重新发送",
                "explanation_en": "nothing of it was taken, the other lines neither; send it again"
                " once it is corrected",
                "errors": [fault.document() for fault in refused.faults],
            }
        ).encode()

    def _message(self, chunks: Iterable[bytes], wanted: str) -> Mapping[str, object]:
        document = _document(chunks)
        if not isinstance(document, dict):
            raise WireError("json_object", "/")
        if document.get("format") != wanted:
            raise WireError("unsupported", "/format")
        return document


# Typed loosely because texts are passed by name.
_faulty_draft: Final[Callable[..., Draft]] = FaultyDraft


def _says(head: bytes, wanted: str) -> bool:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    marked = re.compile(rb'"format"\s*:\s*"' + re.escape(wanted.encode()) + rb'"')
    return start.startswith(b"{") and marked.search(start) is not None


def _shown(cell: Cell) -> str:
    """A cell as text: nothing of it is left to a reader of numbers. Bytes are base64."""
    match cell:
        case None:
            return ""
        case Decimal():
            return format(cell, "f")
        case datetime():
            return cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case bytes():
            return base64.b64encode(cell).decode()
        case _:
            return str(cell)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def _document(chunks: Iterable[bytes]) -> object:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > OCTETS_MAX:
            raise WireError("size", "/")
    try:
        text = bytes(body).removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise WireError("encoding", "/", line=1 + body.count(b"\n", 0, error.start)) from None
    try:
        found: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise WireError("json", "/", line=error.lineno) from None
    except RecursionError:
        raise WireError("depth", "/") from None
    return found


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = _REPEATED
            seen.add(name)
    return found


def _constant(_name: str) -> object:
    raise WireError("json", "/")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=str, parse_float=str, parse_constant=_constant
)


def _text(message: Mapping[str, object], name: str, at: str = "") -> str:
    """A member as text, '' where absent. Raises WireError."""
    member = message.get(name)
    if member is None:
        return ""
    if not isinstance(member, str):
        raise WireError("json_member", f"{at}/{name}")
    return member


def _list(message: Mapping[str, object], name: str) -> list[object]:
    member = message.get(name)
    if not isinstance(member, list):
        raise WireError("json_list", f"/{name}")
    return member


def _of_totals(message: Mapping[str, object], count: int, total: int | None) -> Iterator[Fault]:
    """What the message says of itself against what is in it; a sum with bad amounts is left."""
    said = _text(message, "count")
    if said and said != str(count):
        zh, en = f"与实际笔数 {count} 不符", f"there are {count} orders"
        yield _fault("/count", "number_of_transactions", zh, en)
    stated = _text(message, "control_sum")
    if (
        stated
        and total is not None
        and (not _AMOUNT.fullmatch(stated) or Decimal(stated) != Decimal(plain(total, 0)))
    ):
        zh, en = "与各笔金额合计不符", "the amounts do not add up to it"
        yield _fault("/control_sum", "control_sum", zh, en)


def _no_text(member: object, where: str) -> Fault:
    if member is _REPEATED:
        zh, en = "同一字段出现多次，只能保留一个", "the field stands more than once; keep one"
        return _fault(where, "duplicate_field", zh, en)
    return _fault(where, "not_text", "须为文本", "must be text")


def _fault(path: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=path, code=code, zh=zh, en=en)


def _step(name: str) -> str:
    shown = "".join(mark if mark.isprintable() else " " for mark in name[:_NAME_SHOWN])
    return shown.replace("~", "~0").replace("/", "~1")
