"""The rows of matches and what they claim, of suggestions, runs and notes.

Rule kept here: a claim is written only under the account's guard and after what is claimed
already was read inside it; the key of the table is the second wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Integer, String, Text, bindparam, delete, func, select, update

from gateway.domain.balance_sheet import Side
from gateway.reconciliation import memory_rows
from gateway.reconciliation.things import Ask, asking_within
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

AUTO, ACCEPTED, MANUAL = "auto", "accepted", "manual"
HELD, UNDONE = "held", "undone"
BY_WITHDRAWAL: Final = "policy:withdrawal"
"""Who undid a match whose line was withdrawn: nobody said that the two do not belong together."""
SUGGESTIONS_MAX: Final = 10_000
"""Most suggestions that a run keeps."""
_p, _m = tables.reconciliation_part, tables.reconciliation_match
_s, _r, _n = (
    tables.reconciliation_suggestion,
    tables.reconciliation_run,
    tables.reconciliation_note,
)
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_CLAIMED: Final = prepare(
    select(
        _p.c.side,
        _p.c.ref,
        func.sum(_p.c.amount_minor).label("claimed"),
        func.max(_p.c.seq).label("last"),
    )
    .where(
        _p.c.tenant == _TENANT,
        _p.c.account == _ACCOUNT,
        _p.c.side == bindparam("of_side"),
        among(_p.c.ref, "of_refs"),
    )
    .group_by(_p.c.side, _p.c.ref)
)
_MATCH: Final = prepare(select(_m).where(_m.c.tenant == _TENANT, _m.c.id == bindparam("of_id")))
_MATCHES: Final = prepare(
    select(_m)
    .where(_m.c.tenant == _TENANT, _m.c.account == _ACCOUNT)
    .order_by(_m.c.made_us.desc(), _m.c.id.desc())
    .limit(bindparam("at_most", type_=Integer()))
    .offset(bindparam("from_place", type_=Integer()))
)
_COUNTS: Final = prepare(
    select(
        _m.c.kind,
        func.count(func.distinct(_m.c.id)).label("matches"),
        func.sum(func.abs(_p.c.amount_minor)).label("moved"),
    )
    .select_from(_m.join(_p, (_p.c.tenant == _m.c.tenant) & (_p.c.match == _m.c.id)))
    .where(
        _m.c.tenant == _TENANT,
        _m.c.account == _ACCOUNT,
        _m.c.state == HELD,
        _p.c.side == Side.BANK.value,
    )
    .group_by(_m.c.kind)
)
_LET_GO: Final = prepare(delete(_p).where(_p.c.tenant == _TENANT, _p.c.match == bindparam("of_id")))
_UNDO: Final = prepare(
    update(_m)
    .where(_m.c.tenant == _TENANT, _m.c.id == bindparam("of_id"), _m.c.state == HELD)
    .values(
        state=UNDONE,
        undone_by=bindparam("by", type_=Text()),
        undone_us=bindparam("at_us", type_=BigInteger()),
        undone_reason=bindparam("why", type_=Text()),
    )
)
_OF_KIND: Final = prepare(
    select(_p.c.side, _p.c.ref)
    .select_from(_m.join(_p, (_p.c.tenant == _m.c.tenant) & (_p.c.match == _m.c.id)))
    .where(
        _m.c.tenant == _TENANT,
        _m.c.account == _ACCOUNT,
        _m.c.state == HELD,
        _m.c.kind == bindparam("of_kind"),
    )
)
_DROP_SUGGESTIONS: Final = prepare(
    delete(_s).where(_s.c.tenant == _TENANT, _s.c.account == _ACCOUNT)
)
_SUGGESTIONS: Final = prepare(
    select(_s)
    .where(_s.c.tenant == _TENANT, _s.c.account == _ACCOUNT)
    .order_by(_s.c.id)
    .limit(bindparam("at_most", type_=Integer()))
    .offset(bindparam("from_place", type_=Integer()))
)
_SUGGESTION: Final = prepare(
    select(_s).where(_s.c.tenant == _TENANT, _s.c.id == bindparam("of_id"))
)
_SUGGESTED: Final = prepare(
    select(func.count().label("number")).where(_s.c.tenant == _TENANT, _s.c.account == _ACCOUNT)
)
_LAST_RUN: Final = prepare(
    select(_r)
    .where(_r.c.tenant == _TENANT, _r.c.account == _ACCOUNT)
    .order_by(_r.c.begun_us.desc(), _r.c.id.desc())
    .limit(1)
)
_NOTES: Final = prepare(
    select(_n)
    .where(_n.c.tenant == _TENANT, _n.c.account == _ACCOUNT, among(_n.c.ref, "of_refs"))
    .order_by(_n.c.side, _n.c.ref, _n.c.seq)
)


class Part(msgspec.Struct, frozen=True, gc=False):
    """What a match takes of a thing. ``amount`` is signed minor units, ``day`` the thing's."""

    side: str
    ref: str
    amount: int
    day: str


