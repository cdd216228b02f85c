"""Who may come in: the right name of this host, and whoever shows the token."""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from .problems import problem_response
from .settings import ServerSettings

COOKIE = "commonspace"
"""In which a browser keeps what it was given for the token."""


class Admission:
    """Refuses other host names, and what does not show the token.

    A program shows the token as `Authorization: Bearer TOKEN`; a browser shows the cookie that it was given for it,
    which pictures need, as they cannot send a header.

    Args:
        app: What answers.
        settings: Token and hosts.
        unguarded: Paths that need no token.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, unguarded: frozenset[str]) -> None:
        self.app, self.settings, self.unguarded = app, settings, unguarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or refuses."""
        if scope["type"] == "http":
            request = Request(scope)
            if self.settings.hosts and _name(request.headers.get("host", "")) not in self.settings.hosts:
                told = "Host: this server does not go by that name; it answers to " + ", ".join(self.settings.hosts)
                await problem_response(421, f"{told}.")(scope, receive, send)
                return
            if self.settings.token is not None and scope["path"] not in self.unguarded and not self._shown(request):
                headers = {"WWW-Authenticate": "Bearer"}
                told = "This server asks for a token: send Authorization: Bearer TOKEN, or sign in on the page."
                await problem_response(401, told, headers)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _shown(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and is_token(self.settings, given.strip())
        return bearer or _same(cookie_value(self.settings), request.cookies.get(COOKIE, ""))


def is_token(settings: ServerSettings, given: str) -> bool:
    """Whether that is the token, in a time that does not tell how much of it is right."""
    return _same(settings.token or "", given)


def cookie_value(settings: ServerSettings) -> str:
    """What a browser keeps: made from the token, which cannot be made from it."""
    return sha256(b"commonspace cookie " + (settings.token or "").encode()).hexdigest()


def _same(own: str, given: str) -> bool:
    return compare_digest(sha256(own.encode()).digest(), sha256(given.encode("utf-8", "replace")).digest())


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
