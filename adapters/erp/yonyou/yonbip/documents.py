"""Settlement documents (结算单) as drafts: which member of a settlement detail means what to us.

Rule kept here: a detail's own number, which the vendor never gives twice, is the reference; texts
stay as they were written, and each fault can name its member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import Value
from adapters.erp.yonyou.written import timed_day
from gateway.domain.instruction import BusinessType, PayrollPurpose
from gateway.formats.merging import Merging
from gateway.ports.erp import Draft

DETAILS: Final = "settleBench_b"
PAYING: Final = "2"
"""收付类型: 1 receives, 2 pays."""
_NO: Final = frozenset({"false", "0"})
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "erp_reference": ("settleDetailId", "id"),
    "debtor_account": ("ourbankaccount_account",),
    "debtor_name": ("ourbankaccount_acctName",),
    "creditor_name": ("counterpartyaccname", "oppositeaccountname", "counterpartyname"),
    "creditor_account": ("counterpartybankacc", "oppositeaccountno"),
    "creditor_agent_name": ("counterpartybankname", "oppositebankaddr"),
    "creditor_agent_cnaps": ("counterpartybankcode", "oppositebanklineno"),
    "creditor_city": ("counterpartybankcity",),
    "amount": ("originalcurrencyamt", "oriSum"),
    "currency": ("originalcurrency_code", "currency_code", "originalcurrency_name"),
    "purpose": ("description", "remark"),
    "memo": ("postscript",),
    "execution_date": ("expectdate", "expectPayDate"),
    "reconciliation_code": ("checkIdentificationCode",),
}
"""Our fields by the vendor's members, the first that says something counts."""
_LINE_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "creditor_name": ("recaccountname",),
    "creditor_account": ("recbankno",),
    "creditor_agent_name": ("bankname",),
    "creditor_agent_cnaps": ("recbankcombine",),
    "amount": ("amount", "oricurrencyamount"),
    "purpose": ("purpose",),
    "memo": ("postscript",),
}
"""The same for a payroll's lines (代发明细)."""
_LINES: Final = ("dataSettledBatchDetailReqVO", "agencyProvideVOList", "dataBatchDetailList")
_BATCH: Final = "1"
_ECHOED: Final = {
    "detail_id": "id",
    "detail_number": "settleDetailId",
    "document_id": "mainid",
    "business_number": "bizbillno",
    "business_detail_id": "bizbilldetailid",
}
"""What replies name a payment by."""


def details(document: Value) -> list[Value]:
    """A document's details. Raises WireError ``missing`` without any."""
    found = list(document.at(DETAILS).each())
    if not found:
        raise document.at(DETAILS).fault("missing")
    return found


def wanted(
    document: Value,
    detail: Value,
    states: frozenset[str],
    accounts: frozenset[str] = frozenset(),
) -> bool:
    """Whether a detail is open and to be paid by direct connection from one of ``accounts``.

    No accounts means any. Details of other accounts are other channels' business: they are not
    even looked at.
    """
    if accounts and detail.at("ourbankaccount_account").text() not in accounts:
        return False
    pays = detail.first("receipttypeb", "receipttype").text() or document.at("receipttype").text()
    direct = detail.at("isdirectacc").text().lower()
    payroll = detail.first("singlebatch", "issinglebatch").text() == _BATCH
    if payroll and next(_lines(detail).each(), None) is None:
        return False  # a payroll whose lines are not here: nothing of it can be judged
    return (
        pays == PAYING and direct not in _NO and detail.at("statementdetailstatus").text() in states
    )


def drafts(document: Value, detail: Value, line: int | None = None) -> tuple[Draft, ...]:
    """A detail as a draft, or one for each line of a payroll.

    Raises WireError where a text is due and something else stands.
    """
    lines = list(_lines(detail).each())
    if not lines:
        return (_draft(document, detail, line),)
    whole = _draft(document, detail, line)
    return tuple(_line(whole, detail, it, len(lines)) for it in lines)


def payments(
    document: Value, found: Iterable[tuple[Value, int | None]], merged_by: str
) -> Iterator[Draft]:
    """The drafts of a document's details, each with its line where it has one.

    ``merged_by`` is the member in which a site writes the number under which it pays several
    details as one (合并支付), '' for none. Lines of a payroll are never merged.
    Raises WireError where a text is due and something else stands.
    """
    merging = Merging()
    for detail, line in found:
        place = detail.at(merged_by) if merged_by else None
        number = place.text() if place is not None else ""
        for draft in drafts(document, detail, line):
            if place is None or not number or draft.source.get("batch_line_id"):
                yield draft
                continue
            merging.add(number, structs.replace(draft, at={**draft.at, "merged": place.path}))
    yield from merging.drafts()


def _lines(detail: Value) -> Value:
    return detail.first(*_LINES)


def _draft(document: Value, detail: Value, line: int | None) -> Draft:
    places = {field: detail.first(*names) for field, names in _NAMES.items()}
    texts = {field: place.text() for field, place in places.items()}
    texts["amount"] = places["amount"].amount()
    texts["execution_date"] = timed_day(texts["execution_date"])
    texts["currency"] = codes.CURRENCY_NAMES.get(texts["currency"], texts["currency"])
    source = {key: detail.at(name).text() for key, name in _ECHOED.items()}
    source["document_number"] = document.at("code").text()
    source["organisation"] = document.first("accentity_code", "accentity").text()
    return Draft(
        **texts,
        at={field: place.path for field, place in places.items()},
        line=line,
        source={key: text for key, text in source.items() if text},
        merged=(),
    )


def _line(whole: Draft, detail: Value, line: Value, lines: int) -> Draft:
    """A payroll's line: its own payee and amount, everything else from its detail."""
    places = {field: line.first(*names) for field, names in _LINE_NAMES.items()}
    texts = {field: place.text() for field, place in places.items()}
    texts["amount"] = places["amount"].amount()
    texts["purpose"] = texts["purpose"] or whole.purpose
    own = line.at("bussBatchDetailId")
    name = own.text()
    kind = detail.at("batchtype").text()
    return structs.replace(
        whole,
        **texts,
        erp_reference=f"{whole.erp_reference}/{name}" if name else "",
        business_type=BusinessType.PAYROLL.value,
        payroll_purpose=codes.PAYROLLS.get(kind, PayrollPurpose.OTHER.value),
        at={
            **whole.at,
            **{field: place.path for field, place in places.items()},
            "erp_reference": own.path,
        },
        source={**whole.source, "batch_line_id": name, "batch_lines": str(lines)},
    )
