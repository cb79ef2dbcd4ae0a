"""The addresses of our own files under `static/`: each names its content, so that no browser keeps an old one."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask


def register(app: Flask) -> None:
    folder = Path(app.static_folder or "static")

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("v", version(folder / str(values["filename"])))


@cache
def version(file: Path) -> str:
    """Eight letters of the content's hash, or nothing where there is no such file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:8] if file.is_file() else ""
