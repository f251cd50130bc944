"""A draft whose reader already found faults, so that they are told together with all others."""

from __future__ import annotations

from gateway.ports.erp_draft import FaultyDraft

__all__ = ["FaultyDraft"]
