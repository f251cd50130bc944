"""What the command line says about logs and metrics, laid over the settings."""

from __future__ import annotations

import argparse
from dataclasses import replace

from gateway.observe.options import Form, LogOptions, MetricsOptions
from gateway.ports.events import Level
from gateway.settings import Settings


def chosen_log(options: argparse.Namespace, settled: LogOptions) -> LogOptions:
    """The log's options with ``--log`` and ``--log-level`` over them."""
    form = Form(options.log) if options.log else settled.form
    level = Level[options.log_level.upper()] if options.log_level else settled.level
    return replace(settled, form=form, level=level)


def chosen(options: argparse.Namespace, loaded: Settings) -> Settings:
    """Settings with the command line's words over them."""
    port: int | None = getattr(options, "metrics_port", None)
    metrics: MetricsOptions = loaded.metrics
    if port is not None:
        metrics = replace(metrics, port=port)
    return replace(loaded, log=chosen_log(options, loaded.log), metrics=metrics)
