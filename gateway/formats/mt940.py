"""MT940: statements of accounts as SWIFT's customer statement message, one after the other.

Text is UTF-8 or GBK, because the standard's own character set has no Chinese. Field 86 holds six
lines of 65 characters: code words first (/EREF/ end-to-end id, /RECO/ reconciliation code, /BREF/
a bank reference too long for field 61), then /NAME/, /ACCT/ and /REMI/; what does not fit ends
with '+'. Where that matters, read camt.053. Left out: the balance after each entry, bank names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final
from zlib import crc32

from gateway.domain.errors import Refused
from gateway.formats.amounts import balances, checked, is_debit, unsigned
from gateway.formats.camt import Write
from gateway.formats.messages import clean
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import EntryTold, StatementTold, Told

ENCODINGS: Final[Mapping[str, str]] = {"utf-8": "utf-8", "gbk": "gb18030"}
_LINE: Final = 65
_LINES: Final = 6
_REFERENCE: Final = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/?().,'+ -]{1,16}(?<!/)", re.ASCII)
_AMOUNT_MAX: Final = 15
_ACCOUNT_MAX: Final = 35
_PIECE: Final = 1 << 16
_CONTINUED: Final = "+"


def writer(encoding: str = "utf-8") -> Write:
    """A function that writes StatementTold records. Raises KeyError for another encoding."""
    codec = ENCODINGS[encoding]

    def write(told: tuple[Told, ...], _facts: FileFacts) -> Iterator[bytes]:
        return _encoded(_lines(only(StatementTold, told)), codec)

    return write


def _encoded(lines: Iterator[str], codec: str) -> Iterator[bytes]:
    """Lines as bytes in pieces, each line ended as SWIFT ends it."""
    parts: list[bytes] = []
    size = 0
    for line in lines:
        parts.append(line.encode(codec) + b"\r\n")
        size += len(parts[-1])
        if size >= _PIECE:
            yield b"".join(parts)
            parts, size = [], 0
    yield b"".join(parts)


def _lines(told: tuple[StatementTold, ...]) -> Iterator[str]:
    for statement in told:
        opening, closing = balances(statement)
        account = statement.account[:_ACCOUNT_MAX]
        if len(statement.account) > _ACCOUNT_MAX:
            raise Refused(
                "the account number is longer than MT940 can hold: use camt.053",
                "账号超过 MT940 的长度，请改用 camt.053",
            )
        yield f":20:{statement.end:%Y%m%d}{crc32(account.encode()):08X}"
        yield f":25:{account}"
        # The day of the year stands where no running number is kept.
        number = statement.sequence or statement.end.timetuple().tm_yday
        yield f":28C:{number % 100_000}/1"
        yield _balance("60F", opening, statement, statement.start)
        for entry in statement.entries:
            yield from _entry(entry, statement.end)
        yield _balance("62F", closing, statement, statement.end)
        if statement.available:
            yield _balance("64", checked(statement.available), statement, statement.end)
        yield "-"


def _balance(tag: str, amount: str, told: StatementTold, day: date) -> str:
    sign = "D" if is_debit(amount) else "C"
    return f":{tag}:{sign}{day:%y%m%d}{told.currency}{_amount(amount)}"


def _amount(amount: str) -> str:
    """A checked amount unsigned, with the decimal comma that is never left out."""
    whole, _, fraction = unsigned(amount).partition(".")
    written = f"{whole},{fraction}"
    if len(written) > _AMOUNT_MAX:
        raise Refused(
            "an amount is longer than the 15 characters of MT940: use camt.053",
            "金额超过 MT940 的 15 个字符，请改用 camt.053",
        )
    return written


def _entry(entry: EntryTold, last: date) -> Iterator[str]:
    amount = checked(entry.amount)
    debit = is_debit(amount)
    # RC is the reversal of a credit, so money goes out; RD the other way round.
    mark = ("RC" if debit else "RD") if entry.reversal else ("D" if debit else "C")
    booked = entry.booking_date or last
    value = entry.value_date or booked
    own = _first(entry.end_to_end_id, entry.reconciliation_code)
    bank = _first(entry.reference)
    kind = "NRTI" if entry.returned else "NTRF"
    tail = f"//{bank}" if bank else ""
    yield f":61:{value:%y%m%d}{booked:%m%d}{mark}{_amount(amount)}{kind}{own or 'NONREF'}{tail}"
    yield from _information(entry, bank)


def _first(*texts: str) -> str:
    return next((text for text in texts if _REFERENCE.fullmatch(text)), "")


def _information(entry: EntryTold, bank: str) -> Iterator[str]:
    """Field 86, wrapped; a line never begins like a field or an end."""
    words = (
        ("EREF", entry.end_to_end_id),
        ("RECO", entry.reconciliation_code),
        ("BREF", "" if bank else entry.reference),
        ("NAME", entry.counterparty_name),
        ("ACCT", entry.counterparty_account),
        ("REMI", entry.remittance),
    )
    text = clean("".join(f"/{word}/{value}" for word, value in words if value))
    if not text:
        return
    lines = list(_wrapped(text))
    if len(lines) > _LINES:
        lines = lines[:_LINES]
        lines[-1] = lines[-1][: _LINE - 1] + _CONTINUED
    yield ":86:" + lines[0]
    yield from lines[1:]


def _wrapped(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        end = min(at + _LINE, len(text))
        # The next line would look like a field: the character stays on this side of the break.
        while end < len(text) and text[end] in ":-" and end > at + 1:
            end -= 1
        yield text[at:end]
        at = end
