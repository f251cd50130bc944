"""Speaking to a vendor's API: log in, carry the token, sign, and log in anew when it is spent.

Rule kept here: one log-in at a time, and neither a token nor a secret is ever part of a message
or a log line. What the calls mean is the adapter's; this only sends them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.errors import WireError
from gateway.ports.erp_api import Access, Call, CallReply, ErpApi, Login, Moment, Token
from gateway.ports.erp_boxes import ErpLine
from gateway.ports.runtime import Runtime

EARLY: Final = timedelta(seconds=60)
"""A token is renewed so long before it expires: the call it goes with takes its time too."""
_NONCE_BYTES: Final = 16
_STEPS_MAX: Final = 4
"""Most calls of one log-in."""


class ErpSession:
    """One process's way to speak to one ERP system."""

    def __init__(
        self,
        line: ErpLine,
        api: ErpApi,
        access: Access,
        runtime: Runtime,
        machine: Callable[[], datetime],
    ) -> None:
        """``machine`` is the machine's clock: vendors hold time stamps against real ones."""
        self._line = line
        self._api = api
        self._runtime = runtime
        self._machine = machine
        self._one = runtime.tasks.gate(1)
        self._token: Token | None = None
        self.access = access

    def moment(self) -> Moment:
        """The time, and a text never used before."""
        nonce = self._runtime.random.bytes(_NONCE_BYTES).hex()
        return Moment(now=self._machine(), nonce=nonce)

    async def call(self, call: Call) -> CallReply:
        """One call with what every call carries.

        Raises UrlForbidden, NotSent or Unconfirmed; of the log-in also Refused or WireError:
        then the call itself was not made.
        """
        token = await self._token_now()
        if token is not None:
            call = replace(
                call, query=(*call.query, *token.query), headers=(*call.headers, *token.headers)
            )
        if self._api.sign is not None:
            call = self._api.sign(call, self.access, self.moment())
        return await self._line.call(call)

    def forget(self) -> None:
        """The token does not count any more: the next call logs in."""
        self._token = None

    async def aclose(self) -> None:
        """Close connections."""
        await self._line.aclose()

    async def _token_now(self) -> Token | None:
        login = self._api.login
        if login is None:
            return None
        async with self._one:
            held = self._token
            if held is not None and self._machine() + EARLY < held.expires_at:
                return held
            self._token = await self._log_in(login)
            return self._token

    async def _log_in(self, login: Login) -> Token:
        """One call, or a few. Raises WireError where they do not end."""
        moment = self.moment()
        call = login.encode(self.access, moment)
        for _ in range(_STEPS_MAX):
            found = login.decode(await self._line.call(call), moment)
            if isinstance(found, Token):
                return found
            call, moment = found, self.moment()
        raise WireError("unsupported", "login")
