"""Identifiers: one type each, so that no two can be confused."""

from __future__ import annotations

from typing import NewType

TenantId = NewType("TenantId", str)
InstructionId = NewType("InstructionId", str)
BatchId = NewType("BatchId", str)
MessageId = NewType("MessageId", str)
EvidenceId = NewType("EvidenceId", str)
WireId = NewType("WireId", str)
CaseId = NewType("CaseId", str)
Serial = NewType("Serial", str)
"""Our number for a message, sent to the bank; unique per bank customer for ever."""
