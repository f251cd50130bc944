"""The unified social credit code (统一社会信用代码), checked by python-stdnum."""

from __future__ import annotations

from typing import Final

from gateway.domain.errors import Fault

_TEXTS: Final = {
    "uscc_length": (
        "统一社会信用代码应为 18 位，请核对",
        "a unified social credit code has 18 characters; check it",
    ),
    "uscc_format": (
        "统一社会信用代码含不允许的字符（前 8 位为数字，字母不含 I、O、S、V、Z），请核对",
        (
            "the unified social credit code holds a character it may not (eight digits first,"
            " no I, O, S, V, Z); check it"
        ),
    ),
    "uscc_check": (
        "统一社会信用代码校验位不符，请核对",
        "the check character of the unified social credit code does not agree; check it",
    ),
}


def uscc_fault(text: str, path: str = "uscc") -> Fault | None:
    """What is wrong with the code that stands at ``path``; None when it is right.

    The code must stand as printed: 18 characters, capitals, no blanks. Its own digits are
    never repeated.
    """
    # Read here: a gateway that never checks a code does not load the package.
    from stdnum.cn import uscc  # noqa: PLC0415
    from stdnum.exceptions import (  # noqa: PLC0415
        InvalidChecksum,
        InvalidLength,
        ValidationError,
    )

    code = ""
    try:
        if uscc.validate(text) != text:
            code = "uscc_format"
    except InvalidLength:
        code = "uscc_length"
    except InvalidChecksum:
        code = "uscc_check"
    except ValidationError:
        code = "uscc_format"
    if not code:
        return None
    zh, en = _TEXTS[code]
    return Fault(path=path, code=code, zh=zh, en=en)
