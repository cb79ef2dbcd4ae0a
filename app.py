"""The web process, and the `flask` command line."""

import sys
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from adapters import logs
from bootstrap import Services, build
from commands import (
    database,
    demo,
    evaluate,
    explain,
    importing,
    incidents,
    keys,
    refunds,
    suppliers,
    tenant,
    ticketing,
    train,
)
from settings import Settings, read_or_exit

COMMANDS = (
    database.db,
    demo.demo,
    evaluate.evaluate,
    explain.explain,
    importing.kb,
    importing.orders,
    incidents.incidents,
    keys.new_key,
    keys.rotate_keys,
    refunds.refunds,
    suppliers.suppliers,
    tenant.tenant,
    ticketing.ticketing,
    train.train,
)


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The app. The `flask` command line makes it without settings: each command reads those it needs."""
    app = Flask(__name__)
    for command in COMMANDS:
        app.cli.add_command(command)
    if settings is None:
        if _is_command_line():
            return app
        settings = read_or_exit("web")
        logs.configure(settings.log_level)
    return _with_pages(app, settings, services or build(settings))


def _with_pages(app: Flask, settings: Settings, services: Services) -> Flask:
    from web import (
        case,
        confirm,
        conversation,
        errors,
        gaps,
        health,
        knowledge,
        knowledge_edit,
        knowledge_upload,
        knowledge_versions,
        learning,
        mailboxes,
        numbers,
        orders,
        queue,
        refund_policy,
        refunds,
        security,
        session,
        sign_in,
        supplier_links,
        suppliers,
        verdict,
        words,
        workspace,
    )

    app.secret_key = settings.secret_key
    app.config.update(BOOTSTRAP_SERVE_LOCAL=True, SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1))
    app.extensions["mailwright"] = services
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        proxied: Callable[..., object] = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign,assignment]  # Werkzeug's documented way
    Bootstrap5(app)
    security.protect(app, settings)
    session.find_member(app)
    workspace.frame(app)
    words.register(app)
    errors.register(app)
    mailboxes.register_google(app, settings)
    confirm.register(app)
    knowing = (knowledge, knowledge_upload, knowledge_edit, knowledge_versions, gaps)
    refunding = (case, orders, refunds, refund_policy)
    for part in (
        sign_in,
        queue,
        conversation,
        verdict,
        *refunding,
        *knowing,
        supplier_links,
        suppliers,
        learning,
        mailboxes,
        numbers,
        workspace,
        health,
    ):
        app.register_blueprint(part.pages)
    return app


def _is_command_line() -> bool:
    """Under `flask COMMAND` the app is only the home of the commands; under gunicorn and `flask run` it is the web."""
    name = sys.argv[0].replace("\\", "/").rsplit("/", 1)[-1]
    is_flask = name == "flask" or sys.argv[0].replace("\\", "/").endswith("flask/__main__.py")
    return is_flask and "run" not in sys.argv[1:2]
