"""pain.002 for a file of which nothing was taken: the group is rejected, and every fault told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.report import reason_of
from adapters.erp.iso20022.writing import Build, Spool, document, instant, lines
from gateway.domain.errors import Fault
from gateway.ports.erp import RefusedFile
from gateway.wire.write import Element

FAULTS_MAX: Final = 1000
_INVALID_FILE: Final = "FF01"
FATE: Final = (
    "整份文件未受理，任何一笔都未付款；更正后可用原标识重新提交",
    "nothing of the file was taken and nothing will be paid: correct it and send it again",
)
FATE_KNOWN: Final = (
    "本文件未受理；此前以相同参考号受理的付款不受影响，仍会办理",
    "nothing of this file was taken; what was accepted before under the same reference goes on",
)


def refuse(refused: RefusedFile) -> Iterator[bytes]:
    """A group-level rejection in the version that fits the file's, .03 where it has none."""
    return _written(refused, codes.reply_version(refused.format))


def refuser(version: str) -> Callable[[RefusedFile], Iterator[bytes]]:
    """A refuse function fixed to one version. Raises KeyError for one without a table."""
    if version not in codes.TABLES:
        raise KeyError(version)
    return lambda refused: _written(refused, version)


def _written(refused: RefusedFile, version: str) -> Iterator[bytes]:
    spool, build = Spool(), Build(version)
    # A rejection that names an identification accepted before would reject that one.
    known = any(fault.code in codes.KNOWN_BEFORE for fault in refused.faults)
    fate = FATE_KNOWN if known else FATE
    with document(spool, build, "CstmrPmtStsRpt") as out:
        out.put(
            build.node(
                "GrpHdr",
                build.leaf("MsgId", refused.report_id),
                build.leaf("CreDtTm", instant(refused.created)),
            )
        )
        with out.inside("OrgnlGrpInfAndSts"):
            out.put(
                build.leaf("OrgnlMsgId", _usable("" if known else refused.message_id)),
                build.leaf("OrgnlMsgNmId", _usable(refused.format)),
                build.leaf("GrpSts", codes.REFUSED.status),
                _reason(build, _INVALID_FILE, *_name(refused), *fate),
            )
            for fault in refused.faults[:FAULTS_MAX]:
                out.put(_reason(build, fault.code, _where(fault), fault.zh, fault.en))
                if spool.full():
                    yield spool.take()
            left = len(refused.faults) - FAULTS_MAX
            if left > 0:
                out.put(_reason(build, _INVALID_FILE, f"另有 {left} 处错误 / {left} more faults"))
    yield spool.take()


def _usable(text: str) -> str:
    fits = 0 < len(text) <= codes.ID_LENGTH_MAX and text.isprintable()
    return text if fits else codes.NOT_PROVIDED


def _name(refused: RefusedFile) -> tuple[str, ...]:
    return (refused.file_name,) if refused.file_name else ()


def _where(fault: Fault) -> str:
    line = f"第{fault.line}行 line {fault.line} " if fault.line else ""
    return f"{line}{fault.path}"


def _reason(build: Build, code: str, *texts: str) -> Element | None:
    pieces = (piece for text in texts for piece in lines(text, codes.TEXT_LENGTH_MAX))
    return build.node(
        "StsRsnInf",
        reason_of(build, code),
        *(build.leaf("AddtlInf", piece) for piece in pieces),
    )
