"""What camt.052, camt.053 and camt.054 have in common: header, account, balances, the frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final

from gateway.formats.amounts import checked, is_debit, unsigned
from gateway.formats.entries import ACCOUNT_LENGTH_MAX, GENERATIONS
from gateway.formats.messages import (
    CHINA,
    Build,
    Spool,
    Writer,
    clean,
    document,
    fits,
    instant,
    is_iban,
)
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import Told
from gateway.wire.write import Element

Write = Callable[[tuple[Told, ...], FileFacts], Iterator[bytes]]
"""How records become a file, as a ``FileWriter`` has it."""
_ACCOUNT_NAME_MAX: Final = 70
_OWNER_NAME_MAX: Final = 140
_ID_MAX: Final = 35


def generation_of(version: str, name: str) -> str:
    """The last part of ``camt.053.001.08``. Raises KeyError for another message or version."""
    found = version.removeprefix(f"{name}.001.")
    if found not in GENERATIONS:
        raise KeyError(version)
    return found


@contextmanager
def message(
    spool: Spool, version: str, name: str, facts: FileFacts
) -> Iterator[tuple[Writer, Build]]:
    """Open a message and write its header. ``name`` is the element below Document."""
    build = Build(version)
    with document(spool, build, name) as out:
        out.put(
            build.node(
                "GrpHdr",
                build.leaf("MsgId", facts.id),
                build.leaf("CreDtTm", instant(facts.created)),
            )
        )
        yield out, build


def own_id(facts: FileFacts, number: int) -> str:
    """The id of the file with a running number, inside 35 characters."""
    tail = f"-{number}"
    return facts.id[: _ID_MAX - len(tail)] + tail


def usable_id(wanted: str, facts: FileFacts, number: int) -> str:
    """An id of ours if it fits, else one made of the file's."""
    return wanted if wanted and fits(wanted) else own_id(facts, number)


def account(build: Build, number: str, currency: str, name: str) -> Element | None:
    """Whose account it is: its number, currency, name and owner."""
    short = clean(name)
    written = number if len(number) <= ACCOUNT_LENGTH_MAX and number.isprintable() else ""
    identified = (
        build.leaf("IBAN", written)
        if is_iban(written)
        else build.node("Othr", build.leaf("Id", written or "NOTPROVIDED"))
    )
    return build.node(
        "Acct",
        build.node("Id", identified),
        build.leaf("Ccy", currency),
        build.leaf("Nm", short if len(short) <= _ACCOUNT_NAME_MAX else ""),
        build.node("Ownr", build.leaf("Nm", short if len(short) <= _OWNER_NAME_MAX else "")),
    )


def balance(build: Build, code: str, amount: str, currency: str, day: date) -> Element | None:
    """One balance by its code; a longer word is a proprietary kind. None for ''."""
    if not amount:
        return None
    known = len(code) == _CODE_LENGTH
    return build.node(
        "Bal",
        build.node("Tp", build.node("CdOrPrtry", build.leaf("Cd" if known else "Prtry", code))),
        build.leaf("Amt", unsigned(checked(amount)), Ccy=currency),
        build.leaf("CdtDbtInd", direction(amount)),
        build.node("Dt", build.leaf("Dt", day.isoformat())),
    )


def direction(amount: str) -> str:
    """CRDT or DBIT of a signed amount; zero is a credit."""
    return "DBIT" if is_debit(amount) else "CRDT"


def day_edge(day: date, *, last: bool) -> str:
    """The first or last second of a Chinese day as ISODateTime."""
    clock = "23:59:59" if last else "00:00:00"
    hours = int(CHINA.utcoffset(None).total_seconds()) // 3600
    return f"{day.isoformat()}T{clock}+{hours:02}:00"


_CODE_LENGTH: Final = 4
