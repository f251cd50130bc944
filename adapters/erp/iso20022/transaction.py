"""One CdtTrfTxInf as a draft: which element of which version means what to us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adapters.erp.iso20022 import codes
from adapters.erp.iso20022.fields import FURTHER, STRUCTURED, Fields, identification
from gateway.domain.instruction import BusinessType, Urgency
from gateway.ports.erp import Draft

_BICFI: Final = "CdtrAgt/FinInstnId/BICFI"
_BIC: Final = "CdtrAgt/FinInstnId/BIC"
_AGENT_NAME: Final = "CdtrAgt/FinInstnId/Nm"
_BRANCH_NAME: Final = "CdtrAgt/BrnchId/Nm"
_AGENT_CITY: Final = "CdtrAgt/FinInstnId/PstlAdr/TwnNm"
_BRANCH_CITY: Final = "CdtrAgt/BrnchId/PstlAdr/TwnNm"
_MEMBER: Final = "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId"
_SYSTEM_CODE: Final = "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd"
_SYSTEM_OWN: Final = "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Prtry"
_CNAPS_DIGITS: Final = 12
_INSTRUCTION: Final = "PmtId/InstrId"
_END_TO_END: Final = "PmtId/EndToEndId"
_PURPOSES: Final = ("RmtInf/Ustrd", *STRUCTURED)
_PAYROLL: Final = BusinessType.PAYROLL.value
_SORTS_MAX: Final = 64


class Sort(NamedTuple):
    """What sort of payment a transaction is, in our words."""

    category: str
    business_type: str
    payroll_purpose: str
    urgency: str


@dataclass(slots=True)
class Block:
    """What a PmtInf says for all its transactions. Texts are '' until read."""

    path: str
    message_id: str
    payment_info_id: str = ""
    debtor_name: str = ""
    debtor_account: str = ""
    debtor_account_at: str = ""
    execution_date: str = ""
    execution_date_at: str = ""
    priority: str = ""
    services: tuple[str, ...] = ()
    category: str = ""
    sorts: dict[tuple[str, ...], Sort] = field(default_factory=dict)
    """By what a transaction says of its sort; most say the same."""

    def account(self, fields: Fields) -> None:
        """Take DbtrAcct."""
        name, self.debtor_account = fields.account()
        self.debtor_account_at = f"{fields.path}/{name}"

    def execution(self, fields: Fields, text: str) -> None:
        """Take ReqdExctnDt: a plain date up to .07, Dt or DtTm from .08 on.

        Of a date and time only the day is kept, as the sender wrote it: banks here
        book by day.
        """
        name, chosen = fields.choice("Dt", "DtTm")
        self.execution_date = text or (chosen.partition("T")[0] if name == "DtTm" else chosen)
        self.execution_date_at = fields.path if text or not chosen else f"{fields.path}/{name}"

    def payment_type(self, fields: Fields) -> None:
        """Take PmtTpInf."""
        self.priority = fields["InstrPrty"]
        self.services = tuple(fields.each("SvcLvl/Cd"))
        self.category = fields["CtgyPurp/Cd"]


class Places(Mapping[str, str]):
    """Where a draft's fields stand in the file. Written out only for what is at fault.

    ``names`` are, of elements that may say the same, those that did: of reference (from the
    root), account, agent's name, its BIC, its city, amount, purpose (below the transaction).
    """

    __slots__ = ("_block", "_names", "_path")

    def __init__(self, path: str, block: Block, names: tuple[str, ...]) -> None:
        self._path = path
        self._block = block
        self._names = names

    def __getitem__(self, name: str) -> str:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __repr__(self) -> str:
        return repr(self._whole())

    def _whole(self) -> dict[str, str]:
        block, here = self._block, self._path + "/"
        reference, account, agent, bic, city, amount, purpose = self._names
        return {
            "erp_reference": reference,
            "debtor_account": block.debtor_account_at or f"{block.path}/DbtrAcct/Id",
            "debtor_name": f"{block.path}/Dbtr/Nm",
            "creditor_name": f"{here}Cdtr/Nm",
            "creditor_account": here + account,
            "creditor_agent_name": here + agent,
            "creditor_agent_cnaps": here + _MEMBER,
            "creditor_agent_bic": here + bic,
            "creditor_city": here + city,
            "amount": here + amount,
            "currency": f"{here}Amt/InstdAmt/@Ccy",
            "purpose": here + purpose,
            "business_type": f"{here}PmtTpInf/CtgyPurp/Cd",
            "urgency": f"{here}PmtTpInf",
            "execution_date": block.execution_date_at or f"{block.path}/ReqdExctnDt",
            "end_to_end_id": f"{here}PmtId/EndToEndId",
            "budget_item": here + FURTHER,
        }


def amount_of(fields: Fields) -> str:
    """The amount that counts into CtrlSum: instructed, else the equivalent amount."""
    return fields.choice("Amt/InstdAmt", "Amt/EqvtAmt/Amt")[1]


def draft(fields: Fields, block: Block) -> Draft:
    """Make the draft of one transaction inside ``block``."""
    texts = fields.texts
    instruction_id, end_to_end_id = texts.get(_INSTRUCTION, ""), texts.get(_END_TO_END, "")
    reference, reference_at = _reference(fields, block)
    account_at, account = fields.account("CdtrAcct/")
    agent_at, agent_name = fields.first(_AGENT_NAME, _BRANCH_NAME)
    city_at, city = fields.first(_AGENT_CITY, _BRANCH_CITY)
    bic_at, bic = fields.choice(_BICFI, _BIC)
    purpose_at, purpose = _purpose(fields)
    category, business_type, payroll_purpose, urgency = _sort(fields, block)
    source = {
        "message_id": block.message_id,
        "payment_info_id": block.payment_info_id,
        "instruction_id": instruction_id,
        "end_to_end_id": end_to_end_id,
        "debtor_account": block.debtor_account,
    }
    if business_type == _PAYROLL:
        source["category_purpose"] = category
    budget_item = _budget_item(fields) if FURTHER in fields.lists else ""
    if budget_item:
        source["budget_item"] = budget_item
    return Draft(
        erp_reference=reference,
        debtor_account=block.debtor_account,
        debtor_name=block.debtor_name,
        creditor_name=texts.get("Cdtr/Nm", ""),
        creditor_account=account,
        creditor_agent_name=agent_name,
        creditor_agent_cnaps=_cnaps(fields),
        creditor_agent_bic=bic,
        creditor_city=city,
        amount=texts.get("Amt/InstdAmt", ""),
        currency=texts.get("Amt/InstdAmt@Ccy", ""),
        purpose=purpose,
        business_type=business_type,
        payroll_purpose=payroll_purpose,
        urgency=urgency,
        execution_date=block.execution_date,
        end_to_end_id=identification(end_to_end_id),
        budget_item=budget_item,
        at=Places(
            fields.path,
            block,
            (
                reference_at,
                account_at if account else "CdtrAcct/Id",
                agent_at,
                bic_at,
                city_at,
                _amount_at(fields),
                purpose_at,
            ),
        ),
        line=fields.line,
        source=source,
    )


def _reference(fields: Fields, block: Block) -> tuple[str, str]:
    """MsgId/PmtInfId/EndToEndId, and where it stands; '' if a part is missing.

    Some ERPs number end-to-end ids from 1 in every file, so the id alone is no key.
    InstrId takes the place of an EndToEndId that is not provided.
    """
    name = _END_TO_END
    own = identification(fields[name])
    if not own and identification(fields[_INSTRUCTION]):
        name = _INSTRUCTION
        own = fields[name]
    if not identification(block.payment_info_id):
        return "", f"{block.path}/PmtInfId"
    where = f"{fields.path}/{name}"
    return (f"{block.message_id}/{block.payment_info_id}/{own}" if own else ""), where


def _amount_at(fields: Fields) -> str:
    return "Amt/EqvtAmt" if fields.has("Amt/EqvtAmt/Amt") else "Amt/InstdAmt"


def _purpose(fields: Fields) -> tuple[str, str]:
    """用途: the unstructured texts, else the structured references, joined by a space."""
    for name in _PURPOSES:
        told = fields.lists.get(name)
        text = " ".join(filter(None, told)) if told else ""
        if text:
            return name, text
    return _PURPOSES[0], ""


def _budget_item(fields: Fields) -> str:
    """预算项目: what follows the code word in the one further remark that begins with it.

    Raises WireError ``surplus`` where two of them do.
    """
    word = codes.BUDGET_WORD
    found = [it.removeprefix(word) for it in fields.each(FURTHER) if it.startswith(word)]
    if len(found) > 1:
        raise fields.fault("surplus", FURTHER)
    return found[0] if found else ""


def _sort(fields: Fields, block: Block) -> Sort:
    """What the transaction says of its sort, else its block."""
    said = (
        fields["PmtTpInf/CtgyPurp/Cd"],
        fields["Purp/Cd"],
        fields["PmtTpInf/InstrPrty"],
        *fields.lists.get("PmtTpInf/SvcLvl/Cd", ()),
    )
    sort = block.sorts.get(said)
    if sort is None:
        # The code that decides the business type is the most particular one that is given.
        own = said[0] or block.category
        category = own if own in codes.BUSINESS_TYPES else said[1] or own
        sort = Sort(
            category,
            codes.BUSINESS_TYPES.get(category, BusinessType.PAYMENT.value),
            codes.PAYROLL_PURPOSES.get(category, ""),
            _urgency(fields, block),
        )
        if len(block.sorts) < _SORTS_MAX:
            block.sorts[said] = sort
    return sort


def _urgency(fields: Fields, block: Block) -> str:
    priority = fields["PmtTpInf/InstrPrty"] or block.priority
    services = tuple(fields.each("PmtTpInf/SvcLvl/Cd")) or block.services
    urgent = priority == codes.URGENT_PRIORITY or codes.URGENT_SERVICE in services
    return (Urgency.URGENT if urgent else Urgency.NORMAL).value


def _cnaps(fields: Fields) -> str:
    """The CNAPS number: a member id of the CNAPS system, or of twelve digits under no system."""
    member = fields.texts.get(_MEMBER, "")
    if not member and _SYSTEM_CODE not in fields.texts:
        return ""
    _, system = fields.choice(_SYSTEM_CODE, _SYSTEM_OWN)
    if system:
        return member if system == codes.CNAPS_SYSTEM else ""
    twelve = len(member) == _CNAPS_DIGITS and member.isascii() and member.isdigit()
    return member if twelve else ""
