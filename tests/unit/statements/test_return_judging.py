"""Which payment a return belongs to: numbers prove, everything else asks people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.domain.instruction import FATE_OPEN, State
from gateway.statements.return_judging import WINDOW_DAYS, Payment, Ruling, judge
from gateway.statements.return_signs import Seen, Sign

PAYMENT = Payment(
    id="ins_1",
    state=State.SETTLED,
    minor=10000,
    currency="CNY",
    creditor_account="6222",
    creditor_name="福州某某有限公司",
    pay_day="2026-09-10",
    bank_reference="990000000001",
    code="R0123456789ABC",
    serial="GW0001",
)
SEEN = Seen(
    ref="2026-09-15/abc",
    day="2026-09-15",
    minor=10000,
    currency="CNY",
    sign=Sign.STRONG,
    backward=False,
    tokens=frozenset(),
    text="退汇",
    party_account="6222",
    party_name="福州某某有限公司",
    bank_key="",
    reference="",
    reason="",
)
NUMBERS = ("990000000001", "GW0001", "R0123456789ABC")
OTHER = replace(PAYMENT, id="ins_2", minor=20000, code="", creditor_account="6333")


def ruled(*payments: Payment, **changes: object) -> tuple[Ruling, tuple[str, ...]]:
    judged = judge(replace(SEEN, **changes), payments)
    return judged.ruling, judged.payments


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_where_numbers_stand_proves(number):
    assert ruled(PAYMENT, tokens=frozenset({number})) == (Ruling.RETURNED, ("ins_1",))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_among_words_proves_only_whole(number):
    assert ruled(PAYMENT, text=f"退汇，原{number}") == (Ruling.RETURNED, ("ins_1",))
    assert ruled(PAYMENT, text=f"退汇 {number}9") == (Ruling.SUSPECTED, ("ins_1",))


def test_a_short_reference_of_the_bank_among_words_proves_nothing():
    short = replace(PAYMENT, bank_reference="2026")
    assert ruled(short, text="退汇 2026 年")[0] is Ruling.SUSPECTED
    assert ruled(short, tokens=frozenset({"2026"}))[0] is Ruling.RETURNED


def test_the_payee_need_not_be_named_where_a_number_is():
    """Banks book returns against suspense accounts of their own."""
    changes = {"tokens": frozenset({"GW0001"}), "party_account": "99", "party_name": "待清算"}
    assert ruled(PAYMENT, **changes) == (Ruling.RETURNED, ("ins_1",))


def test_another_amount_under_the_number_is_for_people():
    assert ruled(PAYMENT, minor=9999, tokens=frozenset({"GW0001"})) == (
        *(Ruling.SUSPECTED, ("ins_1",)),
    )


def test_payee_amount_and_day_alone_only_suggest():
    assert ruled(PAYMENT) == (Ruling.SUSPECTED, ("ins_1",))
    assert ruled(PAYMENT, sign=Sign.WEAK) == (Ruling.SUSPECTED, ("ins_1",))
    assert ruled(PAYMENT, party_account="") == (Ruling.SUSPECTED, ("ins_1",))
    assert ruled(PAYMENT, party_account="6999") == (Ruling.UNLINKED, ())
    assert ruled(replace(PAYMENT, pay_day="2026-09-16")) == (Ruling.UNLINKED, ())
    late = f"2026-09-{10 + WINDOW_DAYS + 1}"
    assert ruled(PAYMENT, day=late) == (Ruling.UNLINKED, ())


def test_what_customers_send_is_no_return_of_ours():
    changes = {"party_account": "6999", "sign": Sign.WEAK, "text": "退款"}
    assert ruled(PAYMENT, **changes) == (Ruling.NOTHING, ())
    assert ruled(PAYMENT, sign=Sign.NONE) == (Ruling.NOTHING, ())


def test_money_under_our_number_without_a_sign_is_for_people():
    changes = {"sign": Sign.NONE, "tokens": frozenset({"GW0001"})}
    assert ruled(PAYMENT, **changes) == (Ruling.SUSPECTED, ("ins_1",))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_payee_that_pays_back_with_our_number_is_for_people(number):
    """Its words and the number in them are its own; a number where the bank puts numbers is not."""
    changes = {"sign": Sign.WEAK, "text": f"退款 {number}"}
    assert ruled(PAYMENT, **changes) == (Ruling.SUSPECTED, ("ins_1",))
    for state, ruling in (
        (State.REJECTED, Ruling.NOTHING),
        (State.RETURNED, Ruling.NOTHING),
        (State.UNCONFIRMED, Ruling.WAITING),
    ):
        assert ruled(replace(PAYMENT, state=state), **changes) == (ruling, ())
    assert ruled(PAYMENT, **changes, tokens=frozenset({number})) == (Ruling.RETURNED, ("ins_1",))
    assert ruled(PAYMENT, **changes, backward=True) == (Ruling.RETURNED, ("ins_1",))


def test_one_line_of_a_batch_is_found_by_its_payee():
    other = replace(OTHER, minor=10000)
    assert ruled(PAYMENT, other, tokens=frozenset({"GW0001"})) == (Ruling.RETURNED, ("ins_1",))
    named = {"party_account": "", "party_name": "福州某某有限责任公司"}
    other = replace(other, creditor_name="厦门某某有限公司")
    assert ruled(PAYMENT, other, tokens=frozenset({"GW0001"}), **named)[0] is Ruling.RETURNED


def test_a_batch_that_does_not_say_which_line_is_for_people():
    twin = replace(PAYMENT, id="ins_2")
    numbered = {"tokens": frozenset({"GW0001"})}
    assert ruled(PAYMENT, twin, **numbered)[0] is Ruling.SUSPECTED
    unknown = {"party_account": "", "party_name": "代发工资"}
    assert ruled(PAYMENT, OTHER, **numbered, **unknown) == (Ruling.SUSPECTED, ("ins_1",))
    assert ruled(PAYMENT, OTHER, minor=7, **numbered, **unknown) == (Ruling.UNLINKED, ())


def test_the_code_names_one_line_of_a_batch():
    twin = replace(PAYMENT, id="ins_2", code="R0123456789ABD")
    numbered = {"tokens": frozenset({"GW0001"}), "text": "退汇 R0123456789ABC"}
    assert ruled(PAYMENT, twin, **numbered) == (Ruling.RETURNED, ("ins_1",))


def test_what_was_never_paid_comes_back_in_one_sum():
    """代发: the total was debited, the failed lines come back together."""
    failed = [
        replace(PAYMENT, id=f"ins_{at}", minor=500, state=State.REJECTED, code="") for at in (3, 4)
    ]
    unknown = {"party_account": "", "party_name": "代发工资", "tokens": frozenset({"GW0001"})}
    assert ruled(PAYMENT, *failed, minor=1000, **unknown) == (Ruling.NOTHING, ())
    # A paid line of the same amount: it may be that one, too.
    paid = replace(PAYMENT, minor=1000)
    assert ruled(paid, *failed, minor=1000, **unknown) == (Ruling.SUSPECTED, ("ins_1",))
    under_way = replace(failed[0], state=State.PROCESSING)
    assert ruled(PAYMENT, under_way, minor=1000, **unknown)[0] is Ruling.WAITING


def test_what_failed_and_is_back_is_as_the_bank_said():
    failed = replace(PAYMENT, state=State.REJECTED)
    assert ruled(failed, tokens=frozenset({"GW0001"})) == (Ruling.NOTHING, ())


def test_a_debit_that_takes_a_return_back():
    back = replace(PAYMENT, state=State.RETURNED)
    changes = {"minor": -10000, "backward": True, "tokens": frozenset({"GW0001"})}
    assert ruled(back, **changes) == (Ruling.REVERSED, ("ins_1",))
    assert ruled(back, minor=-10000, backward=True) == (Ruling.NOTHING, ())


@given(
    st.sets(st.sampled_from((*NUMBERS, "GW0002", "990000000002", "")), max_size=4),
    st.sampled_from(Sign),
    st.sampled_from((10000, 20000, 9999)),
    st.lists(
        st.builds(
            lambda state, minor, at: replace(
                PAYMENT,
                id=f"ins_{at}",
                state=state,
                minor=minor,
                serial=f"GW000{at % 3}",
                bank_reference=f"99000000000{at % 4}",
                code=NUMBERS[2] if at == 1 else "",
            ),
            st.sampled_from(State),
            st.sampled_from((10000, 20000)),
            st.integers(1, 9),
        ),
        max_size=5,
        unique_by=lambda it: it.id,
    ),
)
def test_whatever_comes_only_a_number_with_the_whole_amount_returns(tokens, sign, minor, payments):
    seen = replace(SEEN, tokens=frozenset(tokens - {""}), sign=sign, minor=minor)
    judged = judge(seen, payments)
    by_id = {it.id: it for it in payments}
    if judged.ruling is Ruling.RETURNED:
        (name,) = judged.payments
        one = by_id[name]
        assert one.minor == minor
        assert tokens & {one.serial, one.bank_reference, one.code} - {""}
        assert sign is not Sign.NONE
    if judged.ruling is Ruling.WAITING:
        assert any(it.state in FATE_OPEN for it in payments)
    assert judge(seen, payments[::-1]).ruling is judged.ruling
