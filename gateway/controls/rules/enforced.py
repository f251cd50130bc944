"""Which rules of a document this version carries out.

Rule kept here: a rule that would stand in a document and stop nothing is refused when the document
is proposed. People must not trust what nobody checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.controls.rules.document import ControlDocument, PayeeRules
from gateway.controls.rules.reading import DocumentRefused
from gateway.domain.errors import Fault


def check_enforced(document: ControlDocument) -> None:
    """Raise DocumentRefused with every rule of a document that nothing would carry out."""
    found = tuple(_without_effect(document))
    if found:
        raise DocumentRefused(faults=found)


def _without_effect(document: ControlDocument) -> Iterator[Fault]:
    wanted, without = document.payees, PayeeRules()
    for name in (
        "first_payment",
        "cooling_hours",
        "shared_account",
        "duplicate_days",
        "netbank_paid",
    ):
        if getattr(wanted, name) != getattr(without, name):
            yield _fault(f"/payees/{name}")
    if document.plan:
        yield _fault("/plan")
    if document.planned:
        yield _fault("/planned")


def _fault(path: str) -> Fault:
    return Fault(
        path=path,
        code="not_enforced",
        zh="本版本尚不执行该规则，请删除后再提议",
        en="this version does not carry this rule out yet; leave it out",
    )
