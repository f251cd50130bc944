"""What an ERP is told, as rows of shared tables.

Rule kept here: of the results of one order the greatest ``seq`` holds. An accepted order counts
from 0 with its versions; a refusal stands at -1, so that a corrected order outranks it and an
altered copy of an accepted one never hides where the accepted one stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.formats.amounts import checked
from gateway.formats.shared_names import REFUSED, SharedNames
from gateway.formats.shared_orders import order_of, row_draft, row_question
from gateway.ports.erp_tables import (
    Cell,
    ErpTables,
    OrderTable,
    QuestionAnswer,
    QuestionTables,
    ResultTable,
    Row,
)
from gateway.ports.erp_told import (
    BalanceTold,
    CreditTold,
    EntryTold,
    MatchTold,
    ReceiptTold,
    StatementTold,
    StatusTold,
    Told,
    ToldKind,
)

CHINA: Final = timezone(timedelta(hours=8))
REFUSAL_SEQ: Final = -1
_TEXT_MAX: Final = 400
_CODE_MAX: Final = 40
_REMITTANCE_MAX: Final = 500
_Make = Callable[[SharedNames, Told], Iterator[Row]]


def shared_tables(names: SharedNames) -> ErpTables:
    """The tables of one client, by its names."""
    order = names.columns["order"]
    return ErpTables(
        results={
            kind: ResultTable(
                name=names.tables[table],
                key=names.key(table),
                rows=_rows(names, make),
                replace=replace,
            )
            for kind, (table, make, replace) in _RESULTS.items()
            if names.has(table)
        },
        orders=OrderTable(
            name=names.tables["order"],
            key=names.key("order"),
            status=order["status"],
            ready=names.values["ready"],
            taken=names.values["taken"],
            answered=names.values["answered"],
            taken_at=order["taken_at"],
            order_by=names.key("order"),
            system=order["system"],
        ),
        draft=row_draft(names),
        questions=_questions(names) if names.has("query") else None,
    )


def _questions(names: SharedNames) -> QuestionTables:
    query, answer = names.columns["query"], names.columns["answer"]

    def row(said: QuestionAnswer) -> Row:
        status = "AGAIN" if said.again else "REFUSED" if said.code else "OK"
        return _named(
            answer,
            {
                "system": said.question.source.get("system", ""),
                "query": said.question.id,
                "status": status,
                "code": said.code[:_CODE_MAX],
                "text": _fit(said.text, _TEXT_MAX),
                "answered_at": local(said.at),
            },
        )

    return QuestionTables(
        asked=OrderTable(
            name=names.tables["query"],
            key=names.key("query"),
            status=query["status"],
            ready=names.values["ready"],
            taken=names.values["taken"],
            answered=names.values["answered"],
            taken_at=query["taken_at"],
            order_by=names.key("query"),
            system=query["system"],
        ),
        question=row_question(names),
        answered=ResultTable(
            name=names.tables["answer"], key=names.key("answer"), rows=_no_rows, replace=True
        ),
        row=row,
    )


def _no_rows(_told: Told) -> tuple[Row, ...]:
    """Answers are no records of the outbox: QuestionTables.row makes their rows."""
    return ()


def _rows(names: SharedNames, make: _Make) -> Callable[[Told], tuple[Row, ...]]:
    return lambda told: tuple(make(names, told))


def _named(columns: Mapping[str, str], cells: Mapping[str, Cell]) -> Row:
    """Cells by our names as a row by the client's; what the client does not have is left out."""
    return {columns[field]: cell for field, cell in cells.items() if columns[field]}


# ── statuses ──────────────────────────────────────────────────────────────────────────────────


def status_cells(names: SharedNames, told: StatusTold) -> dict[str, Cell]:
    """One standing by our names of the result's columns."""
    refused = told.state == REFUSED
    yes, no = names.values["yes"], names.values["no"]
    order, line = order_of(told.erp_reference)
    cells: dict[str, Cell] = {
        "system": told.source.get("system") or told.erp,
        "order": told.source.get("order") or order,
        "line": told.source.get("line") or line,
        "seq": min(told.version, REFUSAL_SEQ) if refused else told.version,
        "gateway_reference": told.instruction or "-",
        "status": _word(names.words, told.state),
        "send_flag": _word(names.flags, told.state),
        "bank_code": told.code[:_CODE_MAX],
        "bank_text": _fit(told.text, _TEXT_MAX),
        "bank_serial": told.bank_reference or told.serial,
        "bank_time": local(told.at),
        "final": yes if told.final or refused else no,
        "returned": yes if told.state == State.RETURNED else no,
        "recon_code": told.reconciliation_code,
        "amount": _money(told.amount),
        "currency": told.currency,
    }
    if refused or told.version < 0:
        cells["acknowledged_at"] = None  # a later refusal replaces an earlier one: it is news
    return cells


def _status(names: SharedNames, told: Told) -> Iterator[Row]:
    if not isinstance(told, StatusTold):
        return
    for one in (told, *(told.by_source() if told.merged else ())):
        yield _named(names.columns["result"], status_cells(names, one))


def _word(words: Mapping[str, str], state: str) -> str:
    """Raises Corrupt for a state that no table knows."""
    if state not in words:
        raise Corrupt("a record has a state that is none", "记录中的状态无法识别")
    return words[state]


