"""Where a document stands: a path that leads nowhere but into the tenant's own list."""

import re
import unicodedata

from domain.errors import BadInput
from web.fields import line

LONGEST = 200


def document_path(folder: str, name: str) -> str:
    """A file's own name in a folder. Raises BadInput with one sentence; what leads out of the folder is refused."""
    plain = unicodedata.normalize("NFC", line(name)).replace("\\", "/").rpartition("/")[2].strip()
    return checked_path(f"{folder}/{plain}" if folder.strip("/ ") else plain)


def checked_path(path: str) -> str:
    """The path as it is stored. Raises BadInput with one sentence."""
    plain = unicodedata.normalize("NFC", line(path)).replace("\\", "/").strip("/ ")
    parts = [part.strip() for part in plain.split("/")]
    if not plain or any(not part for part in parts):
        raise BadInput("path", "A place needs a name, and a name between two strokes.")
    if any(part.startswith(".") for part in parts):
        raise BadInput("path", f"{plain!r} cannot be used: no name in it may begin with a dot.")
    if len(plain) > LONGEST or len(line(path)) < len(path.strip()):
        raise BadInput("path", f"A place has at most {LONGEST} characters on one line.")
    return "/".join(parts)


def path_of_title(title: str, language: str) -> str:
    """A place for a new article: its title as a file's name, in the folder of its language."""
    name = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", title).lower()).strip("-")[:80].strip("-")
    return f"{language}/{name or 'article'}.md" if language else f"{name or 'article'}.md"


def sentence(reason: str) -> str:
    """Reasons are said of a document ("has no text."), or are sentences of their own."""
    said_of_it = reason.partition(" ")[0] in {"is", "has", "cannot", "names", "opens", "needs", "takes", "holds"}
    return f"It {reason}" if said_of_it else reason[:1].upper() + reason[1:]
