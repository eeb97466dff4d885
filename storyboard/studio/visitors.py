"""Who asks. The code that lets requests in sets both variables.

VISITOR is the name under which the queue counts a visitor's jobs. ACCOUNT is the account that they are signed in with.
Knows no stories and no network. The name says nothing about a person; it only has to stay the same for a visitor.
"""

from __future__ import annotations

from contextvars import ContextVar

NOBODY_ELSE = ""  # the person at this machine or a program here, who need not share

VISITOR: ContextVar[str] = ContextVar("visitor", default=NOBODY_ELSE)

# The account's shelf; None: nobody is signed in.
ACCOUNT: ContextVar[str | None] = ContextVar("account", default=None)

_HERE = ("127.", "::1", "localhost", "testclient")


def visitor_at(host: str | None) -> str:
    """Returns the visitor's name for a network address. It is NOBODY_ELSE for this machine, and for no address."""
    return NOBODY_ELSE if not host or host.startswith(_HERE) else host
