"""``gateway onboard check CLIENT.yaml``: may this client go live, and what is missing?

Exit code 0: ready; 1: not ready; 2: the file cannot be read. Nothing is paid at the bank: it is
asked to sign on and about accounts; payments are played against a bank in a box on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gateway import bootstrap, settings
from gateway.cli.erp_trial import Ground, tried
from gateway.cli.installed import installed
from gateway.cli.onboard_play import rehearse
from gateway.cli.onboard_stage import Standin
from gateway.cli.reasons import why
from gateway.controls.reference.uscc import uscc_fault
from gateway.dialects import bank_dialect, erp_dialect
from gateway.domain.errors import GatewayError, NotOffered, Refused, WireError
from gateway.onboarding import client_file
from gateway.onboarding.check import (
    adapters,
    contacts,
    credit_code,
    password_place,
    sample_read,
    sample_unread,
    settings_made,
    unplayable,
)
from gateway.onboarding.client import Client, ClientConnection
from gateway.onboarding.findings import Finding
from gateway.onboarding.probe import probe, subject_of
from gateway.onboarding.report import Report, html, markdown, text_lines
from gateway.onboarding.settings_piece import settings_piece
from gateway.runtime import Life, LoopTasks, SharedClock, SystemClock, run_process
from gateway.settings import Settings
from gateway.store.tenancy import acting_for

_CHUNK: Final = 1 << 16
_PLAYED_CURRENCY: Final = "CNY"


def command(options: argparse.Namespace) -> int:
    """Check one client; prints and writes the report."""
    write = _writer(options.report)
    client = client_file.load(options.file)
    report = Report(
        client=client,
        at=SystemClock().now(),
        findings=checked(client, options.clock),
        piece=settings_piece(client),
    )
    if write is not None:
        options.report.write_text(write(report), encoding="utf-8")
    if options.settings is not None:
        _write_own(options.settings, report.piece)
    if options.json:
        print(json.dumps(report.document(), ensure_ascii=False))
    else:
        print("\n".join(text_lines(report)))
    return 0 if report.ready else 1


def _write_own(path: Path, text: str) -> None:
    """Write what only its owner may read: whole account numbers stand in it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o600)
        file.write(text)


def _writer(path: Path | None) -> Callable[[Report], str] | None:
    """How a report's file is written, by its name. Raises Refused for another name."""
    if path is None:
        return None
    known = {".html": html, ".md": markdown}
    if path.suffix not in known:
        raise Refused("--report takes FILE.html or FILE.md", "--report 只接受 .html 或 .md 文件")
    if not path.resolve().parent.is_dir():
        raise Refused(f"no folder {path.parent}", f"没有目录 {path.parent}")
    return known[path.suffix]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """Where a check happens: a folder that is thrown away, and whose clock holds."""

    folder: Path
    clock: Path | None

    def now(self) -> datetime:
        """Business time."""
        return (SharedClock(self.clock) if self.clock else SystemClock()).now()


def checked(client: Client, clock: Path | None = None) -> list[Finding]:
    """Every check, in the order of the report. ``clock`` is a sandbox's shared clock."""
    if clock is not None and not clock.is_file():
        raise Refused(f"no clock at {clock}", f"没有时钟文件 {clock}")
    erps = installed("erp")
    found = [credit_code(client, uscc_fault), contacts(client)]
    found += adapters(client, _spoken, erps)
    passwords: dict[str, str] = {}
    for connection in client.connections:
        if _spoken(connection):
            password = _password(connection)
            found.append(password_place(connection, known=bool(password)))
            passwords |= {connection.id: password} if password else {}
    with TemporaryDirectory(prefix="onboard-") as name:
        ground = _Ground(folder=Path(name), clock=clock.resolve() if clock else None)
        if passwords:
            found += _together(lambda life: _asked(client, passwords, ground, life))
        if client.erp in erps:
            found.append(_sample(client, ground))
        found.append(_settings_of(client, ground.folder))
        found += _together(lambda life: _rehearsed(client, ground.folder, life))
    return found


def _spoken(connection: ClientConnection) -> bool:
    """Whether there is an adapter that speaks the version that is wanted."""
    if connection.bank not in installed("bank"):
        return False
    try:
        bank_dialect(connection.bank, connection.version)
    except GatewayError:
        return False
    return True


