"""兴业银行 (Industrial Bank, CIB): the FOX language, both sides.

Source: CIB interface document, standard edition, V4.0.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import (
    balance,
    batch,
    batch_checks,
    checks,
    codes,
    confirmation,
    core_result,
    history,
    notice,
    overview,
    payment,
    payment_status,
    payroll,
    receipt,
    receipt_files,
    signon,
    statement,
)
from adapters.bank.cib.bank_side import BANK_SIDE
from adapters.bank.cib.envelope import PasswordForm, plain_password
from adapters.bank.cib.explain import explain
from adapters.bank.cib.own_bank import CNAPS_PREFIX, is_own_bank, sniff
from adapters.bank.cib.profile import LATEST, PROFILES, DocumentProfile
from gateway.ports.bank import BankDialect, Dedupe, Operation, Timing

SERIAL_LENGTH_MAX: Final = 30


def dialect(
    *,
    version: str = LATEST,
    password: PasswordForm = plain_password,
    statement_version: str | None = None,
) -> BankDialect:
    """The dialect as one client uses it.

    ``version`` is the document version agreed with the bank, a key of ``DIALECTS``;
    ``password`` writes USERPASS (plain, or the bank's cipher form with its own key);
    ``statement_version`` is '' for banks' branches that still answer the old statement only,
    None for what the document version knows. Raises KeyError for a version not known here.
    """
    profile = PROFILES[version]
    single = _single(profile, password)
    richest = profile.statement_version if statement_version is None else statement_version
    return _with_batches(_with_records(single, password, richest), profile, password)


def _single(profile: DocumentProfile, password: PasswordForm) -> BankDialect:
    """Sign-on, one payment at a time, and what is known of it."""
    return BankDialect(
        code="cib",
        name_zh="兴业银行",
        name_en="Industrial Bank",
        version=f"V{profile.document}",
        serial_length_max=SERIAL_LENGTH_MAX,
        timing=Timing(
            quiet=timedelta(minutes=15), dedupe=Dedupe.WINDOW, dedupe_window=timedelta(days=30)
        ),
        bank_side=BANK_SIDE,
        sniff=sniff,
        explain=explain,
        is_own_bank=is_own_bank,
        bank_codes=frozenset({CNAPS_PREFIX}),
        sign_on=Operation(partial(signon.encode, password=password), signon.decode),
        pay=Operation(
            partial(payment.encode, password=password, schemas=profile.schemas),
            payment.decode,
            checks.check,
        ),
        payment_status=Operation(
            partial(payment_status.encode, password=password), payment_status.decode
        ),
        core_result=Operation(partial(core_result.encode, password=password), core_result.decode),
    )


def _with_records(single: BankDialect, password: PasswordForm, version: str) -> BankDialect:
    """Balances, statements of ``version``, days and receipts."""
    return replace(
        single,
        balance=Operation(partial(balance.encode, password=password), balance.decode),
        statement=Operation(
            partial(statement.encode, version=version, password=password), statement.decode
        ),
        refunds=Operation(
            partial(statement.encode_refunds, version=version, password=password),
            statement.decode,
        ),
        history=Operation(partial(history.encode, password=password), history.decode),
        overview=Operation(partial(overview.encode, password=password), overview.decode),
        receipt=Operation(partial(receipt.encode, password=password), receipt.decode),
        receipt_order=Operation(
            partial(receipt_files.encode_order, password=password), receipt_files.decode_order
        ),
        receipt_files=Operation(
            partial(receipt_files.encode, password=password), receipt_files.decode
        ),
        confirm=Operation(partial(confirmation.encode, password=password), confirmation.decode),
        confirm_result=Operation(
            partial(confirmation.encode_result, password=password), confirmation.decode_result
        ),
        notice=notice.decode,
        denies=codes.denies,
    )


def _with_batches(
    single: BankDialect, profile: DocumentProfile, password: PasswordForm
) -> BankDialect:
    """Many payments in one message."""
    return replace(
        single,
        batch=Operation(
            partial(batch.encode, password=password, schemas=profile.schemas),
            batch.decode,
            batch_checks.check_batch,
        ),
        batch_status=Operation(
            partial(batch.encode_status, password=password), batch.decode_status
        ),
        batch_lines_max=batch.LINES_MAX,
        payroll=Operation(
            partial(payroll.encode, password=password, schemas=profile.schemas),
            payroll.decode,
            batch_checks.check_payroll,
        ),
        payroll_status=Operation(
            partial(payroll.encode_status, password=password), payroll.decode_status
        ),
        payroll_lines_max=payroll.LINES_MAX,
    )


DIALECTS: Final[Mapping[str, BankDialect]] = MappingProxyType(
    {version: dialect(version=version) for version in PROFILES}
)
"""Document version → the dialect that speaks it."""
DIALECT: Final = DIALECTS[LATEST]
