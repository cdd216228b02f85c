"""The HTTP API and the page over collections."""

from .app import create_app
from .serve import serve
from .settings import ServerSettings

__all__ = ["ServerSettings", "create_app", "serve"]
