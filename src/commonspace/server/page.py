"""The page's own files, read once: no path that a client names reaches the disk."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from starlette.responses import Response

_KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
START = "index.html"


@cache
def page_files() -> dict[str, bytes]:
    """Name -> content."""
    folder = files(__package__).joinpath("page")
    return {f.name: f.read_bytes() for f in folder.iterdir() if f.name.rpartition(".")[2] in _KINDS}


def page_response(name: str) -> Response | None:
    """A file of the page; None if there is none of that name."""
    content = page_files().get(name)
    if content is None:
        return None
    headers = {"Cache-Control": "no-cache"}
    return Response(content, media_type=_KINDS[name.rpartition(".")[2]], headers=headers)
