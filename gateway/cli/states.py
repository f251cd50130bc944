"""The picture of an instruction's life, drawn from the one table of its states.

docs/states.md is this module's output and a test compares the two. Written anew with
``python -m gateway.cli.states > docs/states.md``.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.instruction import FATE_OPEN, FINAL, TRANSITIONS, Cause, State

_MEANING: Final[dict[State, tuple[str, str]]] = {
    State.RECEIVED: ("已受理", "accepted and durable; nothing is decided yet"),
    State.HELD: ("已暂停", "kept back for the reasons shown; people release or cancel it"),
    State.APPROVED: ("已授权", "released; limits are reserved"),
    State.SCHEDULED: ("待到期", "waits inside the gateway for its date or the next window"),
    State.QUEUED: ("待发送", "next for the bank"),
    State.SENDING: ("发送中", "the exact bytes are durable; they may be on the wire"),
    State.ACKNOWLEDGED: ("银行已收", "the bank took the message; no money has moved yet"),
    State.BANK_APPROVAL: (
        "银行端待审",
        "waits for people at the bank's side; no money has moved yet",
    ),
    State.PROCESSING: ("银行处理中", "the bank works on it"),
    State.UNCONFIRMED: (
        "结果未明",
        "it may have left us and its outcome is not known; never a failure",
    ),
    State.SETTLED: ("已支付", "the bank says that the money moved"),
    State.REJECTED: ("已拒绝", "proven not executed"),
    State.RETURNED: ("退汇", "the money came back"),
    State.CANCELLED: ("已撤销", "withdrawn before execution"),
    State.EXPIRED: ("已过期", "its time passed before execution"),
    State.PAID_ELSEWHERE: (
        "另行支付",
        "two people say, on a statement entry, that it was paid otherwise",
    ),
}

_CAUSES: Final[dict[Cause, str]] = {
    Cause.POLICY: "a rule of ours decided, shown as actor `policy:…`",
    Cause.PERSON: "as many named people decided as the policy asks for",
    Cause.TWO_PEOPLE: "two different people, with a reason",
    Cause.ERP: "the ERP asked, before anything was sent",
    Cause.SCHEDULE: "its time came",
    Cause.DISPATCH: "the relay took it; the bytes are durable, the socket is untouched",
    Cause.NOT_SENT: "the transport knows that no byte left",
    Cause.REFUSED_UNEXECUTED: "a first send refused as a whole, in a way known to execute nothing",
    Cause.BANK_ANSWER: "the bank's direct answer to the first send",
    Cause.DOUBT: "time-out, cut connection, crash or take-over after SENDING",
    Cause.ENQUIRY: "the bank's answer when asked (查证), or its replay of a stored result",
    Cause.STATEMENT: "a statement entry that carries our key",
    Cause.RECEIPT: "the bank's electronic receipt (电子回单)",
    Cause.REPLAN: "a batch the bank knows nothing of for long, refused when resent: taken apart",
}

_HEAD: Final = """\
# The states of an instruction · 付款指令的状态

Drawn from `gateway.domain.instruction.TRANSITIONS` by `python -m gateway.cli.states`; do not edit.
"""


def render() -> str:
    """The whole page docs/states.md as text, ending in a newline."""
    return "\n".join([_HEAD, *_picture(), "", *_states(), "", *_causes(), "", *_moves(), ""])


def _picture() -> list[str]:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.RECEIVED}"]
    for before, exits in TRANSITIONS.items():
        lines += [f"    {before} --> {after}" for after in exits]
    lines += [f"    {state} --> [*]" for state in State if state in FINAL]
    return [*lines, "```"]


def _states() -> list[str]:
    lines = [
        "## What each state means",
        "",
        "| state | 中文 | meaning | kind |",
        "|---|---|---|---|",
    ]
    for state in State:
        zh, en = _MEANING[state]
        kind = "final" if state in FINAL else "fate open" if state in FATE_OPEN else ""
        lines.append(f"| {state} | {zh} | {en} | {kind} |")
    note = (
        "*Fate open*: a message of ours may still move money, so no other message may carry"
        " the instruction."
    )
    return [*lines, "", note]


def _causes() -> list[str]:
    lines = ["## What may change a state", "", "| cause | what stands behind it |", "|---|---|"]
    return [*lines, *(f"| {cause} | {_CAUSES[cause]} |" for cause in Cause)]


def _moves() -> list[str]:
    lines = ["## Every change there is", "", "| from | to | for |", "|---|---|---|"]
    for before, exits in TRANSITIONS.items():
        for after, causes in exits.items():
            reasons = ", ".join(cause for cause in Cause if cause in causes)
            lines.append(f"| {before} | {after} | {reasons} |")
    return lines


if __name__ == "__main__":
    print(render(), end="")
