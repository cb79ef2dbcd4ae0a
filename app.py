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
    audit,
    completeness,
    customer,
    database,
    demo,
    evaluate,
    explain,
    importing,
    incidents,
    keys,
    member,
    phases,
    refunds,
    suppliers,
    tenant,
    ticketing,
    train,
)
from settings import Settings, read_or_exit

COMMANDS = (
    audit.audit,
    completeness.completeness,
    customer.customer,
    customer.retention,
    database.db,
    demo.demo,
    evaluate.evaluate,
    explain.explain,
    importing.kb,
    importing.orders,
    incidents.incidents,
    keys.new_key,
    keys.rotate_keys,
    member.member,
    phases.phases,
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
        account,
        alerts,
        ask_supplier,
        audit,
        bulk,
        case,
        completeness,
        confirm,
        conversation,
        customers,
        data_rights,
        demonstration,
        drafts,
        errors,
        gaps,
        google_sign_in,
        handling,
        health,
        invitation,
        kept,
        knowledge,
        knowledge_edit,
        knowledge_upload,
        knowledge_versions,
        learning,
        mailboxes,
        metrics,
        new_password,
        notes,
        numbers,
        orders,
        people,
        phases,
        queue,
        refund_policy,
        refunds,
        reply,
        request_log,
        second_step,
        security,
        sending,
        session,
        sign_in,
        sign_up,
        supplier_links,
        supplier_requests,
        supplier_rules,
        suppliers,
        tickets,
        trying,
        undo,
        verdict,
        views,
        words,
        workspace,
    )

    app.secret_key = settings.secret_key
    app.url_map.strict_slashes = False  # an address that somebody types is right with and without one at its end
    app.config.update(BOOTSTRAP_SERVE_LOCAL=True, SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1))
    app.extensions["mailwright"] = services
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        proxied: Callable[..., object] = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = proxied  # type: ignore[method-assign,assignment]  # Werkzeug's documented way
    Bootstrap5(app)
    request_log.register(app)
    security.protect(app, settings)
    session.find_member(app)
    workspace.frame(app)
    words.register(app)
    errors.register(app)
    mailboxes.register_google(app, settings)
    google_sign_in.register(app, settings)
    confirm.register(app)
    metrics.register(app)
    supplier_requests.register(app)
    new_password.register(app)
    desk = (queue, bulk, views, handling, notes)
    knowing = (knowledge, knowledge_upload, knowledge_edit, knowledge_versions, gaps)
    refunding = (case, orders, refunds, refund_policy)
    supplying = (suppliers, supplier_requests, supplier_rules, tickets)
    joining = (sign_in, second_step, google_sign_in, sign_up, invitation, new_password, people, account)
    for part in (
        *joining,
        *desk,
        conversation,
        reply,
        kept,
        customers,
        undo,
        sending,
        drafts,
        ask_supplier,
        verdict,
        *refunding,
        *knowing,
        supplier_links,
        *supplying,
        learning,
        phases,
        trying,
        mailboxes,
        completeness,
        numbers,
        audit,
        data_rights,
        demonstration,
        workspace,
        alerts,
        health,
        metrics,
    ):
        app.register_blueprint(part.pages)
    return app


def _is_command_line() -> bool:
    """Under `flask COMMAND` the app is only the home of the commands; under gunicorn and `flask run` it is the web."""
    name = sys.argv[0].replace("\\", "/").rsplit("/", 1)[-1]
    is_flask = name == "flask" or sys.argv[0].replace("\\", "/").endswith("flask/__main__.py")
    return is_flask and "run" not in sys.argv[1:2]
