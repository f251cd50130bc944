"""Lines of a real log on a real descriptor."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading

import pytest

from gateway.domain.errors import Corrupt
from gateway.observe.library import LibraryHandler
from gateway.observe.log import EventLog
from gateway.observe.options import Form, LogOptions
from gateway.observe.trace import trace_of
from gateway.observe.writer import _WAITING_MAX
from gateway.ports.events import LEASE_RENEWED, READY, SENT, STARTED, Level

MADE = bytes(range(16))


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        try:
            os.close(end)
        except OSError:
            continue


def lines_of(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def log_to(tmp_path):
    """A log onto a file; returns it, and what reads its lines after closing it."""
    opened = []

    def start(**options):
        path = tmp_path / "log"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        opened.append(fd)
        return EventLog("worker", LogOptions(**options), fd=fd), path

    yield start
    for fd in opened:
        os.close(fd)


def test_a_line_says_when_what_where_and_with_which_ids(log_to):
    log, path = log_to()
    log.bind(lane="lan_1")
    log.tell(SENT, tenant="t1", message="msg_1", seconds=0.25, outcome="answered")
    log.close()
    (line,) = lines_of(path)
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info",
        "event": "sent",
        "role": "worker",
        "lane": "lan_1",
        "tenant": "t1",
        "message": "msg_1",
        "seconds": 0.25,
        "outcome": "answered",
    }


def test_the_text_form_is_for_people(log_to):
    log, path = log_to(form=Form.TEXT)
    log.tell(STARTED, version="1.0", why="two words")
    log.close()
    line = path.read_text("utf-8")
    assert "INFO    started  进程启动 / started" in line
    assert 'version=1.0  why="two words"' in line


def test_what_lies_below_the_level_is_counted_and_not_written(log_to):
    log, path = log_to(level=Level.WARNING)
    log.tell(SENT, bank="cib", outcome="answered")
    log.tell(LEASE_RENEWED)
    log.close()
    assert path.read_text() == ""
    counted = {counter.name: values for counter, values in log.meter.counts()}
    assert counted["gateway_sends"] == [(("cib", "answered"), 1)]
    assert counted["gateway_leases"] == [(("lease_renewed",), 1)]


def test_a_pipe_that_nobody_reads_holds_nobody_up_and_the_gap_is_told(pipe):
    reading, writing = pipe
    log = EventLog("api", fd=writing)
    for number in range(3 * _WAITING_MAX):
        log.tell(SENT, count=number)
    assert log.lost > 0
    seen = bytearray()

    def drain():
        while chunk := os.read(reading, 1 << 16):
            seen.extend(chunk)

    reader = threading.Thread(target=drain)
    reader.start()
    while log._writer._queue.qsize():
        reader.join(0.05)
    log.tell(READY)
    log.close()
    os.close(writing)
    reader.join(60)
    told = [json.loads(line) for line in bytes(seen).splitlines()]
    assert told[-1]["event"] == "ready"
    gaps = [line for line in told if line["event"] == "log_dropped"]
    assert gaps
    written = sum(line["event"] == "sent" for line in told)
    assert written + log.lost == 3 * _WAITING_MAX
    assert sum(line["count"] for line in gaps) == log.lost


def test_without_a_descriptor_it_only_counts():
    log = EventLog("both", fd=None)
    log.tell(SENT, bank="cib", outcome="answered")
    log.close()
    assert log.lost == 0
    assert dict(log.meter._counts["gateway_sends"]) == {("cib", "answered"): 1}


def test_a_reader_that_went_away_ends_nothing(pipe):
    reading, writing = pipe
    os.close(reading)
    log = EventLog("api", fd=writing)
    log.tell(READY)
    log.close()
    assert log.lost == 1


def test_two_processes_on_one_pipe_leave_lines_whole(pipe):
    reading, writing = pipe
    logs = [EventLog(role, fd=writing) for role in ("api", "worker")]
    for log in logs:
        for number in range(100):
            log.tell(SENT, count=number, why="x" * 150)
    seen = bytearray()
    while seen.count(b"\n") < 200:
        seen += os.read(reading, 1 << 16)
    for log in logs:
        log.close()
    assert {json.loads(line)["role"] for line in bytes(seen).splitlines()} == {"api", "worker"}


# ── libraries ───────────────────────────────────────────────────────────────────────────────


class Kept:
    def __init__(self):
        self.told = []

    def tell(self, event, /, **facts):
        self.told.append((event.name, event.level, facts))


def say(name, level, message, *args, error=None):
    kept = Kept()
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, level, __file__, 1, message, args, info)
    LibraryHandler(kept).handle(record)
    return kept.told[0]


def test_a_librarys_message_comes_without_what_was_put_into_it():
    name, level, facts = say(
        "uvicorn.error", logging.WARNING, "Bad request %s", "622909115001234567"
    )
    assert (name, level) == ("library", Level.WARNING)
    assert facts["why"] == "Bad request %s"
    _, _, facts = say("somebody", logging.ERROR, "payee 622909115001234567 张三")
    assert facts["why"] == ""
    assert facts["logger"] == "somebody"
    assert facts["place"].startswith("test_log:")


def test_a_librarys_exception_is_told_by_type_and_place():
    try:
        raise ValueError("secret-password")
    except ValueError as error:
        _, level, facts = say("asyncio", logging.ERROR, "task failed", error=error)
    assert level is Level.ERROR
    assert facts["error"] == "ValueError"
    assert "test_log.py:" in facts["place"]
    assert "secret" not in str(facts)
    try:
        raise Corrupt("the books differ", "账不平")
    except Corrupt as error:
        _, _, facts = say("gateway.web", logging.ERROR, "%s", "x", error=error)
    assert facts["why"] == "corrupt: the books differ"


# ── trace ids ───────────────────────────────────────────────────────────────────────────────


def test_the_callers_trace_id_is_taken():
    given = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert trace_of(f"00-{given}-00f067aa0ba902b7-01", MADE) == given
    assert trace_of(f"cc-{given}-00f067aa0ba902b7-01-what-the-future-will-be-like", MADE) == given


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n",
    ],
)
def test_a_header_that_holds_none_gives_a_fresh_one(header):
    assert trace_of(header, MADE) == MADE.hex()


# ── the end ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_told_after_the_end_is_written_all_the_same(log_to):
    log, path = log_to()
    log.close()
    log.tell(READY)
    log.close()
    assert [line["event"] for line in lines_of(path)] == ["ready"]


@pytest.mark.parametrize(
    ("ending", "event"), [("raise ValueError(secret)", "died"), ("in_a_thread()", "library")]
)
def test_no_traceback_is_ever_printed(ending, event):
    script = f"""
import threading
from gateway.observe.library import listen_to_libraries
from gateway.observe.log import EventLog
log = EventLog("api")
listen_to_libraries(log)
secret = "in" + "side"
def broken():
    raise ValueError(secret)
def in_a_thread():
    thread = threading.Thread(target=broken, name="writer")
    thread.start()
    thread.join()
try:
    {ending}
finally:
    log.close()
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    (line,) = [json.loads(line) for line in ran.stderr.splitlines()]
    assert (line["event"], line["error"], line["level"]) == (event, "ValueError", "error")
    assert "<string>:" in line["place"]
    assert "inside" not in ran.stderr
