"""Cut-offs: what no channel takes on its day is held, exactly to the minute, and told when next."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.cutoffs import Cutoffs
from gateway.controls.inspecting import Inspection
from gateway.controls.reference.calendars import Calendars
from gateway.controls.reference.channels import ChannelRoutes, read_channels
from gateway.controls.reference.held import Reference
from gateway.controls.reference.look_up import Dated
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ControlDocument, HoldRule, enabled
from gateway.controls.rules.reading import canonical, digest, read
from gateway.controls.rules.reading import content as written
from gateway.domain.channel import ChannelCode, RouteFacts
from gateway.domain.instruction import State
from gateway.domain.money import CNY, Money
from gateway.store import tables
from gateway.store.instants import BEIJING
from tests.controls_ground import BOSS, HERE, Desk, content
from tests.store_ground import bench
from tests.unit.controls.candidates import candidate

LARGE = {"amount": "60000.00"}
STRAIGHT = [{"id": "all", "currency": "CNY", "bands": [{"steps": []}]}]
HOLD = content(matrix=STRAIGHT, calendar={"cutoffs": "hold"})


@pytest.fixture
def desk():
    with bench() as at:
        at.runtime.tasks.gate = lambda slots: slots
        yield Desk(at, HOLD, inspectors=[Cutoffs(Reference(at.store, at.runtime))])


def clock(desk, text: str) -> None:
    desk.at.runtime.clock.at = datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def told(desk, instruction: str):
    (found,) = [it for it in desk.at.rows(tables.hold) if it.instruction == instruction]
    return found


# ── the document ────────────────────────────────────────────────────────────────────────────


def test_a_document_without_it_is_the_same_document_as_ever():
    plain = read(content())
    assert "calendar" not in written(plain)
    assert digest(plain) == digest(read(content(calendar={})))
    assert digest(plain) == digest(read(content(calendar={"cutoffs": "off"})))
    asked = read(HOLD)
    assert read(json.loads(canonical(asked))) == asked
    assert HoldRule.CUTOFF in enabled(asked)
    assert HoldRule.CUTOFF not in enabled(plain)


def test_without_it_no_hour_holds_anything(desk):
    desk.rules.put(content(matrix=STRAIGHT))
    clock(desk, "2026-09-15T23:00:00")
    assert desk.state(desk.post(**LARGE)) == "QUEUED"


# ── hours ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-09-15T00:00:00", "QUEUED"),  # its business day has begun on the evening before
        ("2026-09-15T16:59:59.999999", "QUEUED"),
        ("2026-09-15T17:00:00", "HELD"),  # 17:15 less the cut-off of 15 minutes
        ("2026-09-15T20:30:00", "HELD"),  # open, but for the next business day
        ("2026-09-19T10:00:00", "HELD"),  # a Saturday
        ("2026-10-01T10:00:00", "HELD"),  # the National Day
        ("2026-09-20T10:00:00", "QUEUED"),  # a Sunday on which people work
    ],
)
def test_what_only_one_channel_carries_goes_in_its_hours_alone(desk, now, state):
    clock(desk, now)
    assert desk.state(desk.post(**LARGE)) == state


def test_what_another_channel_carries_goes_at_any_hour(desk):
    clock(desk, "2026-10-01T23:00:00")
    assert desk.state(desk.post(amount="50000.00")) == "QUEUED"
    above = desk.post(erp_reference="B", amount="50000.01")
    assert desk.open(above) == ["cutoff"]


def test_inside_the_bank_no_hour_holds(desk):
    clock(desk, "2026-10-01T23:00:00")
    own = {"creditor_agent_cnaps": "309290000001", "creditor_agent_name": "本行苏州分行"}
    assert desk.state(desk.post(**LARGE, **own)) == "QUEUED"


def test_it_names_the_channel_its_hours_and_when_it_opens_next(desk):
    clock(desk, "2026-09-30T18:00:00")
    found = told(desk, desk.post(**LARGE))
    assert found.en.startswith(
        "no channel takes it on 2026-09-30: HVPS (working days from 20:30 of the day before to "
        "17:15, cut-off 15 minutes before) takes it from 2026-10-07 20:30 on, for 2026-10-08"
    )
    assert "the amount is above the bound of BEPS" in found.en
    assert "大额支付系统（工作日前一日 20:30 至 17:15，提前 15 分钟截止）" in found.zh
    assert "2026-10-08" in found.zh
    assert "provisional" not in found.en


def test_beyond_the_published_calendar_it_says_so(desk):
    clock(desk, "2027-10-01T18:00:00")
    found = told(desk, desk.post(**LARGE))
    assert "not published yet: provisional" in found.en
    assert "暂定" in found.zh


def test_a_day_to_come_is_asked_for_itself(desk):
    clock(desk, "2026-09-15T23:00:00")
    assert desk.state(desk.post(**LARGE, execution_date="2026-09-16")) == "SCHEDULED"
    holiday = desk.post(erp_reference="B", amount="70000.00", execution_date="2026-10-02")
    assert desk.open(holiday) == ["cutoff"]


def test_a_currency_that_no_channel_speaks_of_is_not_judged(desk):
    clock(desk, "2026-10-01T23:00:00")
    found = Cutoffs(Reference(desk.at.store, desk.at.runtime))
    seen = found.look(
        _Unit(desk),
        Inspection(HERE, Rules(read(HOLD)), desk.at.runtime.clock.now()),
        [candidate("a", minor=99_999_999, currency="USD")],
    )
    assert seen == {}


def test_it_is_asked_again_when_people_lift_the_last_hold(desk):
    desk.rules.put(content(calendar={"cutoffs": "hold"}))
    clock(desk, "2026-09-15T10:00:00")
    made = desk.post(amount="50000.01", purpose="x")
    assert desk.open(made) == ["approval"]
    clock(desk, "2026-09-15T18:00:00")
    for name in ("wang", "li"):
        desk.vote(_person(name), made)
    assert not desk.vote(BOSS, made).complete
    assert desk.open(made) == ["cutoff"]
    assert desk.vote(BOSS, made, reason="as agreed with the bank").state is State.QUEUED


def _person(name):
    return BOSS.__class__(kind=BOSS.kind, name=name)


class _Unit:
    """A unit of work that reads the desk's database."""

    def __init__(self, desk) -> None:
        self._desk = desk

    def rows(self, statement):
        with self._desk.at.engine.connect() as db:
            return db.execute(statement).all()


