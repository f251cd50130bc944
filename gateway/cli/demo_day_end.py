"""The day after: every account's statement is fetched, kept and proven complete, day by day."""

from __future__ import annotations

import http.client
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from rich.table import Table

from gateway.cli import demo_sheets
from gateway.cli.demo_files import ACCOUNTS, BATCHING, ERP_ACCOUNT, POOR

if TYPE_CHECKING:
    from gateway.cli.api_client import ApiClient
    from gateway.cli.demo_story import Story

_BEGAN: Final = date(2026, 9, 15)
_MORNING: Final = time(6, 0)
_KEYS: Final = {
    **dict.fromkeys((*ACCOUNTS, POOR), "demo-rest"),
    BATCHING: "demo-batch",
    ERP_ACCOUNT: "demo-rest-erp",
}
"""Whose key sees which account: they belong to three tenants."""
_FINE: Final = frozenset({"proven", "quiet"})


def play(story: Story) -> None:
    """Move to the next morning and prove every day of every account."""
    story.chapter("次日：对账单逐日核验", "the next morning: statements proven day by day")
    now = story.stage.clock.now()
    last = now.date()
    morning = datetime.combine(last + timedelta(days=1), _MORNING, now.tzinfo)
    story.jump(morning - now)
    for number, key in _KEYS.items():
        client = story.stage.client(key)
        story.statements.append(_account(story, client, number, last))
        client.close()
    _show(story)
    demo_sheets.play(story, _KEYS, last)


def _account(story: Story, client: ApiClient, number: str, last: date) -> dict[str, object]:
    """Fetch one account's days twice; the second time adds nothing."""
    span = f"?from={_BEGAN.isoformat()}&to={last.isoformat()}"
    target = f"/v1/accounts/{number}/days{span}"
    first, again = (client.call("POST", target, b"") for _ in range(2))
    story.must(first.status == http.client.OK, f"statement of {number}: {first.body[:300]!r}")
    told, repeated = first.json(), again.json()
    story.must(told["in_doubt"] == [], f"days of {number} in doubt: {told['in_doubt']}")
    story.must(repeated["added"] == 0, f"fetching {number} again added lines")
    seen = client.get(target)
    listed = seen["days"]
    days = [it for it in listed if it["state"] != "open"] if isinstance(listed, list) else []
    story.must(bool(days) and {it["state"] for it in days} <= _FINE, f"days of {number}: {days}")
    return {
        "account": number,
        "days": len(days),
        "entries": sum(int(it["entries"]) for it in days),
        "opening": days[0]["opening"],
        "closing": days[-1]["closing"],
        "states": sorted({str(it["state"]) for it in days}),
    }


def _show(story: Story) -> None:
    table = Table(title="对账单 / statements: 期初 + 明细 = 期末")
    for heading in (
        "账户\naccount",
        "天\ndays",
        "明细\nentries",
        "期初\nopening",
        "期末\nclosing",
        "",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in story.statements:
        states = row["states"]
        told = "+".join(states) if isinstance(states, list) else ""
        names = ("account", "days", "entries", "opening", "closing")
        table.add_row(*(str(row[name]) for name in names), told)
    story.print(table)
