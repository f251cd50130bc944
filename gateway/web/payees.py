"""Endpoints of the payee master: payees with their history, proposals, votes, files of many."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.controls.payee_reading import COMMENT_MAX, read_wishes
from gateway.controls.payee_rows import (
    Change,
    ChangeVote,
    Payee,
    PayeeFields,
    PayeeItem,
    PayeeState,
    Wanted,
)
from gateway.controls.payee_views import ShownChange, ShownItem, ShownPayee
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import TENANT
from gateway.controls.version_file import parse_json
from gateway.controls.version_rows import day_of
from gateway.domain.errors import NotPermitted
from gateway.store.instants import from_us
from gateway.store.tenancy import acting_for
from gateway.web.asked import Asked, desk_of, json_response, query_of, refused_at
from gateway.web.small_json import Member, read_texts

LISTED_MAX: Final = 500
_LISTED: Final = 100
SOURCE_MAX: Final = 140
_DIGITS_MAX: Final = 9
_VOTE: Final = {"digest": Member(required=True, most=64), "reason": Member()}
_WITHDRAWAL: Final = {"reason": Member()}
_FILE: Final = frozenset({"comment", "source"})


async def listed(asked: Asked) -> Response:
    """Payees by id, one page after the other."""
    await _may_view(asked)
    query = asked.query
    for name, text in query.items():
        if not text.isprintable():  # no database need ever see it
            raise refused_at(
                f"?{name}", "forbidden_character", "含不可见字符", "holds an invisible character"
            )
    state = query.get("state", "")
    if state and state not in frozenset(PayeeState):
        words = ", ".join(PayeeState)
        raise refused_at("?state", "unknown_word", f"可选值：{words}", f"one of {words}")
    most = _number(asked, "limit", _LISTED)
    if not 0 < most <= LISTED_MAX:
        words = f"1–{LISTED_MAX}"
        raise refused_at("?limit", "number", f"须为 {words}", f"must be {words}")
    wanted = Wanted(
        account=query.get("account", ""),
        vendor=query.get("vendor", ""),
        state=state,
        after=query.get("after", ""),
    )
    found = await asked.gateway.front.payees.listed(asked.tenant, wanted, most + 1)
    more = len(found) > most
    return json_response(
        {
            "payees": [_payee(it) for it in found[:most]],
            "next": found[most - 1].payee.id if more else None,
        }
    )


async def get(asked: Asked) -> Response:
    """One payee and what was proposed of it."""
    await _may_view(asked)
    shown = await asked.gateway.front.payees.payee(asked.tenant, asked.path("id"))
    changes = [_past(change, item) for change, item in shown.history]
    return json_response({**_payee(shown), "changes": changes})


async def proposals(asked: Asked) -> Response:
    """The open proposals, oldest first, without their items."""
    await _may_view(asked)
    found = await asked.gateway.front.payees.opened(asked.tenant)
    return json_response({"proposals": [_change(it) for it in found]})


async def propose(asked: Asked) -> Response:
    """Propose to create, change, block, unblock or remove payees."""
    asked.person()
    wishes, comment = read_wishes(parse_json(asked.body))
    shown = await asked.gateway.front.payees.propose(asked.tenant, asked.key.actor, wishes, comment)
    return json_response(_shown(shown))


async def import_file(request: Request) -> Response:
    """One proposal for a whole file: onto the disk first, then read line by line."""
    desk = desk_of(request)
    claim = desk.door.claim(request)
    async with desk.spool.receive(request) as spooled:
        key = request.state.key = desk.door.check(claim, request, spooled.digest)
        query = query_of(request, _FILE)
        asked = Asked(request=request, desk=desk, key=key, digest=spooled.digest, query=query)
        await desk.door.remember(key, claim)
        asked.person()
        comment, source = query.get("comment", ""), query.get("source", "")
        for name, text, most in (
            ("comment", comment, COMMENT_MAX),
            ("source", source, SOURCE_MAX),
        ):
            if len(text) > most or not text.isprintable():
                raise refused_at(
                    f"?{name}",
                    "too_long",
                    f"最长 {most} 个可见字符",
                    f"at most {most} visible characters",
                )
        with acting_for((key.tenant,)):
            shown = await asked.gateway.front.payees.import_file(
                asked.tenant, key.actor, lambda: spooled.path.open("rb"), comment, source
            )
    return json_response(_shown(shown))


async def proposal(asked: Asked) -> Response:
    """One proposal: its items beside what stands now, who voted and who still may."""
    await _may_view(asked)
    after = _number(asked, "after", 0)
    shown = await asked.gateway.front.payees.show(asked.tenant, asked.path("id"), after)
    return json_response(_shown(shown))


async def vote(asked: Asked) -> Response:
    """Another person's yes, which approves the proposal."""
    asked.person()
    wish = read_texts(asked.body, _VOTE, en="the vote was refused", zh="表决有误，未受理")
    shown = await asked.gateway.front.payees.vote(
        asked.tenant,
        asked.key.actor,
        asked.path("id"),
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
    shown = await asked.gateway.front.payees.withdraw(
        asked.tenant, asked.key.actor, asked.path("id"), wish.get("reason", "")
    )
    return json_response(_shown(shown))


async def _may_view(asked: Asked) -> None:
    """Raise NotPermitted for who may see neither everything of the tenant nor change payees."""
    now = await asked.gateway.front.control_versions.in_force(asked.tenant)
    today = day_of(asked.gateway.runtime.clock.now())
    answers = [
        now.rules.may(asked.key.actor, right, TENANT, today)
        for right in (Right.VIEW, Right.PAYEES, Right.AUDIT)
    ]
    if not any(it.allowed for it in answers):
        raise NotPermitted(answers[0].en, answers[0].zh)


def _number(asked: Asked, name: str, usual: int) -> int:
    text = asked.query.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise refused_at(f"?{name}", "number", "须为整数", "must be a whole number")
    return int(text)


# ── as JSON ─────────────────────────────────────────────────────────────────────────────────


def _when(at_us: int | None) -> str | None:
    return None if at_us is None else from_us(at_us).isoformat()


def _fields(fields: PayeeFields) -> dict[str, object]:
    return {name: getattr(fields, name) for name in fields.__struct_fields__}


def _payee(shown: ShownPayee) -> dict[str, object]:
    it = shown.payee
    return {
        "id": it.id,
        **_fields(it.fields),
        "state": it.state,
        "approved": shown.sealed,
        "changed_at": _when(it.changed_us),
        "active_at": _when(it.active_us),
        "made_by": it.made_by,
        "approved_by": it.approved_by,
        "links": {"self": f"/v1/payees/{it.id}"},
    }


def _past(change: Change, item: PayeeItem) -> dict[str, object]:
    return {
        "proposal": change.id,
        "action": item.action.value,
        "state": change.state,
        "comment": change.comment,
        "proposed_by": change.proposed_by,
        "proposed_at": _when(change.proposed_us),
        "decided_by": change.decided_by,
        "decided_at": _when(change.decided_us),
        "after": _fields(item.fields),
    }


def _change(shown: ShownChange) -> dict[str, object]:
    it = shown.change
    return {
        "id": it.id,
        "state": it.state,
        "digest": it.digest,
        "comment": it.comment,
        "source": shown.source,
        "count": shown.items_count,
        "proposed_by": it.proposed_by,
        "proposed_at": _when(it.proposed_us),
        "decided_by": it.decided_by,
        "decided_at": _when(it.decided_us),
        "votes": [_vote(one) for one in shown.votes],
        "next": list(shown.next_people),
        "links": {
            "self": f"/v1/payees/proposals/{it.id}",
            "vote": f"/v1/payees/proposals/{it.id}/votes",
        },
    }


def _vote(one: ChangeVote) -> dict[str, object]:
    return {"actor": one.actor, "reason": one.reason, "at": _when(one.at_us)}


def _shown(shown: ShownChange) -> dict[str, object]:
    last = shown.items[-1].seq if shown.items else shown.items_count
    return {
        **_change(shown),
        "items": [_item(it) for it in shown.items],
        "next_items": last if last < shown.items_count else None,
    }


def _item(it: ShownItem) -> dict[str, object]:
    return {
        "seq": it.seq,
        "action": it.item.action.value,
        "payee": it.payee or None,
        "after": _fields(it.item.fields),
        "now": _now(it.now),
    }


def _now(payee: Payee | None) -> dict[str, object] | None:
    return None if payee is None else {**_fields(payee.fields), "state": payee.state}
