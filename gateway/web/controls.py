"""Endpoints of the controls: what is in force, proposals, votes on them, and the dry run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from starlette.responses import Response

from gateway.bootstrap import Gateway
from gateway.controls.dry_run import Supposed, dry_run
from gateway.controls.rules.document import Business, PayeeKind, Right
from gateway.controls.rules.explaining import Explanation
from gateway.controls.rules.facts import TENANT
from gateway.controls.rules.limits import Counter
from gateway.controls.rules.reading import content
from gateway.controls.version_file import parse_json
from gateway.controls.version_rows import Version, VersionVote, day_of
from gateway.controls.versions import Shown
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault, NotFound, NotPermitted, Refused
from gateway.domain.money import Money, currency
from gateway.intake.faults import fault
from gateway.ports.tenancy import Tenant
from gateway.web.asked import Asked, json_response, refused_at
from gateway.web.small_json import Member, read_texts, storable

_VOTE: Final = {"digest": Member(required=True, most=64), "reason": Member()}
_WITHDRAWAL: Final = {"reason": Member()}
_PROPOSAL: Final = frozenset({"content", "comment"})
_COMMENT_MAX: Final = 1000
_VERSION_DIGITS: Final = 9
_YES_NO: Final = {"true": True, "false": False}


async def in_force(asked: Asked) -> Response:
    """The document that holds, or a named version, as a signed export."""
    await may_view(asked.gateway, asked.tenant, asked.key.actor)
    wanted = asked.query.get("version")
    number = None if wanted is None else _number(wanted)
    return json_response(await asked.gateway.front.control_versions.export(asked.tenant, number))


async def proposals(asked: Asked) -> Response:
    """All versions, newest first, without their content."""
    await may_view(asked.gateway, asked.tenant, asked.key.actor)
    listed = await asked.gateway.front.control_versions.listed(asked.tenant)
    return json_response({"versions": [_version(it) for it in listed]})


async def propose(asked: Asked) -> Response:
    """Propose a whole next document."""
    asked.person()
    members = parse_json(asked.body)
    document, comment = _proposal(members)
    shown = await asked.gateway.front.control_versions.propose(
        asked.tenant, asked.key.actor, document, comment
    )
    return json_response(_shown(shown))


async def proposal(asked: Asked) -> Response:
    """One version: its content, what it changes, who voted and who still may."""
    await may_view(asked.gateway, asked.tenant, asked.key.actor)
    shown = await asked.gateway.front.control_versions.show(
        asked.tenant, _number(asked.path("version"))
    )
    return json_response(_shown(shown))


async def vote(asked: Asked) -> Response:
    """One person's yes; the one that completes it puts the version in force."""
    asked.person()
    wish = read_texts(asked.body, _VOTE, en="the vote was refused", zh="表决有误，未受理")
    shown = await asked.gateway.front.control_versions.vote(
        asked.tenant,
        asked.key.actor,
        _number(asked.path("version")),
        wish["digest"],
        wish.get("reason", ""),
    )
    return json_response(_shown(shown))


async def withdraw(asked: Asked) -> Response:
    """End a proposal."""
    asked.person()
    wish = read_texts(
        asked.body, _WITHDRAWAL, en="nothing was withdrawn", zh="撤回请求有误，未撤回", empty=True
    )
    shown = await asked.gateway.front.control_versions.withdraw(
        asked.tenant, asked.key.actor, _number(asked.path("version")), wish.get("reason", "")
    )
    return json_response(_shown(shown))


async def explanation(asked: Asked) -> Response:
    """Who would have to approve this payment?"""
    supposed = _supposed(asked)
    gateway, today = asked.gateway, day_of(asked.gateway.runtime.clock.now())
    found = await gateway.store.read(
        lambda db: dry_run(
            db,
            controls=gateway.controls,
            tenant=asked.tenant,
            actor=asked.key.actor,
            supposed=supposed,
            today=today,
        )
    )
    return json_response({"version": found.version, **_explanation(found.explanation)})


async def may_view(gateway: Gateway, tenant: Tenant, actor: Actor) -> None:
    """Raise NotPermitted for who may see neither everything of the tenant nor its controls."""
    now = await gateway.front.control_versions.in_force(tenant)
    today = day_of(gateway.runtime.clock.now())
    answers = [
        now.rules.may(actor, right, TENANT, today)
        for right in (Right.VIEW, Right.CONTROLS, Right.AUDIT)
    ]
    if not any(it.allowed for it in answers):
        raise NotPermitted(answers[0].en, answers[0].zh)