# ── entries, balances, receipts ───────────────────────────────────────────────────────────────


def _entry(names: SharedNames, told: StatementTold | CreditTold, entry: EntryTold) -> Row:
    debit = entry.amount.startswith("-")
    booked = entry.booked_at
    values = names.values
    made = told.created if isinstance(told, StatementTold) else told.seen_at
    order, line = order_of(entry.erp_reference) if entry.erp_reference else ("", "")
    return _named(
        names.columns["entry"],
        {
            "key": f"{told.account}:{entry.key}",
            "account": told.account,
            "account_name": told.account_name,
            "day": entry.booking_date or made.astimezone(CHINA).date(),
            "time": booked.astimezone(CHINA).time().isoformat("seconds") if booked else None,
            "value_day": entry.value_date,
            "side": values["debit"] if debit else values["credit"],
            "amount": _money(entry.amount.removeprefix("-")),
            "balance": _money(entry.balance_after),
            "currency": entry.currency,
            "payee_account": entry.counterparty_account,
            "payee_name": entry.counterparty_name,
            "payee_bank": entry.counterparty_bank,
            "text": _fit(entry.remittance, _REMITTANCE_MAX),
            "bank_serial": entry.reference,
            "order": order,
            "line": line,
            "recon_code": entry.reconciliation_code,
            "end_to_end_id": entry.end_to_end_id,
            "receipt": entry.receipt_number,
            "returned": values["yes"] if entry.returned else values["no"],
            "seen_at": local(made),
        },
    )


def _statement(names: SharedNames, told: Told) -> Iterator[Row]:
    if isinstance(told, StatementTold):
        for entry in told.entries:
            yield _entry(names, told, entry)


def _credit(names: SharedNames, told: Told) -> Iterator[Row]:
    if isinstance(told, CreditTold):
        yield _entry(names, told, told.entry)


def _balance(names: SharedNames, told: Told) -> Iterator[Row]:
    if isinstance(told, BalanceTold):
        yield _named(
            names.columns["balance"],
            {
                "account": told.account,
                "account_name": told.account_name,
                "currency": told.currency,
                "day": told.day,
                "ledger": _money(told.ledger),
                "available": _money(told.available),
                "frozen": _money(told.frozen),
                "previous": _money(told.previous_day),
                "as_of": local(told.asked_at),
            },
        )


def _receipt(names: SharedNames, told: Told) -> Iterator[Row]:
    if isinstance(told, ReceiptTold):
        order, line = order_of(told.erp_reference) if told.erp_reference else ("", "")
        yield _named(
            names.columns["receipt"],
            {
                "receipt": told.receipt_number,
                "account": told.account,
                "day": told.day,
                "amount": _money(told.amount),
                "currency": told.currency,
                "bank_serial": told.bank_reference,
                "entry": f"{told.account}:{told.entry_key}" if told.entry_key else "",
                "order": order,
                "line": line,
                "file_name": told.file_name,
                "file_sha256": told.file_sha256,
                "content": told.content,
            },
        )


def _match(names: SharedNames, told: Told) -> Iterator[Row]:
    """One row for each item, replaced whenever it stands otherwise."""
    if not isinstance(told, MatchTold):
        return
    order, line = order_of(told.erp_reference) if told.erp_reference else ("", "")
    newest = told.matches[-1] if told.matches else None
    lines = [one for it in told.matches for one in it.lines]
    only = lines[0] if len(lines) == 1 else None
    yield _named(
        names.columns["match"],
        {
            "item": told.item_id,
            "version": told.version,
            "account": told.account,
            "order": order,
            "line": line,
            "currency": told.currency,
            "amount": _money(told.amount),
            "matched": _money(told.matched),
            "state": told.state,
            "match": newest.match if newest else "",
            "kind": newest.kind if newest else "",
            "rule": newest.rule if newest else "",
            "by": newest.by if newest else "",
            "lines": len(lines),
            "bank_day": only.booking_date if only else None,
            "bank_serial": only.reference if only else "",
            "bank_amount": _money(only.amount) if only else None,
            "written_at": local(told.at),
        },
    )


_RESULTS: Final[Mapping[ToldKind, tuple[str, _Make, bool]]] = {
    ToldKind.STATUS: ("result", _status, False),
    # The closed day's statement knows more of an entry than the notice of its coming in.
    ToldKind.STATEMENT: ("entry", _statement, True),
    ToldKind.CREDIT: ("entry", _credit, False),
    ToldKind.BALANCE: ("balance", _balance, True),
    ToldKind.RECEIPT: ("receipt", _receipt, False),
    ToldKind.MATCH: ("match", _match, True),
}


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def _money(text: str) -> Decimal | None:
    """An exact amount, None where none is known. Raises Corrupt for what is none."""
    return Decimal(checked(text)) if text else None


def local(moment: datetime) -> datetime:
    """Chinese wall-clock time without an offset, to the second, as such tables hold it."""
    return moment.astimezone(CHINA).replace(tzinfo=None, microsecond=0)


def _fit(text: str, most: int) -> str:
    """A text for people that fits its column; an identification is never cut."""
    clean = "".join(mark if mark.isprintable() else " " for mark in text)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