class Match(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A match to be made. Its parts of the bank and of the books have the same sum."""

    id: str
    kind: str
    rule: str
    reasons: tuple[str, ...]
    parts: tuple[Part, ...]
    run: str = ""
    reason: str = ""
    rules_version: int = 0
    """The version of the client's rules in force."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """What is claimed of a thing already, and the number of its last part; 0 for none."""

    claimed: int = 0
    last: int = 0


_encode: Final = msgspec.json.Encoder().encode
_parts: Final = msgspec.json.Decoder(tuple[Part, ...]).decode
_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode
NOTHING: Final = Claim()


def guard_of(account: tuple[str, str]) -> str:
    """The guard under which an account's claims change."""
    return f"reconciliation:{account[0]}:{account[1]}"


def claims_of(
    uow: Uow, account: tuple[str, str], parts: Sequence[Part]
) -> dict[tuple[str, str], Claim]:
    """What is claimed of the things of these parts."""
    return claims_told(asking_within(uow), account, parts)


def claims_told(
    ask: Ask, account: tuple[str, str], parts: Sequence[Part]
) -> dict[tuple[str, str], Claim]:
    """The same outside a unit of work: for people to look at, never to decide by."""
    found: dict[tuple[str, str], Claim] = {}
    for side in Side:
        refs = sorted({it.ref for it in parts if it.side == side.value})
        if refs:
            values = {
                "of_tenant": account[0],
                "of_account": account[1],
                "of_side": side.value,
                "of_refs": refs,
            }
            for row in ask(_CLAIMED, values):
                found[row.side, row.ref] = Claim(int(row.claimed), int(row.last))
    return found


def put_match(
    uow: Uow,
    account: tuple[str, str],
    made: Match,
    known: dict[tuple[str, str], Claim],
    said: tuple[str, int],
) -> None:
    """Store a match and its claims; ``known`` is brought up to date. ``said`` is who and when."""
    uow.add(
        _m,
        {
            "tenant": account[0],
            "id": made.id,
            "account": account[1],
            "kind": made.kind,
            "rule": made.rule,
            "state": HELD,
            "reasons": _encode(made.reasons).decode(),
            "parts": _encode(made.parts).decode(),
            "last_day": max(it.day for it in made.parts),
            "run": made.run,
            "made_by": said[0],
            "made_us": said[1],
            "reason": made.reason,
            "rules_version": made.rules_version,
        },
    )
    for part in made.parts:
        place = (part.side, part.ref)
        before = known.get(place, NOTHING)
        known[place] = Claim(before.claimed + part.amount, before.last + 1)
        uow.add(
            _p,
            {
                "tenant": account[0],
                "account": account[1],
                "side": part.side,
                "ref": part.ref,
                "seq": before.last + 1,
                "match": made.id,
                "amount_minor": part.amount,
                "day": part.day,
            },
        )


def match_of(ask: Ask, tenant: str, match: str) -> Any | None:  # noqa: ANN401 - a row
    """A match, whatever its state."""
    rows = ask(_MATCH, {"of_tenant": tenant, "of_id": match})
    return rows[0] if rows else None


def matches_of(ask: Ask, account: tuple[str, str], page: tuple[int, int]) -> Sequence[Any]:
    """Matches of an account, newest first; ``page`` is the first place and how many at most."""
    return ask(
        _MATCHES,
        {
            "of_tenant": account[0],
            "of_account": account[1],
            "from_place": page[0],
            "at_most": page[1],
        },
    )


def counts_of(ask: Ask, account: tuple[str, str]) -> dict[str, tuple[int, int]]:
    """By kind: how many matches hold, and the sum of what they take of the bank's side."""
    rows = ask(_COUNTS, {"of_tenant": account[0], "of_account": account[1]})
    return {row.kind: (int(row.matches), int(row.moved or 0)) for row in rows}


def parts_of(row: Any) -> tuple[Part, ...]:  # noqa: ANN401 - a row of matches
    """The parts of a stored match."""
    return _parts(row.parts)


def texts_of(stored: str) -> tuple[str, ...]:
    """A stored list of texts."""
    return _texts(stored) if stored else ()


def undo(uow: Uow, tenant: str, match: str, said: tuple[str, int, str]) -> bool:
    """Let go what a match claims, and forget what it taught; False when it was undone before.

    ``said``: who, when, why.
    """
    values = {"of_tenant": tenant, "of_id": match}
    told = {"by": said[0], "at_us": said[1], "why": said[2]}
    if not uow.change(_UNDO, values | told):
        return False
    uow.change(_LET_GO, values)
    memory_rows.forget_match(uow, tenant, match, said)
    return True


def refs_of_kind(ask: Ask, account: tuple[str, str], kind: str) -> frozenset[tuple[str, str]]:
    """Side and ref of everything that matches of a kind hold."""
    values = {"of_tenant": account[0], "of_account": account[1], "of_kind": kind}
    return frozenset((row.side, row.ref) for row in ask(_OF_KIND, values))


# ── runs and their suggestions ────────────────────────────────────────────────────────────────


def put_run(uow: Uow, row: dict[str, object], suggestions: Sequence[dict[str, object]]) -> None:
    """Store a run; its suggestions take the place of those of the run before."""
    uow.change(_DROP_SUGGESTIONS, {"of_tenant": row["tenant"], "of_account": row["account"]})
    uow.add(_r, row)
    uow.add(_s, *suggestions)


def suggestion_row(
    account: tuple[str, str], made: str, told: tuple[str, Sequence[str]], refs: Sequence[list[str]]
) -> dict[str, object]:
    """A suggestion as it is stored: ``told`` is rule and reasons, ``refs`` entries and items."""
    return {
        "tenant": account[0],
        "id": made,
        "account": account[1],
        "rule": told[0],
        "reasons": _encode(list(told[1])).decode(),
        "entries": _encode(refs[0]).decode(),
        "items": _encode(refs[1]).decode(),
    }


def suggestions_of(ask: Ask, account: tuple[str, str], most: int, start: int = 0) -> Sequence[Any]:
    """The suggestions of the last run, from one place on."""
    values = {"of_tenant": account[0], "of_account": account[1]}
    return ask(_SUGGESTIONS, values | {"at_most": most, "from_place": start})


def suggestion_of(ask: Ask, tenant: str, made: str) -> Any | None:  # noqa: ANN401 - a row
    """One suggestion."""
    rows = ask(_SUGGESTION, {"of_tenant": tenant, "of_id": made})
    return rows[0] if rows else None


def suggested(ask: Ask, account: tuple[str, str]) -> int:
    """How many suggestions there are."""
    (row,) = ask(_SUGGESTED, {"of_tenant": account[0], "of_account": account[1]})
    return int(row.number)


def last_run(ask: Ask, account: tuple[str, str]) -> Any | None:  # noqa: ANN401 - a row
    """The latest run of an account."""
    rows = ask(_LAST_RUN, {"of_tenant": account[0], "of_account": account[1]})
    return rows[0] if rows else None


# ── notes ─────────────────────────────────────────────────────────────────────────────────────


def notes_of(ask: Ask, account: tuple[str, str], refs: Sequence[str]) -> Sequence[Any]:
    """What was said of things, in order."""
    values = {"of_tenant": account[0], "of_account": account[1], "of_refs": list(refs)}
    return ask(_NOTES, values) if refs else []


def put_note(uow: Uow, row: dict[str, object]) -> None:
    """Add what somebody said; ``seq`` counts from 1 for each thing."""
    account = (str(row["tenant"]), str(row["account"]))
    before = notes_of(asking_within(uow), account, [str(row["ref"])])
    uow.add(_n, row | {"seq": 1 + sum(it.side == row["side"] for it in before)})
