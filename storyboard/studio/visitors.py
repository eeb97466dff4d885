"""Who asks. Whoever lets requests in sets it: under which name the queue counts what one visitor wants, and as whom
they have signed in.

Knows no stories and no network. The name says nothing of a person; it only has to be the same for the same one.
"""

from __future__ import annotations

from contextvars import ContextVar

NOBODY_ELSE = ""  # the person at this machine, or a program here: there is nobody to share with

VISITOR: ContextVar[str] = ContextVar("visitor", default=NOBODY_ELSE)

ACCOUNT: ContextVar[str | None] = ContextVar("account", default=None)  # its shelf; None: nobody has signed in

_HERE = ("127.", "::1", "localhost", "testclient")


def visitor_at(host: str | None) -> str:
    """Returns the visitor's name for a network address; NOBODY_ELSE for this machine and for none."""
    return NOBODY_ELSE if not host or host.startswith(_HERE) else host
