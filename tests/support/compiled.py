"""Apps whose templates and addresses are compiled once for all: that costs more than most tests of a page.

Jinja looks a template up by its name and a checksum of its source: one that changed is compiled anew.
"""

from collections.abc import Callable
from types import CodeType
from typing import ClassVar
from unittest.mock import patch

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

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


class CompiledRule(Rule):
    """Werkzeug compiles for each rule what writes its addresses, which knows nothing of the app: that is kept.

    What the rule matches, with its converters, is made anew. A default or a host stands in that function, so rules with
    one are not shared.
    """

    _known: ClassVar[dict[tuple[str, bool, bool], Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if self.defaults or self.host or self.subdomain:
            return super()._compile_builder(append_unknown)
        key = (self.rule, bool(self.merge_slashes), append_unknown)
        if key not in self._known:
            self._known[key] = super()._compile_builder(append_unknown)
        return self._known[key]


TEMPLATES = CompiledTemplates()


def app_over(settings: Settings, services: Services) -> Flask:
    """The real app, with the templates and addresses of earlier ones."""
    with patch.object(Flask, "url_rule_class", CompiledRule):
        app = create_app(settings, services)
    app.jinja_env.bytecode_cache = TEMPLATES
    return app
