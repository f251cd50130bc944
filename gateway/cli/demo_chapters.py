"""Chapters about many payments in one message, money that comes back, and the emergency stop."""

from __future__ import annotations

import http.client
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.cli.demo_files import batched, coming_back, pain001, pay_of, wish

if TYPE_CHECKING:
    from gateway.cli.demo_story import Story

_TWO_DAYS: Final = timedelta(days=2, hours=2)
_CLOSED: Final = 7
"""Which salary goes to a card the bank has closed."""
_PERSONS: Final = ("demo-wang", "demo-li")


def stopped(story: Story) -> None:
    """One person pulls the emergency stop; nothing leaves until two people have lifted it."""
    story.chapter("紧急停付：一人拉起，两人解除", "the emergency stop: one pulls, two lift")
    client = story.stage.client("demo-rest")
    wishes = [wish(f"STOP-{n}", 8000 + n, own_bank=True) for n in range(3)]
    first, second = (story.stage.client(key) for key in _PERSONS)
    order = {"scope": "connection", "subject": "cib-main", "reason": "演示：前置机异常"}
    pulled = first.post("/v1/stops", order)
    story.must(pulled.status == http.client.OK, f"stop: {pulled.body[:300]!r}")
    stop = pulled.json()["id"]
    for it in wishes:
        story.post(client, it)
    for it in wishes:
        story.wait(client, it.reference, "QUEUED")
    for person in (first, second):
        lifted = person.post(f"/v1/stops/{stop}/lift", {"reason": "前置机已恢复"})
        story.must(lifted.status == http.client.OK, f"lift: {lifted.body[:300]!r}")
    for it in wishes:
        story.wait(client, it.reference, "SETTLED")
    for key in (client, first, second):
        key.close()


def batches(story: Story) -> None:
    """200 payments in the bank's batches; one bad line refuses its whole batch, at first."""
    story.chapter(
        "批量付款：一笔有误，整批被拒，其余重组", "batches: one bad line, the rest leaves again"
    )
    client = story.stage.client("demo-batch")
    wishes = [batched(f"MANY{n:05d}", 20_000 + n, own_bank=n % 5 != 0) for n in range(200)]
    wishes[42] = replace(wishes[42], name="样本错名有限公司")
    document = {"batch_reference": "MANY-1", "instructions": [it.document() for it in wishes]}
    answer = client.post("/v1/batches", document)
    story.must(answer.status == http.client.OK, f"batch: {answer.body[:300]!r}")
    story.wishes |= {it.reference: it for it in wishes}
    story.wait(client, wishes[42].reference, "REJECTED")
    story.wait(client, wishes[0].reference, "SETTLED")
    client.close()


def payroll(story: Story) -> None:
    """Salaries by pain.001: one debit, many credits, one closed card."""
    story.chapter("代发工资：一笔失败", "payroll, one line fails")
    client = story.stage.client("demo-batch")
    wishes = [pay_of(f"PAY{n:04d}", n, closed=n == _CLOSED) for n in range(60)]
    created = story.stage.clock.now().replace(microsecond=0)
    content = pain001("pain.001.001.03", "SALARY-09", created, wishes, style="sap-cn")
    answer = client.call("POST", "/v1/files?erp=iso20022", content)
    story.must(answer.status == http.client.OK, f"payroll: {answer.body[:300]!r}")
    names = {f"SALARY-09/SALARY-09-1/{it.reference}": it for it in wishes}
    story.wishes |= names
    references = list(names)
    story.wait(client, references[_CLOSED], "REJECTED")
    story.wait(client, references[0], "SETTLED")
    client.close()


def returned(story: Story) -> None:
    """Paid to another bank, and two days later the money comes back: 退汇."""
    story.chapter("支付成功后退汇", "returned two days after success")
    client = story.stage.client("demo-rest")
    it = coming_back(wish("RETURN-1", 9000, own_bank=False))
    story.post(client, it)
    story.wait(client, it.reference, "SETTLED")
    story.say("时钟前进两天 / the shared clock moves two days")
    story.jump(_TWO_DAYS)
    story.wait(client, it.reference, "RETURNED")
    story.wait(client, story.filed_return, "RETURNED")
    client.close()
