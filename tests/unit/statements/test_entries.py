"""Keys of entries: the same in every statement, twins apart."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry, StatementPage
from gateway.statements.entries import balances_of, entries_told
from tests.records import replace

DAYS = [date(2026, 9, 14), date(2026, 9, 15)]
ENTRIES = st.builds(
    Entry,
    amount=st.sampled_from([Money(-100, CNY), Money(250, CNY)]),
    booking_date=st.sampled_from(DAYS),
    reference=st.sampled_from(["", "R1"]),
    counterparty_account=st.sampled_from(["", "6222"]),
    remittance=st.sampled_from(["货款", "工资"]),
)


@given(st.lists(ENTRIES, max_size=12))
def test_a_day_has_the_same_keys_alone_and_in_a_period(entries):
    entries.sort(key=lambda it: it.booking_date)
    whole = entries_told(entries)
    assert len({it.key for it in whole}) == len(entries)
    for day in DAYS:
        alone = entries_told([it for it in entries if it.booking_date == day], day)
        assert [it.key for it in alone] == [
            told.key for told, it in zip(whole, entries, strict=True) if it.booking_date == day
        ]


def test_balances_are_told_only_where_the_lines_prove_them():
    first = Entry(amount=Money(-100, CNY), balance_after=Money(900, CNY))
    second = Entry(amount=Money(50, CNY), balance_after=Money(950, CNY))

    def of(*entries):
        return balances_of([StatementPage(account="1", entries=entries, more=False)])

    assert of(first, second) == ("10.00", "9.50")
    assert of(first, replace(second, balance_after=Money(951, CNY))) == ("", "")
    assert of(first, replace(second, balance_after=None)) == ("", "")
    assert of() == ("", "")
