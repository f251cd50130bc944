"""Small books for the tests of single passes."""

from __future__ import annotations

from gateway.reconciliation.columns import EntryRow, ItemRow, columns_of
from gateway.reconciliation.engine import reconcile
from gateway.reconciliation.rules import STANDARD

NAME = "福州兴业科技有限公司"


def entry(units, day=100, account="3510", currency="CNY", **said):
    return EntryRow(account=account, currency=currency, units=units, day=day, **said)


def item(name, units, day=100, account="3510", currency="CNY", **said):
    return ItemRow(item_id=name, account=account, currency=currency, units=units, day=day, **said)


def decided(entries, items, rules=STANDARD, **more):
    """(level, rule, entries, items) of every decision but the plain open ones."""
    columns = columns_of(entries, items, **more)
    found = list(reconcile(columns, rules).records())
    settled_e = [e for it in found if it.level != "suggested" for e in it.entries]
    settled_i = [i for it in found if it.level != "suggested" for i in it.items]
    assert sorted(settled_e) == list(range(len(entries)))
    assert sorted(settled_i) == list(range(len(items)))
    return [(it.level, it.rule, it.entries, it.items) for it in found if it.level != "none"]


def automatic(*args, **more):
    return [it[1:] for it in decided(*args, **more) if it[0] == "auto"]
