"""What a check of the books can find, in words. Pure table.

``rule`` is the number of the invariant in docs/campaign.md; ``harm`` says which of the four
things that must never happen it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Harm(StrEnum):
    """The four figures that must be 0."""

    LOST = "lost"
    DOUBLED = "doubled"
    STUCK = "stuck"
    WRONG = "wrong"


_HARMS: Final = {"I1": Harm.DOUBLED, "I3": Harm.LOST, "I19": Harm.STUCK}
"""Every other invariant that does not hold is WRONG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing that is not as it must be. ``subject`` is an id, never a full account number."""

    kind: str
    subject: str
    detail: str = ""

    @property
    def rule(self) -> str:
        """Number of the invariant."""
        return _WORDS[self.kind][0]

    @property
    def harm(self) -> Harm:
        """Which of the four figures it counts in."""
        return _HARMS.get(self.rule, Harm.WRONG)

    def text(self, language: str = "en") -> str:
        """In words, with the invariant's number before them."""
        rule, zh, en = _WORDS[self.kind]
        words = zh if language == "zh" else en
        return f"{rule}: {words.format(subject=self.subject, detail=self.detail)}"


_WORDS: Final = {
    "executed_twice": (
        "I1",
        "{subject} 被银行执行了 {detail} 次",
        "{subject} was executed {detail} times",
    ),
    "serial_twice": (
        "I2",
        "流水号 {subject} 被用于 {detail} 个报文",
        "serial {subject} names {detail} messages",
    ),
    "two_open": (
        "I2",
        "{subject} 同时在 {detail} 个未决报文中",
        "{subject} rides in {detail} open messages",
    ),
    "foreign": (
        "I2",
        "银行执行了流水号 {subject}，但它不是我方任何报文",
        "the bank executed serial {subject}, which is no message of ours",
    ),
    "promise_gone": (
        "I3",
        "{subject} 已受理，却不存在",
        "{subject} was accepted and is gone",
    ),
    "promise_other": (
        "I3",
        "{subject} 已受理，但存储的是另一笔：{detail}",
        "{subject} was accepted, and what is stored is another: {detail}",
    ),
    "key_orphan": (
        "I3",
        "幂等键所指的 {subject} 不存在",
        "an idempotency key names {subject}, which is gone",
    ),
    "batch_count": (
        "I3",
        "批次 {subject} 的笔数与受理时不符：{detail}",
        "batch {subject} has not the lines it was accepted with: {detail}",
    ),
    "resent": (
        "I4",
        "报文 {subject} 未经“查无此笔”即重发",
        "message {subject} was resent without an answer 'not found'",
    ),
    "never_executed": (
        "I5",
        "{subject} 银行从未执行",
        "{subject} was never executed",
    ),
    "executed_though": (
        "I5",
        "{subject} 银行已执行，却记为 {detail}",
        "{subject} was executed although it is told as {detail}",
    ),
    "no_evidence": (
        "I5",
        "{subject} 记为 {detail}，却没有相应的证据",
        "{subject} is told as {detail} without evidence that says so",
    ),
    "jump": (
        "I6",
        "{subject} 的历史不连续：{detail}",
        "history of {subject} jumps from {detail}",
    ),
    "step": (
        "I6",
        "{subject} 的状态变化不在状态表内：{detail}",
        "{subject} went {detail}",
    ),
    "standing": (
        "I6",
        "{subject} 的状态 {detail} 与其历史不符",
        "{subject} stands in {detail}, which is not where its history ends",
    ),
    "message_unarchived": (
        "I7",
        "报文 {subject} 已发送，却没有存档字节",
        "message {subject} was sent and its bytes are not in the archive",
    ),
    "step_unarchived": (
        "I7",
        "{subject} 曾进入 SENDING，却没有存档字节",
        "{subject} was SENDING and no bytes of it are in the archive",
    ),
    "reply_unarchived": (
        "I7",
        "证据 {subject} 所依据的应答不在存档中",
        "evidence {subject} rests on a reply that is not in the archive",
    ),
    "unsent_executed": (
        "I7",
        "银行执行了流水号 {subject}，我方却记为从未发出",
        "the bank executed serial {subject}, which we say never left",
    ),
    "other_money": (
        "I8",
        "{subject} 被执行为另一金额、付款人或收款人",
        "{subject} was executed with another amount or payee",
    ),
    "not_given_back": (
        "I8",
        "{subject} 记为退汇，银行并未退回",
        "{subject} is told as returned, and the bank gave nothing back",
    ),
    "sums": (
        "I8",
        "账户 {subject} 合计不符：{detail}",
        "account {subject} does not add up: {detail}",
    ),
    "altered": (
        "I10",
        "{subject} 的内容与受理时的摘要不符",
        "{subject} is not what was accepted: its content has another digest",
    ),
    "unapproved": (
        "I10",
        "{subject} 未经应有的人批准即放行（{detail}）",
        "{subject} went on without the people it needed ({detail})",
    ),
    "sources_altered": (
        "I10",
        "{subject} 的来源单据索引与其受理内容不符",
        "the source documents by which {subject} is found are not those that were accepted",
    ),
    "resolution_altered": (
        "I10",
        "{subject} 的认定 {detail} 或其附件与表决时的内容不符",
        "resolution {detail} of {subject}, or a file it names, is not what people voted on",
    ),
    "controls_unvoted": (
        "I10",
        "管控文件 {subject} 曾生效，却只有 {detail} 人同意（含提交人）",
        "controls {subject} held with only {detail} people behind them, their proposer counted",
    ),
    "controls_unrecorded": (
        "I10",
        "管控文件 {subject} 曾生效，但日志链没有相应记录或内容已被改动",
        "controls {subject} held without a record in the journal, or were changed since",
    ),
    "controls_gone_back": (
        "I10",
        "日志链记录 {subject} 为最后生效的管控文件，数据库中现行的却是第 {detail} 版",
        "controls {subject} came into force last, and the database holds version {detail} for it",
    ),
    "payees_unrecorded": (
        "I10",
        "收款人变更 {subject} 与日志链记录不符：未经记录、内容被改动或被删除",
        "change {subject} of payees is not what the journal recorded: unrecorded, changed or gone",
    ),
    "payees_alone": (
        "I10",
        "收款人变更 {subject} 由 {detail} 一人提议并批准",
        "change {subject} of payees was proposed and approved by {detail} alone",
    ),
    "payee_altered": (
        "I10",
        "收款人 {subject} 与最后一次获批的变更不符：被改动、恢复为旧内容或被删除",
        "payee {subject} is not what its last approved change left: changed, put back or gone",
    ),
    "use": (
        "I11",
        "额度 {subject} 的已用额与放行的付款所占用之和不符（最小单位）：{detail}",
        "the use of {subject} is not what released payments took of it, in minor units: {detail}",
    ),
    "given_back": (
        "I11",
        "{subject} 处于 {detail}，其占用的额度却已归还",
        "{subject} is {detail}, and what it took of limits was given back",
    ),
    "reference_twice": (
        "I12",
        "业务参考号 {subject} 存在 {detail} 次",
        "reference {subject} exists {detail} times",
    ),
    "trail": (
        "I13",
        "审计链：{detail}",
        "audit trail: {detail}",
    ),
    "under_way": (
        "I17",
        "报文 {subject} 仍被 {detail} 占用，已无人在发送",
        "message {subject} is still held by {detail}, and nobody is sending",
    ),
    "unfinished": (
        "I19",
        "{subject} 停在 {detail}，也没有人被叫来处理",
        "{subject} ends in {detail} and nobody was called",
    ),
    "forgotten": (
        "I19",
        "{subject} 处于 {detail}，却没有任何待办会再处理它",
        "{subject} is {detail} and nothing is planned for it",
    ),
    "overdue": (
        "I19",
        "{subject} 处于 {detail} 超过一天，也没有人被叫来处理",
        "{subject} is {detail} for more than a day and nobody was called",
    ),
    "bank": (
        "BANK",
        "银行账本：{detail}",
        "bank: {detail}",
    ),
}
