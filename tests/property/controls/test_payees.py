"""Payees: other names are found as a slow look would find them; whatever is sent is told, not met
with an error; what a digest is over is written in one way."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from gateway.controls.inspecting import Inspection
from gateway.controls.payee_checks import PayeeChecks
from gateway.controls.payee_reading import LONGEST, read_file, read_wishes
from gateway.controls.payee_rows import PayeeAction, PayeeFields, PayeeItem, item_of, written
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from gateway.domain.errors import Refused
from gateway.domain.instruction import State
from gateway.domain.names import folded
from gateway.store import tables
from gateway.store.uow import Uow
from tests.controls_ground import HERE
from tests.payee_ground import ROOT, keeping
from tests.store_ground import START, bench
from tests.unit.controls.candidates import candidate

NAMES = st.text("甲乙 。，a", min_size=1, max_size=3)
NEVER_WENT = (State.HELD, State.REJECTED, State.CANCELLED, State.EXPIRED)
STATES = st.sampled_from([State.SETTLED, State.QUEUED, State.UNCONFIRMED, *NEVER_WENT])
PAYMENTS = st.lists(st.tuples(st.sampled_from("12"), NAMES, STATES, st.integers(0, 1)), max_size=12)
INSPECTION = Inspection(HERE, Rules(read(keeping(payees={"shared_account": True}))), START)
FIELDS = st.builds(
    PayeeFields,
    account=st.text("0123456789ABC-", min_size=1, max_size=32),
    name=st.text("甲乙丙（）·,\"'ab", min_size=1, max_size=20),
    agent_name=st.text("样本银行", max_size=10),
    cnaps=st.sampled_from(["", "102100099996"]),
    city=st.text("福州", max_size=4),
    vendor=st.text("V-123", max_size=8),
)


def read_or_refused(reading) -> object:
    """What was read, or the faults that were told."""
    try:
        return reading()
    except Refused as refused:
        return refused.faults


def row(number: int, account: str, name: str, state: State, version: int) -> dict[str, object]:
    """A stored payment."""
    return {
        "tenant": "t1",
        "id": f"ins_{number}",
        "erp": "sap",
        "erp_reference": str(number),
        "digest": "d",
        "maker": "machine:sap",
        "company": "c1",
        "connection": "c",
        "debtor_account": "9",
        "amount_minor": 1,
        "currency": "CNY",
        "creditor_name": name,
        "creditor_account": account,
        "own_bank": True,
        "local": True,
        "urgency": "normal",
        "business_type": "payment",
        "pay_day": "2026-09-15",
        "created_us": 1,
        "state": state.value,
        "version": 1,
        "changed_us": 1,
        "control_version": version,
    }


def test_other_names_are_found_as_a_slow_look_finds_them():
    with bench() as at, at.engine.connect() as db:

        @settings(max_examples=60, deadline=None)
        @given(PAYMENTS, NAMES)
        def holds(payments, name) -> None:
            db.execute(delete(tables.instruction))
            if payments:
                rows = [row(number, *it) for number, it in enumerate(payments)]
                db.execute(insert(tables.instruction), rows)
            asked = [candidate("x", account="1", payee=name)]
            found = PayeeChecks(PayeeSeal(ROOT)).look(Uow(db), INSPECTION, asked)
            wanted = any(
                folded(other) != folded(name)
                for account, other, state, version in payments
                if account == "1" and version and state not in NEVER_WENT
            )
            assert bool(found) == wanted

        holds()


@given(st.lists(FIELDS, min_size=1, max_size=5))
def test_a_file_is_read_as_it_was_written(payees):
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(LONGEST)
    table.writerows([getattr(it, name) for name in LONGEST] for it in payees)
    found = read_file(io.BytesIO(text.getvalue().encode()))
    assert [it.fields for it in found] == payees
    assert [it.line for it in found] == list(range(2, len(payees) + 2))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_file_is_sent_is_read_or_refused(text):
    assert read_or_refused(lambda: read_file(io.BytesIO(b"account,name\n" + text)))


@given(
    st.dictionaries(
        st.sampled_from(["items", "comment", "shoe"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda it: (
                st.lists(it, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["action", "payee", *LONGEST]),
                    it | st.sampled_from([*PayeeAction]),
                    max_size=4,
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_whatever_is_proposed_is_read_or_refused(members):
    assert read_or_refused(lambda: read_wishes(members)[0])


@given(FIELDS, st.sampled_from(PayeeAction))
def test_an_item_is_written_in_one_way(fields, action):
    item = PayeeItem(action=action, payee="pye_1", against="s", fields=fields)
    assert item_of(written(item)) == item
    assert written(item_of(written(item))) == written(item)
