"""The receipts of a day, step by step: no second number while the first may be at the bank."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.domain import receipt_order as steps
from gateway.domain.receipt_order import (
    ASK_AFTER,
    Completeness,
    DayOrder,
    ListedFile,
    OrderState,
    TaskState,
    compare,
)

DAY = date(2026, 9, 14)
NOW = datetime(2026, 9, 15, 10, tzinfo=UTC)
ENDED = {OrderState.FAILED, OrderState.ELSEWHERE, OrderState.GIVEN_UP}
FILES = (ListedFile(id="f1", name="a.zip"),)
keys = st.lists(st.sampled_from(["", "a", "b", "c", "d"]), max_size=6)


@given(
    st.lists(
        st.tuples(st.sampled_from(["order", "ask", "lost", "refused"]), st.sampled_from(TaskState)),
        max_size=25,
    )
)
def test_a_day_is_ordered_under_another_number_only_after_the_bank_says_failed(events):
    it, numbers, failures, now, made = DayOrder(account="a", day=DAY, due=NOW), [], 0, NOW, 0
    for event, word in events:
        if it.due is None:
            assert it.state in ENDED
            break
        assert it.due >= now or it.state is OrderState.FETCHING
        now = max(now, it.due)
        if it.state is OrderState.PLANNED:
            made += 1
            it = steps.leaving(it, f"N{made}", now)
            if it.reference not in numbers:
                # Whatever was said before: another number is taken after a failure only.
                assert len(numbers) == failures
                numbers.append(it.reference)
            if event == "lost":
                it = steps.not_sent(it, now)
                continue
            before, it = it, steps.ordered(it, word, now)
            failures += word is TaskState.FAILED
            assert it.reference in {before.reference, ""}
        elif event in {"lost", "refused"}:
            before, it = it, steps.in_doubt(it, now, "x")
            assert (it.state, it.reference) == (before.state, before.reference)
        else:
            it = steps.asked(it, word, FILES, now)
            failures += word is TaskState.FAILED
        if it.state is not OrderState.FETCHING and it.due is not None:
            assert it.due >= now + min(ASK_AFTER, steps.NOT_SENT_REST)
        assert len(numbers) <= steps.ORDERS_MAX


@given(keys, keys, st.booleans())
def test_complete_means_that_each_line_has_its_receipt_and_each_receipt_its_line(
    lines, papers, proven
):
    papers = [it for it in papers if it]
    told = compare(lines, papers, proven=proven)
    exact = sorted(lines) == sorted(set(papers))
    assert (told.verdict is Completeness.COMPLETE) == (proven and exact)
    assert told.lines == len(lines)
    assert set(told.missing) <= set(lines)
    assert not set(told.surplus) & set(lines)
    if told.verdict is Completeness.INCOMPLETE:
        assert told.missing or told.surplus


def test_several_papers_of_one_line_are_one_receipt():
    assert compare(["a"], ["a", "a"], proven=True).verdict is Completeness.COMPLETE
    twins = compare(["a", "a"], ["a"], proven=True)
    assert (twins.verdict, twins.missing) == (Completeness.INCOMPLETE, ("a",))


def test_lines_without_a_key_can_have_no_receipt_told_to_be_theirs():
    told = compare(["a", ""], ["a"], proven=True)
    assert (told.verdict, told.unkeyed) == (Completeness.UNKEYED, 1)


def test_a_file_that_was_fetched_is_not_fetched_again_by_another_list():
    it = steps.asked(DayOrder(account="a", day=DAY, due=NOW), TaskState.DONE, FILES, NOW)
    it = steps.fetched(it, replace(FILES[0], fetched=True, tries=1))
    more = (*FILES, ListedFile(id="f2", name="b.pdf"))
    it = steps.asked(it, TaskState.DONE, more, NOW)
    assert [one.id for one in steps.still_wanted(it)] == ["f2"]
    worn = replace(more[1], tries=steps.TRIES_MAX)
    assert steps.still_wanted(steps.fetched(it, worn)) == ()


def test_what_is_stored_is_read_back_as_it_was():
    it = steps.leaving(DayOrder(account="a", day=DAY, due=NOW), "N1", NOW)
    it = replace(it, files=FILES, expires_on=DAY + timedelta(days=7))
    assert msgspec.json.decode(msgspec.json.encode(it), type=DayOrder) == it


def test_states_and_words_are_for_ever():
    assert [it.value for it in OrderState] == [
        *("planned", "sending", "waiting", "fetching", "done"),
        *("failed", "elsewhere", "expired", "given_up"),
    ]
    assert [it.value for it in Completeness] == ["complete", "incomplete", "unproven", "unkeyed"]
