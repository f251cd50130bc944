"""What is written to NCC and looked up there, and what its answers say of each record.

Rule kept here: a record counts as taken only where the answer names it; one that no result names
is looked up the next time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from adapters.erp.yonyou.ncc import calls
from adapters.erp.yonyou.ncc.options import NccOptions
from adapters.erp.yonyou.posting import verdict_of
from adapters.erp.yonyou.telling import key_of
from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Verdict

Row = Mapping[str, str]
"""One record by the data model's own names."""
KEY: Final = "gwid"


def look(options: NccOptions, path: str, endpoint: str, key: str, keys: Sequence[str]) -> Call:
    """A query for records by their keys."""
    asked: dict[str, object] = {
        options.named(key): list(keys),
        options.named("pageIndex"): 1,
        options.named("pageSize"): len(keys),
    }
    return calls.post(options, path, endpoint, asked)


def save(
    options: NccOptions, conversation: Conversation, what: str, key: str, rows: Sequence[Row]
) -> Call:
    """Write records; each has its ``key``.

    They go under a number that NCC takes once. It is always the same for what is written the
    first time, so that a call that comes twice is carried out once; after a look it is a new one,
    because a number that was spent on a call that failed would never be taken again.
    """
    chance = (conversation.moment.nonce,) if conversation.again else ()
    content = {options.named("rows"): [_written(options, row) for row in rows]}
    return calls.post(
        options,
        options[f"{what}_path"],
        f"{what} save",
        content,
        busi_id=key_of("busi", what, *(row[key] for row in rows), *chance),
    )


def saved(
    options: NccOptions, reply: CallReply, key: str, ids: Collection[str]
) -> dict[str, Taken]:
    """What became of records that were written. Raises WireError."""
    answer = calls.answered(options, reply)
    if answer.verdict is not None:
        return dict.fromkeys(ids, answer.taken(0))
    named = _results(options, answer, key, frozenset(ids))
    silent = Taken(place=0, verdict=Verdict.AGAIN, text="not named in the answer")
    return {id_: named.get(id_, silent) for id_ in ids}


def _written(options: NccOptions, row: Row) -> dict[str, str]:
    return {options.named(name): text for name, text in row.items() if text}


def _results(
    options: NccOptions, answer: calls.Answer, key: str, ids: frozenset[str]
) -> dict[str, Taken]:
    """Verdicts of single records. Raises WireError for a record that was not sent, or one twice."""
    found: dict[str, Taken] = {}
    results = answer.content
    if not results.is_list:
        results = results.at(options.named("results"))
    for one in results.each():
        place = one.at(options.named(key))
        id_ = place.text()
        if id_ not in ids or id_ in found:
            raise place.fault("value")
        said = one.at(options.named("success"))
        text = one.at(options.named("message")).text()
        match said.text().lower():
            case "true":
                found[id_] = Taken(place=0, verdict=Verdict.TAKEN)
            case "false":
                found[id_] = verdict_of(text, refused=True)
            case _:
                raise said.fault("value")
    return found
