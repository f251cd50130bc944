"""Tryton in a process of its own: it pays, is told what became of it, and takes in statements.

Run as ``python tryton_life.py FOLDER`` with trytond installed. It speaks in lines of JSON: first
what it wrote, then, after each order on standard input, what it made of a file of ours.
Its own test tools set up a company; nothing of ours is imported here.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path

os.environ["DB_NAME"] = ":memory:"
os.environ["TRYTOND_DATABASE_URI"] = "sqlite://"

from trytond.config import config

config.set("database", "uri", "sqlite://")

# Tryton reads its settings while it is imported, so they stand above.
from proteus import Model, Wizard  # noqa: E402
from trytond.modules.account.tests.tools import (  # noqa: E402
    create_chart,
    create_fiscalyear,
    get_accounts,
)
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.tests.tools import activate_modules  # noqa: E402

MODULES = ["account_payment_sepa", "account_statement_sepa", "account_statement_mt940"]
OWNER = "示例制造有限公司"
OWN_IBAN = "BE70953368654125"
PAYEES = (
    ("上海测试贸易有限公司", "BE07131673267766", "500.00", "INV-2026-001"),
    ("Supplier Two GmbH", "BE85735556927306", "1234.56", "INV-2026-002 货款"),
    ("Supplier Three", "DE89370400440532013000", "0.99", "INV-2026-003"),
)


class Life:
    """One company and its bank accounts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        activate_modules(
            MODULES, partial(create_company, currency="CNY"), create_chart, create_fiscalyear
        )
        self.company = get_company()
        self.company.party.name = OWNER
        self.company.party.save()
        self.journals = set()
        self.bank = self.new("bank", party=self.party("Bank One"), bic="CTBKBEBX")
        self.other = self.new("bank", party=self.party("Bank Two"), bic="FJIBCNBA")
        self.payments = []

    def new(self, model, **values):
        made = Model.get(model)(**values)
        made.save()
        return made

    def party(self, name):
        return self.new("party.party", name=name)

    def account(self, owner, bank, kind, number):
        made = Model.get("bank.account")(bank=bank)
        # An own copy: proteus puts a record into one list only.
        made.owners.append(Model.get("party.party")(owner.id))
        if kind == "other":
            made.currency = self.company.currency
        one = made.numbers.new()
        one.type, one.number = kind, number
        made.save()
        return made

    def pay(self, flavour, day):
        """Three payments of a day, submitted, approved and written as a file."""
        if not self.payments:
            self.own = self.account(self.company.party, self.bank, "iban", OWN_IBAN)
            self.suppliers = []
            for name, iban, _, _ in PAYEES:
                supplier = self.party(name)
                self.account(supplier, self.other, "iban", iban)
                self.suppliers.append(supplier)
        journal = self.new(
            "account.payment.journal",
            name=flavour,
            process_method="sepa",
            sepa_bank_account_number=self.own.numbers[0],
            sepa_payable_flavor=flavour,
            sepa_receivable_flavor="pain.008.001.02",
        )
        made = []
        for supplier, (_, _, amount, reference) in zip(self.suppliers, PAYEES, strict=True):
            payment = Model.get("account.payment")(party=supplier, kind="payable")
            payment.journal, payment.amount = journal, Decimal(amount)
            payment.date, payment.reference = dt.date.fromisoformat(day), reference
            payment.save()
            payment.click("submit")
            payment.click("approve")
            made.append(payment)
        (groups,) = Model.get("account.payment").click(made, "process_wizard").actions
        self.payments = made
        (message,) = [it for group in groups for it in group.sepa_messages]
        path = self.folder / f"{flavour}.xml"
        text = message.message
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {"file": str(path), **self.standing()}

    def standing(self):
        for payment in self.payments:
            payment.reload()
        return {
            "payments": [
                {
                    "state": it.state,
                    "id": it.sepa_end_to_end_id,
                    "amount": str(it.amount),
                    "reason": it.sepa_return_reason_code or "",
                }
                for it in self.payments
            ]
        }

    def told(self, path):
        """A camt.054 that came from the bank."""
        message = Model.get("account.payment.sepa.message")(type="in", company=self.company)
        message.message = Path(path).read_bytes()
        message.save()
        message.click("wait")
        message.click("do")
        message.reload()
        return {"message": message.state, **self.standing()}

    def statement(self, path, file_format, account):
        """A statement of one of its accounts."""
        self.journal_of(account)
        wizard = Wizard("account.statement.import")
        wizard.form.file_ = Path(path).read_bytes()
        wizard.form.file_format = file_format
        wizard.execute("import_")
        return {
            "statements": [
                {
                    "start": str(it.start_balance),
                    "end": str(it.end_balance),
                    "lines": it.number_of_lines,
                    "origins": [
                        {
                            "date": str(one.date),
                            "amount": str(one.amount),
                            "description": one.description or "",
                            "information": dict(one.information or {}),
                        }
                        for one in it.origins
                    ],
                }
                for it in wizard.actions[0]
            ]
        }

    def journal_of(self, number):
        if number in self.journals:
            return
        self.journals.add(number)
        if number == OWN_IBAN:
            made = self.own
        else:
            made = self.account(self.company.party, self.bank, "other", number)
        (journal,) = Model.get("account.journal").find([("code", "=", "STA")], limit=1)
        self.new(
            "account.statement.journal",
            name=number,
            journal=journal,
            account=get_accounts()["cash"],
            bank_account=made,
        )


def main():
    life = Life(Path(sys.argv[1]))
    say = partial(print, flush=True)
    say(json.dumps({"ready": True}))
    for line in sys.stdin:
        name, *order = json.loads(line)
        say(json.dumps(getattr(life, name)(*order), ensure_ascii=True))


if __name__ == "__main__":
    main()
