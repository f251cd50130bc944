"""How the tests of text and table readers read: whole statements, in any pieces."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart
from gateway.ports.statement_formats import Reading


@dataclass
class Whole:
    start: StatementStart
    entries: list[EntryRead] = field(default_factory=list)
    end: StatementEnd | None = None

    @property
    def codes(self):
        return [it.code for it in self.end.findings]

    @property
    def amounts(self):
        return [it.amount.text(2) for it in self.entries]


def statements(form, content, reading=None, *, size=0):
    """Read ``content`` (text is UTF-8), cut into pieces of ``size`` bytes."""
    raw = content.encode() if isinstance(content, str) else content
    pieces = [raw[it : it + size] for it in range(0, len(raw), size)] if size else [raw]
    found = []
    for part in form.read(pieces, reading or Reading()):
        if isinstance(part, StatementStart):
            found.append(Whole(part))
        elif isinstance(part, EntryRead):
            assert found[-1].end is None
            found[-1].entries.append(part)
        else:
            found[-1].end = part
            assert part.entries == len(found[-1].entries)
    assert all(it.end is not None for it in found)
    return found


def one(form, content, reading=None, *, size=0):
    [found] = statements(form, content, reading, size=size)
    return found
