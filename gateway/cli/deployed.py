"""What a deployment has beside its settings, for commands that only look.

Rule kept here: looking makes nothing, neither a database nor a key.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.audit.checkpoint import load_key
from gateway.domain.errors import Refused
from gateway.settings import Settings


def require_database(loaded: Settings) -> None:
    """Raise Refused where the settings name a SQLite file that is not there."""
    path = loaded.database.path
    if path is not None and not path.exists():
        raise Refused(f"no database at {path}", f"没有数据库：{path}")


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