def _password(connection: ClientConnection) -> str:
    """The password, '' when it cannot be had. It goes nowhere but to the bank."""
    if connection.password_env:
        return os.environ.get(connection.password_env, "")
    try:
        return Path(connection.password_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _together(work: Callable[[Life], Awaitable[list[Finding]]]) -> list[Finding]:
    """Run on an event loop of its own, to its end or until Ctrl-C."""
    found: list[list[Finding]] = []

    async def main(life: Life) -> int:
        async def worked() -> None:
            found.append(await work(life))
            life.stop()

        tasks = LoopTasks(life.died)
        tasks.spawn("check", worked())
        await life.ended()
        await tasks.stop()
        if life.error is not None:
            raise life.error
        return 0

    run_process(main)
    if not found:
        raise KeyboardInterrupt
    return found[0]


async def _asked(
    client: Client, passwords: Mapping[str, str], ground: _Ground, life: Life
) -> list[Finding]:
    """Ask the client's banks, each connection by itself."""
    found: list[Finding] = []
    built = bootstrap.build(_real_settings(client, passwords, ground), life.died)
    try:
        for tenant in built.settings.directory.tenants.values():
            for connection in tenant.connections.values():
                with acting_for((tenant.id,)):
                    dialect = bank_dialect(connection.bank, connection.version)
                    subject = subject_of(tenant, connection, dialect)
                    found += await probe(subject, built.relay.queries, built.runtime.clock)
    finally:
        await built.stop(0)
    return found


def _real_settings(client: Client, passwords: Mapping[str, str], ground: _Ground) -> Settings:
    """Settings that reach these connections, and no more; the database is thrown away."""
    kept = _only(client, frozenset(passwords))
    content = tomllib.loads(settings_piece(kept))
    for tenant in content["tenant"]:
        del tenant["key"]
        for connection in tenant.get("connection", ()):
            for place in ("password_file", "password_env"):
                connection.pop(place, None)
            connection["password"] = passwords[connection["id"]]
    head: dict[str, object] = {"data": "asked", "banks": [it.bank for it in kept.connections]}
    if ground.clock is not None:
        head["clock"] = str(ground.clock)
    return settings.parse({"gateway": head, **content}, ground.folder)


def _only(client: Client, connections: frozenset[str]) -> Client:
    return replace(
        client,
        connections=tuple(it for it in client.connections if it.id in connections),
        accounts=tuple(it for it in client.accounts if it.connection in connections),
    )


def _settings_of(client: Client, folder: Path) -> Finding:
    """Whether the piece is what a gateway would read, secrets aside."""
    content = tomllib.loads(settings_piece(client))
    for tenant in content["tenant"]:
        for named, places in ((tenant["connection"], "password"), (tenant["key"], "secret")):
            for table in named:
                for place in (f"{places}_file", f"{places}_env"):
                    table.pop(place, None)
                table[places] = "only-to-read-the-rest"
    try:
        settings.parse({"gateway": {"data": "piece"}, **content}, folder)
    except Refused as error:
        return settings_made(client, error.faults)
    return settings_made(client, ())


def _sample(client: Client, ground: _Ground) -> Finding:
    """Let the ERP's adapter read the sample file, and judge its payments as they would be."""
    # Nobody is asked: what stands for the passwords leads nowhere.
    speakable = {it.id: it.id for it in client.connections if _spoken(it)}
    made = _real_settings(client, speakable, ground)
    judged = Ground(tenant=next(iter(made.directory.tenants.values())), now=ground.now())
    try:
        with client.sample.open("rb") as source:
            chunks = iter(lambda: source.read(_CHUNK), b"")
            trial = tried(erp_dialect(client.erp), chunks, judged)
    except OSError:
        return sample_unread(client, "文件无法打开", "the file cannot be opened")
    except WireError as error:
        told = f"{error.path}: {why(error.reason)}"
        return sample_unread(client, told, told)
    except NotOffered as error:
        return sample_unread(client, error.zh, error.en)
    return sample_read(client, [line.faults for line in trial.lines], trial.faults)


async def _rehearsed(client: Client, folder: Path, life: Life) -> list[Finding]:
    """Ten scenarios for every connection, with the first account that can play them."""
    found: list[Finding] = []
    for connection in client.connections:
        account = next(
            (
                it
                for it in client.accounts
                if it.connection == connection.id and it.currency == _PLAYED_CURRENCY
            ),
            None,
        )
        if account is None or not _spoken(connection):
            found.append(unplayable(connection))
            continue
        standin = Standin(connection=connection, account=account)
        found += await rehearse(folder / f"play-{connection.id}", standin, life.died)
    return found
