"""Banks' and ERPs' languages, loaded by the name of their folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

import adapters
import gateway
from gateway.domain.errors import Corrupt
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect
from gateway.ports.tenancy import Directory

_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,15}", re.ASCII)


def ensure_own_adapters(adapters_file: Path, gateway_file: Path) -> None:
    """Refuse to start when a stranger's package named ``adapters`` is the one imported.

    Raises Corrupt unless both packages lie side by side.
    """
    if adapters_file.resolve().parent.parent != gateway_file.resolve().parent.parent:
        raise Corrupt(
            "the imported package 'adapters' is not this product's: another distribution of that "
            "name is installed; remove it or use an environment of its own",
            "导入的 adapters 包不属于本产品：环境中装有同名的其他软件包，请移除或使用独立环境",
        )


def bank_dialect(code: str, version: str = "") -> BankDialect:
    """Load a bank's language by its code, in a document version or its newest.

    Raises Corrupt when there is none.
    """
    dialect = _load("bank", code)
    if version:
        dialect = import_module(f"adapters.bank.{code}").DIALECTS.get(version)
    if not isinstance(dialect, BankDialect):
        raise Corrupt(
            f"no bank dialect {code} {version}".strip(), f"没有银行方言 {code} {version}".strip()
        )
    return dialect


def bank_dialects(directory: Directory, allowed: Collection[str]) -> dict[str, BankDialect]:
    """The languages of all connections. Raises Corrupt for a bank that is not on the list."""
    spoken = {
        connection.dialect: (connection.bank, connection.version)
        for tenant in directory.tenants.values()
        for connection in tenant.connections.values()
    }
    for bank, _ in spoken.values():
        if bank not in allowed:
            raise Corrupt(
                f"bank {bank} is not listed in [gateway] banks", f"银行 {bank} 未列入 banks"
            )
    return {name: bank_dialect(*wanted) for name, wanted in spoken.items()}


def erp_dialect(name: str) -> ErpDialect:
    """Load an ERP's language by its name: a folder's own, or one of several (``yonyou/nc``).

    Raises Corrupt when there is none.
    """
    folder, _, flavour = name.partition("/")
    dialect = erp_dialects(folder).get(flavour)
    if dialect is None:
        raise Corrupt(f"no ERP dialect {name}", f"没有 ERP 方言 {name}")
    return dialect


def system_dialect(name: str, options: Mapping[str, str]) -> ErpDialect:
    """An ERP system's language as its options shape it.

    Raises Corrupt when there is none, Refused with faults for options that are wrong.
    """
    dialect = erp_dialect(name)
    return dialect if dialect.with_options is None else dialect.with_options(options)


def erp_dialects(folder: str) -> Mapping[str, ErpDialect]:
    """All languages of a folder below ``adapters/erp``, '' being its own.

    Raises Corrupt when there is no such folder.
    """
    try:
        dialect = _load("erp", folder)
    except ModuleNotFoundError as error:
        raise Corrupt(f"no ERP adapter {folder}", f"没有 ERP 适配器 {folder}") from error
    if not isinstance(dialect, ErpDialect):
        raise Corrupt(f"adapters.erp.{folder} exports no ERP dialect")
    module = import_module(f"adapters.erp.{folder}")
    return {**getattr(module, "DIALECTS", {}), "": dialect}


def _load(kind: str, name: str) -> object:
    if not _NAME.fullmatch(name):
        raise Corrupt(f"not a name of an adapter: {kind}", f"适配器名称不合法：{kind}")
    ensure_own_adapters(Path(adapters.__file__), Path(gateway.__file__))
    return import_module(f"adapters.{kind}.{name}").DIALECT
