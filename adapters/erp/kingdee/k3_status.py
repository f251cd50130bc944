"""Statuses written back into 星空 bills.

The bill's own bank status is no field of the documented Save: it is told in the customer's own
fields of the entry, and a small operation of the customer (option ``status_operation``) may move
it into FBankStatus. Writing the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.erp.kingdee import exact, k3_calls
from adapters.erp.kingdee.codes import BILL_REFUSED, BILL_STATES, REFUSED, Standing
from adapters.erp.kingdee.k3_bill import ENTRIES, ENTRY_ID, FIRST_ATTEMPT, FORM, ID, NUMBER
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.keyed import Envelope, Told
from adapters.erp.kingdee.standings import WORDS_MAX, standing_of, told_words
from adapters.erp.kingdee.talk import Talk, alike, for_all, spoken
from gateway.domain.instruction import State
from gateway.ports.erp_api import Call, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import StatusTold

MOST: Final = 50
"""Statuses in one call."""
_ENTRY_KEY: Final = f"{ENTRIES}_{ENTRY_ID}"
_FREE: Final = frozenset({"", REFUSED, State.REJECTED, State.CANCELLED, State.EXPIRED})
"""States after which no payment of the entry goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One status and the entry that it is of."""

    place: int
    told: StatusTold
    bill: str
    """The bill's inner id, '' where it must be looked up."""
    number: str
    entry: str
    passed: bool = False
    """Another payment of it goes on, whose standing must be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _There:
    """What 星空 holds of an entry now."""

    bill: str
    state: str
    status: str
    attempt: str


_Found = Mapping[tuple[str, str], _There]
"""By bill number and entry id."""


def telling(options: K3Options) -> Telling:
    """How statuses are written back."""
    return Telling(say=spoken(lambda conversation: _talk(options, conversation)), most=MOST)


def _talk(options: K3Options, conversation: Conversation) -> Talk:
    entries, taken = _entries(conversation)
    # An entry that was submitted anew meanwhile must not be given the standing of its earlier
    # attempt: what it is now is read first.
    looks = conversation.again or options["attempt_field"] or any(not it.bill for it in entries)
    if entries and looks:
        found = k3_calls.rows((yield _look(options, entries)), len(_keys(options)))
        if isinstance(found, Told):
            return for_all(conversation, found.verdict, found.code, found.words)
        there = _there(found)
        missing = [it.place for it in entries if (it.number, it.entry) not in there]
        taken += alike(missing, Verdict.REFUSED, "10", "没有该付款单明细")
        entries = [_met(it, there) for it in entries if it.place not in missing]
        known = [it.place for it in entries if conversation.again and _says(options, it, there)]
        taken += alike(known, Verdict.ALREADY, "", "")
        entries = [it for it in entries if it.place not in known]
    if entries:
        bills = _by_bill(entries)
        save = k3_calls.form_call(options, "BatchSave", _save(options, bills))
        told = k3_calls.envelope((yield save))
        saved = [(told.of(at), those) for at, those in enumerate(bills.values())]
        numbers = [those[0].number for one, those in saved if one.verdict is Verdict.TAKEN]
        moved = Told(verdict=Verdict.TAKEN)
        if options["status_operation"] and numbers:
            said: dict[str, object] = {"formid": FORM, "opNumber": options["status_operation"]}
            call = k3_calls.form_call(
                options, "ExcuteOperation", said | {"data": {"Numbers": numbers}}
            )
            moved = _moved(k3_calls.envelope((yield call)), len(numbers))
        for one, those in saved:
            last = moved if one.verdict is Verdict.TAKEN else one
            taken += alike((it.place for it in those), last.verdict, last.code, last.words)
    return tuple(sorted(taken, key=lambda it: it.place))


def _entries(conversation: Conversation) -> tuple[list[_Entry], list[Taken]]:
    """What is to be written, and verdicts of what did not come from a bill of 星空."""
    entries, strange = [], []
    for place, told in enumerate(conversation.told):
        source = told.source if isinstance(told, StatusTold) else {}
        number, entry = source.get("bill_no", ""), source.get("entry_id", "")
        if isinstance(told, StatusTold) and number and entry.isascii() and entry.isdigit():
            bill = source.get("bill_id", "")
            entries.append(_Entry(place=place, told=told, bill=bill, number=number, entry=entry))
        else:
            strange += alike((place,), Verdict.REFUSED, "source", "不是星空付款单明细")
    return entries, strange


def _keys(options: K3Options) -> list[str]:
    """What is read of an entry: columns of ``_There``."""
    keys = [ID, NUMBER, _ENTRY_KEY, "FSubmitStatus", "FBankStatus", options["state_field"]]
    return [*keys, options["attempt_field"]] if options["attempt_field"] else keys


def _look(options: K3Options, entries: Sequence[_Entry]) -> Call:
    where = k3_calls.one_of(NUMBER, sorted({it.number for it in entries}))
    where += f" AND {_ENTRY_KEY} IN ({','.join(sorted({it.entry for it in entries}))})"
    order = f"{ID},{_ENTRY_KEY}"
    return k3_calls.query(options, FORM, ",".join(_keys(options)), where, order)


def _there(found: Sequence[Sequence[object]]) -> _Found:
    rows = [[exact.text(cell, f"/{FORM}") for cell in (*row, "")] for row in found]
    return {
        (row[1], row[2]): _There(
            bill=row[0], status=f"{row[3]}/{row[4]}", state=row[5], attempt=row[6]
        )
        for row in rows
    }


def _met(entry: _Entry, there: _Found) -> _Entry:
    """The entry with its bill, and whether another payment of it goes on.

    That is so when it has been submitted anew since, and when it was changed after it had been
    accepted: then the change was refused, and the accepted one is still on its way.
    """
    found = there[entry.number, entry.entry]
    goes_on = entry.told.state == REFUSED and found.state not in _FREE
    return replace(entry, bill=found.bill, passed=goes_on or _passed(entry.told, found.attempt))


def _passed(told: StatusTold, now: str) -> bool:
    """Whether the entry is at another attempt than the one that is told of."""
    return (now if now not in FIRST_ATTEMPT else "") != (
        said if (said := told.source.get("attempt", "")) not in FIRST_ATTEMPT else ""
    )


def _says(options: K3Options, entry: _Entry, there: _Found) -> bool:
    """Whether the entry reads already what is to be told."""
    found = there[entry.number, entry.entry]
    wanted = _standing(entry)
    if wanted is None:
        return False
    moved = not options["status_operation"] or wanted.status == found.status
    return found.state == entry.told.state and moved


def _by_bill(entries: Sequence[_Entry]) -> dict[str, list[_Entry]]:
    bills: dict[str, list[_Entry]] = {}
    for entry in entries:
        bills.setdefault(entry.bill, []).append(entry)
    return bills


def _save(options: K3Options, bills: Mapping[str, Sequence[_Entry]]) -> Mapping[str, object]:
    """A BatchSave that changes these fields of these entries and leaves everything else alone."""
    names = [
        options[f"{it}_field"] for it in ("status", "state", "text", "reference", "instruction")
    ]
    models = [
        {ID: bill, ENTRIES: [_written(options, it) for it in those]}
        for bill, those in bills.items()
    ]
    return {
        "formid": FORM,
        "data": {
            "NeedUpDateFields": [ENTRIES, *filter(None, names)],
            # Without this, entries that are not named here would be deleted from the bill.
            "IsDeleteEntry": "false",
            "IsVerifyBaseDataField": "false",
            "Model": models,
        },
    }


def _written(options: K3Options, entry: _Entry) -> Mapping[str, object]:
    told, standing = entry.told, _standing(entry)
    if standing is None:  # only words: the standing is another attempt's, which goes on
        said = {options["text_field"]: _words(entry)}
    else:
        said = {
            options["status_field"]: standing.status,
            options["state_field"]: told.state,
            options["text_field"]: _words(entry),
            options["reference_field"]: told.bank_reference,
            options["instruction_field"]: told.instruction,
        }
    return {ENTRY_ID: int(entry.entry), **{name: it for name, it in said.items() if name}}


def _standing(entry: _Entry) -> Standing | None:
    if entry.passed:
        return None
    return standing_of(entry.told.state, entry.told.code, BILL_STATES, BILL_REFUSED)


def _words(entry: _Entry) -> str:
    told = entry.told
    if not entry.passed:
        return told_words(told, _standing(entry))
    words = told_words(told, standing_of(told.state, told.code, BILL_STATES, BILL_REFUSED))
    attempt = told.source.get("attempt", "") or "1"
    return f"第 {attempt} 次提交 {told.state}：{words}"[:WORDS_MAX]


def _moved(envelope: Envelope, count: int) -> Told:
    """What became of the operation over several bills: all must say so."""
    return next(
        (it for it in map(envelope.of, range(count)) if it.verdict is not Verdict.TAKEN),
        Told(verdict=Verdict.TAKEN),
    )
