"""States of payment instructions into NCC (ebank_paylog, paystate).

Rule kept here: what is not decided is never called failed, and a state is never written over an
outcome that stands there: NCC's people may have decided it meanwhile (支付确认单).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.bills import bills_of, pay_state
from adapters.erp.yonyou.json_tree import Value
from adapters.erp.yonyou.ncc import calls
from adapters.erp.yonyou.ncc.options import NccOptions
from adapters.erp.yonyou.ncc.talk import KEY, Row, look, save, saved
from adapters.erp.yonyou.telling import NEVER_ACCEPTED, NOT_FAILED
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import StatusTold, Told

_MOST: Final = 50
_YES: Final = "Y"
_ENDS: Final = frozenset({codes.PAID, codes.NOT_PAID})


def status(options: NccOptions) -> Telling:
    """How states are written back."""
    return Telling(say=partial(_say, options), most=_MOST)


def _say(options: NccOptions, conversation: Conversation) -> Call | tuple[Taken, ...]:
    """The next call, or what became of each state. Raises WireError."""
    replies = list(conversation.replies)
    taken: dict[int, Taken] = {}
    open_: dict[int, StatusTold] = {}
    for at, one in enumerate(map(_status, conversation.told)):
        if _quiet(one):
            taken[at] = Taken(place=at, verdict=Verdict.TAKEN, text="not told there")
        else:
            open_[at] = one
    if conversation.again and open_:
        if not replies:
            numbers = list(dict.fromkeys(it.erp_reference for it in open_.values()))
            return look(options, options["pull_path"], "ebankpaylog/query", "yurref", numbers)
        judged = _read_back(options, replies.pop(0), open_)
        taken |= judged
        open_ = {at: it for at, it in open_.items() if at not in judged}
    if open_:
        rows = {at: _row(options, it) for at, it in open_.items()}
        if not replies:
            return save(options, conversation, "status", KEY, list(rows.values()))
        verdicts = saved(options, replies.pop(0), KEY, [row[KEY] for row in rows.values()])
        taken |= {at: _at(at, verdicts[row[KEY]]) for at, row in rows.items()}
    return _ordered(taken)


def _at(at: int, it: Taken) -> Taken:
    return Taken(place=at, verdict=it.verdict, code=it.code, text=it.text)


def _read_back(
    options: NccOptions, reply: CallReply, open_: Mapping[int, StatusTold]
) -> dict[int, Taken]:
    """What need not, or may not, be written. Raises WireError."""
    answer = calls.answered(options, reply)
    if answer.verdict is not None:
        return {at: answer.taken(at) for at in open_}
    there = _by_reference(options, answer)
    judged = {
        at: _standing(options, at, it, there.get(it.erp_reference)) for at, it in open_.items()
    }
    return {at: found for at, found in judged.items() if found is not None}


def _ordered(taken: dict[int, Taken]) -> tuple[Taken, ...]:
    return tuple(taken[at] for at in sorted(taken))


def _status(told: Told) -> StatusTold:
    if not isinstance(told, StatusTold):
        raise Corrupt("a record of another kind among states")
    return told


def _quiet(told: StatusTold) -> bool:
    """Whether nothing may be said: its number is a payment of ours, or its account another's."""
    return told.state == NEVER_ACCEPTED and told.code in NOT_FAILED


def _row(options: NccOptions, told: StatusTold) -> Row:
    (bill,) = bills_of(told, options.words)
    return {KEY: bill.id, "pk_ebank_paylog": told.source.get("paylog", ""), **dict(bill.fields)}


def _by_reference(options: NccOptions, answer: calls.Answer) -> dict[str, Value]:
    """The instructions that were asked for. Raises WireError."""
    rows = calls.rows_of(options, answer)
    return {row.at(options.named("yurref")).text(): row for row in rows}


def _standing(options: NccOptions, at: int, told: StatusTold, row: Value | None) -> Taken | None:
    """What stands there already: None where the state may be written."""
    if row is None:
        return Taken(place=at, verdict=Verdict.AGAIN, text="not found when read back")
    stands = row.at(options.named("paystate")).text()
    back = row.at(options.named("isrefund")).text().upper() == _YES
    name = next((it for it, code in options.words.pay_states.items() if code == stands), "")
    wanted = pay_state(told)
    if name == wanted and (told.state != State.RETURNED or back):
        return Taken(place=at, verdict=Verdict.ALREADY, code=stands)
    if name not in _ENDS or name == wanted:
        return None
    if name == codes.PAID and wanted not in _ENDS:
        # Told on the way, paid there: what is newer stands there.
        return Taken(place=at, verdict=Verdict.ALREADY, code=stands, text="an outcome stands there")
    text = "another outcome stands there: look at the bank and at the instruction"
    return Taken(place=at, verdict=Verdict.REFUSED, code=stands, text=text)
