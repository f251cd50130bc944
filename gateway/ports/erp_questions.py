"""What an ERP may ask of the bank through us, whatever way its question came."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class QuestionKind(StrEnum):
    """What is asked. The strings stand in messages: for ever."""

    BALANCE = "balance"
    STATEMENT = "statement"
    HISTORY = "history"
    """Day-end balances of closed days (历史余额)."""
    STATUS = "status"
    """Where a payment stands, asked of the bank now (查证)."""
    RECEIPT = "receipt"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question: texts as the ERP wrote them, '' where absent. ``id`` is the asker's own."""

    kind: str
    id: str = ""
    account: str = ""
    start: str = ""
    end: str = ""
    """Days, YYYY-MM-DD; '' is today."""
    erp_reference: str = ""
    """Of STATUS and RECEIPT."""
    source: Mapping[str, str] = {}
    at: Mapping[str, str] = {}
    """Our field names to places in the source."""
