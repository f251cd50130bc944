"""What a verification of the trail can find, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not verify: where, and what."""

    lane: str
    seq: int
    kind: str

    def text(self, language: str) -> str:
        """In words."""
        zh, en = _WORDS[self.kind]
        where = f"lane {self.lane} seq {self.seq}"
        return f"{zh}（{where}）" if language == "zh" else f"{en} ({where})"


_WORDS = {
    "payload": (
        "记录内容与其承诺不符：内容被改动",
        "the payload does not match its commitment: changed",
    ),
    "link": (
        "链接哈希不符：记录被改动、插入或调换",
        "the hash does not follow: changed, inserted or reordered",
    ),
    "gap": ("序号不连续：记录被删除或调换", "the sequence has a gap: deleted or reordered"),
    "cut": ("链尾短于已签检查点：被截断", "shorter than a signed checkpoint: truncated"),
    "rewritten": (
        "与已签检查点的链头不符：被改写",
        "not the head a signed checkpoint names: rewritten",
    ),
    "lane_missing": (
        "检查点所列的链不存在：整条被删除",
        "a lane named by a checkpoint is gone: deleted",
    ),
    "previous": (
        "链首所记前一链头不符：前一链被截断或改写",
        "the previous lane's head differs: cut or rewritten",
    ),
    "wire": (
        "存档报文与日志所记摘要不符：被改动或调换",
        "archived bytes do not match the digest in the journal: changed or exchanged",
    ),
    "wire_missing": (
        "日志所记报文在存档中不存在",
        "bytes the journal names are not in the archive",
    ),
    "root": ("检查点根哈希不符", "the checkpoint's root does not follow from its heads"),
    "signature": ("检查点签名无效", "the checkpoint's signature is not valid"),
}
