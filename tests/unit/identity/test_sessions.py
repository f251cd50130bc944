"""Sessions: fixation, forged rows, forged forms, log-out, and how long they last."""

from __future__ import annotations

import hashlib
from datetime import timedelta, timezone

import pytest

from gateway.domain.decision import ActorKind
from gateway.identity.not_proven import NotProven
from gateway.identity.principal import Method, Proof
from gateway.identity.seals import purpose_key
from gateway.identity.sessions import Lifetimes, Sessions, digest_of, read_proofs, write_proofs
from tests.identity_ground import KEY, MINUTE, NOW, ROOT, SessionTable, drawn
from tests.records import replace

SESSIONS = Sessions(key=KEY)
PASSWORD = Proof(method=Method.PASSWORD, at=NOW)
TOTP = Proof(method=Method.TOTP, at=NOW + MINUTE)


@pytest.fixture
def rows() -> SessionTable:
    return SessionTable()


def log_in(rows, seed: int = 1, *, person: str = "wang", before: str = "", proofs=(PASSWORD,)):
    return SESSIONS.log_in(
        rows,
        tenant="acme",
        person=person,
        proofs=proofs,
        drawn=drawn(32, seed),
        now=NOW,
        before=before,
    )


def flaw(rows, id_: str, now=NOW) -> str:
    with pytest.raises(NotProven) as refused:
        SESSIONS.find(rows, id_, now=now)
    return refused.value.flaw


def step_up(rows, id_: str, seed: int = 2, *, person: str = "wang", proof: Proof = TOTP):
    return SESSIONS.step_up(
        rows, id_, person=person, proof=proof, drawn=drawn(32, seed), now=NOW + MINUTE
    )


def test_a_session_is_found_by_its_id_and_says_who_it_is(rows):
    opened = log_in(rows)
    principal = SESSIONS.find(rows, opened.id, now=NOW).principal()
    assert (principal.tenant, principal.actor.label()) == ("acme", "person:wang")
    assert principal.actor.kind is ActorKind.PERSON
    assert principal.proofs == (PASSWORD,)


def test_it_holds_in_whatever_time_zone_its_row_is_read(rows):
    opened = log_in(rows)
    zone = timezone(timedelta(hours=8))
    row = replace(opened.session, started_at=NOW.astimezone(zone), seen_at=NOW.astimezone(zone))
    rows.rows[row.digest] = row
    assert SESSIONS.find(rows, opened.id, now=NOW).person == "wang"


def test_the_database_never_holds_the_id(rows):
    opened = log_in(rows)
    (row,) = rows.rows.values()
    assert row.digest == hashlib.sha256(opened.id.encode()).hexdigest()
    assert opened.id not in repr(row)
    assert opened.id not in repr(opened)
    assert flaw(rows, row.digest) == "session_missing"


# ── session fixation ─────────────────────────────────────────────────────────────────────────


def test_an_id_planted_before_the_log_in_is_worth_nothing_after_it(rows):
    planted = log_in(rows, 1, person="mallory")
    opened = log_in(rows, 2, before=planted.id)
    assert opened.id != planted.id
    assert flaw(rows, planted.id) == "session_missing"


def test_the_id_is_new_after_a_step_up_and_the_old_one_ends(rows):
    before = log_in(rows)
    after = step_up(rows, before.id)
    assert after.id != before.id
    assert flaw(rows, before.id, NOW + MINUTE) == "session_missing"
    found = SESSIONS.find(rows, after.id, now=NOW + MINUTE)
    assert found.proofs == (PASSWORD, TOTP)
    assert found.stepped_up_at == TOTP.at
    assert found.started_at == NOW


def test_a_second_factor_of_somebody_else_does_not_strengthen_a_session(rows):
    opened = log_in(rows)
    with pytest.raises(NotProven) as refused:
        step_up(rows, opened.id, person="mallory")
    assert refused.value.flaw == "other_person"
    assert SESSIONS.find(rows, opened.id, now=NOW).proofs == (PASSWORD,)


def test_a_step_up_replaces_the_earlier_proof_of_the_same_kind(rows):
    first = step_up(rows, log_in(rows).id)
    again = replace(TOTP, at=NOW + 2 * MINUTE)
    second = step_up(rows, first.id, 3, proof=again)
    assert second.session.proofs == (PASSWORD, again)


@pytest.mark.parametrize("id_", ["", "x", "x" * 42, "x" * 44, "x" * 42 + "=", "é" * 43, "x" * 9999])
def test_what_is_no_id_is_no_session(rows, id_):
    log_in(rows)
    assert flaw(rows, id_) == "session_missing"
    SESSIONS.log_out(rows, id_)
    assert len(rows.rows) == 1


# ── rows written past the gateway ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes",
    [
        {"person": "chen"},
        {"tenant": "globex"},
        {"proofs": (PASSWORD, TOTP)},
        {"started_at": NOW + timedelta(days=1)},
        {"seen_at": NOW + timedelta(days=1)},
        {"seal": b""},
    ],
)
def test_a_changed_row_opens_nothing(rows, changes):
    opened = log_in(rows)
    rows.rows[opened.session.digest] = replace(opened.session, **changes)
    assert flaw(rows, opened.id) == "session_altered"


