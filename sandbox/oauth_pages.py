"""Serve Google's sign-in: discovery, the consent page, tokens, revocation, userinfo and keys."""

import base64
import binascii
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from sandbox import id_tokens
from sandbox.google_oauth import IDENTITY, RESTRICTED, Client, Issued, OAuthError
from sandbox.http_server import Cut, Request, Response, json_response
from sandbox.origin import Google
from sandbox.page_frame import from_elsewhere, page, redirect

AUTH_PATH = "/o/oauth2/v2/auth"
NOTHING_DONE = ("503_before", "500_before", "drop_before", "429", "403_rate", "404", "401")
NO_STORE = (("Cache-Control", "no-store"),)
_ROUTES = {
    "/.well-known/openid-configuration": "oauth.metadata",
    "/oauth2/v3/certs": "oauth.certs",
    AUTH_PATH: "oauth.consent",
    "/token": "oauth.token",
    "/revoke": "oauth.revoke",
    "/userinfo": "oauth.userinfo",
}


class OAuthPages:
    """The paths of `PATHS` over a sandbox; every call is recorded under its route name."""

    PATHS = frozenset(_ROUTES)

    def __init__(self, google: Google) -> None:
        self._google = google

    def answer(self, request: Request) -> Response:
        google, route = self._google, _ROUTES[request.path]
        fault = google.world.faults.take(route) if route != "oauth.consent" or request.method == "POST" else None
        try:
            response = self._act(route, request, fault.fault if fault else "")
        except OAuthError as error:
            value = {"error": error.error, "error_description": error.description}
            response = json_response(value, error.status, NO_STORE)
        if fault is not None:
            response = self._suffer(fault.fault, fault.seconds, fault.retry_after, response)
        google.world.log.record(
            time=google.world.clock(), user="", route=route, method=request.method, path=request.path, batch=False,
            status=0 if response.cut is not Cut.NO else response.status, units=0, fault=fault.fault if fault else "",
        )  # fmt: skip
        return response

    def _act(self, route: str, request: Request, fault: str) -> Response:
        if fault in NOTHING_DONE:
            return Response()  # replaced by what the fault answers
        acts: dict[str, Callable[[], Response]] = {
            "oauth.metadata": lambda: json_response(self._metadata()),
            "oauth.certs": lambda: json_response(id_tokens.key_set()),
            "oauth.token": lambda: self._token(request, fault),
            "oauth.revoke": lambda: self._revoke(request),
            "oauth.userinfo": lambda: self._userinfo(request),
            "oauth.consent": lambda: self._decided(request) if request.method == "POST" else self._ask(request),
        }
        return acts[route]()

    def _suffer(self, kind: str, seconds: float, retry_after: int, response: Response) -> Response:
        if kind.startswith("drop"):
            return Response(cut=Cut.DROP)
        if kind[:3] in ("503", "500", "429", "403", "404", "401"):
            retry = (("Retry-After", str(retry_after)),) if kind == "429" else ()
            return json_response(
                {"error": "temporarily_unavailable" if kind[0] == "5" else "rejected"}, int(kind[:3]), retry
            )
        if kind.startswith("slow"):
            self._google.pause(seconds)
        elif kind == "short_read":
            response.cut = Cut.SHORT
        elif kind == "malformed_json":
            response.body = response.body[: len(response.body) // 2]
        return response

    def _metadata(self) -> dict[str, Any]:
        base = self._google.base_url
        return {
            "issuer": base,
            "authorization_endpoint": base + AUTH_PATH,
            "token_endpoint": f"{base}/token",
            "revocation_endpoint": f"{base}/revoke",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }

    # -- consent

    def _ask(self, request: Request) -> Response:
        asked = {name: values[-1] for name, values in request.params().items()}
        problem = self._wrong(asked)
        if problem is not None:
            return problem
        if asked.get("prompt") == "none":
            return _back(asked, error="interaction_required")
        accounts = sorted(
            self._google.world.accounts.values(), key=lambda account: (account.role != "shop", account.email)
        )
        hint = asked.get("login_hint", "").lower()
        chosen = hint if hint in self._google.world.accounts else (accounts[0].email if accounts else "")
        people = "".join(
            f'<label><input type="radio" name="account" value="{escape(account.email)}" required'
            f"{' checked' if account.email == chosen else ''}> {escape(account.name)} "
            f'<span class="soft">{escape(account.email)}</span></label>'
            for account in accounts
        )
        boxes = "".join(
            f'<label><input type="checkbox" name="granted" value="{escape(scope)}" checked> '
            f'{escape(RESTRICTED[scope])} <span class="soft">{escape(scope)}</span></label>'
            for scope in dict.fromkeys(asked["scope"].split())
            if scope in RESTRICTED
        )
        back = urlsplit(asked["redirect_uri"])
        body = (
            f'<form method="post" action="{AUTH_PATH}" class="card">'
            f'<input type="hidden" name="asked" value="{escape(urlencode(asked))}">'
            f"<p>A program at <b>{escape(back.netloc)}</b> asks for access.</p>"
            f"<fieldset><legend>Choose an account</legend>{people or '<p>There is no account yet.</p>'}</fieldset>"
            f"<fieldset><legend>What it may do</legend>{boxes or '<p>Know who you are.</p>'}</fieldset>"
            f'<button name="decision" value="allow">Continue</button> '
            f'<button name="decision" value="cancel" class="quiet" formnovalidate>Cancel</button></form>'
        )
        return page("Sign in with the sandbox Google", body, form_targets=f"{back.scheme}://{back.netloc}")

    def _decided(self, request: Request) -> Response:
        form = request.form()
        asked = {
            name: values[-1] for name, values in parse_qs(form.get("asked", [""])[-1], keep_blank_values=True).items()
        }
        problem = self._wrong(asked)
        if problem is not None:
            return problem
        if from_elsewhere(request):
            return _refused("This form was sent by another site.", 403)
        if form.get("decision", [""])[-1] != "allow":
            return _back(asked, error="access_denied")
        world = self._google.world
        account = world.accounts.get(form.get("account", [""])[-1])
        if account is None:
            return _refused("That account does not exist.", 400)
        granted = set(form.get("granted", ()))
        scopes = [scope for scope in asked["scope"].split() if scope in IDENTITY or scope in granted]
        with world.lock:
            code = self._google.grants.consent(
                account,
                self._google.grants.clients[asked["client_id"]],
                asked["redirect_uri"],
                scopes,
                nonce=asked.get("nonce", ""),
                challenge=asked.get("code_challenge", ""),
                offline=asked.get("access_type") == "offline",
                prompt=asked.get("prompt", ""),
                include_granted=asked.get("include_granted_scopes") == "true",
            )
        return _back(asked, code=code, scope=" ".join(IDENTITY.get(scope, scope) for scope in scopes))

    def _wrong(self, asked: dict[str, str]) -> Response | None:
        """The error page for a request that must not be answered by a redirect."""
        client = self._google.grants.clients.get(asked.get("client_id", ""))
        if client is None:
            return _refused("Error 401: invalid_client. The OAuth client was not found.", 401)
        scopes = asked.get("scope", "").split()
        unknown = [scope for scope in scopes if scope not in IDENTITY and scope not in RESTRICTED]
        challenge, method = asked.get("code_challenge", ""), asked.get("code_challenge_method")
        needed = self._google.settings.require_pkce
        rules = (
            (client.accepts(asked.get("redirect_uri", "")), "redirect_uri_mismatch. This address is not registered"),
            (scopes and not unknown, f"invalid_scope. {', '.join(unknown) or 'No scope was asked for'}"),
            (asked.get("response_type") == "code", "unsupported_response_type. Only code is played"),
            (not challenge or method == "S256", "invalid_request. Only code_challenge_method=S256 is taken"),
            (challenge or not needed, "invalid_request. code_challenge is missing (the sandbox insists on PKCE)"),
        )
        broken = next((sentence for kept, sentence in rules if not kept), None)
        return _refused(f"Error 400: {broken}.", 400) if broken else None

    # -- tokens

    def _token(self, request: Request, fault: str) -> Response:
        form = {name: values[-1] for name, values in request.form().items()}
        google = self._google
        with google.world.lock:
            client = self._client(request, form)
            match form.get("grant_type"):
                case "authorization_code":
                    issued = google.grants.exchange(
                        client, form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", "")
                    )
                case "refresh_token":
                    issued = google.grants.renew(client, form.get("refresh_token", ""), form.get("scope", ""))
                case other:
                    raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {other}")
        if form["grant_type"] == "authorization_code" and issued.scopes & RESTRICTED.keys():
            google.arrivals.mailbox_connected(issued.email)
        return json_response({**issued.as_json(), **self._identity(issued, fault)}, headers=NO_STORE)

    def _identity(self, issued: Issued, fault: str) -> dict[str, str]:
        if "openid" not in issued.scopes or fault == "no_id_token":
            return {}
        google = self._google
        token = id_tokens.id_token(
            google.world.accounts[issued.email],
            issuer=google.base_url,
            client_id="another-client" if fault == "bad_audience" else issued.client_id,
            access_token=issued.access_token,
            nonce="another-nonce" if fault == "bad_nonce" else issued.nonce,
            now=google.world.clock(),
            foreign_key=fault == "bad_signature",
        )
        return {"id_token": token}

    def _client(self, request: Request, form: dict[str, str]) -> Client:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, key = base64.b64decode(value).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise OAuthError("invalid_client", "Unauthorized", 401) from None
            return self._google.grants.client(unquote_plus(name), unquote_plus(key))
        return self._google.grants.client(form.get("client_id", ""), form.get("client_secret", ""))

    def _revoke(self, request: Request) -> Response:
        token = (request.form().get("token") or request.params().get("token") or [""])[-1]
        with self._google.world.lock:
            self._google.grants.revoke(token)
        return json_response({})

    def _userinfo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        access = self._google.grants.access(token)
        if access is None or "openid" not in access.scopes:
            raise OAuthError("invalid_request", "Invalid Credentials", 401)
        account = self._google.world.accounts[access.email]
        shown = {"sub": account.sub, "name": account.name}
        if IDENTITY["email"] in access.scopes:
            return json_response({**shown, "email": account.email, "email_verified": True})
        return json_response(shown)


def _back(asked: dict[str, str], **result: str) -> Response:
    """Send the browser back to the program with the outcome and its own state."""
    uri = asked["redirect_uri"]
    if "state" in asked:
        result = {"state": asked["state"], **result}
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(result)}")


def _refused(sentence: str, status: int) -> Response:
    return page("Access blocked", f'<p class="card warn">{escape(sentence)}</p>', status=status)
