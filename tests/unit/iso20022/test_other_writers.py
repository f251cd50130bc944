"""Files written by a program that is not ours are read as its author meant them."""

from __future__ import annotations

from datetime import date

import pytest
from sepaxml import SepaTransfer

from adapters.erp.iso20022 import read
from tests.unit.iso20022.samples import parted

PAYMENTS = [("Anna Müller", 1012, "Invoice 1", "E-1"), ("Beat & Söhne", 999999, "Invoice 2", "E-2")]


@pytest.mark.parametrize("version", ["03", "09"])
@pytest.mark.parametrize("batch", [True, False])
def test_sepaxml(version, batch):
    config = {
        "name": "Example GmbH",
        "IBAN": "NL50BANK1234567890",
        "BIC": "BANKNL2A",
        "batch": batch,
        "currency": "EUR",
    }
    writer = SepaTransfer(config, schema=f"pain.001.001.{version}", clean=False)
    for name, cents, text, own in PAYMENTS:
        writer.add_payment(
            {
                "name": name,
                "IBAN": "NL50BANK1234567890",
                "BIC": "BANKNL2A",
                "amount": cents,
                "execution_date": date(2026, 9, 16),
                "description": text,
                "endtoend_id": own,
            }
        )
    head, drafts, end = parted(list(read([writer.export(validate=True)])))
    assert head.format == f"pain.001.001.{version}"
    assert end.faults == ()
    assert [
        (d.creditor_name, d.amount, d.currency, d.purpose, d.end_to_end_id, d.execution_date)
        for d in drafts
    ] == [
        ("Anna Müller", "10.12", "EUR", "Invoice 1", "E-1", "2026-09-16"),
        ("Beat & Söhne", "9999.99", "EUR", "Invoice 2", "E-2", "2026-09-16"),
    ]
    assert {draft.debtor_account for draft in drafts} == {"NL50BANK1234567890"}
