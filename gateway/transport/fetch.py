"""One HTTP request and its whole answer, for calls that move no money: single sign-on, lists.

Rule kept here: redirects are not followed, proxies of the environment are not used, time and size
are bounded, and whatever goes wrong is Unconfirmed, because no library's exception proves that
nothing was sent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import Unconfirmed

ANSWER_MAX: Final = 262_144


class HttpFetch:
    """Calls ``fetch(method, url, headers, body)``; every call has a connection of its own.

    ``tls`` is the context for https, None for the system's certificates; ``timeout_s`` bounds a
    call as a whole, ``answer_max`` the bytes of an answer.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_s: int = 10,
        answer_max: int = ANSWER_MAX,
    ) -> None:
        self._tls = tls
        self._timeout_s = timeout_s
        self._answer_max = answer_max

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, /
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises Unconfirmed."""
        import httpx  # noqa: PLC0415 - start-up

        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx.AsyncClient(verify=self._tls or True, trust_env=False) as client,
                client.stream(method, url, headers=dict(headers), content=body) as answer,
            ):
                read = bytearray()
                async for piece in answer.aiter_bytes():
                    read += piece
                    if len(read) > self._answer_max:
                        raise Unconfirmed("the answer is too long", "应答过长")
                return answer.status_code, bytes(read)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unconfirmed("no whole answer came", "未收到完整应答") from error
