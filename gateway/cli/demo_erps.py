"""The chapter of all ERPs at once: each hands payments in its own way, and each is told the truth.

Every ERP has two payments that go well, one that the bank refuses, and one whose answer is lost:
it must be told that nobody knows, never that it failed, and then how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from rich.table import Table

from gateway.cli.demo_books import views_of
from gateway.cli.demo_erp_cast import cast
from gateway.cli.demo_erp_party import Codes, Hall, Party
from gateway.cli.demo_files import ERP_ACCOUNT, Wish, wish
from gateway.cli.demo_stage import until
from gateway.domain.money import CNY, Money

if TYPE_CHECKING:
    from gateway.cli.demo_story import Story

_FIRST: Final = 40_000
_QUIET: Final = timedelta(minutes=16)
_WRONG: Final = "样本错名有限公司"
_TOLD_S: Final = 60


def play(story: Story) -> None:
    """Hand in, wait for every outcome, hold what each ERP was told against what happened."""
    story.chapter("各家 ERP 同时提交，各走各的通道", "all ERPs at once, each by its own way")
    stage = story.stage
    hall = Hall(
        client=stage.client, folder=stage.folder, where=stage.where_erps(), now=stage.clock.now
    )
    everybody = cast()
    script = []
    for number, party in enumerate(everybody):
        wishes = _wishes(party, number)
        lost = wishes[-1].account
        script.append({"kind": "drop_after_commit", "operation": "pay", "creditor_account": lost})
        party.wishes = {it.reference: it for it in wishes}
    admin = stage.admin()
    admin.post("/admin/faults", {"script": script})
    admin.close()
    for party in everybody:
        wishes = list(party.wishes.values())
        named = party.hand_in(hall, wishes)
        party.wishes = dict(zip(named, wishes, strict=True))
        story.wishes |= {
            reference: replace(it, reference=reference, key=party.key)
            for reference, it in party.wishes.items()
        }
    _until_all(story, everybody, {"UNCONFIRMED": 1, "REJECTED": 1, "SETTLED": 2})
    _until_told(hall, everybody, lost_too=False)
    story.say("结果未明者仍未告知失败 / none of the unknown is told as failed; +16 min")
    story.jump(_QUIET)
    _until_all(story, everybody, {"REJECTED": 1, "SETTLED": 3})
    _until_told(hall, everybody, lost_too=True)
    _show(story, hall, everybody)


def _wishes(party: Party, number: int) -> list[Wish]:
    """Two that go well, one to a wrong name, one whose answer is lost."""
    prefix, first = party.system[:3].upper(), _FIRST + number * 10
    made = [
        wish(f"{prefix}{first}", first, own_bank=True, debtor=ERP_ACCOUNT),
        wish(f"{prefix}{first + 1}", first + 1, own_bank=False, debtor=ERP_ACCOUNT),
        wish(
            f"{prefix}{first + 2}",
            first + 2,
            own_bank=True,
            debtor=ERP_ACCOUNT,
            name=_WRONG,
        ),
        wish(f"{prefix}{first + 3}", first + 3, own_bank=True, debtor=ERP_ACCOUNT),
    ]
    return [
        replace(it, amount=Money(200_000 + _FIRST + number * 1000 + at, CNY))
        for at, it in enumerate(made)
    ]


def _until_all(story: Story, everybody: Sequence[Party], wanted: Mapping[str, int]) -> None:
    """Wait until each ERP's payments stand like this at the gateway."""

    def there() -> bool:
        views = _views(story, everybody)
        return all(
            sum(views.get(name, {}).get("state") == state for name in party.wishes) == count
            for party in everybody
            for state, count in wanted.items()
        )

    until(there, f"every ERP's payments stand as {dict(wanted)}")


def _views(story: Story, everybody: Sequence[Party]) -> dict[str, dict[str, object]]:
    """How the gateway tells these ERPs' payments."""
    mine = {name: story.wishes[name] for party in everybody for name in party.wishes}
    return views_of(story.stage, mine)[0]


def _ends(party: Party) -> dict[str, frozenset[str]]:
    """By reference, with which codes it may end."""
    names = list(party.wishes)
    return {
        name: party.refused if place == len(names) - 2 else party.paid
        for place, name in enumerate(names)
    }


def _until_told(hall: Hall, everybody: Sequence[Party], *, lost_too: bool) -> None:
    """Wait until each was told the outcomes; what is open may be told as open only."""
    for party in everybody:
        ends = _ends(party)
        lost = list(ends)[-1]
        if not lost_too:
            ends.pop(lost)

        def there(party: Party = party, ends: Mapping[str, frozenset[str]] = ends) -> bool:
            told = _by_reference(party, party.told(hall))
            return all(told.get(name, [""])[-1] in wanted for name, wanted in ends.items())

        until(there, f"{party.title} was told", _TOLD_S)


def _by_reference(party: Party, told: Codes) -> Codes:
    """Codes by our reference; some ERPs are told by the last part of it."""
    return {
        name: told.get(name) or told.get(name.rpartition("/")[2]) or [] for name in party.wishes
    }


def _show(story: Story, hall: Hall, everybody: Sequence[Party]) -> None:
    """The table, and everything that an ERP was told wrongly."""
    table = Table(title="各家 ERP / per ERP")
    for heading in (
        "ERP",
        "通道\nway",
        "提交\nin",
        "成功\npaid",
        "失败\nno",
        "查清\nproven",
        "回写\ntold",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    rows: list[dict[str, object]] = []
    views = _views(story, everybody)
    for party in everybody:
        told, ends = _by_reference(party, party.told(hall)), _ends(party)
        lost = list(ends)[-1]
        for name, codes in told.items():
            early = [it for it in codes[:-1] if it not in party.open | ends[name]]
            if early:
                story.differences.append(f"{party.title}: {name} was told {early} before its end")
        if any(code in party.refused for code in told[lost]):
            story.differences.append(f"{party.title}: an unknown outcome was told as failed")
        states = [str(views[name]["state"]) for name in party.wishes]
        row: dict[str, object] = {
            "erp": party.title,
            "way": party.way,
            "submitted": len(party.wishes),
            "settled": states.count("SETTLED"),
            "rejected": states.count("REJECTED"),
            "resolved": int(states[-1] == "SETTLED"),
            "written_back": sum(
                told[name][-1:] != [] and told[name][-1] in ends[name] for name in ends
            ),
        }
        rows.append(row)
        table.add_row(*(str(it) for it in row.values()))
    story.erps = rows
    story.print(table)
