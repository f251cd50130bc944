"""What of a statement line says that money came back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.domain.bank_file import EntryRead, TransactionRead
from gateway.domain.exact import Exact
from gateway.domain.money import CNY
from gateway.statements.return_signs import Seen, Sign, seen_in

PLAIN = EntryRead(amount=Exact(10000, 2), currency="CNY", reference="B1", remittance="货款")
REF = ("2026-09-15", "abcdef0123456789abcdef")


def seen(**changes: object) -> list[Seen]:
    return list(seen_in(REF, replace(PLAIN, **changes), CNY))


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({}, Sign.NONE),
        ({"return_reason": "AC04"}, Sign.STRONG),
        ({"code": "PMNT/RCDT/RRTN"}, Sign.STRONG),
        ({"code": "NRTI"}, Sign.STRONG),
        ({"code": "266"}, Sign.STRONG),
        ({"remittance": "退汇 货款"}, Sign.STRONG),
        ({"remittance": "他行退票"}, Sign.STRONG),
        ({"remittance": "代发工资不成功退回款项"}, Sign.WEAK),
        ({"remittance": "Refund of invoice 7"}, Sign.WEAK),
        ({"reversal": True}, Sign.WEAK),
        ({"code": "PMNT/RCDT/ESCT", "remittance": "returnable packaging"}, Sign.NONE),
    ],
)
def test_codes_flags_and_words(changes, sign):
    (one,) = seen(**changes)
    assert one.sign is sign


def test_a_debit_is_only_looked_at_where_it_takes_something_back():
    assert seen(amount=Exact(-10000, 2), remittance="退款给客户") == []
    assert [it.minor for it in seen(amount=Exact(-10000, 2), reversal=True)] == [-10000]
    assert [it.backward for it in seen(amount=Exact(-10000, 2), remittance="冲正 退汇")] == [True]


def test_each_part_of_a_line_is_a_movement_with_numbers_of_its_own():
    parts = (
        TransactionRead(amount=Exact(4000, 2), instruction_id="S1", return_reason="AC01"),
        TransactionRead(amount=Exact(6000, 2), instruction_id="S2"),
    )
    one, two = seen(transactions=parts, bank_key="K1", return_reason="AC01")
    assert (one.minor, one.sign, one.reason, one.ref) == (
        *(4000, Sign.STRONG, "AC01"),
        "2026-09-15/abcdef0123456789.1",
    )
    assert (two.minor, two.sign, two.ref) == (6000, Sign.NONE, "2026-09-15/abcdef0123456789.2")
    assert one.tokens == {"B1", "S1"}
    assert two.tokens == {"B1", "S2"}
    assert one.bank_key == ""


def test_a_return_less_charges_is_the_whole_payment():
    parts = (
        TransactionRead(amount=Exact(10000, 2), instruction_id="S1"),
        TransactionRead(amount=Exact(-500, 2), kind="charges"),
    )
    (one,) = seen(amount=Exact(9500, 2), transactions=parts, bank_key="K1", remittance="退汇")
    assert (one.minor, one.ref, one.bank_key) == (10000, "2026-09-15/abcdef0123456789", "K1")


def test_parts_without_amounts_leave_the_line_whole():
    parts = (TransactionRead(instruction_id="S1"), TransactionRead(instruction_id="S2"))
    (one,) = seen(transactions=parts, remittance="退汇")
    assert one.minor == 10000
    assert one.tokens == {"B1", "S1", "S2"}
