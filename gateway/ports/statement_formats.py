"""How a statement format is read: a record of two pure functions, streamed.

Rule kept here: a reader never loads a file whole, never guesses money, and tells everything it
could not use as a finding. A file that breaks off, or is not what it promises to be, raises
``WireError`` where that is seen; what came before then counts for nothing in an import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart

Part = StatementStart | EntryRead | StatementEnd
"""Each statement is one start, its entries, one end; several may follow each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the reader of a file is told beside its bytes.

    ``century`` completes two-digit years; ``account`` and ``currency`` stand in where a file (a
    table of a netbank) names none; ``options`` is a saved mapping or a bank's dialect.
    """

    name: str = ""
    century: int = 2000
    account: str = ""
    currency: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFormat:
    """One way of writing statements. ``sniff`` sees the first 64 KiB of a file.

    ``read`` raises WireError for what is not of the format, or breaks off.
    """

    name: str
    sniff: Callable[[bytes], bool]
    read: Callable[[Iterable[bytes], Reading], Iterator[Part]]
    suffixes: tuple[str, ...] = ()
    """What files of it are usually called; decides nothing, helps people."""
