"""One moment of a deployment, and of one process."""

from __future__ import annotations

from gateway.observe.figures import Figures
from gateway.observe.gauges import Here

FIGURES = Figures(
    open_by_state={"SENDING": 0, "UNCONFIRMED": 2},
    open_since_us={"UNCONFIRMED": 40_000_000},
    waiting={"send": 7, "enquire": 0},
    due_us={"send": 99_000_000},
    blocked=1,
    stops=0,
    lanes=3,
    checkpoint_us=70_000_000,
    dead={"erp": 1, "webhook": 0},
    untold={"erp": 2, "webhook": 3},
    untold_since_us={"erp": 80_000_000, "webhook": 90_000_000},
)
HERE = Here(role="worker", version="1.2", now_us=100_000_000, store_waiting=4, lease_s=9.5)
