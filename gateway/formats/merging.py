"""Documents that an ERP merged into one payment (合并支付): several drafts become one.

Rule kept here: the documents of one merged number pay one payee from one account; where they do
not, that is a fault, never two payments. Their amounts are added exactly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gateway.domain.errors import Fault
from gateway.formats.amounts import plain, scaled
from gateway.ports.erp_draft import Draft, DraftPart, FaultyDraft

SIGNED: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,5})?", re.ASCII)
"""An amount that may be negative (红字)."""
_ALIKE: Final = (
    *("debtor_account", "debtor_name", "company", "currency", "creditor_account", "creditor_name"),
    *("creditor_agent_name", "creditor_agent_cnaps", "creditor_agent_bic", "creditor_city"),
    *("business_type", "payroll_purpose", "urgency", "execution_date", "budget_item"),
)
"""What is one of a payment."""
_OF_FIRST: Final = ("purpose", "memo", "end_to_end_id", "reconciliation_code")
"""What a payment has of its first document."""
_FAULTS: Final = {
    "merged_amount": (
        "合并付款中该单据的金额不是金额，无法求和，请更正",
        "the amount of this document of a merged payment is none, so it cannot be added",
    ),
    "merged_differs": (
        "与同一合并号的首张单据不同：同一合并号须从同一账户付给同一收款人；请更正或改用其他合并号",
        "differs from the first document of this merged number: they pay one payee, one account",
    ),
}


class Merging:
    """The drafts of one source that have a merged number."""

    def __init__(self) -> None:
        self._groups: dict[str, list[Draft]] = {}
        self.folded = 0
        """By how much there are fewer payments than documents."""

    def add(self, number: str, draft: Draft) -> None:
        """Keep a document for its payment; ``draft.at`` says where ``merged`` stands."""
        group = self._groups.setdefault(number, [])
        self.folded += bool(group)
        group.append(draft)

    def drafts(self) -> Iterator[Draft]:
        """One for each number, in the order in which they came first."""
        while self._groups:
            number = next(iter(self._groups))
            yield joined(number, self._groups.pop(number))


def joined(number: str, documents: Sequence[Draft]) -> Draft:
    """One payment of some documents, under its merged number.

    Each document's own faults are the payment's, with the document's own line.
    """
    first = documents[0]
    # What one document has to be told with must not be taken for another's.
    blank = dict.fromkeys(sorted({name for it in documents for name in it.source}), "")
    faults = [it for one in documents if isinstance(one, FaultyDraft) for it in one.faults]
    faults += _differing(documents)
    known = {(it.path, it.line) for it in faults}
    wrong = [it for it in documents if SIGNED.fullmatch(it.amount) is None]
    faults += [
        _fault("merged_amount", it, "amount")
        for it in wrong
        if (it.at.get("amount", ""), it.line) not in known
    ]
    texts = {name: getattr(first, name) for name in (*_ALIKE, *_OF_FIRST)}
    texts["amount"] = "" if wrong else plain(sum(scaled(it.amount) for it in documents), 0)
    said: dict[str, object] = {"faults": tuple(faults)} if faults else {}
    make = _faulty if faults else _draft
    return make(
        **texts,
        **said,
        erp_reference=number,
        at={**first.at, "erp_reference": first.at.get("merged", "")},
        line=first.line,
        source={**first.source, "reference": number},
        merged=tuple(_part(it, blank) for it in documents),
    )


def _part(document: Draft, blank: Mapping[str, str]) -> DraftPart:
    return DraftPart(
        erp_reference=document.erp_reference,
        amount=document.amount,
        at={it: document.at[it] for it in ("erp_reference", "amount") if it in document.at},
        line=document.line,
        source={**blank, **document.source},
    )


def _differing(documents: Sequence[Draft]) -> Iterator[Fault]:
    """Of each document the first field in which it pays otherwise than the first one."""
    first = documents[0]
    for one in documents[1:]:
        for name in _ALIKE:
            if getattr(one, name) != getattr(first, name):
                yield _fault("merged_differs", one, name)
                break


def _fault(code: str, document: Draft, field: str) -> Fault:
    zh, en = _FAULTS[code]
    path = document.at.get(field) or document.at.get("merged", "")
    return Fault(path=path, code=code, zh=zh, en=en, line=document.line)


# Typed loosely because texts are passed by name.
_draft: Final[Callable[..., Draft]] = Draft
_faulty: Final[Callable[..., Draft]] = FaultyDraft
