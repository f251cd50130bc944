"""What has not been told yet, and what nobody tries to tell any more, as figures."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql

from gateway.observe import figures as module
from gateway.observe.figures import figures
from gateway.observe.gauges import shared_gauges
from gateway.store import tables
from tests.store_ground import NOW_US, bench


def event(sequence: int, endpoint: str, delivery: str, since_us: int) -> dict[str, object]:
    return {
        "tenant": "t1",
        "endpoint": endpoint,
        "sequence": sequence,
        "id": f"evt_{endpoint}_{sequence}",
        "instruction": f"ins_{sequence}",
        "version": 1,
        "state": "SETTLED",
        "body": "{}",
        "created_us": since_us,
        "delivery": delivery,
        "due_us": since_us,
        "changed_us": since_us,
    }


def test_webhooks_and_erps_are_counted_apart_and_what_is_told_not_at_all():
    told = [
        *((number, "erp:sap", "dead", 0) for number in (1, 2)),
        (3, "erp:sap", "pending", NOW_US - 90_000_000),
        (4, "erp:sap", "pending", NOW_US - 30_000_000),
        (5, "erp:sap", "delivered", 0),
        (6, "erp:sap", "superseded", 0),
        (1, "hook", "dead", 0),
    ]
    with bench() as at, at.engine.begin() as db:
        for name in ("erp:sap", "hook"):
            row = {"tenant": "t1", "id": name, "last_sequence": 9, "created_us": 0}
            db.execute(tables.webhook_endpoint.insert(), [row])
        db.execute(tables.webhook_event.insert(), [event(*it) for it in told])
        found = figures(db)
    assert found.dead == {"erp": 2, "webhook": 1}
    assert found.untold == {"erp": 2, "webhook": 0}
    gauges = {it.name: it.values for it in shared_gauges(found, NOW_US)}
    assert gauges["gateway_waiting_deliveries_oldest_seconds"] == {"erp": 90.0, "webhook": 0.0}
    assert gauges["gateway_dead_deliveries"] == {"erp": 2, "webhook": 1}


def test_a_server_is_asked_by_what_it_groups():
    """Two parameters of the same value would be two things to PostgreSQL."""
    compiled = module._UNDELIVERED.compile(dialect=postgresql.dialect())
    patterns = [name for name, value in compiled.params.items() if value == "erp:%"]
    assert len(patterns) == 1
