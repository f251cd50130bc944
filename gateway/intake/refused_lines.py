"""Lines of a bulk call that are not accepted, each with what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.errors import Fault, NotPermitted
from gateway.intake.claimed import Claims
from gateway.intake.known import Accepted, Caller
from gateway.lifecycle.rows import NewInstruction
from gateway.ports.erp import Draft
from gateway.store.uow import Uow

REPEATED: Final = "repeated_reference"
REUSED: Final = "reused_reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not accepted, with everything that is wrong with it."""

    line: int
    erp_reference: str
    faults: tuple[Fault, ...]
    source: str = ""

    def has(self, code: str) -> bool:
        """Whether one of its faults has this code."""
        return any(it.code == code for it in self.faults)


def repeated(draft: Draft, first: int) -> Fault:
    """A reference that came before in the same call."""
    return Fault(
        path=draft.at.get("erp_reference", "/erp_reference"),
        code=REPEATED,
        zh=f"业务参考号与本次第 {first} 行重复，请更正后重新提交该行",
        en=(
            f"the reference repeats that of line {first} of this call; "
            "correct it and send the line again"
        ),
        line=draft.line,
    )


def met_before(new: NewInstruction, known: Accepted, *, same: bool) -> RefusedLine:
    """A line whose reference was accepted earlier, elsewhere, with the same content or not."""
    return RefusedLine(
        line=new.line,
        erp_reference=new.instruction.erp_reference,
        faults=(_met(known.id, same=same),),
        source=new.source,
    )


def accepted_before(line: RefusedLine, instruction: str) -> RefusedLine:
    """A line that would be refused now, but was accepted earlier with the same content."""
    return replace(line, faults=(_met(instruction, same=True),))


def _met(instruction: str, *, same: bool) -> Fault:
    return Fault(
        path="/erp_reference",
        code="already_accepted" if same else REUSED,
        zh=f"该业务参考号此前已受理（{instruction}），"
        + ("内容相同，无需重复提交" if same else "但内容不同；请使用新的参考号"),
        en=f"this reference was accepted before ({instruction}) "
        + ("with the same content; nothing to do" if same else "with other content; use a new one"),
    )


def unclaimed(
    uow: Uow, caller: Caller, news: Sequence[NewInstruction]
) -> tuple[Sequence[NewInstruction], list[RefusedLine]]:
    """Those lines whose documents no other payment carries, and the others refused."""
    claims = Claims(uow, caller, news)
    if not claims.asks:
        return news, []
    clashes = [claims.clash(it) for it in news]
    if not any(clashes):
        return news, []
    pairs = list(zip(news, clashes, strict=True))
    refused = [
        RefusedLine(
            line=new.line,
            erp_reference=new.instruction.erp_reference,
            faults=(clash,),
            source=new.source,
        )
        for new, clash in pairs
        if clash is not None
    ]
    return [new for new, clash in pairs if clash is None], refused


def not_permitted(new: NewInstruction, why: NotPermitted) -> RefusedLine:
    """A line that its maker may not make."""
    fault = Fault(
        path="/debtor_account",
        code=why.code,
        zh=f"无权经办该笔付款：{why.zh}",
        en=f"this payment may not be made: {why.en}",
    )
    return RefusedLine(
        line=new.line,
        erp_reference=new.instruction.erp_reference,
        faults=(fault,),
        source=new.source,
    )
