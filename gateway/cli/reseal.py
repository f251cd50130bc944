"""``gateway controls reseal``: after a new vault key, what the old one sealed is sealed anew.

Rule kept here: it runs while nothing else does. Whoever still sealed with the old key beside it
would leave payments that nobody lets go.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Final

from gateway import bootstrap
from gateway.bootstrap import Role
from gateway.controls.resealing import Renewed, reseal
from gateway.domain.errors import Refused
from gateway.runtime import run_process
from gateway.settings import Settings
from gateway.signing.vault import KEY_BYTES
from gateway.store.instants import to_us
from gateway.store.lease import others_live
from gateway.store.tenancy import EVERYONE, acting_for

_LEASE_S: Final = 600
"""All of it is one transaction, during which the lease is not renewed."""


def command(loaded: Settings, options: argparse.Namespace) -> int:
    """Seal anew; exit code 1 where a seal held under neither key."""
    new, old = _key(loaded.data / "vault.key"), _key(options.old_key)
    if new == old:
        raise Refused(
            "the old key is the one in use: put a new vault.key in its place first",
            "所给旧密钥即现用密钥：请先换上新的 vault.key",
        )
    return run_process(lambda _: renewed(loaded, (old, new), as_json=options.json))


def _key(path: Path) -> bytes:
    if not path.is_file():
        raise Refused(f"no key file {path}", f"没有密钥文件：{path}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise Refused(
            f"{path.name} has not {KEY_BYTES} bytes", f"{path.name} 须为 {KEY_BYTES} 字节"
        )
    return key


async def renewed(loaded: Settings, keys: tuple[bytes, bytes], *, as_json: bool) -> int:
    """Seal anew what the old key (first) sealed. Raises Refused beside other processes."""
    role = Role.API if loaded.database.postgresql else Role.BOTH
    built = bootstrap.build(replace(loaded, lease_s=_LEASE_S), _died, role=role)
    try:
        own = built.store.lane.id
        if await built.store.read(lambda db: others_live(db, own)):
            raise Refused(
                "another process of the gateway is running: end all of them first",
                "另有网关进程在运行：请先全部停止",
            )
        at_us = to_us(built.runtime.clock.now())
        with acting_for(EVERYONE):
            done = await built.store.write(
                partial(reseal, old=keys[0], new=keys[1], at_us=at_us), at_once=True
            )
    finally:
        await built.stop()
    _tell(done, as_json=as_json)
    return 1 if any(it.broken for it in done) else 0


def _tell(done: list[Renewed], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"tables": [asdict(it) for it in done]}))
        return
    for it in done:
        counts = f"{it.renewed} / {it.already} / {it.broken}"
        print(
            f"{it.table}: {counts}（新封印 / 此前已是 / 不符 ·"
            " sealed anew / so already / hold under neither）"
        )
    if any(it.broken for it in done):
        print(
            "✗ 不符的记录未作改动：付款将以 altered 挂起，管控文件须重新表决"
            " / what holds under neither was left: such payments are held as altered, such a"
            " control document is voted on anew"
        )


def _died(name: str, error: BaseException) -> None:
    raise RuntimeError(name) from error
