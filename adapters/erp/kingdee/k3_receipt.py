"""Receipts (电子回单) attached to what they prove: the payment bill, else the entry's own row.

The operation is the vendor's AttachmentUpload; names of the list of attachments are to be
confirmed on site (README.md). Rule kept here: an upload is not harmless to repeat, so the list is
read first, by file name, each time.
"""

from __future__ import annotations

import base64
from typing import Final

from adapters.erp.kingdee import exact, k3_calls
from adapters.erp.kingdee.k3_bill import FORM, NUMBER
from adapters.erp.kingdee.k3_entries import KEY, entry_key
from adapters.erp.kingdee.k3_options import K3Options
from adapters.erp.kingdee.keyed import Told
from adapters.erp.kingdee.talk import Talk, alike, for_all, spoken
from gateway.ports.erp_api import Call, CallReply, Conversation, Telling, Verdict
from gateway.ports.erp_told import ReceiptTold

ATTACHMENTS: Final = "BOS_Attachment"
_PIECE: Final = 3 << 20
"""Bytes of a file per call: the vendor takes at most 4 MiB of base64."""


def telling(options: K3Options) -> Telling:
    """How receipts are attached."""
    return Telling(say=spoken(lambda conversation: _talk(options, conversation)))


def _talk(options: K3Options, conversation: Conversation) -> Talk:
    told = conversation.told[0]
    assert isinstance(told, ReceiptTold)
    form, where, number = _of(options, told)
    owner = k3_calls.rows((yield k3_calls.query(options, form, "FID", where, "FID")), 1)
    if isinstance(owner, Told):
        return for_all(conversation, owner.verdict, owner.code, owner.words)
    if not owner:
        # The entry's row may still be on its way; a person looks when it never comes.
        return for_all(conversation, Verdict.AGAIN, "10", "没有可关联的单据")
    bill = exact.text(owner[0][0], f"/{form}/FID")
    there = k3_calls.rows((yield _list(options, form, bill, told.file_name)), 1)
    if isinstance(there, Told):
        return for_all(conversation, there.verdict, there.code, there.words)
    if there:
        return for_all(conversation, Verdict.ALREADY)
    pieces = [told.content[at : at + _PIECE] for at in range(0, len(told.content), _PIECE)]
    file_id = ""
    for place, piece in enumerate(pieces):
        last = place == len(pieces) - 1
        said = {
            "FileName": told.file_name,
            "FormId": form,
            "IsLast": last,
            "InterId": bill,
            "BillNO": number,
            "AliasFileName": told.file_name,
            "FileId": file_id,
            "SendByte": base64.b64encode(piece).decode(),
        }
        reply = yield k3_calls.form_call(options, "AttachmentUpload", {"data": said})
        one = k3_calls.envelope(reply)
        whole = one.of(0)
        if whole.verdict is Verdict.AGAIN and whole.code == "unnamed":
            whole = Told(verdict=Verdict.TAKEN)  # a file is no bill: none is named
        if whole.verdict is not Verdict.TAKEN:
            return tuple(alike((0,), whole.verdict, whole.code, whole.words))
        file_id = _file_id(reply)
    return for_all(conversation, Verdict.TAKEN)


def _of(options: K3Options, told: ReceiptTold) -> tuple[str, str, str]:
    """The form, how the bill in it is found, and its number."""
    number, _, entry = told.erp_reference.partition("/")
    if number and entry:
        return FORM, f"{NUMBER}={k3_calls.quoted(number)}", number
    key = entry_key(told.account, told.entry_key)
    return options["entry_form"], f"{KEY}={k3_calls.quoted(key)}", key


def _list(options: K3Options, form: str, bill: str, name: str) -> Call:
    where = f"FBillType={k3_calls.quoted(form)} AND FInterID={k3_calls.quoted(bill)}"
    where += f" AND FAttachmentName={k3_calls.quoted(name)}"
    return k3_calls.query(options, ATTACHMENTS, "FID", where, "FID")


def _file_id(reply: CallReply) -> str:
    result = exact.members(exact.document(reply.body), "/").get("Result")
    return exact.text(exact.members(result, "/Result").get("FileId"), "/Result/FileId")
