"""camt.054: money that came back (退汇) told as its own event, never as a late rejection.

Tryton is told its final outcomes by the same message: see ``tryton``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.report import echoed, reason_of
from adapters.erp.iso20022.writing import (
    Build,
    Spool,
    day,
    document,
    instant,
    is_iban,
    lines,
)
from gateway.domain.instruction import State
from gateway.ports.erp import LineStatus, StatusReport
from gateway.wire.write import Element

_CREDIT: Final = "CRDT"
"""A return is money into the payer's account; Tryton acts on nothing else."""


def return_notice(status: StatusReport) -> Iterator[bytes]:
    """A camt.054.001.04 with one entry per RETURNED line; no bytes if there is none.

    Lines are told apart by ``source['debtor_account']`` and reported per account in the order
    in which they come. The account is written as the standard's ``NOTPROVIDED`` where unknown.
    """
    return notice(status, _always, lambda line: line.state == State.RETURNED)


def _always(_line: LineStatus) -> bool:
    return True


def notice(
    status: StatusReport,
    came_back: Callable[[LineStatus], bool],
    wanted: Callable[[LineStatus], bool] = _always,
) -> Iterator[bytes]:
    """A camt.054.001.04 with one entry per wanted line, RtrInf on those that ``came_back``."""
    chosen = (line for line in status.lines() if wanted(line))
    first = next(chosen, None)
    if first is None:
        return
    spool, build = Spool(), Build(codes.CAMT_054_04)
    created = instant(status.created)
    with document(spool, build, "BkToCstmrDbtCdtNtfctn") as out:
        out.put(
            build.node(
                "GrpHdr", build.leaf("MsgId", status.report_id), build.leaf("CreDtTm", created)
            )
        )
        accounts = groupby(_all(first, chosen), key=_account)
        for number, (account, group) in enumerate(accounts, start=1):
            with out.inside("Ntfctn"):
                out.put(
                    build.leaf("Id", _notice_id(status.report_id, number)),
                    build.leaf("CreDtTm", created),
                    _account_of(build, account),
                )
                for line in group:
                    out.put(_entry(build, status, line, failed=came_back(line)))
                    if spool.full():
                        yield spool.take()
    yield spool.take()


def _all(first: LineStatus, rest: Iterable[LineStatus]) -> Iterator[LineStatus]:
    yield first
    yield from rest


def _account(line: LineStatus) -> str:
    return line.source.get("debtor_account", "")


def _notice_id(report_id: str, number: int) -> str:
    """The report's id with a running number, inside 35 characters."""
    tail = f"-{number}"
    return report_id[: codes.ID_LENGTH_MAX - len(tail)] + tail


def _account_of(build: Build, account: str) -> Element | None:
    number = build.leaf("Id", account or codes.NOT_PROVIDED)
    if is_iban(account):
        return build.node("Acct", build.node("Id", build.leaf("IBAN", account)))
    return build.node("Acct", build.node("Id", build.node("Othr", number)))


def _entry(build: Build, status: StatusReport, line: LineStatus, *, failed: bool) -> Element | None:
    source = line.source
    back = build.node(
        "RtrInf",
        reason_of(build, line.reason_code or codes.REASON_NOT_SPECIFIED),
        *(build.leaf("AddtlInf", text) for text in lines(line.text, codes.TEXT_LENGTH_MAX)),
    )
    transaction = build.node(
        "TxDtls",
        build.node(
            "Refs",
            echoed(build, "MsgId", status.original_message_id),
            echoed(build, "AcctSvcrRef", line.bank_reference),
            echoed(build, "PmtInfId", source.get("payment_info_id", "")),
            echoed(build, "InstrId", source.get("instruction_id", "")),
            echoed(build, "EndToEndId", source.get("end_to_end_id", "")),
        ),
        _amount(build, line),
        build.leaf("CdtDbtInd", _CREDIT),
        back if failed else None,
    )
    value_day = build.leaf("Dt", day(line.settled_at))
    return build.node(
        "Ntry",
        _amount(build, line),
        build.leaf("CdtDbtInd", _CREDIT),
        build.leaf("Sts", "BOOK"),
        build.node("BookgDt", value_day),
        build.node("ValDt", build.leaf("Dt", day(line.settled_at))),
        build.node("BkTxCd", build.node("Prtry", build.leaf("Cd", "RRTN" if failed else "PMNT"))),
        build.node("NtryDtls", transaction),
    )


def _amount(build: Build, line: LineStatus) -> Element | None:
    """The amount, which the message cannot do without; a line that was refused may have none."""
    return build.leaf("Amt", line.amount or "0", Ccy=line.currency or "CNY")
