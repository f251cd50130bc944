"""Statement lines and 到账, balances, and receipts into NCC (ebank_dzd, ebank_balance, obm_yhhd).

Rule kept here: each record has a key that is always the same (a line's is its 唯一号, uid2), so
that 到账 of the morning and the statement of the evening make one line; where an earlier attempt
may have arrived, keys are looked up first and only what is missing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.erp.yonyou.bills import Bill, bills_of
from adapters.erp.yonyou.ncc import calls
from adapters.erp.yonyou.ncc.options import NccOptions
from adapters.erp.yonyou.ncc.talk import KEY, look, save, saved
from adapters.erp.yonyou.telling import page_size
from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import StatementTold, ToldKind

_MOST: Final = 50
_GOOD: Final = frozenset({Verdict.TAKEN, Verdict.ALREADY})
_WORST_FIRST: Final = (
    *(Verdict.LOGIN, Verdict.AGAIN, Verdict.REFUSED),
    *(Verdict.TAKEN, Verdict.ALREADY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shelf:
    """Where records of one kind are kept: the name in its options, and the field of its key."""

    what: str
    key: str


_LINES: Final = _Shelf(what="line", key="uid2")
_BALANCES: Final = _Shelf(what="balance", key=KEY)
_RECEIPTS: Final = _Shelf(what="receipt", key=KEY)


def records(options: NccOptions) -> dict[ToldKind, Telling]:
    """How each kind is told that has a path on this site."""
    wanted = {
        ToldKind.STATEMENT: (_LINES, 1),
        ToldKind.CREDIT: (_LINES, _MOST),
        ToldKind.BALANCE: (_BALANCES, _MOST),
        ToldKind.RECEIPT: (_RECEIPTS, 1),
    }
    return {
        kind: _telling(options, shelf, most)
        for kind, (shelf, most) in wanted.items()
        if options[f"{shelf.what}_path"]
    }


def _telling(options: NccOptions, shelf: _Shelf, most: int) -> Telling:
    return Telling(say=lambda it: _Told(options, shelf, it).next(), most=most)


class _Told:
    """A conversation so far: which page it is at, and what the answers say of that page.

    A page takes one call, or two where it is looked up first: the place in a long statement is
    counted from the answers, and pages before it are not made again. They were taken: a page that
    was not ends the conversation.
    """

    def __init__(self, options: NccOptions, shelf: _Shelf, conversation: Conversation) -> None:
        self._options = options
        self._shelf = shelf
        self._conversation = conversation
        self._replies = conversation.replies
        self._steps = 2 if conversation.again else 1
        lines = (len(it.entries) for it in conversation.told if isinstance(it, StatementTold))
        self._size = page_size(max(lines, default=_MOST))

    def next(self) -> Call | tuple[Taken, ...]:
        """The next call, or what became of each record. Raises WireError."""
        page, looked = divmod(len(self._replies), self._steps)
        if looked:
            return self._write(page)
        known: dict[str, Taken] = {}
        if page:
            known = self._judged(page - 1)
            if any(it.verdict not in _GOOD for it in known.values()):
                return self._verdicts(page - 1, known)
        following = self._bills(page)
        if not following:
            return self._verdicts(max(page - 1, 0), known)
        return self._look(following) if self._conversation.again else self._save(following)

    def _write(self, page: int) -> Call | tuple[Taken, ...]:
        """Where a page was looked up: write what is missing of it."""
        bills = self._bills(page)
        known = self._there(self._replies[-1], bills)
        missing = {it: bill for it, bill in bills.items() if it not in known}
        if missing:
            return self._save(missing)
        good = all(it.verdict in _GOOD for it in known.values())
        if not good or not self._bills(page + 1):
            return self._verdicts(page, known)
        # Every page takes two calls, so that the place in the statement can be counted.
        return self._look(bills)

    def _judged(self, page: int) -> dict[str, Taken]:
        """What became of the records of a page all of whose calls were answered."""
        bills, shelf = self._bills(page), self._shelf
        known: dict[str, Taken] = {}
        if self._conversation.again:
            known = self._there(self._replies[-2], bills)
        missing = [it for it in bills if it not in known]
        if missing:
            known |= saved(self._options, self._replies[-1], shelf.key, missing)
        return known

    def _bills(self, page: int) -> dict[str, Bill]:
        """The records of a page, each once: the same told twice is one record."""
        return {bill.id: bill for bills in self._by_told(page) for bill in bills}

    def _by_told(self, page: int) -> list[tuple[Bill, ...]]:
        start, words = page * self._size, self._options.words
        return [bills_of(it, words, start, start + self._size) for it in self._conversation.told]

    def _there(self, reply: CallReply, bills: Mapping[str, Bill]) -> dict[str, Taken]:
        """Which records are there already, or for all of them why that is not known."""
        answer = calls.answered(self._options, reply)
        if answer.verdict is not None:
            return dict.fromkeys(bills, answer.taken(0))
        key = self._options.named(self._shelf.key)
        there = {row.at(key).text() for row in calls.rows_of(self._options, answer)}
        return {it: Taken(place=0, verdict=Verdict.ALREADY) for it in bills if it in there}

    def _look(self, bills: Mapping[str, Bill]) -> Call:
        what, key = self._shelf.what, self._shelf.key
        path = self._options[f"{what}_query_path"]
        return look(self._options, path, f"{what} query", key, list(bills))

    def _save(self, bills: Mapping[str, Bill]) -> Call:
        what, key = self._shelf.what, self._shelf.key
        rows = [{key: it, **dict(bill.fields)} for it, bill in bills.items()]
        return save(self._options, self._conversation, what, key, rows)

    def _verdicts(self, page: int, known: Mapping[str, Taken]) -> tuple[Taken, ...]:
        pages = enumerate(self._by_told(page))
        return tuple(_together(place, [it.id for it in bills], known) for place, bills in pages)


def _together(place: int, keys: Sequence[str], known: Mapping[str, Taken]) -> Taken:
    """One verdict for all records of one thing told: the worst of them."""
    if not keys:
        return Taken(place=place, verdict=Verdict.TAKEN, text="nothing to tell")
    found = [known[key] for key in keys]
    worst = min(found, key=lambda it: _WORST_FIRST.index(it.verdict))
    return Taken(place=place, verdict=worst.verdict, code=worst.code, text=worst.text)
