"""Drafts as a pain.001 file, for ``gateway convert``.

Rule kept here: a value that pain.001 needs and the draft lacks is either told or refused; only
what the format has a place for is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from types import ModuleType
from typing import Final

from gateway.domain.errors import Fault, Refused
from gateway.domain.instruction import BusinessType, PayrollPurpose, Urgency
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.intake.faults import fault
from gateway.ports.erp import Draft

Remark = Callable[[str, str], None]
"""Takes a remark in both languages."""
Lose = Callable[[str], None]
"""Takes the name of a field that the file does not carry."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ID_MAX: Final = 35
_NOT_CARRIED: Final = ("company", "memo", "reconciliation_code")
_CATEGORIES: Final = {
    "": "SALA",
    PayrollPurpose.SALARY.value: "SALA",
    PayrollPurpose.BONUS.value: "BONU",
}
_CNY: Final = "CNY"
_DEBTOR_BIC: Final = "FJIBCNBA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The file that is wanted; ``created`` dates it."""

    version: str
    message_id: str
    created: datetime
    debtor_bic: str = ""


def versions() -> tuple[str, ...]:
    """The versions that can be written."""
    found: tuple[str, ...] = _writer().VERSIONS
    return found


def _writer() -> ModuleType:
    return import_module("adapters.erp.iso20022.compose")


def write(order: Order, drafts: Iterable[Draft], remark: Remark, lose: Lose) -> Iterator[bytes]:
    """The file, whole: its head holds totals. Raises Refused naming line and field."""
    writer = _writer()
    wanted = list(drafts)
    if not wanted:
        raise _refused("", "文件中没有付款指令", "the file holds no instruction")
    first = wanted[0]
    for draft in wanted:
        if draft.debtor_account != first.debtor_account:
            raise _refused(
                "debtor_account",
                "一份 pain.001 只写一个付款账号，请按账号拆分",
                "one debtor account per file: split the input by account",
                draft,
            )
    if not order.debtor_bic:
        remark(
            f"付款行 BIC 未知，写为 {_DEBTOR_BIC}（--debtor-bic 可指定）",
            f"the debtor's bank is not named: written as {_DEBTOR_BIC}, see --debtor-bic",
        )
    lines = [_line(writer, draft, order.created.date(), remark, lose) for draft in wanted]
    debtor = writer.Debtor(
        name=next((it.debtor_name for it in wanted if it.debtor_name), ""),
        account=first.debtor_account,
        bic=order.debtor_bic or _DEBTOR_BIC,
    )
    try:
        content: bytes = writer.compose(
            order.version, order.message_id, order.created, debtor, lines
        )
    except ValueError:  # version and lines are right, so it is the id
        raise _refused(
            "MsgId",
            f"批次号连同 PmtInf 序号须为 {_ID_MAX} 个字符以内，请用 --reference 指定",
            f"the batch reference and a block's number must fit {_ID_MAX} characters: --reference",
        ) from None
    yield content


def _line(writer: ModuleType, draft: Draft, today: date, remark: Remark, lose: Lose) -> object:
    for name in _NOT_CARRIED:
        if getattr(draft, name):
            lose(name)
    return writer.Line(
        **_identifications(draft, remark),
        amount=_amount(draft, remark),
        creditor_name=draft.creditor_name,
        creditor_account=draft.creditor_account,
        creditor_agent_name=draft.creditor_agent_name,
        creditor_agent_cnaps=draft.creditor_agent_cnaps,
        creditor_agent_bic=draft.creditor_agent_bic,
        creditor_city=draft.creditor_city,
        purpose=draft.purpose,
        budget_item=draft.budget_item,
        urgent=draft.urgency == Urgency.URGENT.value,
        category_purpose=_category(draft, lose),
        execution_date=_day(draft, today, remark),
    )


def _identifications(draft: Draft, remark: Remark) -> dict[str, str]:
    """EndToEndId as given; the reference as InstrId where it fits, else its last part."""
    own = draft.erp_reference
    if len(own) > _ID_MAX:
        own = own.rpartition("/")[2]
    if not draft.end_to_end_id and not 0 < len(own) <= _ID_MAX:
        raise _refused(
            "erp_reference",
            f"没有端到端标识，且业务参考号不能写入 {_ID_MAX} 个字符",
            f"no end-to-end id, and the reference does not fit {_ID_MAX} characters",
            draft,
        )
    if len(draft.end_to_end_id) > _ID_MAX:
        raise _refused(
            "end_to_end_id", f"超过 {_ID_MAX} 个字符", f"more than {_ID_MAX} characters", draft
        )
    remark(
        "读回时业务参考号为 MsgId/PmtInfId/EndToEndId",
        "read back, the reference is MsgId/PmtInfId/EndToEndId",
    )
    return {
        "end_to_end_id": draft.end_to_end_id,
        "instruction_id": own if len(own) <= _ID_MAX else "",
    }


def _amount(draft: Draft, remark: Remark) -> Money:
    """The exact amount; a currency that is not given is CNY, which is told."""
    if not draft.currency:
        remark("未填币种的按 CNY 写出", "where no currency is given, CNY is written")
    name, digits = "currency", ""
    try:
        unit = currency(draft.currency or _CNY)
        name, digits = "amount", str(unit.digits)
        return Money.parse(draft.amount, unit)
    except MoneyFormatError as error:
        code = error.reason if name == "currency" else f"amount_{error.reason}"
        path = draft.at.get(name, name)
        raise Refused(
            faults=[fault(code, path, field=name, detail=digits, line=draft.line)]
        ) from None


def _category(draft: Draft, lose: Lose) -> str:
    if draft.business_type == BusinessType.PAYROLL.value:
        if draft.payroll_purpose not in _CATEGORIES:
            lose("payroll_purpose")
        return _CATEGORIES.get(draft.payroll_purpose, "SALA")
    if draft.business_type not in ("", BusinessType.PAYMENT.value):
        lose("business_type")
    return ""


def _day(draft: Draft, today: date, remark: Remark) -> date:
    if not draft.execution_date:
        remark(f"未填日期的按 {today} 写出", f"where no date is given, {today} is written")
        return today
    try:
        if not _DAY.fullmatch(draft.execution_date):
            raise ValueError
        return date.fromisoformat(draft.execution_date)
    except ValueError:
        raise Refused(
            faults=[
                fault(
                    "date_format",
                    draft.at.get("execution_date", "execution_date"),
                    field="execution_date",
                    line=draft.line,
                )
            ]
        ) from None


def _refused(name: str, zh: str, en: str, draft: Draft | None = None) -> Refused:
    path = draft.at.get(name, name) if draft is not None else name
    line = draft.line if draft is not None else None
    return Refused(en, zh, [Fault(path=path, code="convert", zh=zh, en=en, line=line)])
