"""Links that carry a secret of one workspace: written and read. No log names a path: see `web.request_log`."""

import re
from uuid import UUID

# 32 digits of the workspace's id and 64 of the secret. What is no such text is looked up like a link that nobody has.
_LINK = re.compile(r"[0-9a-f]{96}", re.ASCII)
_NOWHERE = (UUID(int=0), "")


def written(tenant: UUID, token: str) -> str:
    return tenant.hex + token


def read(link: str) -> tuple[UUID, str]:
    """The workspace and the secret that a link names: of nonsense, a workspace that is nobody's."""
    return (UUID(link[:32]), link[32:]) if _LINK.fullmatch(link) else _NOWHERE
