"""The sandbox bank as the far end of a simulated world, and the cast from its seed file."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Final

from gateway.domain.errors import Corrupt
from gateway.ports.bank import BankDialect
from gateway.sandbox import seed as seeds
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.exchange import Delivery
from gateway.sandbox.executions import LedgerBooks
from gateway.sandbox.faults import Fault, FaultSchedule
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.payees import LINE_FAILING_PREFIX, other_account, payee_name
from gateway.simulation.net import Answer
from gateway.simulation.plan import Cast, Payee
from gateway.simulation.runtime import START, SimRandom
from gateway.simulation.world import BankEnd, World

CUSTOMER: Final = "9900000001"
_FAULT_MOST: Final = 0.12
_SHARE: Final = 0.6
_TROUBLE_MOST: Final = 0.9
"""At least a tenth of the requests meet no fault of the bank's."""


class _Front:
    """The bank as the simulated network reaches it."""

    def __init__(self, bank: SandboxBank) -> None:
        self._bank = bank

    def handle(self, body: bytes, now: datetime) -> Answer:
        exchange = self._bank.handle(body, now)
        if exchange.reply is None or exchange.delivery in _SILENT:
            return Answer(None)
        reply = exchange.reply
        if exchange.delivery is Delivery.TRUNCATE:
            return Answer(None)  # the transport sees a cut body and reports Unconfirmed
        return Answer(reply, exchange.delay_s)


_SILENT: Final = frozenset({Delivery.REFUSE, Delivery.DROP, Delivery.HALF_OPEN})


def cast_of_seed(bank: str) -> Cast:
    """The first group of the shipped seed: its active accounts, its payee books."""
    group = seeds.shipped().groups[0]
    operator = group.operators[0]
    return Cast(
        customer=group.customer,
        operator=operator.user,
        password=operator.password,
        bank=bank,
        accounts=tuple(
            (account.number, company.name, account.city)
            for company in group.companies
            for account in company.accounts
            if account.status == "active"
        ),
        payees=tuple(
            Payee(
                account=payee.account,
                name=payee.name,
                agent_name=payee.agent_name or "兴业银行",
                cnaps=payee.agent_cnaps,
                city=payee.city,
            )
            for book in seeds.shipped().payee_books
            for payee in book.payees
        )
        + _failing_payee(),
    )


def _failing_payee() -> tuple[Payee, ...]:
    """One to whom a line of a batch fails at execution, while its neighbours are paid."""
    account = other_account(1, LINE_FAILING_PREFIX)
    return (
        Payee(
            account=account,
            name=payee_name(account),
            agent_name="示例商业银行上海分行",
            cnaps="999290000012",
            city="上海",
        ),
    )


def sandbox_end(dialect: BankDialect, draw: Random, *, calm: bool = False) -> BankEnd:
    """A sandbox bank in memory, with fault rates drawn from the seed."""
    ledger = Ledger(":memory:", durable=False)
    seeds.plant(ledger, seeds.shipped(), START)
    rates = {
        fault: 0.0 if calm or draw.random() > _SHARE else draw.uniform(0, _FAULT_MOST)
        for fault in Fault
    }
    crowd = max(1.0, sum(rates.values()) / _TROUBLE_MOST)
    rates = {fault: rate / crowd for fault, rate in rates.items()}
    faults = FaultSchedule(random=SimRandom(draw), rates=rates)
    options = Options(
        code=dialect.code,
        own_bank=dialect.is_own_bank,
        super_fail_rate=0.1,
        line_fail_rate=0.1,
        names_faulty=0.5,
    )
    bank = SandboxBank(ledger, dialect.bank_side, options=options, faults=faults)
    return BankEnd(
        bank=_Front(bank),
        books=LedgerBooks(ledger.db),
        faults=lambda: {fault.value: count for fault, count in faults.counts.items()},
        heal=lambda: faults.set_rates(dict.fromkeys(Fault, 0.0)),
        close=ledger.close,
    )


def world(seed: int, payments: int, dialect: BankDialect, *, calm: bool = False) -> World:
    """A world with the sandbox bank at its far end."""
    cast = cast_of_seed(dialect.code)
    if not cast.payees:
        raise Corrupt("the sandbox seed names no payee")
    return World(
        seed=seed,
        payments=payments,
        dialect=dialect,
        cast=cast,
        end=lambda draw: sandbox_end(dialect, draw, calm=calm),
        calm=calm,
    )
