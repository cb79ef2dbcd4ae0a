"""Hand out one attachment of a mail, taken from the mail's bytes when somebody asks for it."""

import os
import subprocess
import sys
from pathlib import Path

from domain.errors import Unreadable

_ROOT = Path(__file__).resolve().parent.parent.parent
_SECONDS = 10.0
_MEMORY = 1024 * 1024 * 1024


def extract(raw: bytes, number: int) -> bytes:
    """The content of the attachment with this number, from 0, as `Message.attachments` counts them.

    The mail is hostile, so a child with limits of its own reads it, and lives for this one look. Raises Unreadable.
    """
    environment = {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", "")}
    command = (sys.executable, "-m", "adapters.mime.attachment_child", str(number), str(_MEMORY))
    try:
        done = subprocess.run(
            command, input=raw, capture_output=True, cwd="/", env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("It took too long to read.") from None
    if done.returncode != 0:
        raise Unreadable("There is no such attachment in this mail.")
    return done.stdout
