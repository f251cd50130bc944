"""A control document of a group with two companies, as a file would hold it."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

from gateway.controls.rules.document import ControlDocument, Ground, PayeeKind
from gateway.controls.rules.facts import Facts
from gateway.controls.rules.reading import read
from gateway.controls.rules.votes import Cast
from gateway.domain.decision import Action, Actor, ActorKind, Vote

TODAY = date(2026, 9, 15)
MAIN, WAGES, OTHER = "622200001111", "622200002222", "622200003333"
GROUND = Ground(
    companies=frozenset({"c1", "c2"}),
    accounts={MAIN: ("c1", "CNY"), WAGES: ("c1", "CNY"), OTHER: ("c2", "CNY")},
    erps=frozenset({"sap", "u8"}),
    machines=frozenset({"sap", "u8"}),
)
HASH = "a" * 64
RELEASER = {"role": "releaser", "right": "release"}
CONTENT: dict[str, Any] = {
    "format": "controls/1",
    "people": [
        {"name": "maker", "display": "赵经办"},
        {"name": "wang", "display": "王复核"},
        {"name": "li", "display": "李复核"},
        {"name": "chen", "display": "陈授权", "since": "2026-01-01"},
        {"name": "zhou", "display": "周授权"},
        {"name": "past", "display": "前员工", "until": "2026-06-30"},
    ],
    "roles": [
        {
            "name": "maker",
            "display": "经办",
            "permissions": [{"rights": ["view", "make", "cancel"], "businesses": ["payment"]}],
        },
        {
            "name": "checker",
            "display": "复核",
            "permissions": [
                {"rights": ["view", "approve", "reject", "lift:duplicate"]},
                {"rights": ["resolve", "resume", "controls"]},
            ],
        },
        {
            "name": "releaser",
            "display": "授权",
            "permissions": [{"rights": ["view", "release", "reject", "lift:*", "stop"]}],
        },
        {"name": "erp", "permissions": [{"rights": ["*"]}]},
    ],
    "assignments": [
        {"person": "maker", "role": "maker", "companies": ["c1"]},
        {"person": "wang", "role": "checker"},
        {"person": "li", "role": "checker"},
        {"person": "chen", "role": "releaser"},
        {"person": "zhou", "role": "releaser"},
        {"person": "past", "role": "releaser"},
    ],
    "machines": [{"name": "sap", "roles": ["erp"]}],
    "exclusive": [{"name": "做与核", "roles": ["maker", "checker", "releaser"]}],
    "matrix": [
        {
            "id": "inside",
            "payees": ["own_company"],
            "bands": [{"steps": []}],
        },
        {
            "id": "new",
            "known": False,
            "bands": [{"steps": [{"role": "checker", "people": 2}, RELEASER]}],
        },
        {
            "id": "outside",
            "currency": "CNY",
            "bands": [
                {"up_to": "1000.00", "steps": []},
                {"up_to": "50000.00", "steps": [{"role": "checker"}]},
                {
                    "ordered": True,
                    "steps": [
                        {"role": "checker"},
                        {"role": "releaser", "people": 2, "right": "release"},
                    ],
                },
            ],
        },
    ],
    "limits": [
        {
            "id": "one",
            "of": "account",
            "span": "instruction",
            "currency": "CNY",
            "amount": "5000000",
        },
        {"id": "day", "of": "company", "span": "day", "currency": "CNY", "amount": "10000000.00"},
        {
            "id": "hand",
            "of": "operator",
            "subjects": ["person:maker"],
            "span": "month",
            "currency": "CNY",
            "amount": "200000.00",
        },
    ],
    "plan": [
        {"company": "c1", "item": "A01", "period": "2026-09", "currency": "CNY", "amount": "900.00"}
    ],
    "payees": {"first_payment": True, "cooling_hours": 24},
    "payroll_viewers": ["erp", "checker", "releaser"],
    "lifts": [
        {"rule": "duplicate", "steps": [{"role": "checker"}]},
        {"rule": "*", "steps": [{"role": "releaser"}]},
    ],
}


def content(**changes: object) -> dict[str, Any]:
    """The document with these members replaced."""
    return {**deepcopy(CONTENT), **changes}


def document(**changes: object) -> ControlDocument:
    return read(content(**changes))


def facts(**changes: object) -> Facts:
    """A payment of 60,000 by the person ``maker`` to a known payee at another bank."""
    usual: dict[str, Any] = {
        "maker": "person:maker",
        "erp": "",
        "company": "c1",
        "account": MAIN,
        "business": "payment",
        "payee": PayeeKind.OTHER_BANK,
        "known": True,
        "amount_minor": 6_000_000,
        "currency": "CNY",
    }
    return Facts(**(usual | changes))


def cast(
    name: str,
    *,
    action: Action = Action.APPROVE,
    over: str = HASH,
    kind: ActorKind = ActorKind.PERSON,
    day: date = TODAY,
) -> Cast:
    vote = Vote(actor=Actor(kind=kind, name=name), action=action, content_hash=over, reason="")
    return Cast(vote=vote, day=day)
