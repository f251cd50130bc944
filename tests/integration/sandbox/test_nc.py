"""The adapter of NC speaks to its stand-in, over real sockets where it calls."""

from __future__ import annotations

from adapters.erp.yonyou import DIALECTS
from gateway.domain.instruction import State
from gateway.ports.erp import Draft, LineStatus, StatusReport
from gateway.ports.erp_api import Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.nc import Nc
from tests.conformance import erps
from tests.erp_talk import NOW, run, talking, told_of, verdicts

NC_OPTIONS = {"account": "0001", "groupcode": "01", "receiver": "10101"}


def nc_with(*references):
    stand_in = Nc()
    for at, reference in enumerate(references, 1):
        stand_in.add(
            {
                "pk_org": "10101",
                "yurref": reference,
                "dbtacc": "900010100100000011",
                "crtacc": "6200000000001234567",
                "crtaccname": "样本钢铁（上海）有限公司",
                "crtbranchname": "中国样本银行上海分行",
                "crtbranchid": "102290000001",
                "trsamt": f"{at}00.50",
                "c_ccynbr": "CNY",
                "nusage": "货款",
            }
        )
    return stand_in


def drafts_of(body):
    return [it for it in DIALECTS["nc"].read([body]) if isinstance(it, Draft)]


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
        original_format="nc.ufinterface",
        original_message_id="M",
        line_count=len(lines),
        lines=lambda: iter(lines),
    )
    return b"".join(DIALECTS["nc"].report(status))


def test_nc_hands_payments_in_and_reads_what_became_of_each():
    stand_in = nc_with("YR1", "YR2", "YR3")
    drafts = drafts_of(stand_in.outgoing())
    assert [it.erp_reference for it in drafts] == ["YR1", "YR2", "YR3"]
    stand_in.replied(reply_to(drafts, 1))
    assert [bool(it.refused) for it in stand_in.payments.values()] == [False, True, False]
    assert erps.FAULT.zh in stand_in.payments["YR2"].refused
    assert stand_in.outgoing() == b""


def test_nc_is_told_states_lines_balances_and_receipts_once_each():
    stand_in = nc_with("YR1")
    (draft,) = drafts_of(stand_in.outgoing())
    unknown = told_of(draft, State.UNCONFIRMED, version=3)
    settled = told_of(draft, version=4)

    async def story():
        async with talking(stand_in, DIALECTS["nc"], NC_OPTIONS, {}) as talk:
            told = [
                (ToldKind.STATUS, unknown),
                (ToldKind.STATUS, settled),
                (ToldKind.CREDIT, erps.credit_told(entry=erps.ENTRIES[1])),
                (ToldKind.STATEMENT, erps.statement_told()),
                (ToldKind.BALANCE, erps.balance_told()),
                (ToldKind.RECEIPT, erps.receipt_told()),
            ]
            stand_in._losing = 1
            lost = await talk.tell(*told[0])
            first = [*lost, *[(await talk.tell(*it, again=True))[0] for it in told]]
            second = [(await talk.tell(*it, again=True))[0] for it in told]
            return first, second

    first, second = run(story())
    assert verdicts(first)[:3] == [Verdict.AGAIN, Verdict.ALREADY, Verdict.TAKEN]
    assert set(verdicts(first)[3:]) <= {Verdict.TAKEN, Verdict.ALREADY}
    assert set(verdicts(second)) == {Verdict.ALREADY}
    assert [it["paystate"] for it in stand_in.payments["YR1"].told] == ["2", "0"]
    kinds = [billtype for billtype, _ in stand_in.documents.values()]
    assert kinds.count("GWDZD") == len(erps.ENTRIES)


def test_nc_names_what_it_does_not_take():
    stand_in = nc_with()
    strange = told_of(drafts_of(nc_with("YR9").outgoing())[0])

    async def story():
        async with talking(stand_in, DIALECTS["nc"], NC_OPTIONS, {}) as talk:
            return await talk.tell(ToldKind.STATUS, strange)

    (taken,) = run(story())
    assert taken.verdict is Verdict.REFUSED
    assert "YR9" in taken.text


def test_an_nc_that_refuses_the_envelope_is_asked_again_later():
    async def story():
        options = {**NC_OPTIONS, "receiver": "nobody"}
        async with talking(nc_with(), DIALECTS["nc"], options, {}) as talk:
            return await talk.tell(ToldKind.BALANCE, erps.balance_told())

    (taken,) = run(story())
    assert taken.verdict is Verdict.AGAIN
