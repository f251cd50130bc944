"""What a bank's answer means, and how strong a proof it is.

An outcome is a value, never an exception. Whatever is not understood is UNCONFIRMED:
an unknown code is neither success nor failure.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

import msgspec


class Grade(IntEnum):
    """Strength of evidence, weakest first. A later grade may confirm an earlier one."""

    NONE = 0
    ACKNOWLEDGEMENT = 1
    """The bank's direct answer to the payment message."""
    ENQUIRY = 2
    """The bank's answer when asked again (or a replay of the stored result)."""
    STATEMENT = 3
    """A statement entry that carries our key."""
    RECEIPT = 4
    """The bank's electronic receipt (回单)."""


class Verdict(StrEnum):
    """The bank's answer in words every bank has."""

    SETTLED = "settled"
    REJECTED = "rejected"
    ACKNOWLEDGED = "acknowledged"
    PROCESSING = "processing"
    BANK_APPROVAL = "bank_approval"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    NOT_FOUND = "not_found"
    """Only ever the answer to an enquiry: the bank knows no such instruction."""
    RETURNED = "returned"


CORE_NONE: Final = "core_none"
"""Reason of an outcome in which the bank's core system knows nothing of the payment."""


class Stage(StrEnum):
    """Which of the bank's layers spoke."""

    SIGNON = "signon"
    """The caller was refused: nothing of this message was executed."""
    VALIDATION = "validation"
    """The message was judged, before or without execution."""
    EXECUTION = "execution"
    """The instruction's own result."""


class LineOutcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The fate of one line of a batch, by our own line number."""

    line: int
    verdict: Verdict
    code: str = ""
    text: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A decoded answer about one message.

    ``known_reject`` is true only where the dialect's table states that this refusal means
    "not executed". A REJECTED verdict of stage VALIDATION is worth something only on the
    first send of its message; on a resend it proves nothing about the first (the relay decides).
    """

    verdict: Verdict
    stage: Stage = Stage.EXECUTION
    code: str = ""
    text: str = ""
    reason: str = ""
    """Refinement in our words: client_netbank, bank_branch, returned_to_maker, echo_mismatch, …"""
    known_reject: bool = False
    bank_reference: str = ""
    lines: tuple[LineOutcome, ...] = ()

    @classmethod
    def unconfirmed(cls, reason: str, *, code: str = "", text: str = "") -> Outcome:
        """An answer that proves nothing either way."""
        return cls(
            verdict=Verdict.UNCONFIRMED, stage=Stage.VALIDATION, reason=reason, code=code, text=text
        )
