"""A conversation written as it is spoken: a generator that yields calls and is sent replies.

Rule kept here: it stays a pure function. Each time it is asked, it is spoken again from the start
over the replies so far, so nothing is remembered between two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

from gateway.ports.erp_api import Call, CallReply, Conversation, Taken, Tell, Verdict

Talk = Generator[Call, CallReply, tuple[Taken, ...]]
TEXT_MAX = 200
"""Characters of a vendor's words that are kept for the list of dead letters."""


def spoken(talk: Callable[[Conversation], Talk]) -> Tell:
    """A generator as the function that the gateway calls."""

    def say(conversation: Conversation) -> Call | tuple[Taken, ...]:
        going = talk(conversation)
        try:
            call = next(going)
            for reply in conversation.replies:
                call = going.send(reply)
        except StopIteration as end:
            verdicts: tuple[Taken, ...] = end.value
            return verdicts
        return call

    return say


def alike(places: Iterable[int], verdict: Verdict, code: str, words: str) -> list[Taken]:
    """The same verdict for several records."""
    kept = words[:TEXT_MAX]
    return [Taken(place=place, verdict=verdict, code=code, text=kept) for place in places]


def for_all(
    conversation: Conversation, verdict: Verdict, code: str = "", words: str = ""
) -> tuple[Taken, ...]:
    """The same verdict for every record of the conversation."""
    return tuple(alike(range(len(conversation.told)), verdict, code, words))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for a record of several parts: what still stands out counts most."""
    found = set(verdicts)
    for verdict in (Verdict.LOGIN, Verdict.REFUSED, Verdict.AGAIN, Verdict.TAKEN):
        if verdict in found:
            return verdict
    return Verdict.ALREADY
