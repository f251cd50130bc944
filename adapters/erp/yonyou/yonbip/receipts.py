"""A bank receipt (电子回单) into YonBIP: first what it proves, then its file under that id."""

from __future__ import annotations

import base64
import re
from typing import Final

from adapters.erp.yonyou.json_tree import Value, without_empty
from adapters.erp.yonyou.telling import direction, key_of, magnitude
from adapters.erp.yonyou.yonbip.replies import Row, answered, post
from gateway.domain.errors import Corrupt, WireError
from gateway.ports.erp_api import Call, Conversation, Taken, Telling, Verdict
from gateway.ports.erp_told import ReceiptTold

ADD_PATH: Final = "/yonbip/ctm/bank/tran/add"
FILE_PATH: Final = "/yonbip/ctm/bank/tran/update"
_SUFFIX: Final = re.compile(r".+\.(?:pdf|ofd|png|jpe?g|bmp)", re.IGNORECASE)
_STEPS: Final = 2


def say(conversation: Conversation) -> Call | tuple[Taken, ...]:
    """The record, then the file; both calls are harmless when repeated. Raises WireError."""
    (told,) = conversation.told
    if not isinstance(told, ReceiptTold):
        raise Corrupt("a record of another kind among receipts")
    if not _SUFFIX.fullmatch(told.file_name):
        text = "only pdf, ofd, png, jpg and bmp files are taken there"
        return (Taken(place=0, verdict=Verdict.REFUSED, text=text),)
    if not told.amount:
        text = "the bank's receipt names no amount, which is asked for there"
        return (Taken(place=0, verdict=Verdict.REFUSED, text=text),)
    if not conversation.replies:
        return post(ADD_PATH, "bank/tran/add", [_record(told)])
    first = answered(conversation.replies[0])
    if first.verdict is not None:
        return first.all_alike(1)
    id_ = _id(first.content)
    if len(conversation.replies) < _STEPS:
        return post(FILE_PATH, "bank/tran/update", [_file(told, id_)])
    second = answered(conversation.replies[1])
    if second.verdict is not None:
        return second.all_alike(1)
    return (Taken(place=0, verdict=Verdict.TAKEN, code=second.code),)


def _record(told: ReceiptTold) -> Row:
    return without_empty(
        {
            "resubmitCheckKey": key_of("receipt", told.account, told.receipt_number),
            "bankaccount_account": told.account,
            "currency_code": told.currency,
            "receiptno": told.receipt_number,
            "bank_seq_no": told.bank_reference or told.receipt_number,
            "tran_date": told.day.isoformat(),
            "dc_flag": direction(told.amount),
            "tran_amt": magnitude(told.amount),
            "to_acct_no": told.counterparty_account,
            "to_acct_name": told.counterparty_name,
            "filename": told.file_name,
            "detailReceiptRelationCode": told.receipt_number,
        }
    )


def _file(told: ReceiptTold, id_: str) -> Row:
    return {
        "resubmitCheckKey": key_of("file", told.account, told.receipt_number),
        "id": id_,
        "receiptno": told.receipt_number,
        "fileName": told.file_name,
        "bankpdf": base64.b64encode(told.content).decode("ascii"),
    }


def _id(content: Value) -> str:
    """The id of the new record: of an object, or of the only member of a list."""
    one = next(content.each(), Value(None, content.path)) if content.is_list else content
    found = one.at("id").text()
    if not found:
        raise WireError("missing", f"{one.path}/id")
    return found


TELLING: Final = Telling(say=say)
