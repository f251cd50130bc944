"""Bytes out, bytes back: sockets live here and nowhere else.

The rule of this package: ``NotSent`` is raised only where it is known that no byte of a
message was handed to a socket; everything else that goes wrong is ``Unconfirmed``.
"""
