"""A receipt (电子回单) as a paper: the gateway's rendering of what the bank said.

Rule kept here: it says of itself that it is no original of the bank's, and a state that is not
known is printed as not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

from gateway.documents.face import FontFile
from gateway.documents.page import Note, Table, Title, printed
from gateway.domain.capitals import capitals
from gateway.domain.errors import WireError
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.domain.outcome import Verdict
from gateway.domain.receipt import ReceiptFacts

STATE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Verdict.SETTLED.value: "交易成功 / settled",
        Verdict.REJECTED.value: "交易失败 / rejected",
        Verdict.ACKNOWLEDGED.value: "银行已受理，结果未出 / accepted by the bank, no result yet",
        Verdict.PROCESSING.value: "处理中 / in progress",
        Verdict.BANK_APPROVAL.value: "待银行侧审批 / waiting for approval at the bank",
        Verdict.CANCELLED.value: "已撤销 / cancelled",
        Verdict.EXPIRED.value: "已过期 / expired",
        Verdict.UNCONFIRMED.value: "结果未明，待查证 / outcome not known, to be enquired",
        Verdict.NOT_FOUND.value: "银行未查到 / not found at the bank",
        Verdict.RETURNED.value: "已退回 / returned",
    }
)
_BEIJING: Final = timezone(timedelta(hours=8))
_NOT_ORIGINAL: Final = (
    "本件由银企直联网关根据银行返回的回单数据转制，非银行加盖印章的电子回单原件，不替代原件。"
    "核对时以银行记录为准。"
)
_NOT_ORIGINAL_EN: Final = (
    "Rendered by the gateway from receipt data that the bank returned. It is not the bank's"
    " stamped original and does not replace it; the bank's own record prevails."
)


def receipt_pdf(facts: ReceiptFacts, font: FontFile | None = None) -> bytes:
    """The paper. Raises UnusableFont, or WireError ``amount`` for facts that hold none."""
    try:
        amount = Money.parse(facts.amount, currency(facts.currency), signed=True)
    except MoneyFormatError:
        raise WireError("amount", "/amount") from None
    number = facts.receipt_number or facts.bank_reference or facts.erp_reference
    return printed(
        f"回单 Receipt {number}",
        (
            Title(zh="银行回单（网关转制件）", en="Bank receipt, as rendered by the gateway"),
            Note(text=f"{_NOT_ORIGINAL}\n{_NOT_ORIGINAL_EN}"),
            Table(shares=(14, 36, 14, 36), rows=tuple(_parties(facts))),
            Table(shares=(28, 72), rows=tuple(_rows(facts, amount))),
        ),
        foot="网关转制件，非银行原件 / rendered by the gateway, not the bank's original",
        font=font,
    )


def _parties(facts: ReceiptFacts) -> Iterable[tuple[str, str, str, str]]:
    payer, payee = "付款人\nPayer", "收款人\nPayee"
    yield payer, facts.debtor_name, payee, facts.creditor_name
    yield "账号\nAccount", facts.debtor_account, "账号\nAccount", facts.creditor_account
    yield "开户行\nBank", facts.debtor_bank, "开户行\nBank", facts.creditor_bank


def _rows(facts: ReceiptFacts, amount: Money) -> Iterable[tuple[str, str]]:
    yield "金额（小写）Amount", f"{facts.currency} {grouped(facts.amount)}"
    yield "金额（大写）In words", capitals(amount)
    yield "用途 Purpose", facts.purpose
    yield "回单编号 Receipt number", facts.receipt_number
    yield "银行流水号 Bank reference", facts.bank_reference
    yield "业务参考号 ERP reference", facts.erp_reference
    if facts.booked_on is not None:
        yield "记账日期 Booking date", facts.booked_on.isoformat()
    yield "状态 State", STATE_WORDS.get(facts.state, STATE_WORDS[Verdict.UNCONFIRMED.value])
    yield "经办 Made by", facts.maker
    yield "复核、授权 Checked by", "、".join(facts.checkers)
    yield "向银行查询时间 Asked at the bank", moment(facts.asked_at)


def grouped(amount: str) -> str:
    """An amount's text with its digits in threes: ``-1,234,567.80``."""
    whole, point, part = amount.removeprefix("-").partition(".")
    sign = "-" if amount.startswith("-") else ""
    first = len(whole) % 3
    groups = [whole[:first]] if first else []
    groups += [whole[at : at + 3] for at in range(first, len(whole), 3)]
    return f"{sign}{','.join(groups)}{point}{part}"


def moment(at: datetime) -> str:
    """A time as people read it: Beijing's."""
    return at.astimezone(_BEIJING).isoformat(sep=" ", timespec="seconds")
