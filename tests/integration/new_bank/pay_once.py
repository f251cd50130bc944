"""Pays through the sandbox in the language named on the command line; run as a process of its own.

Prints what the client understood: sign-on, payment, enquiry, replay, balance, an unknown serial.
"""

from __future__ import annotations

import importlib
import json
import sys

from gateway.domain.ids import Serial
from gateway.ports.bank import BalanceQuestion, SignOn, SignOnQuestion, StatusQuestion
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.seed import plant, shipped
from tests.sandbox_json import MAIN, START, order, other

SIGN_ON = SignOn(customer="9900000001", operator="erpmaker", password="Demo-Pass-1", at=START)


def told(code):
    dialect = importlib.import_module(f"adapters.bank.{code}").DIALECT
    ledger = Ledger(":memory:")
    plant(ledger, shipped(), START)
    options = Options(code=dialect.code, own_bank=dialect.is_own_bank)
    bank = SandboxBank(ledger, dialect.bank_side, options=options)

    def ask(operation, question, serial):
        sent = operation.encode(question, SIGN_ON, Serial(serial))
        return operation.decode(question, Serial(serial), bank.handle(sent.body(), START).reply)

    before = ask(dialect.balance, BalanceQuestion(account=MAIN), "B1").ledger.minor
    outcomes = {
        "sign_on": ask(dialect.sign_on, SignOnQuestion(), "S1"),
        "own_bank": ask(dialect.pay, order(), "P1"),
        "other_bank": ask(dialect.pay, other(), "P2"),
        "replay": ask(dialect.pay, order(), "P1"),
        "enquiry": ask(
            dialect.payment_status, StatusQuestion(original=Serial("P1"), order=order()), "E1"
        ),
        "nobody": ask(
            dialect.payment_status, StatusQuestion(original=Serial("P9"), order=order()), "E2"
        ),
    }
    after = ask(dialect.balance, BalanceQuestion(account=MAIN), "B2").ledger.minor
    return {
        **{name: outcome.verdict.value for name, outcome in outcomes.items()},
        "moved": before - after,
        "books": ledger.check(),
        "language": sys.modules[f"adapters.bank.{code}"].__file__,
    }


if __name__ == "__main__":
    print(json.dumps(told(sys.argv[1])))
