"""What the demonstration's ERPs send: generated lines, as JSON and as pain.001 files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Final

from gateway.domain.money import CNY, Money
from gateway.sandbox.payees import (
    PERSONAL_CLOSED_PREFIX,
    PERSONAL_PREFIX,
    other_account,
    own_account,
    payee_name,
    personal_account,
)

ACCOUNTS: Final = (
    "900010101000000011",
    "900010102000000010",
)
ERP_ACCOUNT: Final = "900010103000000019"
"""The account of the tenant whose ERPs come by every way there is."""
BATCHING: Final = "900010101000000029"
"""The account of the tenant that lets its payments travel together."""
POOR: Final = "900010101000000037"
"""An account with 120.00 on it."""
_AGENT: Final = ("示例商业银行上海分行", "999290000012", "上海")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One payment an ERP wants."""

    reference: str
    debtor: str
    account: str
    name: str
    amount: Money
    purpose: str
    own_bank: bool
    key: str = "demo-rest"
    """Whose key asks for it."""
    payroll: str = ""
    """Kind of pay of a payroll line, '' for a payment."""

    def document(self) -> dict[str, str]:
        """The JSON body."""
        agent, cnaps, city = _AGENT
        body = {
            "erp_reference": self.reference,
            "debtor_account": self.debtor,
            "creditor_name": self.name,
            "creditor_account": self.account,
            "amount": self.amount.text(),
            "currency": "CNY",
            "purpose": self.purpose,
        }
        if self.own_bank:
            return body | {"creditor_agent_name": "兴业银行"}
        return body | {
            "creditor_agent_name": agent,
            "creditor_agent_cnaps": cnaps,
            "creditor_city": city,
        }


def wish(reference: str, index: int, *, own_bank: bool, name: str = "", debtor: str = "") -> Wish:
    """Payment number ``index``: payee and amount are its own, so none looks like another."""
    account = own_account(index) if own_bank else other_account(index)
    return Wish(
        reference=reference,
        debtor=debtor or ACCOUNTS[index % len(ACCOUNTS)],
        account=account,
        name=name or payee_name(account),
        amount=Money(100_000 + index * 137, CNY),
        purpose=f"货款{index}",
        own_bank=own_bank,
    )


def pain001(  # noqa: PLR0913 - the last two by keyword
    version: str,
    message_id: str,
    created: datetime,
    wishes: Sequence[Wish],
    *,
    style: str,
    payer: str = "示例制造有限公司",
) -> bytes:
    """A pain.001 file in the style of SAP's Chinese format or of Tryton."""
    composer = import_module("adapters.erp.iso20022.compose")
    agent, cnaps, city = _AGENT
    lines = [
        composer.Line(
            end_to_end_id=it.reference,
            amount=it.amount,
            execution_date=created.date(),
            creditor_name=it.name,
            creditor_account=it.account,
            creditor_agent_name="兴业银行" if it.own_bank else agent,
            creditor_agent_cnaps="" if it.own_bank else cnaps,
            creditor_agent_bic="FJIBCNBA" if it.own_bank else "",
            creditor_city="" if it.own_bank else city,
            purpose=it.purpose,
            category_purpose="SALA" if it.payroll else "",
        )
        for it in wishes
    ]
    debtor = composer.Debtor(name=payer, account=wishes[0].debtor, bic="FJIBCNBA")
    made: bytes = composer.compose(
        version, message_id, created, debtor, lines, style=composer.Style(style)
    )
    return made


def batched(reference: str, index: int, *, own_bank: bool = True, name: str = "") -> Wish:
    """A payment of the tenant that batches."""
    made = wish(reference, index, own_bank=own_bank, name=name, debtor=BATCHING)
    return replace(made, amount=Money(10_000 + index % 1000, CNY), key="demo-batch")


def pay_of(reference: str, index: int, *, closed: bool = False) -> Wish:
    """One person's salary; ``closed`` makes it a card that the bank has closed."""
    account = personal_account(index, PERSONAL_CLOSED_PREFIX if closed else PERSONAL_PREFIX)
    return Wish(
        reference=reference,
        debtor=BATCHING,
        account=account,
        name=payee_name(account),
        amount=Money(150_000 + index * 311, CNY),
        purpose="九月工资",
        own_bank=True,
        key="demo-batch",
        payroll="salary",
    )


def coming_back(it: Wish) -> Wish:
    """The same payment to a payee whose bank sends the money back on the second working day."""
    return replace(it, account="910010801000000039", name="示例退汇有限公司", own_bank=False)
