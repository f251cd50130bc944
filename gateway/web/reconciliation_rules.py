"""Endpoints of a client's reconciliation rules, of their dry run, and of what is remembered."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.errors import NotFound
from gateway.domain.money import Currency, Money, currency
from gateway.reconciliation.memory import BookingSide
from gateway.reconciliation.remembering import Remembered
from gateway.reconciliation.rule_reading import read_proposal, read_trial
from gateway.reconciliation.rule_versions import RuleVersions, Version
from gateway.reconciliation.rules import RuleSet
from gateway.reconciliation.things import Thing
from gateway.reconciliation.trial import Example, Kind
from gateway.store.instants import from_us
from gateway.web.asked import Asked, json_response
from gateway.web.reconciliations import of_path
from gateway.web.small_json import Member, read_texts

_VOTE: Final = {"digest": Member(required=True, most=64), "reason": Member()}
_WITHDRAWAL: Final = {"reason": Member()}
_VERSION_DIGITS: Final = 9
_AT: Final = "/v1/reconciliation-rules"


async def listed(asked: Asked) -> Response:
    """The rules in force (null where they can hold for nobody), and every version."""
    await _may(asked, Right.VIEW)
    now, rows = await _rules(asked).listed(asked.key.tenant)
    return json_response(
        {
            "in_force": None if now is None else now.version,
            "digest": None if now is None else now.digest,
            "rules": None if now is None else _document(now.rules),
            "versions": [_head(row) for row in rows],
        }
    )


async def propose(asked: Asked) -> Response:
    """A person proposes a whole rule set."""
    asked.person()
    await _may(asked, Right.RECONCILE)
    rules, comment = read_proposal(asked.body)
    shown = await _rules(asked).propose(asked.key.tenant, asked.key.actor, rules, comment)
    return json_response(_version(shown))


async def get(asked: Asked) -> Response:
    """One version: its rules, and how they differ from what is in force."""
    await _may(asked, Right.VIEW)
    return json_response(_version(await _rules(asked).show(asked.key.tenant, _number(asked))))


async def vote(asked: Asked) -> Response:
    """Another person's yes puts a version in force."""
    asked.person()
    await _may(asked, Right.RECONCILE)
    wish = read_texts(asked.body, _VOTE, en="the vote was refused", zh="表决有误，未受理")
    said = (wish["digest"], wish.get("reason", ""))
    shown = await _rules(asked).confirm(asked.key.tenant, asked.key.actor, _number(asked), said)
    return json_response(_version(shown))


async def withdraw(asked: Asked) -> Response:
    """End a proposal."""
    asked.person()
    await _may(asked, Right.RECONCILE)
    wish = read_texts(
        asked.body, _WITHDRAWAL, en="nothing was withdrawn", zh="撤回请求有误，未撤回", empty=True
    )
    shown = await _rules(asked).withdraw(
        asked.key.tenant, asked.key.actor, _number(asked), wish.get("reason", "")
    )
    return json_response(_version(shown))


async def dry_run(asked: Asked) -> Response:
    """What rules would match otherwise in a period of an account; nothing is stored."""
    account = await of_path(asked, Right.RECONCILE)
    wanted = read_trial(asked.body)
    office, unit = asked.gateway.front.reconciliation, currency(account.currency)
    rules = wanted.rules
    if rules is None:
        assert wanted.version is not None
        rules = (await office.rules.show(asked.key.tenant, wanted.version)).rules
    found = await office.trials.of((asked.tenant, account), wanted.days, rules)
    kinds = {"newly": found.newly, "no_longer": found.no_longer, "other_partner": found.changed}
    return json_response(
        {
            "account": account.number,
            "currency": account.currency,
            "against": found.against,
            "entries": found.entries,
            "items": found.items,
            "same": found.same,
            **{name: _kind(it, unit) for name, it in kinds.items()},
        }
    )


