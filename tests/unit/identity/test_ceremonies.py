"""Log-ins under way: once, in time, by this browser, as they began."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from gateway.identity.ceremonies import CeremonyKind, begin, finish
from gateway.identity.not_proven import NotProven
from gateway.identity.sessions import digest_of
from tests.identity_ground import KEY, NOW, CeremonyTable, drawn
from tests.records import replace

WORDS = ("state", "nonce", "verifier")


@pytest.fixture
def rows() -> CeremonyTable:
    return CeremonyTable()


def begun(rows, seed: int = 1) -> str:
    return begin(
        rows,
        key=KEY,
        kind=CeremonyKind.SINGLE_SIGN_ON,
        tenant="acme",
        words=WORDS,
        drawn=drawn(32, seed),
        now=NOW,
    )


def flaw(rows, id_, *, kind=CeremonyKind.SINGLE_SIGN_ON, now=NOW) -> str:
    with pytest.raises(NotProven) as refused:
        finish(rows, id_, key=KEY, kind=kind, now=now)
    return refused.value.flaw


def test_what_began_comes_back_once(rows):
    id_ = begun(rows)
    assert finish(rows, id_, key=KEY, kind=CeremonyKind.SINGLE_SIGN_ON, now=NOW).words == WORDS
    assert flaw(rows, id_) == "ceremony_missing"


def test_one_never_begun_or_of_another_browser_is_missing(rows):
    begun(rows)
    assert flaw(rows, "A" * 43) == "ceremony_missing"
    assert flaw(rows, "") == "ceremony_missing"


def test_a_ceremony_of_another_kind_is_over_as_well(rows):
    id_ = begun(rows)
    assert flaw(rows, id_, kind=CeremonyKind.KEY_USED) == "ceremony_other"
    assert flaw(rows, id_) == "ceremony_missing"


@pytest.mark.parametrize("minutes", [-1, 10, 60])
def test_it_lasts_ten_minutes(rows, minutes):
    assert flaw(rows, begun(rows), now=NOW + timedelta(minutes=minutes)) == "ceremony_late"


@pytest.mark.parametrize(
    "changes", [{"person": "wang"}, {"tenant": "globex"}, {"words": ("a", "b", "c")}, {"seal": b""}]
)
def test_a_changed_row_opens_nothing(rows, changes):
    id_ = begun(rows)
    rows.rows[digest_of(id_)] = replace(rows.rows[digest_of(id_)], **changes)
    assert flaw(rows, id_) == "ceremony_altered"


def test_it_holds_in_whatever_time_zone_its_row_is_read(rows):
    id_ = begun(rows)
    row = rows.rows[digest_of(id_)]
    shanghai = timezone(timedelta(hours=8))
    rows.rows[row.digest] = replace(row, began_at=row.began_at.astimezone(shanghai))
    assert finish(rows, id_, key=KEY, kind=CeremonyKind.SINGLE_SIGN_ON, now=NOW).words == WORDS


def test_its_id_and_words_are_not_shown(rows):
    id_ = begun(rows)
    (row,) = rows.rows.values()
    assert id_ not in repr(row)
    assert "verifier" not in repr(row)
