"""What a server allows."""

from __future__ import annotations

from dataclasses import dataclass

from commonspace.errors import ParameterError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that only this machine reaches."""


@dataclass(frozen=True)
class ServerSettings:
    """What a server allows.

    Attributes:
        token: What a client has to show for everything but the page's own files and `/health`; None asks for nothing.
        hosts: Names that the Host header may have, so that no other site's name can be pointed here; () allows all.
        most_bytes: Of a request's body.
        most_pixels: Of the pictures that one request sends, together; and of a stored picture that is shown.
        most_hits: That a search may return.
        workers: Searches, pictures and questions worked on at once.
        waiting: Requests that may wait for a worker; more are refused with 503.
        rate: Requests a second of one client, over time; more are refused with 429.
        burst: Requests of one client at once.
        body_seconds: In which a body has to arrive; else 408.
        answer_seconds: In which an answer has to be ready; else 503.

    Raises:
        ParameterError: If a limit is not above 0, or the token is empty.
    """

    token: str | None = None
    hosts: tuple[str, ...] = LOOPBACK
    most_bytes: int = 10_000_000
    most_pixels: int = 40_000_000
    most_hits: int = 200
    workers: int = 2
    waiting: int = 64
    rate: float = 100.0
    burst: int = 200
    body_seconds: float = 10.0
    answer_seconds: float = 20.0

    def __post_init__(self) -> None:
        for name in ("most_bytes", "most_pixels", "most_hits", "workers", "rate", "burst"):
            if not getattr(self, name) > 0:
                raise ParameterError(f"{name}: expected a number above 0, got {getattr(self, name)}.")
        if self.waiting < 0 or min(self.body_seconds, self.answer_seconds) <= 0:
            raise ParameterError(
                f"limits: expected waiting of 0 or more and seconds above 0, got {self.waiting}, "
                f"{self.body_seconds} and {self.answer_seconds}."
            )
        if self.token is not None and not (self.token and all("!" <= letter <= "~" for letter in self.token)):
            raise ParameterError(
                "token: expected letters, digits and signs of ASCII, without spaces, as a header bears them. Make one "
                "with `openssl rand -hex 16`."
            )
        object.__setattr__(self, "hosts", tuple(name.lower() for name in self.hosts))