def test_a_row_copied_under_an_id_of_ones_own_opens_nothing(rows):
    opened = log_in(rows)
    chosen = "A" * 43
    rows.rows[digest_of(chosen)] = replace(opened.session, digest=digest_of(chosen))
    assert flaw(rows, chosen) == "session_altered"


# ── how long ─────────────────────────────────────────────────────────────────────────────────


def test_a_session_ends_when_it_was_not_used(rows):
    opened = log_in(rows)
    SESSIONS.find(rows, opened.id, now=NOW + 15 * MINUTE - timedelta(seconds=1))
    assert flaw(rows, opened.id, NOW + 15 * MINUTE) == "session_idle"


def test_use_keeps_it_open_but_not_beyond_its_whole_time(rows):
    opened = log_in(rows)
    now = NOW
    while now + 10 * MINUTE < NOW + timedelta(hours=8):
        now += 10 * MINUTE
        seen = SESSIONS.seen(SESSIONS.find(rows, opened.id, now=now), now=now)
        rows.touch(seen)
    assert flaw(rows, opened.id, NOW + timedelta(hours=8)) == "session_expired"


def test_a_step_up_does_not_lengthen_the_whole_time(rows):
    sessions = Sessions(key=KEY, lifetimes=Lifetimes(absolute=3 * MINUTE, idle=3 * MINUTE))
    opened = step_up(rows, log_in(rows).id)
    with pytest.raises(NotProven) as refused:
        sessions.find(rows, opened.id, now=NOW + 3 * MINUTE)
    assert refused.value.flaw == "session_expired"


def test_use_is_written_at_most_once_a_minute(rows):
    session = log_in(rows).session
    assert SESSIONS.seen(session, now=NOW + timedelta(seconds=59)) is None
    assert SESSIONS.seen(session, now=NOW + MINUTE).seen_at == NOW + MINUTE


# ── the end ──────────────────────────────────────────────────────────────────────────────────


def test_a_log_out_ends_this_session_and_everywhere_ends_all_of_this_person(rows):
    first, second, other = log_in(rows, 1), log_in(rows, 2), log_in(rows, 3, person="chen")
    SESSIONS.log_out(rows, first.id)
    assert flaw(rows, first.id) == "session_missing"
    SESSIONS.find(rows, second.id, now=NOW)
    SESSIONS.log_out_everywhere(rows, tenant="acme", person="wang")
    assert flaw(rows, second.id) == "session_missing"
    SESSIONS.find(rows, other.id, now=NOW)


def test_a_request_under_way_during_a_log_out_does_not_bring_the_session_back(rows):
    opened = log_in(rows)
    seen = SESSIONS.seen(opened.session, now=NOW + MINUTE)
    SESSIONS.log_out(rows, opened.id)
    rows.touch(seen)
    assert flaw(rows, opened.id, NOW + MINUTE) == "session_missing"
    with pytest.raises(NotProven):
        step_up(rows, opened.id)


# ── forged forms ─────────────────────────────────────────────────────────────────────────────


def test_a_form_needs_the_token_of_its_own_session(rows):
    mine, other = log_in(rows, 1), log_in(rows, 2, person="mallory")
    SESSIONS.check_form(mine.id, SESSIONS.form_token(mine.id))
    wrong = ["", "0" * 64, SESSIONS.form_token(other.id), SESSIONS.form_token(mine.id).upper(), "é"]
    elsewhere = Sessions(key=purpose_key(ROOT, "other")).form_token(mine.id)
    for token in [*wrong, elsewhere]:
        with pytest.raises(NotProven) as refused:
            SESSIONS.check_form(mine.id, token)
        assert refused.value.flaw == "form_token"


def test_after_a_step_up_forms_of_before_no_longer_count(rows):
    before = log_in(rows)
    after = step_up(rows, before.id)
    with pytest.raises(NotProven):
        SESSIONS.check_form(after.id, SESSIONS.form_token(before.id))


# ── what it rests on ─────────────────────────────────────────────────────────────────────────


def test_a_session_rests_on_a_proof_and_on_enough_randomness(rows):
    with pytest.raises(ValueError, match="proof"):
        log_in(rows, proofs=())
    with pytest.raises(ValueError, match="32"):
        SESSIONS.log_in(
            rows, tenant="acme", person="wang", proofs=(PASSWORD,), drawn=b"short", now=NOW
        )


def test_proofs_survive_their_column():
    proofs = (PASSWORD, replace(TOTP, detail="手机"))
    assert read_proofs(write_proofs(proofs)) == proofs
    with pytest.raises(ValueError, match="carrier_pigeon"):
        read_proofs('[["carrier_pigeon",1,""]]')


@pytest.mark.parametrize(
    "text", ["", "1", "[1]", "[[]]", '[["totp","x",""]]', '[["totp",1e400,""]]', "[" * 99_999]
)
def test_a_column_of_another_form_is_told_as_such(text):
    with pytest.raises(ValueError, match=r".+"):
        read_proofs(text)
