"""The way to an ERP system, opened as its settings say; what is not used is not even imported."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gateway.domain.errors import NotOffered, Refused
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_api import ErpApi
from gateway.ports.erp_boxes import ErpLine, FileBox, TableBox
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.runtime import Runtime
from gateway.ports.webhooks import Reach
from gateway.transport.box_names import SETTLE_S, Habits
from gateway.transport.sftp_address import server_at

if TYPE_CHECKING:
    from gateway.transport.erp_session import ErpSession
    from gateway.transport.file_box import Place


def open_line(system: ErpSystem, reach: Reach) -> ErpLine:
    """HTTP to a system, within its tenant's reach.

    Raises Refused when the file of certificates is not there or not what it should be.
    """
    from gateway.transport.api_line import ApiLine  # noqa: PLC0415 - costs a start
    from gateway.transport.api_line import Place as At  # noqa: PLC0415 - costs a start

    place = At(
        url=system.address,
        others=system.options,
        timeout_s=system.timeout_s,
        rate_per_s=system.rate_per_s,
    )
    return ApiLine(place, reach, tls=_trusted(system))


class Sessions:
    """The calls to vendors' APIs of one process: one token and one rate for each system.

    Whoever fetches from a system and whoever writes back to it share them.
    """

    def __init__(self, runtime: Runtime, machine: Callable[[], datetime]) -> None:
        """``machine`` is the machine's clock: vendors hold time stamps against real ones."""
        self._runtime = runtime
        self._machine = machine
        self._made: dict[tuple[str, str], ErpSession] = {}

    def of(self, system: ErpSystem, reach: Reach, api: ErpApi) -> ErpSession:
        """The session of a system. Raises as ``open_line`` does."""
        from gateway.transport.erp_session import ErpSession  # noqa: PLC0415 - costs a start

        key = (system.tenant, system.id)
        found = self._made.get(key)
        if found is None:
            line = open_line(system, reach)
            found = ErpSession(line, api, system.access, self._runtime, self._machine)
            self._made[key] = found
        return found


class Boxed(Protocol):
    """What has folders: an ERP system, or a place for statement files."""

    @property
    def id(self) -> str:
        """What it is called in messages."""
        ...

    @property
    def transport(self) -> ErpTransport:
        """How it is reached."""
        ...

    @property
    def address(self) -> str:
        """A folder, or ``sftp://user@host:port/folder``."""
        ...

    @property
    def options(self) -> Mapping[str, str]:
        """As ``BOX_OPTIONS`` and ``SFTP_OPTIONS`` say."""
        ...

    @property
    def secrets(self) -> Mapping[str, str]:
        """As ``SFTP_SECRETS`` says."""
        ...

    @property
    def timeout_s(self) -> int:
        """Seconds for a connection."""
        ...


def open_box(system: Boxed, scratch: Path, reach: Reach) -> FileBox:
    """The folders of a system, here or on its server.

    ``scratch`` is a folder of our own disk for this box alone. Raises NotOffered for a system
    that is not reached by files, Refused for an address or a key that is none.
    """
    from gateway.transport.file_box import Box  # noqa: PLC0415 - costs a start

    return Box(_place(system, reach), scratch, _habits(system))


def _place(system: Boxed, reach: Reach) -> Place:
    if system.transport is ErpTransport.FOLDER:
        from gateway.transport.folders import FolderPlace  # noqa: PLC0415 - costs a start

        return FolderPlace(Path(system.address))
    if system.transport is ErpTransport.SFTP:
        from gateway.transport.sftp import SftpPlace  # noqa: PLC0415 - costs a start

        server = server_at(
            system.address,
            host_key=system.options.get("host_key", ""),
            secrets=system.secrets,
            timeout_s=system.timeout_s,
        )
        return SftpPlace(server, reach)
    raise NotOffered(f"{system.id} is not reached by files", f"{system.id} 不以文件方式对接")


def _habits(system: Boxed) -> Habits:
    given = system.options.get("settle_s", "")
    return Habits(
        marker=system.options.get("marker", ""), settle_s=int(given) if given else SETTLE_S
    )


def open_shared(system: ErpSystem, now: Callable[[], datetime]) -> TableBox:
    """The database that a system shares with us. Raises Refused for an address that is none."""
    from gateway.transport.tables import open_tables  # noqa: PLC0415 - costs a start

    return open_tables(system.address, now, timeout_s=system.timeout_s)


def _trusted(system: ErpSystem) -> ssl.SSLContext | None:
    if not system.ca:
        return None
    from gateway.transport.tls import TlsFiles, client_context  # noqa: PLC0415 - costs a start

    try:
        return client_context(TlsFiles(ca=Path(system.ca)))
    except OSError as error:
        raise Refused(
            f"ERP system {system.id}: the certificates in ca cannot be read",
            f"ERP 系统 {system.id}：ca 指定的证书无法读取",
        ) from error
