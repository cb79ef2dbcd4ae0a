"""Apps whose templates are compiled once for all of them: to compile them costs more than most tests of a page.

Jinja looks a template up by its name and a checksum of its source: one that changed is compiled anew.
"""

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from app import create_app
from bootstrap import Services
from settings import Settings


class CompiledTemplates(BytecodeCache):
    """Keeps code objects as they are; Jinja's own caches write them to files."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._known[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = CompiledTemplates()


def app_over(settings: Settings, services: Services) -> Flask:
    """The real app, with the templates of earlier ones."""
    app = create_app(settings, services)
    app.jinja_env.bytecode_cache = TEMPLATES
    return app
