"""Hand-made FOX replies for one case at a time."""

from __future__ import annotations

from gateway.domain.message import WireReply

SIGNED_ON = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
SERVER_TIME = "<DTSERVER>2026-03-02 09:15:01</DTSERVER>"


def status(code="0", text="", severity="ERROR"):
    message = f"<MESSAGE>{text}</MESSAGE>" if text else ""
    return f"<STATUS><CODE>{code}</CODE><SEVERITY>{severity}</SEVERITY>{message}</STATUS>"


def reply(tag, serial, told, body="", *, signon=SIGNED_ON):
    fox = (
        f"<FOX><SIGNONMSGSRSV1><SONRS>{signon}{SERVER_TIME}</SONRS></SIGNONMSGSRSV1>"
        f"<SECURITIES_MSGSRSV1><{tag}><TRNUID>{serial}</TRNUID>{told}{body}</{tag}>"
        "</SECURITIES_MSGSRSV1></FOX>"
    )
    return wired(fox)


def signon_only(told):
    return wired(f"<FOX><SIGNONMSGSRSV1><SONRS>{told}</SONRS></SIGNONMSGSRSV1></FOX>")


def wired(fox):
    document = f'<?xml version="1.0" encoding="GBK"?>{fox}'
    return WireReply(status=200, content_type="application/x-fox", body=document.encode("gbk"))


def transfer(code, *, payee="900010100100000099", amount="1200.50", text="", info=True, more=""):
    """XFERRS or XFER content with a result."""
    echo = (
        "<XFERINFO><ACCTFROM><ACCTID>900010100100000011</ACCTID></ACCTFROM>"
        f'<ACCTTO INTERBANK="Y" LOCAL="Y"><ACCTID>{payee}</ACCTID></ACCTTO>'
        f"<TRNAMT>{amount}</TRNAMT>{more}</XFERINFO>"
    )
    return (
        f"<SRVRID>990000000001</SRVRID>{echo if info else ''}<XFERPRCSTS>"
        f"<XFERPRCCODE>{code}</XFERPRCCODE><MESSAGE>{text}</MESSAGE></XFERPRCSTS>"
    )
