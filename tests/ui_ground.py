"""What tests of the pages stand on: a gateway on a real port, people, and their browsers."""

from __future__ import annotations

import asyncio
import html
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import uvicorn

from gateway.identity.context import Somebody
from gateway.identity.enrolment import invitation
from gateway.store.tenancy import acting_for
from gateway.web.app import create_app
from gateway.web.connection import Patience, protocol
from gateway.web.ui.people import build
from tests.integration.web.world import world

PASSWORD = "correct horse battery"
CHEAP = {"memory_kib": 1024, "passes": 1, "lanes": 1}
IDENTITY = {"plain_http": True, "argon": CHEAP}
PEOPLE = [
    {"name": "王", "login": "wang"},
    {"name": "李", "login": "li"},
]
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')
_SECRET = re.compile(r"<code>([A-Z2-7 ]{32,})</code>")
_RECOVERY = re.compile(r"<code>((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})</code>")


class Watch:
    """The machine's clock of a test: it stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, **span: int) -> None:
        self.at += timedelta(**span)


class Browser:
    """A browser with its cookies; forms carry the token of the page that was seen last."""

    def __init__(self, base: str, watch: Watch) -> None:
        self.base, self.watch = base, watch
        self.client = httpx.AsyncClient(
            base_url=base,
            headers={"Connection": "close"},
            timeout=60,  # a machine that is busy otherwise is no fault of the pages
        )
        self.seen = ""
        self.secret = ""
        self.codes: list[str] = []

    @property
    def token(self) -> str:
        found = _TOKEN.findall(self.seen)
        return found[-1] if found else ""

    @property
    def session(self) -> str:
        return self.client.cookies.get("gw-session-local", "")

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.watch.now())

    async def get(self, path: str) -> httpx.Response:
        answer = await self.client.get(path)
        self.seen = answer.text or self.seen
        return answer

    async def post(self, path: str, *, origin: str | None = None, **form: str) -> httpx.Response:
        """Send a form as a page of the gateway would; ``origin`` '' sends none."""
        sent = {"token": self.token} | form
        headers = {} if origin == "" else {"Origin": self.base if origin is None else origin}
        answer = await self.client.post(path, data=sent, headers=headers)
        self.seen = answer.text or self.seen
        return answer

    async def log_in(self, login: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        await self.get("/ui/log-in")
        return await self.post("/ui/log-in", login=login, password=password, **form)

    async def second(self) -> httpx.Response:
        await self.get("/ui/second")
        return await self.post("/ui/second", code=self.code())

    async def enrol(self) -> None:
        """Enrol an authenticator app."""
        await self.get("/ui/me")
        answer = await self.post("/ui/me/codes")
        self.secret = _SECRET.search(answer.text)[1].replace(" ", "")
        answer = await self.post("/ui/me/codes/answer", code=self.code())
        assert answer.status_code == 200, answer.text
        self.codes = _RECOVERY.findall(answer.text)
        self.watch.pass_(seconds=30)  # a code counts once

    async def enter(self, login: str) -> None:
        """Log in with both factors."""
        answer = await self.log_in(login)
        assert answer.status_code == 303, answer.text
        answer = await self.second()
        assert answer.status_code == 303, answer.text
        self.watch.pass_(seconds=30)

    async def close(self) -> None:
        await self.client.aclose()


class Server(uvicorn.Server):
    """Says when it listens, and ends when it is told instead of looking ten times a second."""

    def __init__(self, config) -> None:
        super().__init__(config)
        self.listening, self._told = asyncio.Event(), asyncio.Event()

    async def startup(self, sockets=None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)  # the headers of its answers
        await self._told.wait()

    async def end(self, running: asyncio.Task) -> None:
        """End it, once it has seen that its callers are gone."""
        async with asyncio.timeout(10):
            while self.server_state.connections:  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0)
        self._told.set()
        await running

    async def shutdown(self, sockets=None) -> None:
        for it in self.servers:
            it.close()
            await it.wait_closed()


class Site:
    """A gateway on a real port, and who may come."""

    def __init__(self, it, people, watch: Watch, base: str) -> None:
        self.world, self.people, self.watch, self.base = it, people, watch, base
        self.browsers: list[Browser] = []

    def browser(self) -> Browser:
        self.browsers.append(Browser(self.base, self.watch))
        return self.browsers[-1]

    def invitation(self, login: str, *, stored: str = "", anew: bool = False) -> str:
        return invitation(
            self.people.identities.key("invitations"),
            self.people.identities.by_login(login),
            password=stored,
            until=self.watch.now() + timedelta(days=3),
            anew=anew,
        )

    async def stops(self):
        with acting_for(["t1"]):
            return await self.world.gateway.front.stops.listed("t1")

    async def member(self, login: str) -> Browser:
        """Somebody who was invited, chose a password, enrolled an app and is inside."""
        browser = self.browser()
        await browser.get(f"/ui/invitation?secret={self.invitation(login)}")
        answer = await browser.post(
            "/ui/invitation", secret=self.invitation(login), password=PASSWORD, again=PASSWORD
        )
        assert answer.status_code == 303, answer.text
        await browser.enrol()
        return browser

    def who(self, login: str) -> Somebody:
        return self.people.identities.by_login(login)


@asynccontextmanager
async def site(folder, *, identity=None, people=None, **policy):
    """A running gateway with people, over real sockets."""
    tenant = {"person": PEOPLE if people is None else people, **policy.pop("tenant", {})}
    told = identity or IDENTITY
    async with world(folder, identity=told, tenant=tenant, **policy) as it:
        app = create_app(it.gateway)
        watch = Watch()
        people = build(it.gateway, watch.now) if it.gateway.settings.identity.open else None
        app.state.people = people
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http=protocol(it.gateway.runtime, Patience()),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        server = Server(config)
        running = asyncio.create_task(server._serve())
        await server.listening.wait()
        port = server.servers[0].sockets[0].getsockname()[1]
        made = Site(it, people, watch, f"http://127.0.0.1:{port}")
        try:
            yield made
        finally:
            for browser in made.browsers:
                await browser.close()
            await server.end(running)


def story(folder, tell, **options):
    """Run ``tell(site)``."""

    async def run():
        async with site(folder, **options) as it:
            await tell(it)

    asyncio.run(run())


def text_of(page: str) -> str:
    """A page's words."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page))
