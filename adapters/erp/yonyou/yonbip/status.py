"""Results of payments back into YonBIP: results and returned money as one batch, stops singly.

Rule kept here: these endpoints keep no repeated call harmless. Where an earlier attempt may have
arrived, the details are read first, and what stands there already is not written again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.json_tree import Value
from adapters.erp.yonyou.yonbip.feedback import Group, code_of, groups, is_line, is_stop, stop
from adapters.erp.yonyou.yonbip.replies import Answer, answered, counted, of_record, post
from gateway.domain.errors import Corrupt, WireError
from gateway.domain.instruction import State
from gateway.ports.erp_api import Call, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import StatusTold

FEEDBACK_PATH: Final = "/yonbip/ctm/api/settlement/batch/feedback"
STOP_PATH: Final = "/yonbip/ctm/api/settlement/autoStopPay"
QUERY_PATH: Final = "/yonbip/ctm/api/query/settlementdetail"
_MOST: Final = 30
"""Stops are calls of their own: more would make the conversation too long."""
Places = dict[int, StatusTold]
_Settled = dict[int, Taken]


def say(conversation: Conversation) -> Call | tuple[Taken, ...]:
    """The next call, or what became of each status. Raises WireError."""
    asked = _Asked(conversation)
    return asked.next()


class _Asked:
    """A conversation so far: which records are open, which replies are still to be read."""

    def __init__(self, conversation: Conversation) -> None:
        self._told = [_status(it) for it in conversation.told]
        self._replies = list(conversation.replies)
        self._again = conversation.again
        self._taken: _Settled = {}

    def next(self) -> Call | tuple[Taken, ...]:
        """Read first where something may be there; then results, then stops one by one."""
        self._nothing_to_tell()
        if self._again and self._readable():
            if not self._replies:
                return self._query()
            self._compare(answered(self._replies.pop(0)))
        sent = groups({at: it for at, it in self._open().items() if not is_stop(it)})
        if sent:
            if not self._replies:
                rows = [row for _, row in sent]
                return post(FEEDBACK_PATH, "settlement/batch/feedback", rows)
            self._read(answered(self._replies.pop(0)), sent)
        for at, told in self._open().items():
            if not self._replies:
                return post(STOP_PATH, "settlement/autoStopPay", stop(told))
            answer = answered(self._replies.pop(0))
            self._taken[at] = _single(at, answer)
        return tuple(self._taken[at] for at in range(len(self._told)))

    def _open(self) -> Places:
        return {at: it for at, it in enumerate(self._told) if at not in self._taken}

    def _readable(self) -> Places:
        """Open ones whose standing can be read; lines of a payroll are set by list, not added."""
        return {at: it for at, it in self._open().items() if not is_line(it)}

    def _nothing_to_tell(self) -> None:
        for at, told in enumerate(self._told):
            code = code_of(told)
            if code == codes.NOT_TOLD:
                self._taken[at] = Taken(place=at, verdict=Verdict.TAKEN, text="not told there")
            elif not told.source.get("detail_id"):
                text = "this payment did not come from a settlement detail"
                self._taken[at] = Taken(place=at, verdict=Verdict.REFUSED, text=text)
            elif is_line(told) and told.state == State.RETURNED:
                text = "a payroll's line came back: there is no call for it, enter it by hand"
                self._taken[at] = Taken(place=at, verdict=Verdict.REFUSED, text=text)
            elif self._again and not is_line(told) and not told.source.get("business_detail_id"):
                text = "may have been told before and cannot be read back: look at the detail"
                self._taken[at] = Taken(place=at, verdict=Verdict.REFUSED, text=text)

    def _query(self) -> Call:
        ids = [told.source["business_detail_id"] for told in self._readable().values()]
        return post(
            QUERY_PATH,
            "query/settlementdetail",
            {"data": {"businessdetailsids": list(dict.fromkeys(ids))}},
        )

    def _compare(self, answer: Answer) -> None:
        """What stands there already is not written again; what contradicts goes to a person."""
        if answer.verdict is not None:
            for taken in answer.all_alike(len(self._told)):
                self._taken.setdefault(taken.place, taken)
            return
        found = _by_detail(answer.content)
        for at, told in self._readable().items():
            here = found.get(told.source["business_detail_id"])
            if here is None:
                text = "the detail was not found when read back"
                self._taken[at] = Taken(place=at, verdict=Verdict.AGAIN, text=text)
                continue
            verdict = _standing(told, here)
            if verdict is not None:
                self._taken[at] = Taken(place=at, verdict=verdict, code=here[0])

    def _read(self, answer: Answer, sent: Sequence[Group]) -> None:
        """Single verdicts of a batch: who is not named as failed succeeded, if the sums agree."""
        if answer.verdict is not None:
            self._taken |= {at: _single(at, answer) for places, _ in sent for at in places}
            return
        names = {str(row["sourceUnique"]): places for places, row in sent}
        failed: dict[str, str] = {}
        for one in answer.content.at("messages").each():
            name = one.at("sourceUnique").text()
            if name not in names:
                raise one.fault("unknown")
            failed[name] = one.at("message").text()
        if counted(answer.content, "failCount") != len(failed):
            raise WireError("count", "/data/failCount")
        if counted(answer.content, "successCount") != len(sent) - len(failed):
            raise WireError("count", "/data/successCount")
        for name, places in names.items():
            for at in places:
                taken = Taken(place=at, verdict=Verdict.TAKEN)
                self._taken[at] = of_record(at, failed[name]) if name in failed else taken


def _single(at: int, answer: Answer) -> Taken:
    verdict = Verdict.TAKEN if answer.verdict is None else answer.verdict
    return Taken(place=at, verdict=verdict, code=answer.code, text=answer.text)


def _by_detail(content: Value) -> dict[str, tuple[str, str]]:
    """Status and return mark by business detail."""
    return {
        one.at("settlebench_b_bizbilldetailid").text(): (
            one.at("settlebench_b_statementdetailstatus").text(),
            one.at("settlebench_b_isrefund").text(),
        )
        for one in content.each()
    }


def _standing(told: StatusTold, here: tuple[str, str]) -> Verdict | None:
    """ALREADY where it says so, None where it may be written, REFUSED where it says otherwise."""
    status, refund = here
    if told.state == State.RETURNED:
        if refund == codes.REFUNDED:
            return Verdict.ALREADY
        return None if status in {codes.SUCCEEDED, *codes.DETAIL_OPEN} else Verdict.REFUSED
    if status == code_of(told):
        return Verdict.ALREADY
    return None if status in codes.DETAIL_OPEN else Verdict.REFUSED


def _status(told: object) -> StatusTold:
    if not isinstance(told, StatusTold):
        raise Corrupt("a record of another kind among statuses")
    return told


TELLING: Final = Telling(say=say, most=_MOST)
