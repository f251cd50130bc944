"""Recorded messages of ``/v1``: sent again, and held against what was answered when recorded.

Rule kept here: a recording is never written anew. Answers may grow members; what was there when
it was recorded stays, with its value. Generated ids and times are told apart by their place.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

RECORDINGS = Path(__file__).parent / "v1"
WORDS = frozenset(
    f"{name}{language}" for name in ("title", "detail", "state") for language in ("_zh", "_en")
) | {"title", "detail", "zh", "en"}
"""Members for people: that there is something to read is promised, not each word of it."""
_ID = re.compile(r"\b(ins|bat|rep|msg|evt|stp|qry|trc)_[0-9A-Za-z]+")
_OTHER_ID = re.compile(r"\b[a-z]{3}_[0-9a-z]{20,}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d|Z)")
_TRACE = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SERIAL = re.compile(r"\b(?:GW)?2026\d{4}(?=\d*[A-Z])[0-9A-Z]{4,}\b")
_BANK = re.compile(r"\b990000\d{6}\b")
_PLACE = re.compile(r"<(?:ins|bat|rep|msg|evt|stp|qry|trc):\d+>")
_WAIT_S = 0.02
_PATIENCE_S = 15


def recordings() -> list[Path]:
    return sorted(RECORDINGS.glob("*.json"))


class Names:
    """What was generated, by the order in which it appeared."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def hidden(self, text: str) -> str:
        """The text with generated values as places."""
        text = _ID.sub(lambda found: self._place(found[0], found[1]), text)
        text = _SERIAL.sub("<serial>", _TIME.sub("<time>", _BANK.sub("<bank>", text)))
        return _OTHER_ID.sub("<id>", _TRACE.sub("<trace>", text))

    def shown(self, text: str) -> str:
        """A recorded text with the values of this run."""
        known = {place: value for value, place in self._of.items()}
        return _PLACE.sub(lambda found: known[found[0]], text)

    def _place(self, value: str, prefix: str) -> str:
        if value not in self._of:
            self._count[prefix] = self._count.get(prefix, 0) + 1
            self._of[value] = f"<{prefix}:{self._count[prefix]}>"
        return self._of[value]


SETTINGS = {"gateway": {"erps": ["iso20022", "canonical"]}}
"""Of the gateway that was talked to. The talks were held one after another, in this order."""


async def play(it, talk, *, record=False) -> list[str]:
    """Send every request of a talk; what differs from the recording, in words."""
    names, wrong = Names(), []
    for number, exchange in enumerate(talk["exchanges"], 1):
        status, kind, said = await _answered(it, names, exchange)
        reply = {"status": status, "type": kind, _member(kind): said}
        if record and "reply" not in exchange:
            exchange["reply"] = reply
        called = f"exchange {number} {exchange['send']['target']}"
        wrong += [f"{called}: {place}" for place in differences(exchange["reply"], reply, "reply")]
    return wrong


def _member(kind) -> str:
    return "json" if kind in {"application/json", "application/problem+json"} else "text"


async def _answered(it, names, exchange):
    """One answer; where the exchange waits, as soon as it says what it waits for."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            answer = await _sent(it, names, exchange["send"])
            kind = answer.headers["content-type"].partition(";")[0]
            waits = exchange.get("until", {})
            if all(_found(answer.json(), path) == wanted for path, wanted in waits.items()):
                said = names.hidden(answer.text)
                return answer.status_code, kind, _parsed(kind, said)
            await asyncio.sleep(_WAIT_S)


def _found(said, path):
    for step in path.split("/"):
        said = said.get(step) if isinstance(said, dict) else None
    return said


def _parsed(kind, said):
    return json.loads(said) if _member(kind) == "json" else said


async def _sent(it, names, send):
    if "json" in send:
        body = json.dumps(send["json"], ensure_ascii=False).encode()
    else:
        body = send.get("text", "").encode()
    return await it.call(
        send["method"],
        names.shown(send["target"]),
        names.shown(body.decode()).encode(),
        key=send.get("key", "erp"),
        headers=send.get("headers"),
        **send.get("flaw", {}),
    )


def differences(recorded, got, place):
    """Where the answer is not what it was; members that were added are none."""
    if isinstance(recorded, dict) and isinstance(got, dict):
        for name, value in recorded.items():
            if name not in got:
                yield f"{place}/{name} is gone"
            elif name in WORDS and isinstance(value, str) and isinstance(got[name], str):
                if bool(value) != bool(got[name]):
                    yield f"{place}/{name}: was {value!r}, is {got[name]!r}"
            else:
                yield from differences(value, got[name], f"{place}/{name}")
    elif isinstance(recorded, list) and isinstance(got, list) and len(recorded) == len(got):
        for number, (value, other) in enumerate(zip(recorded, got, strict=True)):
            yield from differences(value, other, f"{place}/{number}")
    elif recorded != got:
        yield f"{place}: was {recorded!r}, is {got!r}"
