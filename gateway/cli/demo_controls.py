"""Chapters about the controls: a document put in force by two people, and what waits for them."""

from __future__ import annotations

import http.client
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.cli.demo_files import ACCOUNTS, wish
from gateway.cli.demo_stage import ACCOUNTANTS, MACHINES, PEOPLE
from gateway.domain.money import CNY, Money

if TYPE_CHECKING:
    from gateway.cli.api_client import ApiClient
    from gateway.cli.demo_files import Wish
    from gateway.cli.demo_story import Story

_PROPOSALS: Final = "/v1/controls/proposals"
_PROPOSER, _VOTER = PEOPLE
_FREE: Final = "50000.00"
_ALONE: Final = "500000.00"
DOCUMENT: Final[dict[str, object]] = {
    "format": "controls/1",
    "people": [{"name": name} for name in (*PEOPLE.values(), *ACCOUNTANTS.values())],
    "roles": [
        {
            "name": "chief",
            "display": "资金主管",
            "permissions": [
                {
                    "rights": [
                        *("view", "approve", "reject", "resolve", "stop", "resume", "lift:*"),
                        *("payees", "controls", "audit"),
                    ]
                }
            ],
        },
        {
            "name": "accountant",
            "display": "对账会计",
            "permissions": [{"rights": ["view", "reconcile"]}],
        },
        {"name": "erp", "permissions": [{"rights": ["view", "make", "cancel", "enquire"]}]},
    ],
    "assignments": [
        *({"person": name, "role": "chief"} for name in PEOPLE.values()),
        *({"person": name, "role": "accountant"} for name in ACCOUNTANTS.values()),
    ],
    "machines": [{"name": name, "roles": ["erp"]} for name in MACHINES],
    "matrix": [
        {
            "id": "by-amount",
            "currency": "CNY",
            "bands": [
                {"up_to": _FREE, "steps": []},
                {"up_to": _ALONE, "steps": [{"role": "chief"}]},
                {"steps": [{"role": "chief", "people": 2}]},
            ],
        }
    ],
    "limits": [
        {
            "id": "per-day",
            "of": "account",
            "span": "day",
            "currency": "CNY",
            "amount": "20000000.00",
        }
    ],
    "lifts": [{"rule": "*", "steps": [{"role": "chief"}]}],
    "payroll_viewers": ["chief", "erp", "accountant"],
}
"""Small payments leave at once, larger ones wait for one person, the largest for two."""


def put_in_force(story: Story) -> None:
    """One person proposes the document, no machine can, and the other's yes puts it in force."""
    story.chapter(
        "管控文件：一人提出，另一人同意即生效", "the controls: one proposes, the other agrees"
    )
    first, second = (story.stage.client(key) for key in PEOPLE)
    machine = story.stage.client("demo-rest")
    proposal = {"content": DOCUMENT, "comment": "演示：按金额分档审批"}
    refused = machine.post(_PROPOSALS, proposal)
    story.must(refused.status == http.client.FORBIDDEN, "a machine key could propose controls")
    answer = first.post(_PROPOSALS, proposal)
    story.must(answer.status == http.client.OK, f"controls: {answer.body.decode()}")
    made = answer.json()
    version = f"{_PROPOSALS}/{made['version']}"
    vote = {"digest": made["digest"], "reason": "已逐条核对"}
    early = first.post(f"{version}/votes", vote)
    story.must(early.status != http.client.OK, "the proposer alone could put it in force")
    story.say(f"{PEOPLE[_PROPOSER]} 提出第 {made['version']} 版 / proposed by {_PROPOSER}")
    agreed = second.post(f"{version}/votes", vote)
    story.must(agreed.status == http.client.OK, f"vote: {agreed.body[:300]!r}")
    now = agreed.json()
    story.must(now["state"] == "in_force", f"it is {now['state']}")
    story.controls = {name: now[name] for name in ("version", "state", "proposed_by")} | {
        "voted_by": [it["actor"] for it in now["votes"]] if isinstance(now["votes"], list) else []
    }
    story.say(f"{PEOPLE[_VOTER]} 表决同意，即刻生效 / voted by {_VOTER}: in force")
    for client in (first, second, machine):
        client.close()


def approved(story: Story) -> None:
    """Payments above a band wait: one for one person, one for two, and one is turned down."""
    story.chapter("大额付款：等待人员审批", "large payments wait for people")
    erp = story.stage.client("demo-rest")
    chiefs = {name: story.stage.client(key) for key, name in PEOPLE.items()}
    wang, li = chiefs
    alone, together, never = (
        _large("BIG-ONE", 0, "80000.00"),
        _large("BIG-TWO", 1, "800000.00"),
        _large("BIG-NO", 2, "60000.00"),
    )
    for it in (alone, together, never):
        _ask_who(story, chiefs[wang], it)
        story.post(erp, it)
    held = {it: story.wait(erp, it.reference, "HELD") for it in (alone, together, never)}
    target = f"/v1/instructions/{held[alone]['id']}/decisions"
    machine = erp.post(target, _vote(held[alone]))
    story.must(machine.status == http.client.FORBIDDEN, "a machine key could approve")
    stale = chiefs[wang].post(target, _vote({**held[alone], "digest": "0" * 64}))
    story.must(stale.status != http.client.OK, "other content could be approved")
    _decide(story, chiefs, wang, held[alone])
    story.wait(erp, alone.reference, "SETTLED")
    for _ in range(2):  # a second yes of the same person is none
        _decide(story, chiefs, wang, held[together])
        story.wait(erp, together.reference, "HELD")
    _decide(story, chiefs, li, held[together])
    story.wait(erp, together.reference, "SETTLED")
    _decide(story, chiefs, li, held[never], "reject")
    story.wait(erp, never.reference, "CANCELLED")
    for client in (erp, *chiefs.values()):
        client.close()


def _large(reference: str, number: int, amount: str) -> Wish:
    made = wish(reference, 8500 + number, own_bank=True, debtor=ACCOUNTS[0])
    return replace(made, amount=Money.parse(amount, CNY))


def _ask_who(story: Story, chief: ApiClient, it: Wish) -> None:
    """The dry run: who would have to approve it?"""
    asked = {"from": it.debtor, "to": it.account, "amount": it.amount.text()}
    told = chief.get(f"/v1/controls/explanation?{urlencode(asked)}&maker=machine:demo-rest")
    story.must(told["straight_through"] is False, f"{it.reference} would leave at once")
    steps = told["steps"]
    people = sum(step["people"] for step in steps) if isinstance(steps, list) else 0
    story.say(f"{it.reference}: {it.amount.text()} CNY，需 {people} 人 / takes {people}")


def _vote(view: dict[str, object], action: str = "approve") -> dict[str, object]:
    return {"action": action, "content_hash": view["digest"], "reason": "已核对合同与发票"}


def _decide(
    story: Story,
    chiefs: dict[str, ApiClient],
    name: str,
    view: dict[str, object],
    action: str = "approve",
) -> None:
    """One person's word, through the API."""
    answer = chiefs[name].post(f"/v1/instructions/{view['id']}/decisions", _vote(view, action))
    story.must(answer.status == http.client.OK, f"decision: {answer.body[:300]!r}")
    told = answer.json()
    story.say(f"{name}: {action}  {view['erp_reference']}  {told['votes']}/{told['needed']}")