# ── it says what the proposed routes say ────────────────────────────────────────────────────

TERMS = read_channels(
    json.dumps(
        {
            "format": "channel-terms/1",
            "terms": [
                {
                    "code": code,
                    "valid_from": "2026-01-01",
                    "source": "s",
                    "cut_off_min": 10,
                    "openings": [{"on": on, "opens": opens, "closes": "16:00"}],
                    **({"amount_max": most} if most else {}),
                }
                for code, on, opens, most in (
                    ("hvps", "working", "09:00", None),
                    ("beps", "every", "06:00", "500.00"),
                    ("ibps", "free", "07:00", "900.00"),
                )
            ],
        }
    ).encode()
)
DATED = Dated(calendars=Calendars(), routes=ChannelRoutes(Calendars().calendar(), [TERMS]))


@given(
    minute=st.integers(0, 24 * 60 * 40),
    minor=st.sampled_from((1, 50_000, 50_001, 90_000, 90_001, 10**9)),
)
def test_it_holds_what_no_channel_alone_would_take_for_that_day(minute, minor):
    now = datetime(2026, 9, 15, tzinfo=BEIJING)
    now = datetime.fromtimestamp(now.timestamp() + 60 * minute, BEIJING)

    class Held:
        def dated_in(self, uow):
            del uow
            return DATED

    one = candidate("a", minor=minor, pay_day=now.date())
    seen = Cutoffs(Held()).look(None, Inspection(HERE, Rules(read(HOLD)), now), [one])
    taken = any(
        choice.departure is not None and choice.departure.business_day == now.date()
        for code in ChannelCode
        for choice in [
            DATED.routes.choose(
                RouteFacts(
                    amount=Money(minor, CNY), own_bank=False, at=now, allowed=frozenset({code})
                )
            )
        ]
    )
    assert bool(seen) is not taken


def test_nothing_is_read_where_no_document_asks():
    seen = Cutoffs(None).look(None, Inspection(HERE, Rules(ControlDocument()), None), [])
    assert seen == {}
