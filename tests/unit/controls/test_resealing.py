"""A new vault key: what the old one sealed is sealed anew, what was altered stays altered."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import insert, update

from gateway.controls.in_force import Controls
from gateway.controls.payee_rows import Payee
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.resealing import SEALED, reseal
from gateway.controls.sending import ALTERED, SendingCheck
from gateway.controls.version_seal import VersionSeal
from gateway.domain.errors import Corrupt
from gateway.identity.seals import purpose_key as identity_key
from gateway.lifecycle.release import Leaving
from gateway.signing.release_seal import ReleaseSeal
from gateway.store import tables
from gateway.store.columns import metadata
from tests.store_ground import NOW_US, bench
from tests.unit.controls.rules.sample import MAIN, TODAY
from tests.unit.controls.test_sight import row as instruction
from tests.versions_ground import ROOT, Desk, keys, next_document

NEW = b"another root secret of the place"
VOTE = {"tenant": "t1", "instruction": "ins_2", "action": "approve", "reason": "", "at_us": 1}


def payee(root: bytes) -> dict[str, object]:
    one = Payee(
        "pye_1", "6222", "甲", "", "", "", "V1", "active", 1, 1, "person:wang", "person:li", ""
    )
    sealed = PayeeSeal(root).of("t1", one.sealed_parts())
    values = {name: getattr(one, name) for name in Payee.__struct_fields__}
    return values | {"tenant": "t1", "seal": sealed}


@pytest.fixture
def desk():
    """A document, a payee and two payments that may leave, all under the old key."""
    with bench() as at:
        it = Desk(at)
        it.put_in_force(next_document())
        seals = ReleaseSeal(ROOT)
        people = ("person:li", "person:wang")
        with at.engine.begin() as db:
            for number, by in ((1, ()), (2, people)):
                sealed = seals.of("t1", f"ins_{number}", "d", 1, by)
                more = {"state": "QUEUED", "seal": sealed, "control_version": 1}
                db.execute(
                    insert(tables.instruction),
                    [instruction(number, MAIN, "payment", "sap", **more)],
                )
            for seq, who in enumerate(people, start=1):
                values = VOTE | {"seq": seq, "actor": who, "content_hash": "d"}
                db.execute(insert(tables.vote), [values])
            db.execute(insert(tables.payee), [payee(ROOT)])
        yield it


def renewed(desk, old=ROOT, new=NEW) -> dict[str, tuple[int, int, int]]:
    work = partial(reseal, old=old, new=new, at_us=NOW_US)
    done = asyncio.run(desk.bench.store.write(work))
    return {it.table: (it.renewed, it.already, it.broken) for it in done}


def altered(desk, root: bytes) -> set[str]:
    """Payments that a sender with this key would not let go."""
    check = SendingCheck(ReleaseSeal(root), controls(root), lambda: TODAY)
    leaving = [
        Leaving(it.id, it.digest, it.seal, it.control_version)
        for it in desk.bench.rows(tables.instruction)
    ]

    def job(uow):
        return check.refused(uow, desk.tenant, leaving)

    found = asyncio.run(desk.bench.store.write(job))
    return {name for name, why in found.items() if why == ALTERED}


def controls(root: bytes) -> Controls:
    return Controls(keys(), VersionSeal(root))


def in_force(desk, root: bytes) -> int:
    with desk.bench.engine.connect() as db:
        return controls(root).seen(db, desk.tenant).version


def test_every_table_with_seals_under_the_vault_key_is_renewed():
    """Identities have a key of their own: their seals are bytes."""
    sealed = {
        it.name for it in metadata.tables.values() if "seal" in it.c and it.c.seal.type.length
    }
    assert sealed == set(SEALED)


def test_after_it_everything_goes_on_under_the_new_key(desk):
    with pytest.raises(Corrupt):
        in_force(desk, NEW)
    assert renewed(desk) == {
        "control_version": (1, 0, 0),
        "instruction": (2, 0, 0),
        "payee": (1, 0, 0),
    }
    assert in_force(desk, NEW) == 1
    assert altered(desk, NEW) == set()
    (row,) = desk.bench.rows(tables.payee)
    assert PayeeSeal(NEW).holds(row.seal, "t1", _parts(row))
    with pytest.raises(Corrupt):
        in_force(desk, ROOT)
    assert ("resealed", "t1") in [(it.kind, it.subject) for it in desk.bench.journal()]


def _parts(row) -> list[str]:
    return Payee(*(getattr(row, name) for name in Payee.__struct_fields__)).sealed_parts()


def test_repeated_it_is_harmless(desk):
    renewed(desk)
    assert renewed(desk) == {
        "control_version": (0, 1, 0),
        "instruction": (0, 2, 0),
        "payee": (0, 1, 0),
    }
    assert altered(desk, NEW) == set()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("control_version", update(tables.control_version).values(digest="0" * 64)),
        (
            "instruction",
            update(tables.instruction).where(tables.instruction.c.id == "ins_1").values(digest="e"),
        ),
        ("payee", update(tables.payee).values(account="6666")),
    ],
)
def test_what_was_altered_gets_no_seal(desk, table, change):
    with desk.bench.engine.begin() as db:
        db.execute(change)
    assert renewed(desk)[table][2] == 1
    if table == "instruction":
        assert altered(desk, NEW) == {"ins_1"}


def test_a_key_that_is_not_the_old_one_renews_nothing(desk):
    assert renewed(desk, old=b"z" * 32) == {
        "control_version": (0, 0, 1),
        "instruction": (0, 0, 2),
        "payee": (0, 0, 1),
    }
    assert in_force(desk, ROOT) == 1


def test_what_has_left_is_not_touched(desk):
    with desk.bench.engine.begin() as db:
        db.execute(update(tables.instruction).values(state="SETTLED"))
    assert renewed(desk)["instruction"] == (0, 0, 0)


def test_stored_seals_are_what_they_always_were():
    """Golden: such bytes stand in databases."""
    root = b"r" * 32
    assert identity_key(root, "sessions").hex() == (
        "62a455e0c7e5d8f5223aa383c4cf3f9dd14bcdb4096a7aa39edfe68a3ef9f623"
    )
    assert VersionSeal(root).of("t1", 1, "d") == (
        "ea54488e212e587e17970b6032bfdc1f90643d8541a815c0b2d857bd47c62c40"
    )
    assert ReleaseSeal(root).of("t1", "ins_1", "d", 1, ["person:li"]) == (
        "297c5f7b7e2b6e1fee5bd4e548067147ad055bff188c6621aa0e8a195a132fba"
    )
    for short in (VersionSeal, ReleaseSeal, PayeeSeal):
        with pytest.raises(ValueError, match="32 bytes"):
            short(b"r" * 31)
