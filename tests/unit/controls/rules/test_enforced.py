"""A rule that nothing carries out is refused, not stored in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.controls.rules.document import ControlDocument, PayeeRules, PlanLine
from gateway.controls.rules.enforced import check_enforced
from gateway.controls.rules.reading import DocumentRefused

NOTHING = ControlDocument()
LINE = PlanLine(company="c1", item="", period="2026", currency="CNY", amount_minor=1)


@pytest.mark.parametrize(
    ("document", "places"),
    [
        (replace(NOTHING, payees=PayeeRules(first_payment=True)), ["/payees/first_payment"]),
        (replace(NOTHING, payees=PayeeRules(cooling_hours=1)), ["/payees/cooling_hours"]),
        (replace(NOTHING, payees=PayeeRules(shared_account=True)), ["/payees/shared_account"]),
        (replace(NOTHING, payees=PayeeRules(duplicate_days=1)), ["/payees/duplicate_days"]),
        (replace(NOTHING, payees=PayeeRules(netbank_paid=True)), ["/payees/netbank_paid"]),
        (replace(NOTHING, plan=(LINE,), planned=frozenset({"c1"})), ["/plan", "/planned"]),
    ],
)
def test_what_stops_nothing_is_named(document, places):
    with pytest.raises(DocumentRefused) as refused:
        check_enforced(document)
    assert [it.path for it in refused.value.faults] == places
    assert {it.code for it in refused.value.faults} == {"not_enforced"}


def test_a_document_without_such_rules_passes():
    check_enforced(NOTHING)
