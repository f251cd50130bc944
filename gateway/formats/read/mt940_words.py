"""The words of field 86, as tables: what a subfield or a code word means, by dialect.

Rule kept here: a word that stands in no table keeps its text; nothing is guessed from a value.
Sources: Deutsche Kreditwirtschaft, annex 3 of the DFÜ agreement (GVC, ?00-?63, SEPA key words);
the Dutch, Belgian and SWIFT code words between slashes as banks publish them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

NAME: Final = "name"
ACCOUNT: Final = "account"
BANK: Final = "bank"
END_TO_END: Final = "end_to_end_id"
MANDATE: Final = "mandate_id"
INSTRUCTION: Final = "instruction_id"
REMITTANCE: Final = "remittance"
RETURN: Final = "return_reason"
ORIGINAL: Final = "original"
REFERENCE: Final = "reference"
CODE: Final = "own_code"
PARTY: Final = "party"
"""Account, bank and name behind one word, between slashes."""
ACCOUNT_BANK: Final = "account_bank"
"""Account and bank behind one word, with a comma between."""
ASIDE: Final = "aside"
"""Another party follows: its name is not the counterparty's."""
INSIDE: Final = "inside"
"""Introduces other words; says nothing itself."""

PLUS_WORDS: Final = MappingProxyType(
    {
        "EREF": END_TO_END,
        "KREF": INSTRUCTION,
        "MREF": MANDATE,
        "SVWZ": REMITTANCE,
        "RTRN": RETURN,
        "OAMT": ORIGINAL,
        "IBAN": ACCOUNT,
        "BIC": BANK,
        "ANAM": NAME,
        "CRED": "",
        "DEBT": "",
        "COAM": "",
        "ABWA": "",
        "ABWE": "",
        "BREF": REFERENCE,
        "RREF": "",
        "PURP": "",
        "SQTP": "",
        "SDAT": "",
        "GLID": "",
        "UCRD": "",
        "UDEB": "",
    }
)
"""Key words of German banks, written ``EREF+``; '' is kept beside the others."""
LONG_WORDS: Final = frozenset({"ABWA", "ABWE"})
"""Words of these whose text may fill several subfields; the others hold an identifier."""

SLASH_WORDS: Final = MappingProxyType(
    {
        "TRTP": "",
        "TRCD": CODE,
        "RTYP": "",
        "EREF": END_TO_END,
        "IREF": INSTRUCTION,
        "PREF": INSTRUCTION,
        "KREF": INSTRUCTION,
        "MARF": MANDATE,
        "CSID": "",
        "CNTP": PARTY,
        "ACCT": ACCOUNT,
        "ACCW": ACCOUNT_BANK,
        "IBAN": ACCOUNT,
        "BBAN": ACCOUNT,
        "BIC": BANK,
        "NAME": NAME,
        "ADDR": "",
        "ORDP": INSIDE,
        "BENM": INSIDE,
        "BENP": INSIDE,
        "ULTC": ASIDE,
        "ULTB": ASIDE,
        "ULTD": ASIDE,
        "ULBE": ASIDE,
        "ULDB": ASIDE,
        "INIT": ASIDE,
        "REMI": REMITTANCE,
        "USTD": REMITTANCE,
        "STRD": "structured",
        "RTRN": RETURN,
        "RTRC": RETURN,
        "RREF": "",
        "PURP": "",
        "PURP/CD": "",
        "ISDT": "",
        "SVCL": "",
        "BUSP": "",
        "CREF": "",
        "CHGS": "",
        "CHGS1": "",
        "CHGS2": "",
        "CHRG": "",
        "RCMT": "",
        "OCMT": ORIGINAL,
        "EXCH": "",
        "BREF": REFERENCE,
        "RECO": "",
        "MSGID": "",
        "FTN": "",
    }
)
"""Code words between slashes: Dutch and Belgian banks, SWIFT's own, and this product's."""

SURE: Final = ("/EREF/", "/REMI/", "/CNTP/", "/TRTP/", "/NAME/", "/IBAN/", "/ORDP/", "/BENM/")
"""Words that tell the dialect where a text does not begin with one."""

PURPOSE: Final = frozenset(f"{it:02}" for it in (*range(20, 30), *range(60, 66)))
"""Subfields that hold the purpose, one after the other."""
PURPOSE_WIDTH: Final = 27
NAMES: Final = frozenset({"32", "33"})
BOOKING_TEXT: Final = "00"
BANK_FIELD: Final = "30"
ACCOUNT_FIELD: Final = "31"
IBAN_FIELD: Final = "38"
TEXT_KEY: Final = "34"
RETURNS: Final = frozenset({"108", "109", "159"})
"""Business transaction codes of returned SEPA payments: their text key says why."""

NON_SWIFT_PURPOSE: Final = frozenset(f"{it:02}" for it in range(1, 15))
NON_SWIFT_NAMES: Final = frozenset({"15", "16"})
NON_SWIFT_BANK: Final = "33"
NON_SWIFT_ACCOUNT: Final = "34"
NON_SWIFT_OWNER: Final = "22"
NON_SWIFT_OWN_BANK: Final = "30"
