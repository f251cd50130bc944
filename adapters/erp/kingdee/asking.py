"""Questions of 金蝶 systems: where payments stand (查证), and what accounts hold.

The operation's names for accounts are our proposal; 同步银行状态 is the vendor's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.erp.kingdee import exact
from gateway.domain.errors import WireError
from gateway.ports.erp_questions import Question, QuestionKind

ACCOUNT_FORM: Final = "CN_BANKACNT"
K3_STATUS: Final = "Synchronism"
K3_ASKED: Final[Mapping[str, QuestionKind]] = {
    "QueryBalance": QuestionKind.BALANCE,
    "QueryStatement": QuestionKind.STATEMENT,
    "QueryHistory": QuestionKind.HISTORY,
}
COSMIC_STATUS: Final = "syncpaystate"
COSMIC_ASKED: Final[Mapping[str, QuestionKind]] = {
    "querybalance": QuestionKind.BALANCE,
    "querystatement": QuestionKind.STATEMENT,
    "queryhistory": QuestionKind.HISTORY,
}


def names_one(head: bytes, form: str, operations: Mapping[str, QuestionKind] | str) -> bool:
    """Whether the first bytes name the form and one of the operations."""
    names = (operations,) if isinstance(operations, str) else tuple(operations)
    return (
        head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        and f'"{form}"'.encode() in head
        and b'"FieldKeys"' not in head
        and any(f'"{name}"'.encode() in head for name in names)
    )


def of_payment(reference: str, at: str, source: Mapping[str, str]) -> Question:
    """Where a payment stands."""
    return Question(
        kind=QuestionKind.STATUS.value,
        id=reference,
        erp_reference=reference,
        source=source,
        at={"erp_reference": at},
    )


def of_accounts(kind: QuestionKind, said: Mapping[str, object], path: str) -> tuple[Question, ...]:
    """Of each account in ``accounts`` the same, from ``start`` to ``end``. Raises WireError."""
    start, end = (exact.text(said.get(it), f"{path}/{it}") for it in ("start", "end"))
    listed = exact.items(said.get("accounts"), f"{path}/accounts")
    if not listed:
        raise WireError("empty", f"{path}/accounts")
    found = []
    for place, written in enumerate(listed):
        account = exact.text(written, f"{path}/accounts/{place}")
        found.append(
            Question(
                kind=kind.value,
                id=account,
                account=account,
                start=start,
                end=end,
                source={"form": ACCOUNT_FORM, "account": account},
                at={
                    "account": f"{path}/accounts/{place}",
                    "start": f"{path}/start",
                    "end": f"{path}/end",
                },
            )
        )
    return tuple(found)
