"""Writes the golden files anew: ``make golden``. Review the difference before it is committed."""

from __future__ import annotations

from tests.golden.kinds import GOLDEN, cases, produced


def rewrite() -> list[str]:
    """Write what has changed; returns the files' names."""
    changed = []
    for folder, case in cases():
        for path, content in produced(folder, case).items():
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
                changed.append(path.relative_to(GOLDEN).as_posix())
    return changed


if __name__ == "__main__":
    for name in rewrite():
        print(name)
