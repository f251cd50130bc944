"""What is known not to be due is not looked for; full messages leave first, a rest at once."""

from __future__ import annotations

from gateway.relay import plan as planning
from gateway.relay.batching import group
from gateway.relay.pace import Pace
from gateway.relay.plan import plan
from gateway.relay.sender import Sender
from gateway.store import tables
from tests.records import replace
from tests.relay_ground import at_work
from tests.unit.relay.test_batching import OFFERING, made


def test_a_busy_sender_asks_the_schedule_nothing(tmp_path):
    async def story(it, far):
        sender = Sender(replace(it.link, poll_s=3_600.0), Pace(it.runtime, 0))
        it.store.on_rouse(lambda keys: sender.rouse())
        it.tasks.spawn("sender", sender.run())
        before = it.store.looks
        for number in range(1, 9):
            paid = await it.post(erp_reference=f"R{number}", amount=f"{number}.00")
            await it.until_state(paid, "SETTLED")
        await it.until(lambda: sender.in_flight == 0)
        assert it.store.looks == before, "each was roused, none was found by looking"
        sender.drain()

    at_work(tmp_path, story, start=False)


def test_what_is_roused_while_planning_is_planned_next(tmp_path, monkeypatch):
    """A commit that comes between the look and the rest must not be slept over."""

    async def story(it, far):
        sender = Sender(replace(it.link, poll_s=3_600.0), Pace(it.runtime, 0))
        late: list[str] = []
        real = plan

        def then_more(link, uow, limit, deadline):
            found = real(link, uow, limit, deadline)
            if not found.planned and not late:
                late.append("")
                sender.rouse()
            return found

        monkeypatch.setattr("gateway.relay.sender.plan", then_more)
        sender._due = True
        await sender._round()
        assert sender._due, "roused meanwhile"

    at_work(tmp_path, story, start=False)


def test_more_than_fits_is_said(tmp_path):
    async def story(it, far):
        for number in range(1, 6):
            await it.post(erp_reference=f"R{number}", amount=f"{number}.00")
        rounds = [await it.store.write(lambda uow: plan(it.link, uow, 2, 1e12)) for _ in range(4)]
        assert [(len(found.planned), found.more) for found in rounds] == [
            (2, True),
            (2, True),
            (1, False),
            (0, False),
        ]

    at_work(tmp_path, story, start=False, slots=8, books=False)


def test_no_slot_is_given_twice_whatever_the_sender_believes(tmp_path):
    async def story(it, far):
        for number in range(1, 6):
            await it.post(erp_reference=f"R{number}", amount=f"{number}.00")
        first = await it.store.write(lambda uow: plan(it.link, uow, 8, 1e12))
        again = await it.store.write(lambda uow: plan(it.link, uow, 8, 1e12))
        assert (len(first.planned), len(again.planned), again.more) == (2, 0, True)
        assert sum(bool(row.in_flight) for row in it.rows(tables.message)) == 2

    at_work(tmp_path, story, start=False, slots=2, books=False)


# ── who leaves first ────────────────────────────────────────────────────────────────────────


def leaving(it, payers: str, *, seen_all: bool, age_s: int = 0) -> list[str]:
    """The messages that leave of due lines, each line named by its payer's letter."""
    accounts = {name: f"9000101010000000{at:02}" for at, name in enumerate("abc", start=11)}
    lines = []
    due_us = it.link.now_us() - age_s * 1_000_000
    for number, payer in enumerate(payers):
        instruction = made(number)
        account = replace(instruction.debtor.account, number=accounts[payer])
        debtor = replace(instruction.debtor, account=account)
        lines.append(
            planning._Ready(
                instruction=replace(instruction, debtor=debtor),
                standing=None,  # type: ignore[arg-type]
                due_us=due_us,
            )
        )
    groups = group(lines, OFFERING, batching=True)
    letters = {number: name for name, number in accounts.items()}
    return [
        "".join(letters[due.instruction.debtor.account.number] for due in found.members)
        for found in planning._leaving(it.link, groups, seen_all=seen_all)
    ]


def test_full_messages_leave_first_and_the_rest_when_nothing_more_is_due(tmp_path):
    async def story(it, far):
        assert leaving(it, "abaabac", seen_all=True) == ["aaa", "bb", "a", "c"]
        assert leaving(it, "abaabac", seen_all=False) == ["aaa"]

    at_work(tmp_path, story, start=False)


def test_a_lone_payment_waits_for_nobody(tmp_path):
    async def story(it, far):
        assert leaving(it, "a", seen_all=True) == ["a"]
        assert leaving(it, "ab", seen_all=False) == ["a", "b"], "nothing whole is leaving"

    at_work(tmp_path, story, start=False)


def test_a_rest_that_waited_long_enough_goes_before_the_others(tmp_path):
    async def story(it, far):
        assert leaving(it, "abaabac", seen_all=False, age_s=2) == ["bb", "a", "c", "aaa"]

    at_work(tmp_path, story, start=False)


def test_a_clock_that_moves_while_the_schedule_is_asked_spoils_no_deadline(tmp_path):
    """Both clocks jump a day between the look and the plan: what is due now may leave now."""

    async def story(it, far):
        due = await it.post(execution_date="2026-09-16")
        real, jumps = it.store.read, [1]

        async def then_a_day_later(work):
            found = await real(work)
            if jumps:
                it.clock.pass_time(days=jumps.pop())
            return found

        it.store.read = then_a_day_later
        sender = Sender(it.link, Pace(it.runtime, 0))
        it.tasks.spawn("sender", sender.run())
        await it.until_state(due, "SETTLED")
        assert ("QUEUED", "not_sent") not in it.steps(due)
        assert (len(far.calls), jumps) == (1, [])
        sender.drain()

    at_work(tmp_path, story, start=False)
