"""Order and question rows of shared tables as drafts and questions; the same of JSON objects.

Rule kept here: a cell becomes text without any loss; what cannot be text exactly stays visibly
wrong, so that validation refuses it by its column's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from gateway.domain.errors import Fault
from gateway.domain.instruction import BusinessType, Urgency
from gateway.formats.shared_names import SharedNames
from gateway.ports.erp_draft import Draft, DraftPart, FaultyDraft
from gateway.ports.erp_questions import Question
from gateway.ports.erp_tables import Cell, Row

_FIELDS: Final[Mapping[str, str]] = {
    "company": "company",
    "debtor_account": "payer_account",
    "debtor_name": "payer_name",
    "creditor_name": "payee_name",
    "creditor_account": "payee_account",
    "creditor_agent_name": "payee_bank",
    "creditor_agent_cnaps": "payee_cnaps",
    "creditor_agent_bic": "payee_bic",
    "creditor_city": "payee_city",
    "amount": "amount",
    "currency": "currency",
    "purpose": "purpose",
    "memo": "memo",
    "payroll_purpose": "payroll_purpose",
    "execution_date": "pay_day",
    "reconciliation_code": "recon_code",
    "budget_item": "budget_item",
}
"""Our fields of a draft to our names of the order's columns, where the text is taken as it is."""
LINE_UNLESS_SET: Final = "1"

Texts = Callable[[str], str]
"""The text of a row's column by our name of it, '' where absent."""
Place = Callable[[str], str]
"""Where the sender finds that column."""


def text_of(cell: Cell) -> str:
    """A cell as exact text: a day as YYYY-MM-DD, an amount without needless zeros.

    Blanks that pad a CHAR column are left out.
    """
    match cell:
        case None:
            return ""
        case str():
            return cell.rstrip(" ")
        case Decimal():
            plain = format(cell, "f")
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case bytes():
            return cell.hex()
        case _:
            return str(cell)


def row_draft(names: SharedNames) -> Callable[[Row], Draft]:
    """What makes a draft of a row of the order table."""
    columns, table = names.columns["order"], names.tables["order"]
    keys = frozenset({"system", "order", "line"})

    def draft(row: Row) -> Draft:
        def text(field: str) -> str:
            cell = row.get(columns[field]) if columns[field] else None
            # A key must be echoed as it is: its blanks are the sender's own and told as a fault.
            return cell if field in keys and isinstance(cell, str) else text_of(cell)

        return draft_of(names, text, lambda field: f"{table}.{columns[field]}")

    return draft


def draft_of(names: SharedNames, text: Texts, place: Place) -> Draft:
    """A draft of an order's texts. ``source`` is what its results echo."""
    order, line = text("order"), text("line") or LINE_UNLESS_SET
    values = {ours: text(theirs) for ours, theirs in _FIELDS.items()}
    values["urgency"] = _urgency(names, text("urgent"))
    values["business_type"] = _business(names, text("pay_type"))
    values["erp_reference"] = reference_of(order, line) if order else ""
    columns = names.columns["order"]
    at = {ours: place(theirs) for ours, theirs in _FIELDS.items() if columns[theirs]}
    if columns["sources"]:
        at["merged"] = place("sources")
    at |= {
        "erp_reference": place("order"),
        "urgency": place("urgent"),
        "business_type": place("pay_type"),
    }
    source = {"system": text("system"), "order": order, "line": line, "batch": text("batch")}
    merged = _sources(text("sources"), place("sources"))
    if "/" in line:  # two orders could come to have one reference
        values["erp_reference"] = ""
        fault = Fault(
            path=place("line"),
            code="line_number",
            zh="行号不能包含 /，请更正",
            en="the line number must not hold a slash; correct it",
        )
        return _faulty_draft(
            **values,
            at={**at, "erp_reference": place("line")},
            source=source,
            merged=merged,
            faults=(fault,),
        )
    return _draft(**values, at=at, source=source, merged=merged)


def _sources(text: str, place: str) -> tuple[DraftPart, ...]:
    """The source orders of a merged payment: ``order/line=amount;…``, the line 1 where unsaid.

    What is no such text becomes a part that validation refuses, by its column's name.
    """
    parts: list[DraftPart] = []
    for said in text.split(";") if text else ():
        name, _, amount = said.strip().rpartition("=")
        order, line = order_of(name.rstrip())
        parts.append(
            DraftPart(
                erp_reference=reference_of(order, line) if order else "",
                amount=amount.strip(),
                at={"erp_reference": place, "amount": place},
                source={"order": order, "line": line},
            )
        )
    return tuple(parts)


# Typed loosely because texts are passed by name.
_draft: Final[Callable[..., Draft]] = Draft
_faulty_draft: Final[Callable[..., Draft]] = FaultyDraft


def reference_of(order: str, line: str) -> str:
    """An order line's reference: unique, because a line number holds no slash."""
    return f"{order}/{line}"


def order_of(reference: str) -> tuple[str, str]:
    """Order and line number of a reference; of another system's reference the first line."""
    order, slash, line = reference.rpartition("/")
    return (order, line) if slash else (reference, LINE_UNLESS_SET)


def _urgency(names: SharedNames, text: str) -> str:
    if text == names.values["urgent_yes"]:
        return Urgency.URGENT.value
    return "" if text in {"", names.values["urgent_no"]} else text


def _business(names: SharedNames, text: str) -> str:
    known = {
        names.values["type_payment"]: BusinessType.PAYMENT.value,
        names.values["type_payroll"]: BusinessType.PAYROLL.value,
        names.values["type_internal"]: BusinessType.INTERNAL.value,
    }
    return known.get(text, text)


def row_question(names: SharedNames) -> Callable[[Row], Question]:
    """What makes a question of a row of the query table."""
    columns, table = names.columns["query"], names.tables["query"]

    def question(row: Row) -> Question:
        return question_of(
            lambda field: text_of(row.get(columns[field])) if columns[field] else "",
            lambda field: f"{table}.{columns[field]}",
        )

    return question


def question_of(text: Texts, place: Place) -> Question:
    """A question of its texts."""
    order = text("order")
    return Question(
        kind=text("kind").lower(),
        id=text("query"),
        account=text("account"),
        start=text("start"),
        end=text("end"),
        erp_reference=reference_of(order, text("line") or LINE_UNLESS_SET) if order else "",
        source={"system": text("system"), "query": text("query")},
        at={
            "kind": place("kind"),
            "id": place("query"),
            "account": place("account"),
            "start": place("start"),
            "end": place("end"),
            "erp_reference": place("order"),
        },
    )
