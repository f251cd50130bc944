"""An ERP's language as a frozen record of pure functions.

Reading is lazy: a file of any length becomes a stream of drafts in flat memory. A draft
holds texts as the ERP wrote them; turning texts into values, and finding every
fault, is one piece of code for all ERPs (``gateway.intake``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from gateway.domain.errors import Fault


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One instruction as an ERP wrote it: texts, '' where absent. Amounts stay text.

    ``at`` maps our field names to where the text stands in the source (JSON pointer, element
    path), so that a fault names the sender's own field. ``line`` is one-based where known.
    """

    erp_reference: str = ""
    company: str = ""
    debtor_account: str = ""
    debtor_name: str = ""
    creditor_name: str = ""
    creditor_account: str = ""
    creditor_agent_name: str = ""
    creditor_agent_cnaps: str = ""
    creditor_agent_bic: str = ""
    creditor_city: str = ""
    amount: str = ""
    currency: str = ""
    purpose: str = ""
    memo: str = ""
    business_type: str = ""
    payroll_purpose: str = ""
    urgency: str = ""
    execution_date: str = ""
    end_to_end_id: str = ""
    reconciliation_code: str = ""
    budget_item: str = ""
    at: Mapping[str, str] = msgspec.field(default_factory=dict)
    line: int | None = None
    source: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What a reply in the ERP's own format must echo (pain.001: MsgId, PmtInfId, InstrId, …)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHead:
    """What the file says of itself. ``count`` and ``control_sum`` are '' where not given."""

    format: str
    message_id: str
    created: str = ""
    count: str = ""
    control_sum: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEnd:
    """The file was read to its end: ``count`` instructions, totals checked by the reader.

    ``faults`` concern the file as a whole (wrong NbOfTxs, wrong CtrlSum, duplicate ids).
    """

    count: int
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()


FilePart = FileHead | Draft | FileEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """One instruction's standing for a status report. ``state`` is our state name."""

    state: str
    source: Mapping[str, str]
    amount: str
    currency: str
    reason_code: str = ""
    """'' or one of HELD, SCHEDULED, UNCONFIRMED, or a bank code."""
    text: str = ""
    bank_reference: str = ""
    settled_at: datetime | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Everything a reply file needs, newest standing per line; ``lines`` may be lazy."""

    report_id: str
    created: datetime
    original_format: str
    original_message_id: str
    line_count: int
    lines: Callable[[], Iterable[LineStatus]]
    """Called once per pass; each call walks the lines from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpDialect:
    """An ERP's language. ``read`` raises WireError (with path and line) for a broken file."""

    name: str
    title_zh: str
    title_en: str
    read: Callable[[Iterable[bytes]], Iterator[FilePart]] | None = None
    report: Callable[[StatusReport], Iterator[bytes]] | None = None
    returns: Callable[[StatusReport], Iterator[bytes]] | None = None
    """A notice of the returned lines (退汇); no bytes where none came back."""
    content_type: str = "application/xml"
    sniff: Callable[[bytes], bool] | None = None
