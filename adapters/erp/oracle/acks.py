"""Acknowledgements to Oracle as pain.002.001.03: levels L0, L1 and L2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from adapters.erp.iso20022.codes import PAIN_002_03, REJECTED_STATUSES
from adapters.erp.iso20022.report import reporter, standing
from adapters.erp.iso20022.writing import Build, Spool, document, instant
from adapters.erp.oracle.codes import L0, L1, L2
from gateway.ports.erp import LineStatus, StatusReport

Report = Callable[[StatusReport], Iterator[bytes]]
_WHOLE: Final = reporter(PAIN_002_03)
_TAKEN: Final = "ACTC"
"""The syntax is right: says nothing of any payment."""


def received(status: StatusReport) -> Iterator[bytes]:
    """L0: the file was read. A file that was not is answered by ``refuse``."""
    spool, build = Spool(), Build(PAIN_002_03)
    with document(spool, build, "CstmrPmtStsRpt") as out:
        out.put(
            build.node(
                "GrpHdr",
                build.leaf("MsgId", status.report_id),
                build.leaf("CreDtTm", instant(status.created)),
            ),
            build.node(
                "OrgnlGrpInfAndSts",
                build.leaf("OrgnlMsgId", status.original_message_id),
                build.leaf("OrgnlMsgNmId", status.original_format),
                build.leaf("GrpSts", _TAKEN),
            ),
        )
    yield spool.take()


def standings(status: StatusReport) -> Iterator[bytes]:
    """L1: every line as it stands."""
    return _WHOLE(status)


def rejections(status: StatusReport) -> Iterator[bytes]:
    """L2: only the lines that were rejected; no bytes where none was."""

    def chosen() -> Iterable[LineStatus]:
        return (
            line
            for line in status.lines()
            if standing(line, PAIN_002_03).status in REJECTED_STATUSES
        )

    if next(iter(chosen()), None) is not None:
        yield from _WHOLE(replace(status, line_count=0, lines=chosen))


BY_LEVEL: Final[dict[str, Report]] = {L0: received, L1: standings, L2: rejections}
