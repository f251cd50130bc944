"""The adapter of YonBIP speaks to its stand-in over real sockets."""

from __future__ import annotations

import json

import pytest

from adapters.erp.yonyou import DIALECTS
from gateway.domain.errors import Refused
from gateway.domain.instruction import State
from gateway.ports.erp_api import Call, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.yonbip import YonBip
from tests.conformance import erps
from tests.erp_talk import NOW, run, talking, told_of, verdicts

KEY, SECRET = "41832a3d2df94989b500da6a22268747", "a-secret-of-the-test"
BIP_OPTIONS = {"app_key": KEY, "page_size": "2"}


def payment(amount, **changes):
    from decimal import Decimal

    return {
        "ourbankaccount_account": "900010100100000011",
        "counterpartyaccname": "样本钢铁（上海）有限公司",
        "counterpartybankacc": "6200000000001234567",
        "counterpartybankname": "中国样本银行上海分行",
        "counterpartybankcode": "102290000001",
        "originalcurrencyamt": Decimal(amount),
        "description": "货款",
        **changes,
    }


def bip(*amounts):
    stand_in = YonBip(app_key=KEY, app_secret=SECRET, now=lambda: NOW)
    for amount in amounts:
        stand_in.books.create("110", [payment(amount)])
    return stand_in


def talking_bip(stand_in, **secrets):
    return talking(stand_in, DIALECTS["yonbip"], BIP_OPTIONS, {"app_secret": SECRET, **secrets})


def test_every_waiting_document_is_fetched_once_over_many_pages():
    stand_in = bip("3734.56", "1200.50", "0.01", "999999999999999.99", "88")
    stand_in.books.create("110", [payment("1", isdirectacc=False)])
    stand_in.books.create("110", [payment("2", statementdetailstatus=3)])

    async def story():
        async with talking_bip(stand_in) as talk:
            return await talk.pull()

    drafts = run(story())
    amounts = ["3734.56", "1200.5", "0.01", "999999999999999.99", "88"]
    assert [it.amount for it in drafts] == amounts
    assert len({it.erp_reference for it in drafts}) == len(amounts)
    assert {it.currency for it in drafts} == {"CNY"}
    assert drafts[0].creditor_agent_cnaps == "102290000001"


def test_results_reach_their_details_and_only_what_is_decided_is_written():
    stand_in = bip("1", "2", "3", "4", "5")
    states = [State.SETTLED, State.REJECTED, State.CANCELLED, State.UNCONFIRMED, State.RETURNED]

    async def story():
        async with talking_bip(stand_in) as talk:
            drafts = await talk.pull()
            told = [told_of(it, state) for it, state in zip(drafts, states, strict=True)]
            return await talk.tell(ToldKind.STATUS, *told)

    assert verdicts(run(story())) == [Verdict.TAKEN] * 5
    details = list(stand_in.books.details.values())
    assert [it.status for it in details] == [3, 4, 6, 1, 3]
    assert [it.row["isrefund"] for it in details] == [0, 0, 0, 0, 1]
    assert [len(it.told) for it in details] == [1, 1, 1, 0, 1]


def test_a_result_whose_answer_was_lost_is_read_back_and_not_written_twice():
    stand_in = bip("1", "2")

    async def story():
        async with talking_bip(stand_in) as talk:
            told = [told_of(it) for it in await talk.pull()]
            stand_in._losing = 1
            lost = await talk.tell(ToldKind.STATUS, told[0])
            again = await talk.tell(ToldKind.STATUS, *told, again=True)
            return lost, again

    lost, again = run(story())
    assert verdicts(lost) == [Verdict.AGAIN]
    assert verdicts(again) == [Verdict.ALREADY, Verdict.TAKEN]
    assert [len(it.told) for it in stand_in.books.details.values()] == [1, 1]


def test_a_returned_payment_whose_answer_was_lost_is_not_returned_twice():
    stand_in = bip("1")

    async def story():
        async with talking_bip(stand_in) as talk:
            (draft,) = await talk.pull()
            await talk.tell(ToldKind.STATUS, told_of(draft))
            returned = told_of(draft, State.RETURNED, version=8)
            stand_in._losing = 1
            await talk.tell(ToldKind.STATUS, returned)
            return await talk.tell(ToldKind.STATUS, returned, again=True)

    assert verdicts(run(story())) == [Verdict.ALREADY]
    (detail,) = stand_in.books.details.values()
    assert [it["isrefund"] for it in detail.told] == ["0", "1"]


def test_what_contradicts_a_decided_detail_goes_to_a_person_and_the_rest_is_written():
    stand_in = bip("1", "2")

    async def story():
        async with talking_bip(stand_in) as talk:
            first, second = await talk.pull()
            stand_in.books.details[first.source["detail_id"]].set(4)
            told = (told_of(first), told_of(second))
            return await talk.tell(ToldKind.STATUS, *told)

    assert verdicts(run(story())) == [Verdict.REFUSED, Verdict.TAKEN]


def payroll(*amounts):
    from decimal import Decimal

    lines = [
        {
            "bussBatchDetailId": f"L{at}",
            "recaccountname": f"职员{at}",
            "recbankno": f"62000000000012345{at:02d}",
            "recbankcombine": "102290000001",
            "amount": Decimal(amount),
        }
        for at, amount in enumerate(amounts)
    ]
    stand_in = bip()
    total = sum(it["amount"] for it in lines)
    more = {"dataSettledBatchDetailReqVO": lines, "batchtype": "PROXYSALARY", "singlebatch": 1}
    stand_in.books.create("110", [payment(total, **more)])
    return stand_in


