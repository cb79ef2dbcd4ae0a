"""Serve the addresses of Google's sign-in: discovery, consent, tokens, revocation, userinfo and keys."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from sandbox import id_tokens
from sandbox.consent_page import AUTH_PATH, ConsentPage
from sandbox.http_server import Cut, Request, Response, json_response
from sandbox.oauth_records import IDENTITY, RESTRICTED, Client, Issued, OAuthError
from sandbox.origin import Google

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
        self._consent = ConsentPage(google)

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
            "oauth.consent": lambda: self._consent.answer(request),
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
