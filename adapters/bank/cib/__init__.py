"""兴业银行 (Industrial Bank, CIB): the FOX language, both sides.

Source: CIB interface document, standard edition, V4.0.4.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from adapters.bank.cib import (
    balance,
    checks,
    core_result,
    payment,
    payment_status,
    signon,
    statement,
)
from adapters.bank.cib.bank_side import BANK_SIDE
from adapters.bank.cib.envelope import PasswordForm, plain_password
from adapters.bank.cib.explain import explain
from adapters.bank.cib.own_bank import is_own_bank, sniff
from gateway.ports.bank import BankDialect, Dedupe, Operation, Timing

SERIAL_LENGTH_MAX: Final = 30


def dialect(
    *, password: PasswordForm = plain_password, statement_version: str = statement.VERSION_2
) -> BankDialect:
    """The dialect as one client uses it.

    ``password`` writes USERPASS (plain, or the bank's cipher form with its own key);
    ``statement_version`` is '' for banks' branches that still answer the old statement only.
    """
    return BankDialect(
        code="cib",
        name_zh="兴业银行",
        name_en="Industrial Bank",
        version="V4.0.4",
        serial_length_max=SERIAL_LENGTH_MAX,
        timing=Timing(
            quiet=timedelta(minutes=15), dedupe=Dedupe.WINDOW, dedupe_window=timedelta(days=30)
        ),
        bank_side=BANK_SIDE,
        sniff=sniff,
        explain=explain,
        is_own_bank=is_own_bank,
        sign_on=Operation(partial(signon.encode, password=password), signon.decode),
        pay=Operation(partial(payment.encode, password=password), payment.decode, checks.check),
        payment_status=Operation(
            partial(payment_status.encode, password=password), payment_status.decode
        ),
        core_result=Operation(partial(core_result.encode, password=password), core_result.decode),
        balance=Operation(partial(balance.encode, password=password), balance.decode),
        statement=Operation(
            partial(statement.encode, version=statement_version, password=password),
            statement.decode,
        ),
    )


DIALECT: Final = dialect()
