"""Links that carry a secret of one workspace: written, read, and kept out of the logs."""

import logging
import re
from uuid import UUID

from flask import Flask

# 32 digits of the workspace's id and 64 of the secret. What is no such text is looked up like a link that nobody has.
_LINK = re.compile(r"[0-9a-f]{96}", re.ASCII)
_IN_PATH = re.compile(r"(/(?:invitation|new-password)/)[^\s\[\]]+")
_NOWHERE = (UUID(int=0), "")


def written(tenant: UUID, token: str) -> str:
    return tenant.hex + token


def read(link: str) -> tuple[UUID, str]:
    """The workspace and the secret that a link names: of nonsense, a workspace that is nobody's."""
    return (UUID(link[:32]), link[32:]) if _LINK.fullmatch(link) else _NOWHERE


def register(app: Flask) -> None:
    """Flask writes the path of a request whose page broke into its log: without the secret."""
    app.logger.addFilter(_without_secret)


def _without_secret(record: logging.LogRecord) -> bool:
    record.msg, record.args = _IN_PATH.sub(r"\1...", record.getMessage()), ()
    return True
