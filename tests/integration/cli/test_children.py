"""Processes in our care: a real one is started, shot, tended and stopped."""

from __future__ import annotations

import os
import signal

import pytest

from gateway.cli.children import Child
from gateway.domain.errors import Corrupt

PATIENCE_S = 90


@pytest.fixture
def bank(tmp_path):
    child = Child("bank", tmp_path / "bank.log", "sandbox", "--data", str(tmp_path), "--port", "0")
    yield child
    child.stop()


def test_it_says_when_it_is_ready_and_ends_when_told(bank):
    assert not bank.ready
    bank.start()
    assert bank.wait(PATIENCE_S).startswith("http://127.0.0.1:")
    assert bank.ready
    assert bank.stop() == 0
    assert not bank.ready
    assert bank.ended_itself == 0
    assert bank.stop() == 0


def test_what_is_shot_comes_back_when_started(bank):
    bank.start()
    bank.wait(PATIENCE_S)
    bank.kill()
    assert not bank.ready
    bank.tend()
    assert not bank.ready, "only what ends by itself is started again"
    bank.start()
    bank.wait(PATIENCE_S)
    assert bank.ready
    assert len(bank.restored_s) == 1
    assert bank.ended_itself == 0


def test_what_ends_by_itself_is_started_again(bank, tmp_path):
    bank.start()
    bank.wait(PATIENCE_S)
    shot = bank.pid
    os.kill(shot, signal.SIGKILL)
    bank.join()
    assert bank.wait(PATIENCE_S)
    assert bank.pid != shot
    assert bank.ended_itself == 1


def test_new_arguments_hold_from_the_next_start(bank, tmp_path):
    bank.start()
    address = bank.wait(PATIENCE_S)
    port = address.rpartition(":")[2]
    bank.with_arguments("--data", str(tmp_path), "--port", port)
    bank.kill()
    bank.start()
    assert bank.wait(PATIENCE_S) == address


def test_what_never_gets_ready_is_told_with_its_log(tmp_path):
    child = Child("worker", tmp_path / "w.log", "worker", "--config", str(tmp_path / "none.toml"))
    child.start()
    with pytest.raises(Corrupt, match=r"worker was not ready within 1 s; see .*w\.log"):
        child.wait(1)
    child.stop()
