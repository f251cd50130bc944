"""The walk: one story, killed at its first point, then at its second, until none is left.

``python -m tests.crashwalk.walk [PLACE ...] [--at N] [--every N]`` walks and tells what it met;
a place is a room, or ``bank/ROOM`` for the same story with the bank dying instead; on PostgreSQL
``worker/ROOM``, ``api/ROOM``, and ``server-worker/ROOM`` for the server at a worker's point.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.cli.own_postgres import NODE
from gateway.runtime import SharedClock
from gateway.simulation.runtime import START
from gateway.store.engine import Database, open_engine
from tests.crashwalk.bank import Bank, BankProcess
from tests.crashwalk.house import House
from tests.crashwalk.life import Life, Stuck
from tests.crashwalk.nursery import Nursery
from tests.crashwalk.places import PATIENCE_S
from tests.crashwalk.points import Chosen
from tests.crashwalk.receiver import Receiver
from tests.crashwalk.rooms import FRESH, HOOKED, ROOMS, Book
from tests.crashwalk.shared import Shared, serving
from tests.crashwalk.verdict import answers, check
from tests.postgres import seen_by

NEVER = 1_000_000
"""A point that no story has."""
BANK = tuple(f"bank/{it}" for it in ("single", "doubt", "batch", "payroll", "returned"))
SHARED = tuple(
    f"{who}/{room}"
    for who, rooms in {
        "worker": ("single", "doubt", "batch", "file", "returned", "hooks"),
        "api": ("single", "file", "people"),
        "server-worker": ("single", "doubt", "batch"),
        "server-api": ("single", "file"),
    }.items()
    for room in rooms
)
"""Places on PostgreSQL: a worker, the API or the server itself dies."""
PLACES = (*ROOMS, *BANK, *SHARED)


@dataclass(frozen=True)
class Visit:
    """One run of a story with one death."""

    place: str
    chosen: Chosen
    where: str
    """The point at which it happened; '' when the process has fewer points."""
    points: tuple[str, ...]
    broken: tuple[str, ...]
    """Everything that does not hold afterwards, in words."""

    def __str__(self) -> str:
        return f"{self.place} {self.chosen} ({self.where or 'not killed'}): {list(self.broken)}"


class Walk:
    """Visits places, each time in a folder of its own. ``shared`` makes databases of a server."""

    def __init__(self, nursery: Nursery, folder: Path, shared: Shared | None = None) -> None:
        self.nursery = nursery
        self._folder = folder
        self.shared = shared
        self._number = 0
        self._template: Path | None = None

    def visit(
        self, place: str, chosen: Chosen, *, patience_s: float = PATIENCE_S, **order: object
    ) -> Visit:
        """Tell a story with one process dying at one of its points."""
        who, _, room = place.rpartition("/")
        folder = self.fresh_folder()
        with ExitStack() as closing:
            database = Database.file(folder / "data" / "gateway.db")
            if place in SHARED:
                database = closing.enter_context(self.shared.fresh())
                closing.enter_context(self.shared.mended())
            if place in BANK:
                bank = BankProcess(self.nursery, folder, chosen)
            else:
                bank = Bank(folder / "clock.json")
            closing.callback(bank.close)
            with bank:
                receiver = closing.enter_context(Receiver()) if room in HOOKED else None
                # Its processes are walled in; who judges them afterwards sees everything.
                url = seen_by(NODE, database).url if database.postgresql else ""
                house = House(folder, bank, url, receiver)
                house.hurries(patience_s)
                doomed = self._moved_in(house, who, chosen, {"statements": room in FRESH, **order})
                if place in BANK:
                    doomed = bank.life
                if room not in FRESH:
                    files = None if not database.postgresql else shutil.ignore_patterns("*.db*")
                    shutil.copytree(self.started(), house.data, ignore=files)
                book = Book(house, bank)
                broken = _story(room, book)
            broken += check(book, house, open_engine(database))
            broken += receiver.complaints() if receiver else []
            broken += [it for life in {*house.lives, doomed} for it in life.faults()]
        points, where = doomed.told()
        if not broken:
            shutil.rmtree(folder)
        return Visit(place, chosen, where, points, tuple(broken))

    def all_of(self, place: str, first: int = 1, step: int = 1) -> Iterator[Visit]:
        """Every ``step``-th point of a place from ``first`` on, and one run past its last."""
        chosen = first
        while True:
            visit = self.visit(place, chosen)
            yield visit
            if not visit.where:
                return
            chosen += step

    def _moved_in(self, house: House, who: str, chosen: Chosen, order: dict[str, object]) -> Life:
        """The processes of the gateway, and which of them is doomed."""
        if who in {"", "bank"}:
            order["chosen"] = 0 if who else chosen
            return house.moves_in(self.nursery, "both", order)
        striking, _, doomed = who.rpartition("-")
        lives = {}
        for role in ("api", "worker"):
            mine = {"chosen": chosen, **order} if role == doomed else {}
            if mine and striking:
                mine["strikes"] = self.shared.server.pid
            lives[role] = house.moves_in(self.nursery, role, mine)
        return lives[doomed]

    def fresh_folder(self) -> Path:
        """A folder with a clock that stands at the usual moment."""
        self._number += 1
        folder = self._folder / f"run{self._number}"
        folder.mkdir(parents=True)
        SharedClock.create(folder / "clock.json", START)
        return folder

    def started(self) -> Path:
        """A data folder as it is after a first start and a good end."""
        if self._template is None:
            house = House(self.fresh_folder())
            house.moves_in(self.nursery, "both", {})
            house.ready()
            house.stop()
            house.end()
            self._template = house.data
        return self._template


def _story(room: str, book: Book) -> list[str]:
    """Tell it; what went wrong, in words."""
    try:
        ROOMS[room](book)
        return answers(book)
    except Stuck as stuck:
        return [f"stuck: {stuck}"]
    finally:
        book.house.end()


@contextmanager
def walking(folder: Path, *, shared: bool = False) -> Iterator[Walk]:
    """A walk with its nursery, and with a server where it is asked for."""
    with ExitStack() as closing:
        server = closing.enter_context(serving()) if shared else None
        yield Walk(closing.enter_context(Nursery()), folder, server)


def main() -> int:
    """Walk on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", default=list(PLACES))
    parser.add_argument("--at", type=int, default=1)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    bad = 0
    on_server = bool({*options.places} & {*SHARED})
    with walking(Path(tempfile.mkdtemp(prefix="crashwalk-")), shared=on_server) as walk:
        for place in options.places:
            began, names = time.monotonic(), Counter()
            for visit in walk.all_of(place, options.at, options.every):
                names[visit.where] += bool(visit.where)
                if visit.broken:
                    bad += 1
                    print(visit, flush=True)
            listed = ", ".join(f"{it} {count}" for it, count in names.most_common() if it)
            seconds = time.monotonic() - began
            print(f"{place}: {names.total()} points in {seconds:.0f} s: {listed}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
