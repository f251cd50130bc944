"""What records promise, whatever they are made with: equal by value, never changed."""

from __future__ import annotations

import copy

import msgspec
import pytest

from gateway.domain.message import Segment
from gateway.domain.money import CNY, Money
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.party import Account, Agent, Party
from gateway.ports.erp import Draft
from tests.records import replace

PARTY = Party(
    name="样本物流有限公司",
    account=Account(
        number="622908328012345678", agent=Agent(name="示例银行", cnaps="309290000107")
    ),
)
RECORDS = [
    PARTY,
    Money(120050, CNY),
    Outcome(verdict=Verdict.SETTLED, lines=()),
    Draft(company="A", at={"company": "/company"}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_copy_is_equal_and_neither_changes(record):
    for other in (copy.copy(record), copy.deepcopy(record)):
        assert other == record
        assert type(other) is type(record)
    for name in record.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(record, name, None)
    with pytest.raises(AttributeError):
        record.unknown = 1


def test_records_of_values_are_keys():
    again = msgspec.structs.replace(PARTY, name="样本物流有限公司")
    assert again is not PARTY
    assert {PARTY: 1}[again] == 1
    assert replace(PARTY, name="another") not in {PARTY: 1}
    assert PARTY.account != PARTY.account.agent


def test_a_record_shows_its_fields():
    assert repr(Money(1, CNY)) == "Money(minor=1, currency=Currency(code='CNY', digits=2))"
    assert repr(Account(number="1")) == (
        "Account(number='1', agent=Agent(name='', cnaps='', bic='', city=''))"
    )
    assert repr(Segment(b"open")) == "Segment(b'open')"
    assert repr(Segment(b"secret", secret=True)) == "Segment(***)"


def test_what_a_record_refuses_it_refuses_however_it_is_made():
    for cnaps in ("30929000010", "３０９２９００００１０７", "x" * 12):
        with pytest.raises(ValueError, match="cnaps"):
            Agent(cnaps=cnaps)
        with pytest.raises(ValueError, match="cnaps"):
            replace(PARTY.account.agent, cnaps=cnaps)


def test_a_record_takes_its_own_fields_only_and_by_name():
    with pytest.raises(TypeError):
        Party(name="A", account=Account(number="1"), bank="B")
    with pytest.raises(TypeError):
        Party(name="A")
    with pytest.raises(TypeError):
        Party("A", Account(number="1"))


def test_what_a_draft_is_not_given_it_shares_with_no_other():
    one, other = Draft(), Draft()
    assert one.at == {} == other.source
    assert one.at is not other.at