def _number(text: str) -> int:
    """A version's number. Raises NotFound: no other text names one."""
    if not (text.isascii() and text.isdigit() and len(text) <= _VERSION_DIGITS):
        raise NotFound
    return int(text)


def _proposal(members: Mapping[str, object]) -> tuple[Mapping[str, object], str]:
    """The document and the comment of a body."""
    found: list[Fault] = [
        fault("unknown_field", f"/{name[:40]}") for name in members if name not in _PROPOSAL
    ]
    document, comment = members.get("content"), members.get("comment", "")
    if not isinstance(document, dict):
        found.append(fault("required", "/content", field="content"))
    if not isinstance(comment, str) or len(comment) > _COMMENT_MAX or not storable(comment):
        found.append(fault("not_text", "/comment"))
    if found or not isinstance(document, dict):
        raise Refused("nothing was proposed", "管控文件未提交", found)
    return document, str(comment)


def _supposed(asked: Asked) -> Supposed:
    """The payment that the query tells of. Raises Refused."""
    query, key = asked.query, asked.key
    for name in ("from", "to", "amount"):
        if not query.get(name):
            raise refused_at(f"?{name}", "required", f"缺少参数 {name}", f"{name} is missing")
    known = query.get("known", "")
    maker = query.get("maker") or key.actor.label()
    if maker.partition(":")[0] not in {ActorKind.PERSON.value, ActorKind.MACHINE.value}:
        raise refused_at(
            "?maker",
            "actor",
            "格式为 person:姓名 或 machine:名称",
            "say person:NAME or machine:NAME",
        )
    return Supposed(
        debtor_account=query["from"],
        creditor_account=query["to"],
        amount=query["amount"],
        maker=maker,
        business=Business(_among("type", query.get("type", Business.PAYMENT.value), Business)),
        erp=query.get("erp", key.erp),
        payee=PayeeKind(_among("payee", query["payee"], PayeeKind)) if "payee" in query else None,
        known=_YES_NO[_among("known", known, _YES_NO)] if known else None,
        budget_item=query.get("item", ""),
    )


def _among(name: str, text: str, words: Iterable[str]) -> str:
    """A word of a list. Raises Refused naming them."""
    listed = [str(it) for it in words]
    if text not in listed:
        raise refused_at(
            f"?{name}",
            "unknown_word",
            f"可选值：{'、'.join(listed)}",
            f"one of {', '.join(listed)}",
        )
    return text


# ── as JSON ─────────────────────────────────────────────────────────────────────────────────


def _version(one: Version) -> dict[str, object]:
    return {
        "version": one.version,
        "state": one.state.value,
        "digest": one.digest,
        "comment": one.comment,
        "proposed_by": one.proposed_by,
        "proposed_at": one.proposed_at.isoformat(),
        "in_force_at": one.in_force_at.isoformat() if one.in_force_at else None,
        "votes": [_vote(it) for it in one.votes],
        "links": {
            "self": f"/v1/controls/proposals/{one.version}",
            "vote": f"/v1/controls/proposals/{one.version}/votes",
        },
    }


def _vote(one: VersionVote) -> dict[str, object]:
    return {"actor": one.actor, "reason": one.reason, "at": one.at.isoformat()}


def _shown(shown: Shown) -> dict[str, object]:
    return {
        **_version(shown.version),
        "in_force": shown.in_force,
        "needed": shown.needed,
        "counted": shown.counted,
        "next": list(shown.next_people),
        "changes": [
            {"section": it.section, "name": it.name, "before": it.before, "after": it.after}
            for it in shown.changes
        ],
        "content": content(shown.document),
    }


def _explanation(found: Explanation) -> dict[str, object]:
    return {
        "make": {"allowed": found.make.allowed, "zh": found.make.zh, "en": found.make.en},
        "rule": found.requirement.label,
        "straight_through": found.requirement.straight_through,
        "ordered": found.requirement.ordered,
        "steps": [
            {
                "role": it.step.role,
                "role_display": it.role_display,
                "people": it.step.people,
                "right": it.step.right,
                "candidates": [
                    {"name": who.name, "display": who.display, "for": who.giver}
                    for who in it.candidates
                ],
            }
            for it in found.steps
        ],
        "limits": [_counter(it) for it in found.counters],
        "zh": list(found.zh),
        "en": list(found.en),
    }


def _counter(one: Counter) -> dict[str, object]:
    key = one.key
    return {
        "rule": one.rule,
        "of": key.of,
        "period": key.period,
        "currency": key.currency,
        "at_most": Money(one.cap, currency(key.currency)).text(),
    }
