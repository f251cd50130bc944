"""What an ERP's payment file or document says: texts as the ERP wrote them.

Reading is lazy: a file of any length becomes a stream of drafts in flat memory. Turning texts
into values, and finding every fault, is one piece of code for all ERPs (``gateway.intake``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from gateway.domain.errors import Fault


class DraftPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One source document of a merged payment (合并支付) as an ERP wrote it; see ``Draft``.

    ``amount`` may be negative (红字); all of them together are the payment's amount.
    """

    erp_reference: str = ""
    amount: str = ""
    at: Mapping[str, str] = msgspec.field(default_factory=dict)
    line: int | None = None
    source: Mapping[str, str] = msgspec.field(default_factory=dict)


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
    merged: tuple[DraftPart, ...] = ()
    """The source documents that the ERP merged into this payment; none for a payment of its own."""


TEXT_FIELDS: Final = tuple(
    it for it in Draft.__struct_fields__ if it not in {"at", "line", "source", "merged"}
)
"""The fields of a draft that are texts."""


class FaultyDraft(Draft, frozen=True, kw_only=True, gc=False):
    """A draft whose reader already found faults of form (a formula, a number where text is due).

    The fields concerned are left empty; validation returns these faults first and adds none
    of its own for the same path.
    """

    faults: tuple[Fault, ...] = ()
    unreadable: bool = False
    """The whole thing is not of the promised form: asking for its fields would help nobody."""


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
