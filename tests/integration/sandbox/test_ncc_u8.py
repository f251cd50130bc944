"""The adapters of NC Cloud's OpenAPI and of U8 speak to their stand-ins over real sockets."""

from __future__ import annotations

import pytest

from adapters.erp.yonyou import DIALECTS
from gateway.domain.errors import WireError
from gateway.domain.instruction import State
from gateway.ports.erp import Draft, LineStatus, StatusReport
from gateway.ports.erp_api import Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.u8 import U8, U8Site
from tests.conformance import erps
from tests.erp_talk import NOW, run, talking, told_of, verdicts
from tests.ncc_ground import SECRET, ncc_options, ncc_site

U8_OPTIONS = {"sender": "001"}


# ── NC Cloud ──────────────────────────────────────────────────────────────────────────────────


def test_ncc_is_asked_page_by_page_and_told_each_kind_once():
    stand_in = ncc_site("YR1", "YR2", "YR3")
    options = ncc_options(stand_in, page_size="2")

    async def story():
        async with talking(stand_in, DIALECTS["ncc"], options, {"client_secret": SECRET}) as talk:
            drafts = await talk.pull()
            told = [
                (ToldKind.STATUS, told_of(drafts[0], State.UNCONFIRMED, version=3)),
                (ToldKind.STATUS, told_of(drafts[0], version=4)),
                (ToldKind.STATUS, told_of(drafts[1], State.REJECTED, code="E1", text="户名不符")),
                (ToldKind.CREDIT, erps.credit_told(entry=erps.ENTRIES[1])),
                (ToldKind.STATEMENT, erps.statement_told()),
                (ToldKind.BALANCE, erps.balance_told()),
                (ToldKind.RECEIPT, erps.receipt_told()),
            ]
            stand_in._losing = 1
            lost = await talk.tell(*told[0])
            first = [(await talk.tell(*it, again=True))[0] for it in told]
            second = [(await talk.tell(*it, again=True))[0] for it in told[1:]]
            stand_in._tokens.clear()
            return drafts, lost, first, second, await talk.tell(*told[5], again=True)

    drafts, lost, first, second, anew = run(story())
    assert [it.erp_reference for it in drafts] == ["YR1", "YR2", "YR3"]
    assert verdicts(lost) == [Verdict.AGAIN]
    assert verdicts(first) == [Verdict.ALREADY, *[Verdict.TAKEN] * 6]
    assert set(verdicts(second)) == {Verdict.ALREADY}
    assert verdicts(anew) == [Verdict.ALREADY], "another token was asked for"
    states = [[it["paystate"] for it in one.told] for one in stand_in.books.paylogs.values()]
    assert states == [["2", "0"], ["1"], []]
    assert len(stand_in.books.lines) == len(erps.ENTRIES)


# ── U8 ────────────────────────────────────────────────────────────────────────────────────────


def u8_with(*numbers, **site):
    stand_in = U8(U8Site(**site))
    for at, number in enumerate(numbers, 1):
        stand_in.add(
            number,
            {
                "dbtacc": "900010100100000011",
                "crtacc": "6200000000001234567",
                "crtaccname": "样本钢铁（上海）有限公司",
                "crtbranchname": "中国样本银行上海分行",
                "trsamt": f"{at}00.50",
                "c_ccynbr": "CNY",
                "nusage": "货款",
            },
        )
    return stand_in


def drafts_of(body):
    return [it for it in DIALECTS["u8"].read([body]) if isinstance(it, Draft)]


def reply_to(drafts, *refused):
    lines = [
        LineStatus(
            state="RECEIVED",
            source=draft.source,
            amount=draft.amount,
            currency=draft.currency,
            instruction=f"ins_{at}",
            erp_reference=draft.erp_reference,
            faults=(erps.FAULT,) if at in refused else (),
        )
        for at, draft in enumerate(drafts)
    ]
    status = StatusReport(
        report_id="R1",
        created=NOW,
        original_format="u8.ufinterface",
        original_message_id="M",
        line_count=len(lines),
        lines=lambda: iter(lines),
    )
    return b"".join(DIALECTS["u8"].report(status))


def test_u8_hands_payments_in_and_reads_what_became_of_each():
    stand_in = u8_with("FK1", "FK2", "FK3")
    drafts = drafts_of(stand_in.outgoing())
    assert [it.erp_reference for it in drafts] == ["FK1", "FK2", "FK3"]
    stand_in.replied(reply_to(drafts, 1))
    assert [bool(it.refused) for it in stand_in.payments.values()] == [False, True, False]
    assert erps.FAULT.zh in stand_in.payments["FK2"].refused
    assert stand_in.outgoing() == b""


@pytest.mark.parametrize("keyed", [True, False])
def test_u8_is_told_states_lines_balances_and_receipts_once_each(keyed):
    stand_in = u8_with("FK1", keyed=keyed)
    (draft,) = drafts_of(stand_in.outgoing())

    async def story():
        async with talking(stand_in, DIALECTS["u8"], U8_OPTIONS, {}) as talk:
            told = [
                (ToldKind.STATUS, told_of(draft, State.UNCONFIRMED, version=3)),
                (ToldKind.STATUS, told_of(draft, version=4)),
                (ToldKind.CREDIT, erps.credit_told(entry=erps.ENTRIES[1])),
                (ToldKind.STATEMENT, erps.statement_told()),
                (ToldKind.BALANCE, erps.balance_told()),
                (ToldKind.RECEIPT, erps.receipt_told()),
            ]
            stand_in._losing = 1
            lost = await talk.tell(*told[0])
            first = [(await talk.tell(*it, again=True))[0] for it in told]
            return lost, first, [(await talk.tell(*it, again=True))[0] for it in told]

    lost, first, second = run(story())
    assert verdicts(lost) == [Verdict.AGAIN]
    assert verdicts(first)[:2] == [Verdict.ALREADY, Verdict.TAKEN]
    assert set(verdicts(first)[2:]) <= {Verdict.TAKEN, Verdict.ALREADY}
    assert set(verdicts(second)) == {Verdict.ALREADY}
    assert [it["paystate"] for it in stand_in.payments["FK1"].told] == ["2", "0"]
    tags = [tag for tag, _ in stand_in.documents.values()]
    assert tags.count("gwbankstatement") == len(erps.ENTRIES)


def test_u8_names_what_it_does_not_take():
    strange = told_of(drafts_of(u8_with("FK9").outgoing())[0])

    async def story():
        async with talking(u8_with(), DIALECTS["u8"], U8_OPTIONS, {}) as talk:
            return await talk.tell(ToldKind.STATUS, strange)

    (taken,) = run(story())
    assert taken.verdict is Verdict.REFUSED
    assert "FK9" in taken.text


def test_a_sender_that_u8_does_not_know_is_told_so_and_nothing_is_known_of_many():
    async def story():
        async with talking(u8_with(), DIALECTS["u8"], {"sender": "nobody"}, {}) as talk:
            (one,) = await talk.tell(ToldKind.BALANCE, erps.balance_told())
            with pytest.raises(WireError):
                await talk.tell(ToldKind.STATEMENT, erps.statement_told())
            return one

    assert "未登记" in run(story()).text
