"""People with an account here: one log-in from the first guess to the step-up, and forged rows."""

from __future__ import annotations

import pyotp
import pytest

from gateway.identity.local_accounts import (
    Account,
    prove_password,
    prove_recovery,
    prove_totp,
    seal_totp,
    whose,
)
from gateway.identity.lockout import OF_PERSON, Failures, attempt
from gateway.identity.not_proven import NotProven
from gateway.identity.passwords import Cost, hash_password
from gateway.identity.principal import Lack, Method, Proof, Weight, strong_enough
from gateway.identity.sessions import Sessions
from gateway.identity.totp import enrol, hash_recovery_code, recovery_codes
from gateway.signing.vault import Vault
from tests.identity_ground import KEY, NOW, SessionTable, drawn
from tests.records import replace

CHEAP = Cost(memory_kib=32, passes=1, lanes=1)
RIGHT = "correct horse battery staple"
VAULT = Vault(bytes(32), drawn)
SECRET = enrol(drawn(20), label="wang", issuer="gateway").secret


def account(person: str = "wang", **changes) -> Account:
    name = whose("acme", person)
    fields = {
        "tenant": "acme",
        "person": person,
        "password": hash_password(RIGHT, person=name, key=KEY, salt=drawn(16), cost=CHEAP),
        "handle": drawn(64),
        "totp": seal_totp(VAULT, SECRET, tenant="acme", person=person),
    }
    return Account(**fields | changes)


def prove(who: Account | None, password: str = RIGHT, cost: Cost = CHEAP):
    return prove_password(who, password, key=KEY, salt=drawn(16, 2), now=NOW, cost=cost)


def refused(call, *arguments, **named) -> NotProven:
    with pytest.raises(NotProven) as told:
        call(*arguments, **named)
    return told.value


def test_a_person_logs_in_steps_up_and_may_release():
    rows, sessions, wang = SessionTable(), Sessions(key=KEY), account()
    failures, _ = attempt(person=None, address=None, now=NOW)
    assert failures == Failures(count=1, last_at=NOW)
    proved = prove(wang)
    opened = sessions.log_in(
        rows, tenant="acme", person="wang", proofs=(proved.proof,), drawn=drawn(32), now=NOW
    )
    lack = strong_enough(opened.session.principal(), Weight.RELEASE, now=NOW)
    assert lack is Lack.SECOND_FACTOR
    proof, step = prove_totp(wang, pyotp.TOTP(SECRET).at(NOW), vault=VAULT, now=NOW)
    stronger = sessions.step_up(
        rows, opened.id, person="wang", proof=proof, drawn=drawn(32, 1), now=NOW
    )
    assert strong_enough(stronger.session.principal(), Weight.RELEASE, now=NOW) is None
    later = replace(wang, totp_step=step)
    again = refused(prove_totp, later, pyotp.TOTP(SECRET).at(NOW), vault=VAULT, now=NOW)
    assert again.flaw == "totp_replayed"


def test_guessing_ends_in_a_lock_even_for_the_right_password():
    failures = None
    for _ in range(OF_PERSON.free + 1):
        failures, _ = attempt(person=failures, address=None, now=NOW)
        assert refused(prove, account(), "a wrong password").flaw == "password_wrong"
    assert refused(attempt, person=failures, address=None, now=NOW).flaw == "locked_person"


@pytest.mark.parametrize(
    ("who", "password", "flaw"),
    [
        (None, RIGHT, "person_unknown"),
        (account(), "a wrong password", "password_wrong"),
        (account(password=""), "", "password_wrong"),
        (account(password=""), RIGHT, "password_wrong"),
        (account(disabled=True), RIGHT, "person_disabled"),
        (account(disabled=True), "a wrong password", "password_wrong"),
        (account(password=account("mallory").password), RIGHT, "password_wrong"),
    ],
)
def test_whatever_is_wrong_people_hear_the_same(who, password, flaw):
    told = refused(prove, who, password)
    assert told.flaw == flaw
    assert (told.en, told.zh) == (NotProven.en, NotProven.zh)
    assert flaw not in str(told)


def test_a_hash_of_less_cost_is_made_anew_at_log_in():
    dearer = Cost(memory_kib=64, passes=1, lanes=1)
    rehashed = prove(account(), cost=dearer).rehashed
    assert rehashed.startswith("$argon2id$v=19$m=64,")
    assert prove(account(password=rehashed), cost=dearer).rehashed is None


def test_a_second_factor_copied_from_another_row_opens_nothing():
    code = pyotp.TOTP(SECRET).at(NOW)
    copied = account(totp=account("mallory").totp)
    assert refused(prove_totp, copied, code, vault=VAULT, now=NOW).flaw == "totp_altered"
    without = account(totp=None)
    assert refused(prove_totp, without, code, vault=VAULT, now=NOW).flaw == "totp_missing"


def test_a_recovery_code_logs_in_but_releases_nothing():
    code, *_ = recovery_codes(drawn(150))
    stored = {hash_recovery_code(code, person="acme/wang", key=KEY)}
    proof, spent = prove_recovery(account(), code, stored=stored, key=KEY, now=NOW)
    assert (proof, stored) == (Proof(method=Method.RECOVERY_CODE, at=NOW), {spent})
    opened = Sessions(key=KEY).log_in(
        SessionTable(), tenant="acme", person="wang", proofs=(proof,), drawn=drawn(32), now=NOW
    )
    lack = strong_enough(opened.session.principal(), Weight.RELEASE, now=NOW)
    assert lack is Lack.SECOND_FACTOR


def test_two_people_never_have_one_name():
    for tenant, person in (("acme/wang", "x"), ("acme", "wang/x")):
        with pytest.raises(ValueError, match="/"):
            whose(tenant, person)


def test_secrets_of_an_account_are_not_shown():
    shown = repr(account())
    assert "argon2id" not in shown
    assert "totp=" not in shown
