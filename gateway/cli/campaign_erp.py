"""The ERPs of a campaign: they post until they are answered, and two in ten calls twice."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.audit.books import Promise
from gateway.cli.api_client import Answer, ApiClient
from gateway.cli.campaign_orders import SINGLE, Order
from gateway.cli.demo_stage import SECRET
from gateway.domain.errors import GatewayError

_CLERKS: Final = 6
_PAUSE_S: Final = 0.2
_BUSY: Final = frozenset({408, 425, 429})
_SERVER_FAULT: Final = 500
_SHOWN: Final = 1_000


@dataclass(slots=True)
class Told:
    """What the ERPs were told: promises, and answers that must not have been given."""

    promises: list[Promise] = field(default_factory=list)
    disagreed: list[str] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    """Calls repeated with the same reference, by what came instead of an answer."""
    twice: int = 0


class Erps:
    """Some clerks, each with connections of its own, who work through the orders in time.

    Order number n is due when that share of ``spread_s`` has passed.
    """

    def __init__(self, address: str, orders: Sequence[Order], spread_s: float) -> None:
        self._address = address
        self._orders = orders
        self._spread_s = spread_s
        self._next = iter(range(len(orders)))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began = 0.0
        self._clerks: list[threading.Thread] = []
        self.told = Told()

    def start(self) -> None:
        """Begin posting."""
        self._began = time.monotonic()
        for number in range(_CLERKS):
            clerk = threading.Thread(target=self._work, name=f"erp {number}", daemon=True)
            clerk.start()
            # Only who has begun can be waited for: Ctrl-C may come in the middle of this.
            self._clerks.append(clerk)

    @property
    def done(self) -> bool:
        """Whether everything was answered."""
        return not any(clerk.is_alive() for clerk in self._clerks)

    def stop(self) -> None:
        """Post no more."""
        self._ended.set()
        for clerk in self._clerks:
            clerk.join()

    def _work(self) -> None:
        clients: dict[str, ApiClient] = {}
        while not self._ended.is_set():
            with self._lock:
                number = next(self._next, None)
            if number is None:
                break
            due = self._began + self._spread_s * number / len(self._orders)
            self._ended.wait(max(0.0, due - time.monotonic()))
            order = self._orders[number]
            client = clients.setdefault(
                order.key, ApiClient(self._address, order.key, SECRET.encode())
            )
            self._carry_out(client, order)
        for client in clients.values():
            client.close()

    def _carry_out(self, client: ApiClient, order: Order) -> None:
        first = self._post(client, order, order.body)
        if first is None:
            return
        with self._lock:
            self._note(order, first)
        if order.again is not None:
            second = self._post(client, order, order.again)
            with self._lock:
                self.told.twice += 1
                if second is not None and second.body != first.body:
                    name = order.promises[0].erp_reference
                    self.told.disagreed.append(f"I12: {name} got two different answers")

    def _note(self, order: Order, answer: Answer) -> None:
        """Remember what was promised, or that it should not have been answered so."""
        if answer.status != http.client.OK:
            name = order.promises[0].erp_reference
            shown = answer.body[:_SHOWN].decode("utf-8", "replace")
            self.told.disagreed.append(f"I12: {name} was answered {answer.status}: {shown}")
            return
        ids = [str(answer.json()["id"])] if order.target == SINGLE else [""] * order.payments
        self.told.promises += [
            replace(it, id=known) for it, known in zip(order.promises, ids, strict=True)
        ]

    def _post(
        self, client: ApiClient, order: Order, body: dict[str, object] | bytes
    ) -> Answer | None:
        """Post until there is an answer; None when the campaign ends before that."""
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        while not self._ended.is_set():
            try:
                answer = client.call("POST", order.target, content)
            except (GatewayError, OSError, http.client.HTTPException):
                why = "no answer"
            else:
                if answer.status < _SERVER_FAULT and answer.status not in _BUSY:
                    return answer
                why = str(answer.status)
            with self._lock:
                self.told.retries[why] += 1
            self._ended.wait(_PAUSE_S)
        return None
