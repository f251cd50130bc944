"""Payees on lists of names are held; the hold names list, entry and source."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from sqlalchemy import insert

from gateway.controls.inspecting import Inspection
from gateway.controls.listed import ListedNames
from gateway.controls.reference.rows import Kind
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from gateway.domain.name_list import ListedName, NameIndex
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, content
from tests.payee_ground import ACCOUNT, NAME, PayeeDesk
from tests.store_ground import NOW_US, START, bench
from tests.unit.controls.candidates import candidate

BAD = "黑名单贸易有限公司"


@pytest.fixture
def desk():
    with bench() as at:
        yield PayeeDesk(at)


def put(desk, *entries: ListedName, tenant: str = "", source: str = "示例名单 2026-09") -> None:
    """As an import leaves them."""
    made = f"imp_{len(desk.at.rows(tables.reference_import))}"
    row = {
        "id": made,
        "kind": Kind.NAMES.value,
        "digest": "d",
        "source": source,
        "holds_from": "",
        "imported_us": NOW_US,
        "imported_by": "person:wang",
        "rows": len(entries),
    }
    desk.change(insert(tables.reference_import).values(row))
    for it in entries:
        listed = {
            "tenant": tenant,
            "list_id": it.list_id,
            "entry_id": it.entry_id,
            "body": msgspec.json.encode(it).decode(),
            "import_id": made,
        }
        desk.change(insert(tables.listed_name).values(listed))


def entry(*names: str, number: str = "1", **more: object) -> ListedName:
    return ListedName(list_id="L", entry_id=number, names=names, **more)


def pay(desk, name=BAD, reference="P-1", amount="5.00", account=ACCOUNT):
    made = desk.post(
        erp_reference=reference, amount=amount, creditor_account=account, creditor_name=name
    )
    return desk.findings(made)


def test_a_listed_payee_is_held_with_list_entry_reason_and_source(desk):
    put(desk, entry(BAD, reason="欠款"))
    ((rule, en),) = pay(desk)
    assert rule == "listed"
    for words in ("entry 1 of list L", BAD, "reason: 欠款", "source: 示例名单 2026-09"):
        assert words in en
    (row,) = [it for it in desk.at.rows(tables.hold) if it.rule == "listed"]
    for words in ("名单 L 第 1 条", "列入原因：欠款", "来源：示例名单 2026-09"):
        assert words in row.zh
    assert pay(desk, NAME, "P-2", "6.00") == []


def test_a_listed_account_is_held_and_told_masked(desk):
    put(desk, ListedName(list_id="L", entry_id="7", accounts=(ACCOUNT,)))
    ((_, en),) = pay(desk, NAME)
    assert "****0018" in en
    assert ACCOUNT not in en


def test_lists_of_everybody_and_of_the_tenant_hold_and_those_of_others_do_not(desk):
    put(desk, entry("众人名单公司"))
    put(desk, entry("本户名单公司"), tenant="t1", source="自有名单")
    put(desk, entry("他户名单公司"), tenant="t2")
    assert len(pay(desk, "众人名单公司")) == 1
    ((_, en),) = pay(desk, "本户名单公司", "P-2", "6.00")
    assert "自有名单" in en, "of two of the same number the tenant's own is told"
    assert pay(desk, "他户名单公司", "P-3", "7.00") == []


def test_an_entry_holds_on_its_days(desk):
    put(desk, entry(BAD, valid_from=date(2026, 9, 16)))
    assert pay(desk) == []
    desk.at.runtime.clock.pass_time(days=1)
    assert len(pay(desk, reference="P-2", amount="6.00")) == 1


def test_at_most_three_hits_are_told(desk):
    put(desk, *(entry(BAD, number=str(number)) for number in range(5)))
    assert len(pay(desk)) == 3


def test_people_who_looked_let_it_go(desk):
    put(desk, entry(BAD))
    made = desk.post(creditor_account=ACCOUNT, creditor_name=BAD)
    assert desk.vote(BOSS, made).complete
    assert desk.state(made) == "QUEUED"


class _Service:
    """Another keeper of lists."""

    def __init__(self, index: NameIndex | None) -> None:
        self.index, self.calls = index, []

    def names(self, uow, tenant):
        self.calls.append(("names", tenant))
        return self.index

    def sources(self, uow, tenant, hits):
        self.calls.append(("sources", len(hits)))
        return {("L", "1"): "another service"}


def looked(service, *names: str):
    """What an inspector over a service finds of candidates with these payees."""
    candidates = [candidate(str(number), payee=name) for number, name in enumerate(names)]
    inspection = Inspection(HERE, Rules(read(content())), START)
    return ListedNames(service).look(None, inspection, candidates)


def test_another_service_can_keep_the_lists():
    service = _Service(NameIndex([entry(BAD)]))
    ((finding,),) = looked(service, BAD).values()
    assert "another service" in finding.en
    assert service.calls == [("names", "t1"), ("sources", 1)]


def test_where_nothing_is_listed_nothing_is_asked():
    service = _Service(None)
    assert looked(service, BAD) == {}
    assert service.calls == [("names", "t1")]
    service = _Service(NameIndex([entry("无关公司名")]))
    assert looked(service, NAME) == {}
    assert service.calls == [("names", "t1")]
