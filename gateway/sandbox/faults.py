"""The seeded fault schedule: what goes wrong with a request, drawn or scripted.

Rule kept here: exactly one draw is taken per request, whatever the request is, so the same
seed and the same sequence of requests meet the same faults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import Fault as FieldFault
from gateway.domain.errors import Refused
from gateway.ports.runtime import Random


class Fault(StrEnum):
    """A way for a request or its answer to go wrong. The strings are the admin API's words."""

    REFUSE = "refuse"
    """The connection is reset before anything is read; nothing is done."""
    DROP_BEFORE_COMMIT = "drop_before_commit"
    """Read, then cut off; nothing is done."""
    DROP_AFTER_COMMIT = "drop_after_commit"
    """Done, then cut off without an answer."""
    DELAY = "delay"
    """Done, answered late."""
    EXECUTE_LATE = "execute_late"
    """Cut off at once; the request reaches the bank later all the same and is done then."""
    HALF_OPEN = "half_open"
    """Done, then silence on an open connection."""
    ERROR_5XX_BEFORE_COMMIT = "error_5xx_before_commit"
    """Nothing is done; status 502."""
    ERROR_5XX_AFTER_COMMIT = "error_5xx_after_commit"
    """Done; status 500."""
    HTML_200 = "html_200"
    """Done; a proxy's HTML page with status 200."""
    GARBAGE_GBK = "garbage_gbk"
    """Done; bytes that are no text in any Chinese charset."""
    TRUNCATED = "truncated"
    """Done; the answer breaks off in the middle."""
    DUPLICATE_ANSWER = "duplicate_answer"
    """Done; the answer is sent twice on the connection."""
    OTHER_ANSWER = "other_answer"
    """Done; the answer before this one, to another request, comes in its place."""
    STALE_STATUS = "stale_status"
    """Done; the state before the present one is told."""
    OUT_OF_ORDER_STATUS = "out_of_order_status"
    """Done; an interim state is told although the final one may have been told already."""
    TRUNCATED_STATEMENT = "truncated_statement"
    """The second half of a statement page is missing and no more pages are promised."""
    UNKNOWN_CODE = "unknown_code"
    """Done; the answer carries a code that stands in no table."""


NOTHING_DONE: Final = frozenset(
    {Fault.REFUSE, Fault.DROP_BEFORE_COMMIT, Fault.ERROR_5XX_BEFORE_COMMIT}
)
_SENDS: Final = frozenset({"pay", "batch", "payroll"})
_STATES: Final = _SENDS | {"payment_status", "batch_status", "payroll_status"}
_ONLY_FOR: Final[Mapping[Fault, frozenset[str]]] = {
    Fault.EXECUTE_LATE: _SENDS,
    Fault.STALE_STATUS: _STATES,
    Fault.OUT_OF_ORDER_STATUS: _STATES,
    Fault.TRUNCATED_STATEMENT: frozenset({"statement", "refunds"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a fault may be aimed at.

    ``operation`` is pay, payment_status, core_result, batch, batch_status, payroll,
    payroll_status, receipt, receipt_order, receipt_files, balance, history, overview,
    statement, refunds or sign_on; ``serial`` is the instruction's own, also in an enquiry about
    it; ``line_accounts`` are the payees of a batch.
    """

    operation: str
    serial: str = ""
    creditor_account: str = ""
    line_accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """A fault for the next ``times`` requests that match every field given ('' matches all)."""

    kind: Fault
    operation: str = ""
    serial: str = ""
    creditor_account: str = ""
    times: int = 1

    def hits(self, subject: Subject) -> bool:
        """Whether this script is meant for the request."""
        return (
            self.operation in {"", subject.operation}
            and self.serial in {"", subject.serial}
            and self.creditor_account in {"", subject.creditor_account, *subject.line_accounts}
            and applies(self.kind, subject)
        )


def applies(kind: Fault, subject: Subject) -> bool:
    """Whether a request of this kind can suffer the fault at all."""
    return subject.operation in _ONLY_FOR.get(kind, {subject.operation})


class FaultSchedule:
    """Chooses at most one fault per request: scripted ones first, then by the drawn rates.

    ``delay_s`` bounds how late an answer comes, ``late_s`` how late a request arrives (seconds).
    Without ``random`` only scripted faults happen.
    """

    def __init__(
        self,
        *,
        random: Random | None = None,
        rates: Mapping[Fault, float] | None = None,
        delay_s: tuple[float, float] = (1.0, 30.0),
        late_s: tuple[float, float] = (60.0, 1200.0),
    ) -> None:
        self._random = random
        self._delay_s, self._late_s = delay_s, late_s
        self._rates: dict[Fault, float] = {}
        self._script: list[Scripted] = []
        self.counts: dict[Fault, int] = {}
        self.set_rates(rates or {})

    @property
    def rates(self) -> Mapping[Fault, float]:
        """The rates in force."""
        return dict(self._rates)

    @property
    def script(self) -> Sequence[Scripted]:
        """Scripted faults still to come, in order."""
        return tuple(self._script)

    def set_rates(self, rates: Mapping[Fault, float]) -> None:
        """Replace all rates.

        Raises Refused unless they lie in 0…1, sum to at most 1 and can be drawn at all.
        """
        given = {kind: rate for kind, rate in rates.items() if rate}
        if any(not 0 <= rate <= 1 for rate in rates.values()) or sum(given.values()) > 1:
            raise _refused(
                "/rates",
                "rate",
                "故障比例须在 0 到 1 之间且合计不超过 1",
                "rates lie between 0 and 1 and sum to at most 1",
            )
        if given and self._random is None:
            raise _refused(
                "/rates",
                "no_random",
                "未提供随机源，只能使用脚本故障",
                "no source of randomness was given: only scripted faults can be used",
            )
        self._rates = given

    def add(self, *scripted: Scripted) -> None:
        """Append to the script."""
        self._script.extend(scripted)

    def clear(self) -> None:
        """No faults any more, drawn or scripted."""
        self._rates = {}
        self._script = []

    def choose(self, subject: Subject) -> Fault | None:
        """The fault this request suffers, if any."""
        chosen = self._scripted(subject)
        # The draw is taken even when a script decides, so that scripts do not shift the sequence.
        drawn = self._drawn(subject) if self._rates else None
        fault = chosen or drawn
        if fault is not None:
            self.counts[fault] = self.counts.get(fault, 0) + 1
        return fault

    def delay(self) -> float:
        """Seconds by which an answer is late."""
        return self._between(self._delay_s)

    def lateness(self) -> int:
        """Whole seconds by which a request arrives late."""
        return int(self._between(self._late_s))

    def _between(self, bounds: tuple[float, float]) -> float:
        return bounds[0] if self._random is None else self._random.uniform(*bounds)

    def _scripted(self, subject: Subject) -> Fault | None:
        for position, script in enumerate(self._script):
            if script.hits(subject):
                if script.times > 1:
                    self._script[position] = Scripted(
                        kind=script.kind,
                        operation=script.operation,
                        serial=script.serial,
                        creditor_account=script.creditor_account,
                        times=script.times - 1,
                    )
                else:
                    del self._script[position]
                return script.kind
        return None

    def _drawn(self, subject: Subject) -> Fault | None:
        if self._random is None:
            return None
        mark = self._random.uniform(0.0, 1.0)
        for kind, rate in self._rates.items():
            mark -= rate
            if mark < 0:
                return kind if applies(kind, subject) else None
        return None


def _refused(path: str, code: str, zh: str, en: str) -> Refused:
    return Refused(en, zh, faults=(FieldFault(path=path, code=code, zh=zh, en=en),))