@pytest.mark.parametrize(
    ("states", "status", "lines"),
    [
        ((State.SETTLED, State.SETTLED), 3, [4, 4]),
        ((State.REJECTED, State.CANCELLED), 4, [5, 5]),
        ((State.SETTLED, State.REJECTED), 7, [4, 5]),
        ((State.SETTLED, State.UNCONFIRMED), 7, [4, None]),
        ((State.UNCONFIRMED, State.PROCESSING), 1, [None, None]),
    ],
)
def test_a_payroll_is_told_line_by_line(states, status, lines):
    stand_in = payroll("100.10", "200.20")

    async def story():
        async with talking_bip(stand_in) as talk:
            drafts = await talk.pull()
            told = [told_of(it, state) for it, state in zip(drafts, states, strict=True)]
            first = await talk.tell(ToldKind.STATUS, *told)
            return drafts, first

    drafts, taken = run(story())
    assert {it.business_type for it in drafts} == {"payroll"}
    assert [it.amount for it in drafts] == ["100.1", "200.2"]
    assert verdicts(taken) == [Verdict.TAKEN] * 2
    (detail,) = stand_in.books.details.values()
    assert detail.status == status
    found = [it.get("paystatus") for it in detail.row["dataSettledBatchDetailReqVO"]]
    assert found == lines


def test_lines_that_are_decided_later_are_added_and_repeats_are_harmless():
    stand_in = payroll("1", "2", "3")

    async def story():
        async with talking_bip(stand_in) as talk:
            one, two, three = await talk.pull()
            first = await talk.tell(ToldKind.STATUS, told_of(one))
            stand_in._losing = 1
            rest = (told_of(two, State.REJECTED), told_of(three))
            lost = await talk.tell(ToldKind.STATUS, *rest)
            return first + lost + await talk.tell(ToldKind.STATUS, *rest, again=True)

    good, lost = Verdict.TAKEN, Verdict.AGAIN
    assert verdicts(run(story())) == [good, lost, lost, good, good]
    (detail,) = stand_in.books.details.values()
    assert [it["paystatus"] for it in detail.row["dataSettledBatchDetailReqVO"]] == [4, 5, 4]
    assert [str(it["failTotalAmt"]) for it in detail.told] == ["0", "2", "2"]


def test_a_token_that_was_revoked_is_renewed():
    stand_in = bip("1")

    async def story():
        async with talking_bip(stand_in) as talk:
            (draft,) = await talk.pull()
            stand_in._tokens.clear()
            return await talk.tell(ToldKind.STATUS, told_of(draft))

    assert verdicts(run(story())) == [Verdict.TAKEN]


def test_a_wrong_secret_gets_no_token():
    async def story():
        async with talking_bip(bip(), app_secret="another") as talk:
            await talk.pull()

    with pytest.raises(Refused, match="50000"):
        run(story())


def test_credits_then_the_statement_make_each_line_once():
    stand_in = bip()
    credit = erps.credit_told(entry=erps.ENTRIES[1])

    async def story():
        async with talking_bip(stand_in) as talk:
            first = await talk.tell(ToldKind.CREDIT, credit)
            second = await talk.tell(ToldKind.STATEMENT, erps.statement_told())
            third = await talk.tell(ToldKind.STATEMENT, erps.statement_told(), again=True)
            return first + second + third

    assert set(verdicts(run(story()))) <= {Verdict.TAKEN, Verdict.ALREADY}
    lines = list(stand_in.books.lines.values())
    assert sorted(str(it["tran_amt"]) for it in lines) == sorted(
        it.amount.removeprefix("-") for it in erps.ENTRIES
    )
    assert {it["dc_flag"] for it in lines if it["tran_amt"] == lines[0]["tran_amt"]} == {2}


def test_a_long_statement_goes_in_pages():
    stand_in = bip()
    entries = tuple(erps.entry(f"n{at}", f"-{at}.01") for at in range(1, 251))

    async def story():
        async with talking_bip(stand_in) as talk:
            taken = await talk.tell(ToldKind.STATEMENT, erps.statement_told(*entries))
            return taken, talk.calls

    taken, calls = run(story())
    assert verdicts(taken) == [Verdict.TAKEN]
    assert len(calls) == 3
    assert len(stand_in.books.lines) == 250


def test_a_balance_and_a_receipt_with_its_file_arrive():
    stand_in = bip()

    async def story():
        async with talking_bip(stand_in) as talk:
            balance = await talk.tell(ToldKind.BALANCE, erps.balance_told())
            stand_in._losing = 1
            lost = await talk.tell(ToldKind.RECEIPT, erps.receipt_told())
            receipt = await talk.tell(ToldKind.RECEIPT, erps.receipt_told(), again=True)
            return balance + lost + receipt

    assert verdicts(run(story())) == [Verdict.TAKEN, Verdict.AGAIN, Verdict.TAKEN]
    (balance,) = stand_in.books.balances.values()
    assert str(balance["acctbal"]) == "98765.44"
    (receipt,) = stand_in.books.receipts.values()
    assert receipt["octets"] == len(erps.receipt_told().content)


def test_the_admin_views_show_what_was_told():
    stand_in = bip("1")

    async def story():
        async with talking_bip(stand_in) as talk:
            (draft,) = await talk.pull()
            await talk.tell(ToldKind.STATUS, told_of(draft))
            call = Call(method="GET", path="/admin/documents", endpoint="admin")
            return await talk.line.call(call)

    (detail,) = json.loads(run(story()).body)["details"]
    assert detail["statementdetailstatus"] == 3
    assert len(detail["told"]) == 1
