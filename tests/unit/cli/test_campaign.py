"""What a campaign asks for, and the care of its processes; the campaigns themselves are e2e."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from types import SimpleNamespace

import pytest

from gateway.cli import campaign_run, own_postgres
from gateway.cli.campaign_erp import Erps
from gateway.cli.campaign_orders import BATCH, FILE, SINGLE, orders
from gateway.cli.campaign_storm import RATES, Storm
from gateway.cli.main import main
from gateway.simulation.runtime import START
from gateway.store import tables
from tests.store_ground import bench

AT = datetime.fromisoformat(START.isoformat())


@pytest.mark.parametrize(("seed", "payments"), [(1, 200), (2, 37), (7, 1)])
def test_as_many_payments_as_asked_for_and_no_two_alike(seed, payments):
    made = orders(seed, payments, AT)
    promises = [it for order in made for it in order.promises]
    assert len(promises) == sum(order.payments for order in made) == payments
    assert len({(it.tenant, it.erp, it.erp_reference) for it in promises}) == payments
    assert all(it.amount_minor is not None and it.amount_minor > 0 for it in promises)


def test_the_same_seed_asks_for_the_same():
    assert orders(3, 120, AT) == orders(3, 120, AT)
    assert orders(3, 120, AT) != orders(4, 120, AT)


def test_every_way_in_is_used_and_two_in_ten_calls_come_twice():
    made = orders(1, 2000, AT)
    assert {order.target for order in made} == {SINGLE, BATCH, FILE}
    assert {order.key for order in made} == {"demo-rest", "demo-batch", "demo-erp"}
    twice = sum(order.again is not None for order in made)
    assert 0.15 < twice / len(made) < 0.25


def test_a_second_posting_says_the_same_perhaps_in_another_order():
    turned = Counter[bool]()
    for order in orders(1, 2000, AT):
        if order.again is None:
            continue
        assert order.again == order.body
        if order.target == SINGLE:
            turned[json.dumps(order.again) != json.dumps(order.body)] += 1
    assert turned[True] > 10
    assert turned[False] > 10


def test_about_half_of_the_requests_to_the_bank_meet_a_fault():
    assert 0.45 <= sum(RATES.values()) <= 0.55


def test_without_a_server_it_says_what_to_install_and_starts_nothing(monkeypatch, capsys):
    monkeypatch.setattr(own_postgres, "find_spec", lambda _: None)
    assert main(["campaign", "--payments", "1", "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "requirements/postgresql.txt" in told.err


def test_what_was_interrupted_before_it_began_can_be_ended(monkeypatch):
    erps = Erps("http://127.0.0.1:9", [], 1)
    started = []

    def interrupted(thread) -> None:
        started.append(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr("threading.Thread.start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        erps.start()
    erps.stop()
    Storm(None, 1, 1, print).end()
    assert len(started) == 1


# ── coming to rest ────────────────────────────────────────────────────────────────────────────


def test_it_is_not_at_rest_while_somebody_dead_holds_a_message(monkeypatch):
    """An enquiry may have made the payment final before the message is taken over."""
    settled = Counter({"SETTLED": 2})
    looks = [(settled, 1, None), (settled, 1, None), (settled, 0, None), (settled, 0, None)]
    tended: list[int] = []
    monkeypatch.setattr(campaign_run, "_LOOK_S", 0)
    monkeypatch.setattr(campaign_run, "_look", lambda _: looks.pop(0))
    monkeypatch.setattr(campaign_run, "open_engine", lambda _: SimpleNamespace(dispose=list))
    monkeypatch.setattr(campaign_run.settings, "load", lambda _: SimpleNamespace(database=None))
    stage = SimpleNamespace(books="", clock=SimpleNamespace(now=lambda: START))
    storm = SimpleNamespace(tend=lambda: tended.append(len(looks)))
    assert campaign_run._rest(stage, storm, pytest.fail) == settled
    assert tended == [4, 3, 2], "whoever ended by itself is started again meanwhile"


def test_a_look_counts_messages_under_way():
    row = {"tenant": "t", "connection": "c", "bank": "cib", "customer": "1", "operation": "pay"}
    row |= {"fate": "closed", "sends": 2, "enquiries": 1, "resend_refused": False, "created_us": 1}
    with bench() as it:
        for name, under_way in (("a", True), ("b", False), ("c", True)):
            more = {"id": name, "serial": name, "holder": "lan_1", "in_flight": under_way}
            it.group(lambda uow, more=more: uow.add(tables.message, row | more))
        assert campaign_run._look(it.engine) == (Counter(), 2, None)
