"""Whatever the receiver does and whenever the process dies: order, completeness, no gap."""

from __future__ import annotations

from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webhook_ground import AWAY, LOST, STEPS, Room, change, webhook

INSTRUCTIONS = 4
ANSWERS = st.lists(
    st.sampled_from([200, 200, 200, 204, 302, 500, 503, AWAY, LOST]), min_size=1, max_size=40
)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(1, INSTRUCTIONS)),
        st.tuples(st.just("tell_all"), st.none()),
        st.tuples(st.just("wait"), st.integers(0, 900)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("kill_at"), st.sampled_from(["begin", "commit", "committed"])),
    ),
    min_size=1,
    max_size=25,
)


class Watch:
    """Sees every call as the receiver does, and complains at once."""

    def __init__(self, answers) -> None:
        self.answers = list(answers)
        self.accepted: dict[str, int] = {}
        """By instruction, the highest version that was answered with 2xx."""

    def __call__(self, event):
        instruction, version = event["instruction"]["id"], event["instruction"]["version"]
        before = self.accepted.get(instruction, 0)
        # The next one, or again one whose mark a crash may have taken: never one after a hole.
        assert version <= before + 1, f"{instruction} v{version} came after v{before}"
        answer = self.answers.pop(0) if self.answers else 200
        if answer in {200, 204}:
            self.accepted[instruction] = max(before, version)
        return answer


class Play:
    """Changes are told, time passes, processes die."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.versions = dict.fromkeys(range(1, INSTRUCTIONS + 1), 0)

    def tell(self, number: int) -> None:
        self._tell([number])

    def tell_all(self, _: None) -> None:
        self._tell(list(self.versions))

    def wait(self, seconds: int) -> None:
        self.room.run_for(seconds)

    def restart(self, _: None) -> None:
        self.room.restart()

    def kill_at(self, point: str) -> None:
        self.room.kill_at = point

    def told(self) -> dict[str, int]:
        """By instruction, the version it has reached."""
        return {f"ins_{number:03d}": count for number, count in self.versions.items() if count}

    def _tell(self, numbers: list[int]) -> None:
        if not self.room.life.process.alive:
            self.room.restart()
        said = []
        for number in numbers:
            step = STEPS[self.versions[number] % len(STEPS)]
            said.append(change(number, self.versions[number] + 1, step, self.room.clock))
        if self.room.tell(*said):
            for number in numbers:
                self.versions[number] += 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), answers=ANSWERS, moves=MOVES)
def test_later_never_overtakes_and_everything_arrives(seed, answers, moves):
    with closing(Room(seed, webhooks=[webhook(tries_max=100)], latency_s=2.0)) as room:
        room.instructions(INSTRUCTIONS)
        watch = room.receiver.mood = Watch(answers)
        play = Play(room)
        for move, word in moves:
            getattr(play, move)(word)
        room.kill_at = None
        room.restart()
        told = play.told()
        room.until(lambda: watch.accepted == told)
        room.until(lambda: all(row.delivery == "delivered" for row in room.rows()))
        rows = room.rows()
        assert [row.sequence for row in rows] == list(range(1, sum(told.values()) + 1))
        for instruction, count in told.items():
            own = [row.version for row in rows if row.instruction == instruction]
            assert own == list(range(1, count + 1))  # in sequence, too
