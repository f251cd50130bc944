"""What a deployment chooses about logs and metrics: the settings' tables [log] and [metrics]."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.ports.events import Level


class Form(StrEnum):
    """How a log line looks."""

    JSON = "json"
    """One JSON object a line, for machines."""
    TEXT = "text"
    """Words and ``name=value``, for people at a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """From which level on lines are written, in which form, and what counts as a slow commit."""

    level: Level = Level.INFO
    form: Form = Form.JSON
    slow_commit_ms: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsOptions:
    """Where a process without the API answers /metrics, /healthz and /readyz; port 0 is nowhere."""

    host: str = "127.0.0.1"
    port: int = 0


DEFAULT_LOG: Final = LogOptions()
DEFAULT_METRICS: Final = MetricsOptions()
