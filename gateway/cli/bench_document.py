"""A control document of realistic size for the benches, with the tenant that it is for.

Rule kept here: it passes every check that a proposed document passes, and lets the payments of
the benches straight through: what is measured is asking, not being held.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from gateway.cli import bench_settings

PEOPLE: Final = 300
ROLES: Final = 50
RULES: Final = 30
LIMITS: Final = 20
PLAN_LINES: Final = 1_000
COMPANIES: Final = 20
"""The one that the payment benches pay for, and others."""
ACCOUNTS: Final = 5
"""Of each of the others."""
ITEMS: Final = PLAN_LINES // COMPANIES
KEPT: Final = 4
"""Counters that are kept of each payment: three limits and a plan line."""
_MACHINE_RIGHTS: Final = ["view", "make", "cancel", "enquire"]
_RELEASERS, _GOVERNORS = 60, 40
_MAKERS: Final = (PEOPLE - _RELEASERS - _GOVERNORS) // 2


def companies() -> list[str]:
    """Ids of all companies, the paying one first."""
    return [bench_settings.COMPANY, *(f"c{number:02}" for number in range(1, COMPANIES))]


def account(company: int, number: int) -> str:
    """The number of an account of the others."""
    return f"9000101020{company:04}{number:04}"


def item(index: int) -> str:
    """The budget item of the payment with this number."""
    return f"A{index % ITEMS:02}"


def settings_text() -> str:
    """What the settings say beyond those of a bench without controls."""
    others = "".join(
        f"""
[[tenant.company]]
id = "{name}"
name = "示例第{at}有限公司"
"""
        + "".join(
            f"""
[[tenant.company.account]]
number = "{account(at, number)}"
connection = "main"
agent_name = "兴业银行"
city = "福州"
"""
            for number in range(ACCOUNTS)
        )
        for at, name in enumerate(companies())
        if at
    )
    people = "".join(
        f"""
[[tenant.key]]
id = "{name}"
name = "{name}"
kind = "person"
secret = "{bench_settings.SECRET}"
"""
        for name in bench_settings.PEOPLE
    )
    return others + people


def content(today: date) -> dict[str, Any]:
    """The document as a file would hold it."""
    return {
        "format": "controls/1",
        "people": [{"name": name, "display": f"第{at}人"} for at, name in enumerate(_people())],
        "roles": _roles(),
        "assignments": list(_assignments()),
        "machines": [{"name": bench_settings.KEY, "roles": ["erp"]}],
        "exclusive": [
            {"name": f"经办与复核 {at}", "roles": [f"maker-{at:02}", f"checker-{at:02}"]}
            for at in range(COMPANIES)
        ],
        "matrix": list(_matrix()),
        "limits": list(_limits()),
        "plan": [
            {
                "company": company,
                "item": item(number),
                "period": f"{today:%Y-%m}",
                "currency": "CNY",
                "amount": "100000000.00",
            }
            for company in companies()
            for number in range(ITEMS)
        ],
        "planned": ["*"],
        "payees": {"duplicate_days": 3, "cooling_hours": 24, "shared_account": True},
        "lifts": [{"rule": "*", "steps": [{"role": "releaser-0", "right": "lift:*"}]}],
        "payroll_viewers": ["payroll", "releaser-0", "governor", "auditor", "erp"],
    }


def _people() -> list[str]:
    named = [f"p{number:03}" for number in range(PEOPLE - len(bench_settings.PEOPLE))]
    return [*bench_settings.PEOPLE, *named]


def _roles() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for at, company in enumerate(companies()):
        where = {"companies": [company], "businesses": ["payment", "internal"]}
        made += [
            {"name": f"maker-{at:02}", "permissions": [{**where, "rights": _MACHINE_RIGHTS}]},
            {
                "name": f"checker-{at:02}",
                "permissions": [{**where, "rights": ["view", "approve", "reject"]}],
            },
        ]
    several = [
        *(
            (f"releaser-{number}", ["view", "approve", "release", "reject", "lift:*"])
            for number in range(ROLES - 2 * COMPANIES - 4)
        ),
        ("governor", ["view", "controls", "resolve", "resume", "payees", "stop"]),
        ("auditor", ["view", "audit"]),
        ("payroll", ["view", "make"]),
        ("erp", _MACHINE_RIGHTS),
    ]
    return made + [{"name": name, "permissions": [{"rights": them}]} for name, them in several]


def _assignments() -> Iterator[dict[str, Any]]:
    for at, name in enumerate(_people()):
        if at < _GOVERNORS:
            yield {"person": name, "role": "governor"}
        elif at < _GOVERNORS + _RELEASERS:
            yield {"person": name, "role": "releaser-0"}
        else:
            duty = "maker" if at < _GOVERNORS + _RELEASERS + _MAKERS else "checker"
            yield {"person": name, "role": f"{duty}-{at % COMPANIES:02}"}


def _matrix() -> Iterator[dict[str, Any]]:
    release = {"role": "releaser-0", "right": "release"}
    for at, company in enumerate(companies()):
        yield {
            "id": f"inside-{at:02}",
            "companies": [company],
            "payees": ["own_company"],
            "bands": [{"steps": []}],
        }
    for at, company in enumerate(companies()[: RULES - COMPANIES - 1]):
        yield {
            "id": f"wages-{at:02}",
            "companies": [company],
            "businesses": ["payroll"],
            "bands": [{"steps": [release]}],
        }
    yield {
        "id": "rest",
        "currency": "CNY",
        "bands": [
            {"up_to": "50000.00", "steps": []},
            {"up_to": "1000000.00", "steps": [release]},
            {"steps": [{**release, "people": 2}]},
        ],
    }


def _limits() -> Iterator[dict[str, Any]]:
    """Five that every payment of the benches touches, two of them of a single payment."""
    much = {"currency": "CNY", "amount": "1000000000.00"}
    yield {"id": "payment", "of": "account", "span": "instruction", **much}
    yield {"id": "erp-payment", "of": "erp", "span": "instruction", **much}
    yield {"id": "account-day", "of": "account", "span": "day", **much}
    yield {"id": "company-month", "of": "company", "span": "month", **much}
    yield {"id": "operator-day", "of": "operator", "span": "day", **much}
    for at, company in enumerate(companies()[: LIMITS - 5]):
        yield {
            "id": f"wages-{at:02}",
            "of": "company",
            "span": "month",
            "subjects": [company],
            "businesses": ["payroll"],
            **much,
        }
