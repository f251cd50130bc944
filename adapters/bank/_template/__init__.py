"""Sample Bank: a small XML language, both sides. A beginning for a real one; see README.md.

Source: none; the bank and its language are invented.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from adapters.bank._template import balance, checks, payment, payment_status, signon
from adapters.bank._template.bank_side import BANK_SIDE
from adapters.bank._template.explain import explain
from adapters.bank._template.own_bank import CNAPS_PREFIX, is_own_bank, sniff
from gateway.ports.bank import BankDialect, Dedupe, Operation, Timing

SERIAL_LENGTH_MAX: Final = 32

DIALECT: Final = BankDialect(
    code="_template",
    name_zh="样板银行",
    name_en="Sample Bank",
    version="1.0",
    serial_length_max=SERIAL_LENGTH_MAX,
    timing=Timing(
        quiet=timedelta(minutes=10), dedupe=Dedupe.WINDOW, dedupe_window=timedelta(days=7)
    ),
    bank_side=BANK_SIDE,
    sniff=sniff,
    explain=explain,
    is_own_bank=is_own_bank,
    bank_codes=frozenset({CNAPS_PREFIX}),
    sign_on=Operation(signon.encode, signon.decode),
    pay=Operation(payment.encode, payment.decode, checks.check),
    payment_status=Operation(payment_status.encode, payment_status.decode),
    balance=Operation(balance.encode, balance.decode),
)
