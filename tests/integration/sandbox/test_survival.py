"""The books on disk after SIGKILL: nothing answered is lost, nothing is half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.sandbox_json import Bank, generated

ROOT = Path(__file__).resolve().parents[3]


def _pay_and_die(path: Path, answers: int, what: str = "payments") -> list[str]:
    """Run the payer, kill it in mid-work after so many answers; every serial it had answered."""
    script = Path(__file__).with_name("kill_me.py")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(script), str(path), what],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as payer:
        assert payer.stdout is not None
        told = [payer.stdout.readline().strip() for _ in range(answers)]
        payer.send_signal(signal.SIGKILL)
        told += [line.strip() for line in payer.stdout if line.endswith("\n")]
    assert payer.returncode == -signal.SIGKILL
    return told


def test_every_answered_payment_survives_sigkill(tmp_path):
    path = tmp_path / "bank.db"
    answered = _pay_and_die(path, 60)
    assert len(answered) >= 60
    with Bank(path) as bank:
        assert bank.ledger.check() == []
        stored = {row.serial for row in bank.bank.book.latest(100_000)}
        assert set(answered) <= stored
        assert len(stored) % 5 == 0, "a group is committed whole or not at all"
        before = bank.balance()
        assert bank.pay(answered[0], generated(0, "9.00"))["payment"]["amount"] == "1.00"
        assert bank.balance() == before


def test_several_kills_on_one_file(tmp_path):
    path = tmp_path / "bank.db"
    answered: set[str] = set()
    for _ in range(3):
        answered |= set(_pay_and_die(path, 20))
    with Bank(path) as bank:
        bank.pass_time(hours=1)
        bank.balance()
        assert bank.ledger.check() == []
        rows = bank.bank.book.latest(100_000)
        assert answered <= {row.serial for row in rows}
        assert {row.state.value for row in rows} == {"paid"}


def test_every_answered_payroll_survives_sigkill_with_all_its_lines(tmp_path):
    path = tmp_path / "bank.db"
    answered = _pay_and_die(path, 40, "batches")
    with Bank(path) as bank:
        assert bank.ledger.check() == []
        stored = bank.bank.batches.book.latest(100_000)
        assert set(answered) <= {row.serial for row in stored}
        assert {row.state.value for row in stored} == {"partly_paid"}
        bank.pass_time(days=30)
        paid = 20 * len(stored)
        assert bank.balance()["ledger"] == f"{80_000_000 - paid}.00"
        assert bank.ledger.check() == []
