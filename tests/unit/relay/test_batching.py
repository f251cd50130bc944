"""Which instructions travel together: one payer, bounded size, nobody with a bad record."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import BusinessType, Instruction, Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Party
from gateway.ports.bank import FieldProblem, Operation
from gateway.ports.bank_batch import BatchKind
from gateway.ports.bank_order import batch_order
from gateway.relay.batching import ALONE, BATCH, PAY, PAYROLL, Due, group
from tests.records import replace


def nothing(*_: object) -> None:
    raise AssertionError("grouping encodes nothing")


OFFERING = replace(
    DIALECT,
    batch=Operation(nothing, nothing),  # type: ignore[arg-type]
    payroll=Operation(nothing, nothing),  # type: ignore[arg-type]
    batch_lines_max=3,
    payroll_lines_max=2,
)


def made(number: int, **changes: object) -> Instruction:
    it = Instruction(
        tenant=TenantId("t"),
        id=InstructionId(f"ins_{number}"),
        erp="e",
        erp_reference=f"R{number}",
        company="c",
        debtor=Party(name="付款户", account=Account(number="900010101000000011")),
        creditor=Party(
            name=f"收款户{number}", account=Account(number=f"90001090000000{number:04}")
        ),
        amount=Money(100 + number, CNY),
        purpose=f"货款{number}",
        own_bank=True,
        local=True,
    )
    return replace(it, **changes)  # type: ignore[arg-type]


def due(count: int, rounds: int = 0, **changes: object) -> list[Due]:
    return [Due(instruction=made(n, **changes), rounds=rounds) for n in range(count)]


def shape(groups) -> list[tuple[str, list[str]]]:
    return [(it.operation, [due.instruction.id for due in it.members]) for it in groups]


def test_full_batches_leave_first_and_a_rest_of_one_travels_alone():
    assert shape(group(due(4), OFFERING, batching=True)) == [
        (BATCH, ["ins_0", "ins_1", "ins_2"]),
        (PAY, ["ins_3"]),
    ]


def test_without_the_tenants_wish_or_the_banks_offer_everything_is_single():
    assert {it.operation for it in group(due(4), OFFERING, batching=False)} == {PAY}
    bare = replace(OFFERING, batch=None)
    assert {it.operation for it in group(due(4), bare, batching=True)} == {PAY}


def test_what_the_batch_cannot_carry_travels_alone():
    problem = FieldProblem(name="lines[1].memo", code="too_long", zh="", en="")

    def check(order):
        return tuple(problem for line in order.lines if line.purpose == "货款1")

    picky = replace(OFFERING, batch=Operation(nothing, nothing, check))
    assert shape(group(due(3), picky, batching=True)) == [
        (PAY, ["ins_1"]),
        (BATCH, ["ins_0", "ins_2"]),
    ]


def test_who_moves_up_for_a_misfit_is_checked_too():
    problem = FieldProblem(name="lines[1].memo", code="too_long", zh="", en="")

    def check(order):
        return tuple(problem for line in order.lines if line.purpose in {"货款1", "货款3"})

    picky = replace(OFFERING, batch=Operation(nothing, nothing, check))
    assert shape(group(due(4), picky, batching=True)) == [
        (PAY, ["ins_1"]),
        (PAY, ["ins_3"]),
        (BATCH, ["ins_0", "ins_2"]),
    ]


def test_what_was_checked_is_what_will_be_ordered():
    picky = replace(OFFERING, batch=Operation(nothing, nothing, lambda _: ()))
    for it in group(due(4), picky, batching=True):
        lines = [item.instruction for item in it.members]
        ordered = batch_order(BatchKind.PAYMENT, lines) if it.operation == BATCH else None
        assert it.order == ordered


def test_urgent_payments_wait_for_nobody():
    mixed = [*due(2), Due(instruction=made(9, urgency=Urgency.URGENT))]
    assert shape(group(mixed, OFFERING, batching=True)) == [
        (PAY, ["ins_9"]),
        (BATCH, ["ins_0", "ins_1"]),
    ]


def test_one_batch_has_one_payer():
    other = Party(name="另一户", account=Account(number="900010102000000010"))
    mixed = [Due(instruction=made(n, **({"debtor": other} if n % 2 else {}))) for n in range(4)]
    assert shape(group(mixed, OFFERING, batching=True)) == [
        (BATCH, ["ins_0", "ins_2"]),
        (BATCH, ["ins_1", "ins_3"]),
    ]


@pytest.mark.parametrize("rounds", [2, 3, ALONE])
def test_after_two_refused_batches_each_travels_alone(rounds):
    assert shape(group(due(3, rounds), OFFERING, batching=True)) == [
        (PAY, ["ins_0"]),
        (PAY, ["ins_1"]),
        (PAY, ["ins_2"]),
    ]


def test_rounds_do_not_mix():
    mixed = [*due(2), *(Due(instruction=made(n), rounds=1) for n in (7, 8))]
    assert shape(group(mixed, OFFERING, batching=True)) == [
        (BATCH, ["ins_0", "ins_1"]),
        (BATCH, ["ins_7", "ins_8"]),
    ]


def test_payroll_stays_payroll_even_alone_and_by_its_kind():
    pay = {"business_type": BusinessType.PAYROLL}
    mixed = [Due(instruction=made(n, **pay, payroll_purpose="salary")) for n in range(3)]
    mixed.append(Due(instruction=made(9, **pay, payroll_purpose="bonus")))
    mixed.append(Due(instruction=made(5, **pay, payroll_purpose="salary"), rounds=ALONE))
    assert shape(group(mixed, OFFERING, batching=False)) == [
        (PAYROLL, ["ins_0", "ins_1"]),
        (PAYROLL, ["ins_5"]),
        (PAYROLL, ["ins_2"]),
        (PAYROLL, ["ins_9"]),
    ]


def test_an_order_follows_from_the_instructions_alone():
    members = [made(n) for n in range(3)]
    order = batch_order(BatchKind.PAYMENT, members)
    assert order == batch_order(BatchKind.PAYMENT, members)
    assert order.kind is BatchKind.PAYMENT
    assert [line.line for line in order.lines] == [1, 2, 3]
    assert [line.creditor for line in order.lines] == [it.creditor for it in members]
    assert order.total() == Money(100 + 101 + 102, CNY)