async def memories(asked: Asked) -> Response:
    """What is remembered of an account, the newest first."""
    account = await of_path(asked)
    place = (asked.key.tenant, account.number)
    found = await asked.gateway.front.reconciliation.remembering.listed(place)
    told = [_memory(it) for it in found]
    return json_response({"account": account.number, "memories": told})


async def forget(asked: Asked) -> Response:
    """A person lets something be forgotten."""
    asked.person()
    account = await of_path(asked, Right.RECONCILE)
    memory = asked.path("memory")
    remembering = asked.gateway.front.reconciliation.remembering
    reason = asked.query.get("reason", "")
    await remembering.forget((asked.tenant, account), asked.key.actor, memory, reason)
    return json_response({"account": account.number, "forgotten": memory})


def _rules(asked: Asked) -> RuleVersions:
    return asked.gateway.front.reconciliation.rules


async def _may(asked: Asked, right: Right) -> None:
    """The rules are the tenant's: whoever may do this everywhere. Raises NotPermitted."""

    def check(db: Connection) -> None:
        asked.gateway.front.sight.require(db, asked.onlooker, right)

    await asked.gateway.store.read(check)


def _number(asked: Asked) -> int:
    """A version's number. Raises NotFound: no other text names one."""
    text = asked.path("version")
    if not (text.isascii() and text.isdigit() and len(text) <= _VERSION_DIGITS):
        raise NotFound
    return int(text)


# ── as JSON ───────────────────────────────────────────────────────────────────────────────────


def _document(rules: RuleSet) -> object:
    return msgspec.to_builtins(rules)


def _head(row: Any) -> dict[str, object]:  # noqa: ANN401 - a row
    return {
        "version": row.version,
        "state": row.state,
        "digest": row.digest,
        "comment": row.comment,
        "proposed_by": row.proposed_by,
        "proposed_at": _when(row.proposed_us),
        "confirmed_by": row.confirmed_by or None,
        "in_force_at": _when(row.confirmed_us),
        "reason": row.reason or None,
        "ended_by": row.ended_by or None,
        "ended_at": _when(row.ended_us),
        "ended_reason": row.ended_reason or None,
        "links": {
            "self": f"{_AT}/{row.version}",
            "vote": f"{_AT}/{row.version}/votes",
        },
    }


def _version(it: Version) -> dict[str, object]:
    return {
        **_head(it.row),
        "in_force": it.in_force,
        "changes": [
            {"name": one.name, "before": _plain(one.before), "after": _plain(one.after)}
            for one in it.changes
        ],
        "rules": _document(it.rules),
    }


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)


def _when(us: int | None) -> str | None:
    return None if us is None else from_us(us).isoformat(timespec="seconds")


def _kind(it: Kind, unit: Currency) -> dict[str, object]:
    return {"count": it.count, "examples": [_example(one, unit) for one in it.examples]}


def _example(it: Example, unit: Currency) -> dict[str, object]:
    told: dict[str, object] = {
        "rule": it.rule,
        "reasons": list(it.reasons),
        "entries": [_thing(one, unit) for one in it.entries],
        "items": [_thing(one, unit) for one in it.items],
    }
    if it.instead:
        told["instead_of"] = [_example(one, unit) for one in it.instead]
    return told


def _thing(it: Thing, unit: Currency) -> dict[str, object]:
    return {
        "ref": it.ref,
        "day": it.own_day,
        "amount": Money(it.amount, unit).text(),
        "counterparty_name": it.name,
        "reference": it.own_reference or it.reference,
        "remittance": it.remittance,
    }


def _memory(it: Remembered) -> dict[str, object]:
    one = it.memory
    return {
        "id": one.id,
        "bank_side": _side(one.bank),
        "book_side": _side(one.book),
        "match": one.match,
        "confirmed_by": one.actor,
        "confirmed_on": one.day,
        "times": one.times,
        "contradicted_by": [other.id for other in it.against],
    }


def _side(it: BookingSide) -> dict[str, object]:
    return {"name": it.name, "account": it.account, "text": it.text}
