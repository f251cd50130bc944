"""What a deployment has beside its settings, for commands that only look.

Rule kept here: looking makes nothing, neither a database nor a key.
"""

from __future__ import annotations

import argparse

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.checkpoint import load_key
from gateway.domain.errors import NotFound, Refused
from gateway.domain.ids import TenantId
from gateway.settings import Settings


def require_database(loaded: Settings) -> None:
    """Raise Refused where the settings name a SQLite file that is not there."""
    path = loaded.database.path
    if path is not None and not path.exists():
        raise Refused(f"no database at {path}", f"没有数据库：{path}")


def tenant_of(loaded: Settings, options: argparse.Namespace) -> TenantId:
    """The tenant of ``--tenant``, or the first, which has the ERP system of ``--system`` if named.

    Raises NotFound.
    """
    tenants = loaded.directory.tenants
    tenant = TenantId(options.tenant) if options.tenant else next(iter(tenants), TenantId(""))
    if tenant not in tenants:
        raise NotFound("no such tenant in the settings", "配置中没有该租户")
    if options.system and options.system not in tenants[tenant].erps:
        raise NotFound("no such ERP system of this tenant", "该租户没有这个 ERP 系统")
    return tenant


def checkpoint_key(loaded: Settings) -> Ed25519PublicKey | None:
    """The key of this installation's checkpoints; None where it has none."""
    pem = loaded.data / "checkpoint.pem"
    return load_key(pem).public_key() if pem.exists() else None


def own_key(loaded: Settings, option: str) -> Ed25519PublicKey:
    """The same. Raises Refused where there is none, naming the option that takes another."""
    key = checkpoint_key(loaded)
    if key is None:
        where = loaded.data / "checkpoint.pem"
        raise Refused(
            f"no checkpoint key at {where}: name the public key with {option}",
            f"没有检查点密钥 {where}：请用 {option} 指明公钥",
        )
    return key
