"""What every answer carries and every request must pass: headers, nonce, cross-site forgery, host."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request
from flask_wtf import CSRFProtect

from settings import Settings

_CSP = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; form-action 'self'{consent}; base-uri 'none'; "
    "frame-ancestors 'none'"
)

# Of what is saved and never shown: if a browser shows it all the same, nothing in it runs.
SAVED_POLICY = (
    "sandbox; default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# What is the same for everybody, and named by its content: browsers may keep it.
_FILES = frozenset({"static", "bootstrap.static"})

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def protect(app: Flask, settings: Settings) -> None:
    """Put the protections around an app. Forms go to us only, and from there on to Google's consent page."""
    secure = settings.public_url.startswith("https:")
    own = urlsplit(settings.public_url)
    consent = f" {_origin(settings.google_metadata_url)}"
    app.config.update(
        SESSION_COOKIE_NAME="__Host-mailwright-form" if secure else "mailwright-form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        TRUSTED_HOSTS=[own.hostname or "", f"{own.hostname}:{own.port}" if own.port else own.hostname or ""],
    )

    @app.before_request
    def refuse_other_sites() -> None:
        g.nonce = secrets.token_urlsafe(16)
        # The token in each form is the first lock; the browser's own word on where a request comes from the second.
        if request.method not in {"GET", "HEAD", "OPTIONS"} and _comes_from_elsewhere():
            abort(403)

    # After ours, so that also what is refused for its token carries a nonce.
    CSRFProtect(app)

    @app.after_request
    def add_headers(response: Response) -> Response:
        policy = _CSP.format(nonce=g.get("nonce", ""), consent=consent)
        response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint not in _FILES or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response


def _comes_from_elsewhere() -> bool:
    if request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
        return True
    # Our own forms say "null", since our pages tell nobody where a request comes from (Referrer-Policy).
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
