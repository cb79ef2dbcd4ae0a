"""The child process that takes one attachment out of a mail: the mail comes in, the content goes out.

Run by `adapters.mime.attachment` as `python -m adapters.mime.attachment_child NUMBER MEMORY_BYTES`.
"""

import sys

from adapters.mime.body import BodyReader
from adapters.mime.jail_child import confine
from adapters.mime.parse import FAULTS, tree


def content(raw: bytes, number: int) -> bytes | None:
    """What the reader of mails counts as the attachment of this number, or None."""
    reader = BodyReader(wanted=number)
    try:
        reader.read(tree(raw))
    except FAULTS:
        return None
    return reader.wanted_content


if __name__ == "__main__":
    confine(int(sys.argv[2]))
    found = content(sys.stdin.buffer.read(), int(sys.argv[1]))
    if found is None:
        sys.exit(3)
    sys.stdout.buffer.write(found)
