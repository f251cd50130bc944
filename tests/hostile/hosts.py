"""Hostile constructs moved out of the files that carry them, into documents that are else good.

A file that is refused because it is no payment file proves little about the construct in it.
The collection's files are all one and the same request with one thing changed; what differs
is put at the same place of our own pain.001 and of our own bank's reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.bank.cib import DIALECT
from tests.conformance.found import OTHER_BANK, answer, pay_reply, stored
from tests.integration.web.world import line, pain001

_PARTS = re.compile(
    r"(?P<prolog>.*?)<FOX(?P<root>[^>]*)>.*?"
    r"<XFERTRNRQ>(?P<uid>.*?)<XFERRQ>.*?"
    r"<ACCTTO(?P<to>[^>]*)><ACCTID>(?P<account>.*?)</ACCTID><NAME>(?P<name>.*?)</NAME></ACCTTO>"
    r"<CURSYM>RMB</CURSYM>(?P<money>.*?)"
    r"<PURPOSE>(?P<purpose>.*?)</PURPOSE><DTDUE>(?P<due>.*?)</DTDUE></XFERINFO>"
    r".*?</SECURITIES_MSGSRQV1>(?P<extra>.*?)</FOX>(?P<tail>.*)",
    re.DOTALL,
)


def _raw(text: str) -> str:
    """UTF-8 bytes as one character each, so that broken bytes can be moved as well."""
    return text.encode().decode("latin-1")


_UNCHANGED = {
    "prolog": '<?xml version="1.0" encoding="UTF-8"?>',
    "root": "",
    "uid": "<TRNUID>X20251122000001</TRNUID>",
    "to": ' INTERBANK="Y" LOCAL="N"',
    "account": "622908337010123456",
    "name": _raw("广州示例贸易有限公司"),
    "money": "<TRNAMT>1280.50</TRNAMT>",
    "purpose": _raw("货款"),
    "due": "2025-11-22",
    "extra": "",
    "tail": "",
}
_WIDE = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Host:
    """A good document, one character per byte, and how each part's text gets into it.

    ``places`` has one pattern per part, whose group is what the construct replaces.
    """

    text: str
    places: dict[str, str]
    names: tuple[tuple[str, str], ...] = ()

    def with_construct(self, content: bytes) -> bytes | None:
        """This document with what is hostile about ``content``; None if there is no place."""
        for mark, codec in _WIDE:
            if content.startswith(mark):
                return self.text.encode("latin-1").decode().encode(codec)
        found = _PARTS.fullmatch(content.decode("latin-1"))
        if found is None:
            return None
        changed = {
            name: text for name, text in found.groupdict().items() if text != _UNCHANGED[name]
        }
        made = self.text
        if "xmlns=" in changed.get("root", ""):  # instead of ours, not beside it
            made = re.sub(r" xmlns=\"[^\"]*\"", "", made, count=1)
        for part in sorted(changed, key=list(_UNCHANGED).index, reverse=True):
            if part not in self.places:
                return None
            text = changed[part]
            for theirs, ours in self.names:
                text = text.replace(theirs, ours)
            place = re.search(self.places[part], made, re.DOTALL)
            assert place is not None, part
            made = made[: place.start(1)] + text + made[place.end(1) :]
        return made.encode("latin-1") if changed else None


def pain_file() -> Host:
    """A pain.001 with one payment that is accepted."""
    text = _raw(re.sub("<CtrlSum>.*?</CtrlSum>", "", pain001("HOST-1", line()).decode()))
    return Host(
        text=text,
        places={
            "prolog": r"^(.*?)<Document",
            "root": r"<Document()",
            "uid": r"<PmtId>.*?(<EndToEndId>.*?</EndToEndId>)</PmtId>",
            "to": r"<InstdAmt()",
            "account": r"<CdtrAcct>.*?<Id>([^<]*)</Id>",
            "name": r"<Cdtr>.*?<Nm>(.*?)</Nm>",
            "money": r"<Amt>(.*?)</Amt>",
            "purpose": r"<Ustrd>(.*?)</Ustrd>",
            "due": r"<ReqdExctnDt>(.*?)</ReqdExctnDt>",
            "extra": r"()</Document>",
            "tail": r"</Document>(.*)$",
        },
        names=(
            ("FOX", "Document"),
            ("TRNUID", "EndToEndId"),
            ("<TRNAMT", '<InstdAmt Ccy="CNY"'),
            ("TRNAMT", "InstdAmt"),
        ),
    )


def bank_reply() -> Host:
    """The bank's answer that a payment has been made."""
    body = pay_reply(DIALECT, OTHER_BANK, answer(stored(OTHER_BANK))).body.decode("gbk")
    text = _raw(re.sub(r"^<\?xml.*?\?>\s*", _UNCHANGED["prolog"], body))
    return Host(
        text=text,
        places={
            "prolog": r"^(.*?)<FOX",
            "root": r"<FOX()",
            "uid": r"<XFERTRNRS>(<TRNUID>.*?</TRNUID>)",
            "to": r"<ACCTTO([^>]*)>",
            "account": r"<ACCTTO[^>]*><ACCTID>(.*?)</ACCTID>",
            "name": r"<ACCTTO.*?<NAME>(.*?)</NAME>",
            "money": r"</CURSYM>(<TRNAMT>.*?</TRNAMT>)",
            "purpose": r"<PURPOSE>(.*?)</PURPOSE>",
            "due": r"<DTDUE>(.*?)</DTDUE>",
            "extra": r"()</FOX>",
            "tail": r"</FOX>(.*)$",
        },
    )
