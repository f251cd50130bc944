"""ERPs in a box: the vendors' stand-ins together, each on a port of its own.

What is printed and expected here (keys, secrets, users) is for demonstrations and tests.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from gateway.sandbox.erps.cosmic import CosmicAccount, CosmicServer
from gateway.sandbox.erps.k3cloud import K3Account, K3CloudServer
from gateway.sandbox.erps.nc import Nc
from gateway.sandbox.erps.ncc import Ncc, NccSite
from gateway.sandbox.erps.sftp_server import User, open_server
from gateway.sandbox.erps.tables import Treasury
from gateway.sandbox.erps.u8 import U8
from gateway.sandbox.erps.yonbip import YonBip
from gateway.transport.http_messages import Handler, Request, Response
from gateway.transport.http_server import serve

SECRET: Final = "erps-in-a-box-not-for-production"  # noqa: S105 - the box's own, printed
YONBIP_KEY: Final = "demo-app-key"
K3_ACCOUNT: Final = K3Account(
    acct_id="demo-data-centre",
    user="bankapi",
    app_id="240001_QkFOSy1HQVRFV0FZLURFTU8tU0VDUkVU",
    app_secret=SECRET,
)
COSMIC_ACCOUNT: Final = CosmicAccount(
    client_id="bankgw",
    client_secret=SECRET,
    username="bankapi",
    account_id="demo-data-centre",
    isv="own",
)
NCC_SITE: Final = NccSite(client_id="bankgw", client_secret=SECRET)
SFTP_USERS: Final = ("sap", "oracle")
TREASURIES: Final = ("byte", "nstar")


@dataclass(slots=True)
class Box:
    """A running box. ``where`` maps a stand-in's name to its address."""

    where: dict[str, str]
    host_key: str
    ncc_public_key: str
    """Of NC Cloud's application: option ``public_key``."""
    _ending: AsyncExitStack

    async def answer(self, request: Request) -> Response:
        """The box's own page: where everything is."""
        if (request.method, request.path) == ("GET", "/admin/where"):
            keys = {"sftp_host_key": self.host_key, "ncc_public_key": self.ncc_public_key}
            body = msgspec.json.encode({**self.where, **keys})
            return Response(body=body, content_type="application/json")
        return Response(status=404, body=b'{"message":"no such call"}')

    async def aclose(self) -> None:
        """Close every port."""
        await self._ending.aclose()


async def open_box(folder: Path, now: Callable[[], datetime], host: str = "127.0.0.1") -> Box:
    """Open every stand-in on a free port; ``folder`` holds what comes over SFTP."""
    ending = AsyncExitStack()
    ncc = Ncc(NCC_SITE, now)
    handlers: dict[str, Handler] = {
        "yonbip": YonBip(app_key=YONBIP_KEY, app_secret=SECRET, now=now).answer,
        "nc": Nc().answer,
        "ncc": ncc.answer,
        "u8": U8().answer,
        "k3cloud": K3CloudServer(account=K3_ACCOUNT, now=now).answer,
        "cosmic": CosmicServer(account=COSMIC_ACCOUNT, now=now).answer,
    }
    where: dict[str, str] = {}
    for name, database, treasury in _treasuries(folder, now):
        where[f"{name}_database"] = database
        ending.callback(treasury.close)
        handlers[name] = treasury.answer
    for name, handler in handlers.items():
        server = await serve(handler, host, 0)
        ending.push_async_callback(server.close)
        where[name] = f"http://{host}:{server.port}"
    sftp = await open_server(folder, {user: User(password=SECRET) for user in SFTP_USERS})
    ending.push_async_callback(sftp.aclose)
    for user in SFTP_USERS:
        where[user] = sftp.address(user)
    return Box(where, sftp.host_key, ncc.public_key, ending)


def _treasuries(folder: Path, now: Callable[[], datetime]) -> list[tuple[str, str, Treasury]]:
    """Treasury systems with the addresses of their databases, tables laid."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[tuple[str, str, Treasury]] = []
    for name in TREASURIES:
        database = f"sqlite:///{folder.resolve().joinpath(name)}.db"
        treasury = Treasury(name, database, now)
        treasury.lay()
        made.append((name, database, treasury))
    return made
