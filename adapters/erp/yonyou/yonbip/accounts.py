"""Balances, statement lines and 到账 into YonBIP, each record under a key of its own.

Rule kept here: a line has the same key (resubmitCheckKey) whenever and with whatever it is told,
so that 到账 of the morning and the statement of the evening make one line there.
"""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Final

from adapters.erp.yonyou.json_tree import Value, number, whole, without_empty
from adapters.erp.yonyou.telling import (
    direction,
    entry_day,
    entry_instant,
    key_of,
    magnitude,
    page_size,
    seen_on,
)
from adapters.erp.yonyou.yonbip.replies import Answer, Row, answered, counted, of_record, post
from gateway.domain.errors import Corrupt, WireError
from gateway.ports.erp_api import Call, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import BalanceTold, CreditTold, EntryTold, StatementTold, Told

LINES_PATH: Final = "/yonbip/ctm/cmp/bankReconciliationBatchSave"
BALANCE_PATH: Final = "/yonbip/ctm/cmp/bankaccount/balance/batchSave"
_CREDITS_MAX: Final = 50


def statement(conversation: Conversation) -> Call | tuple[Taken, ...]:
    """One statement, page by page. Raises WireError."""
    (told,) = conversation.told
    if not isinstance(told, StatementTold):
        raise Corrupt("a record of another kind among statements")
    # Pages before the last one were taken: a page that was not ends the conversation.
    size = page_size(len(told.entries))
    at = (len(conversation.replies) - 1) * size
    verdict = Verdict.TAKEN
    if conversation.replies:
        answer = answered(conversation.replies[-1])
        if answer.verdict is not None:
            return answer.all_alike(1)
        verdicts = _verdicts(answer, _page(told, at, size))
        refused = next((it for it in verdicts if it.verdict is Verdict.REFUSED), None)
        if refused is not None:
            return (Taken(place=0, verdict=Verdict.REFUSED, text=refused.text),)
        if all(it.verdict is Verdict.ALREADY for it in verdicts):
            verdict = Verdict.ALREADY
    following = _page(told, at + size, size)
    return _save(following) if following else (Taken(place=0, verdict=verdict),)


def _page(told: StatementTold, start: int, size: int) -> list[Row]:
    """The booked lines of one call; none behind the last."""
    booked = (it for it in told.entries if it.status == "booked")
    return [_line(told, it, told.end) for it in islice(booked, start, start + size)]


def credit(conversation: Conversation) -> Call | tuple[Taken, ...]:
    """Money that came in: statement lines ahead of the statement. Raises WireError."""
    rows = [_credit(it) for it in conversation.told]
    if not conversation.replies:
        return _save(rows)
    answer = answered(conversation.replies[0])
    return answer.all_alike(len(rows)) if answer.verdict else _verdicts(answer, rows)


def balance(conversation: Conversation) -> Call | tuple[Taken, ...]:
    """Balances of accounts. Raises WireError."""
    rows = [_balance(it) for it in conversation.told]
    if not conversation.replies:
        return post(BALANCE_PATH, "bankaccount/balance/batchSave", rows)
    answer = answered(conversation.replies[0])
    if answer.verdict:
        return answer.all_alike(len(rows))
    return _judged(
        answer.content,
        rows,
        same=("enterpriseBankAccount_code", "balancedate"),
        # The vendor's own spelling of "failed" differs between its two endpoints.
        failed=("falid", "faild"),
        sums=("faildnum", "errornum"),
    )


def _save(rows: list[Row]) -> Call:
    return post(LINES_PATH, "bankReconciliationBatchSave", rows)


def _verdicts(answer: Answer, rows: list[Row]) -> tuple[Taken, ...]:
    return _judged(
        answer.content,
        rows,
        same=("bank_seq_no", "bankaccount", "tran_date", "dc_flag"),
        failed=("faild", "falid"),
        sums=("errornum", "faildnum"),
    )


def _judged(
    content: Value,
    rows: list[Row],
    *,
    same: tuple[str, ...],
    failed: tuple[str, ...],
    sums: tuple[str, str],
) -> tuple[Taken, ...]:
    """Each row's verdict: failed ones are named by their own members; the sums must agree."""
    wanted = [tuple(str(row.get(name, "")) for name in same) for row in rows]
    verdicts: dict[int, Taken] = {}
    for one in content.first(*failed).each():
        said = tuple(one.at(name).text() for name in same)
        open_ = (at for at, it in enumerate(wanted) if it == said and at not in verdicts)
        place = next(open_, None)
        if place is None:
            raise one.fault("unknown")
        verdicts[place] = of_record(place, one.at("msg").text())
    if counted(content, *sums) != len(verdicts):
        raise WireError("count", f"/data/{sums[0]}")
    if counted(content, "successnum") != len(rows) - len(verdicts):
        raise WireError("count", "/data/successnum")
    return tuple(
        verdicts.get(at) or Taken(place=at, verdict=Verdict.TAKEN) for at in range(len(rows))
    )


def _credit(told: Told) -> Row:
    if not isinstance(told, CreditTold):
        raise Corrupt("a record of another kind among credits")
    return _line(told, told.entry, seen_on(told))


def _line(of: StatementTold | CreditTold, entry: EntryTold, otherwise: date) -> Row:
    day = entry_day(entry, otherwise)
    return without_empty(
        {
            "resubmitCheckKey": key_of("line", of.account, entry.key),
            "bankaccount": of.account,
            "bankaccount_account": of.account,
            "bank_seq_no": entry.reference or key_of("seq", of.account, entry.key),
            "thirdserialno": key_of("line", of.account, entry.key),
            "tran_date": day,
            "tran_time": entry_instant(entry, day),
            "dc_flag": whole(direction(entry.amount)),
            "tran_amt": number(magnitude(entry.amount)),
            "acct_bal": number(entry.balance_after) if entry.balance_after else "",
            "to_acct_no": entry.counterparty_account,
            "to_acct_name": entry.counterparty_name,
            "to_acct_bank_name": entry.counterparty_bank,
            "use_name": entry.remittance,
            "remark": "退汇" if entry.returned else "",
            "bankcheckno": entry.reconciliation_code,
            "currency": entry.currency,
            "detailReceiptRelationCode": entry.receipt_number,
        }
    )


def _balance(told: Told) -> Row:
    if not isinstance(told, BalanceTold):
        raise Corrupt("a record of another kind among balances")
    return without_empty(
        {
            "resubmitCheckKey": key_of("balance", told.account, told.asked_at.isoformat()),
            "accentity_code": told.company,
            "balancedate": told.day.isoformat(),
            "acctbal": number(told.ledger),
            # The vendor asks for it always; a bank that tells one balance means this one.
            "avlbal": number(told.available or told.ledger),
            "frzbal": number(told.frozen or "0"),
            "enterpriseBankAccount_name": told.account_name,
            "enterpriseBankAccount_code": told.account,
            "currency_code": told.currency,
        }
    )


STATEMENT: Final = Telling(say=statement)
CREDIT: Final = Telling(say=credit, most=_CREDITS_MAX)
BALANCE: Final = Telling(say=balance, most=_CREDITS_MAX)
