"""Connect a Google account: everything of OAuth that is not a page. GMAIL.md 3.1 to 3.3."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.errors import MismatchingStateError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth, OAuthError
from flask import Flask
from joserfc.errors import JoseError
from werkzeug.wrappers import Response

from adapters.gmail.errors import ClientRejected
from domain.errors import BadInput, MailwrightError, NeedsPerson, ScopeMissing, TryAgain

MODIFY = "https://www.googleapis.com/auth/gmail.modify"
SCOPES = f"openid email {MODIFY}"
TIMEOUT_S = 10
STATE_LIVES_S = 15 * 60

AUTHORIZE_PARAMS = {
    "access_type": "offline",  # a refresh token ...
    "prompt": "consent select_account",  # ... on every connecting, not on the first alone
    "include_granted_scopes": "true",
}


class StateStore(Protocol):
    """Short-lived texts between the start of connecting and Google's answer, kept on the server (in Postgres)."""

    def get(self, key: str) -> str | None:
        """None when it was never set, was deleted, or is older than it may be."""
        ...

    def set(self, key: str, value: str, seconds: int) -> None: ...

    def delete(self, key: str) -> None: ...


class Denied(NeedsPerson):
    """The person, or their administrator, said no at Google. Nothing is to be changed."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a Google account gave us. `sub` is Google's lasting name for the account; the address may change."""

    sub: str
    email: str
    scopes: tuple[str, ...]
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a Google account is. `email` is one that Google has verified; `sub` is the account's lasting name."""

    sub: str
    email: str


class _OwnStates:
    """A StateStore in which nobody finds a state but who began it: Authlib's `cache`."""

    def __init__(self, store: StateStore, owner: Callable[[], str]) -> None:
        self._store = store
        self._owner = owner

    def get(self, key: str) -> str | None:
        return self._store.get(self._key(key))

    def set(self, key: str, value: str, seconds: int) -> None:
        self._store.set(self._key(key), value, min(seconds, STATE_LIVES_S))

    def delete(self, key: str) -> None:
        self._store.delete(self._key(key))

    def _key(self, key: str) -> str:
        """A hash, so that who reads the store cannot finish what another began."""
        return hashlib.sha256(f"{self._owner()}\n{key}".encode()).hexdigest()


def register(
    app: Flask, *, client_id: str, client_secret: str, metadata_url: str, store: StateStore, owner: Callable[[], str]
) -> FlaskOAuth2App:
    """Authlib's client for this app. `owner` names, within a request, the tenant, member and session that connects.

    Nothing is asked of Google here: its metadata is read with the first use and kept for the life of the process.
    """
    client: FlaskOAuth2App = OAuth(app, cache=_OwnStates(store, owner)).register(
        "google",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=metadata_url,
        authorize_params=AUTHORIZE_PARAMS,
        client_kwargs={
            "scope": SCOPES,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_post",
            "default_timeout": TIMEOUT_S,
        },
    )
    return client


def register_identity(app: Flask, *, client_id: str, client_secret: str, metadata_url: str) -> FlaskOAuth2App:
    """Authlib's client for signing in: who somebody is, and no access to anything.

    No tenant is known yet, so that state, nonce and the PKCE verifier are kept in the browser's own signed session.
    """
    client: FlaskOAuth2App = OAuth(app).register(
        "google_identity",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=metadata_url,
        authorize_params={"prompt": "select_account"},
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_post",
            "default_timeout": TIMEOUT_S,
        },
    )
    return client


def begin(google: FlaskOAuth2App, redirect_uri: str, login_hint: str = "") -> Response:
    """The redirect to Google's consent page; `redirect_uri` from the settings, never from Host. Raises TryAgain."""
    hint = {"login_hint": login_hint} if login_hint else {}
    try:
        redirect: Response = google.authorize_redirect(redirect_uri, **hint)
    except requests.RequestException as error:
        raise _away(error) from error
    except RuntimeError as error:
        raise ClientRejected("The metadata address of Google names no sign-in page: correct the settings.") from error
    return redirect


def finish(google: FlaskOAuth2App) -> Grant:
    """Read what a mailbox's owner gave us out of the current request, once.

    Raises what `_answered` raises, and ScopeMissing where the checkbox was unticked.
    """
    return granted(_answered(google))


def who(google: FlaskOAuth2App) -> Identity:
    """Read who signed in out of the current request, once. Raises what `_answered` raises."""
    return _identity(_answered(google))


def _answered(google: FlaskOAuth2App) -> Mapping[str, Any]:
    """Google's token answer, its id_token verified.

    Raises Denied, BadInput (replayed, forged, too old, or incomplete), ClientRejected (our settings), TryAgain (Google
    is away: begin anew).
    """
    try:
        token: Mapping[str, Any] = google.authorize_access_token()
    except MismatchingStateError as error:
        raise BadInput(
            "state", "This answer from Google was used before, is too old, or belongs to another session: start again."
        ) from error
    except OAuthError as error:
        raise _of_oauth(str(error.error)) from error
    except requests.RequestException as error:
        raise _away(error) from error
    except (JoseError, AuthlibBaseError) as error:
        raise BadInput("id_token", "Google's statement about who signed in does not hold: start again.") from error
    except ValueError as error:
        raise TryAgain("Google's answer could not be read: try again in a moment.") from error
    return token


def _identity(token: Mapping[str, Any]) -> Identity:
    """Raises BadInput where Google does not say who it is, or has not verified their address."""
    # Without an id_token Authlib gives no userinfo, and no error either.
    person = token.get("userinfo") or {}
    if not person.get("sub"):
        raise BadInput("id_token", "Google did not say who signed in: start again.")
    if person.get("email_verified") is not True or not person.get("email"):
        raise BadInput("email", "Google has not verified the address of this account: verify it there first.")
    return Identity(str(person["sub"]), str(person["email"]).lower())


def granted(token: Mapping[str, Any]) -> Grant:
    """Check a token answer whose id_token Authlib has verified. Raises BadInput, ScopeMissing."""
    person = _identity(token)
    scopes = tuple(str(token.get("scope", "")).split())
    if MODIFY not in scopes:
        raise ScopeMissing("The permission to read and answer mail was not given: connect again and tick its box.")
    if not token.get("refresh_token"):
        raise BadInput(
            "refresh_token",
            "Google gave no lasting access: remove this program under myaccount.google.com/permissions, connect again.",
        )
    return Grant(
        sub=person.sub,
        email=person.email,
        scopes=scopes,
        refresh_token=str(token["refresh_token"]),
        access_token=str(token.get("access_token") or ""),
        expires_at=datetime.fromtimestamp(int(token.get("expires_at") or 0), UTC),  # unknown = refreshed first
    )


_NO = "Google answered that the access was not given; nothing was changed."
_USED = "This answer from Google was used before or is too old: start again."
_OURS = "Google does not accept our own client id, secret or redirect address: correct the settings."

# RFC 6749 4.1.2.1 and 5.2, and Google's own words.
_OAUTH_ERRORS: dict[str, Callable[[], MailwrightError]] = {
    "access_denied": lambda: Denied(_NO),
    "admin_policy_enforced": lambda: Denied("The Workspace administrator does not allow this program."),
    "org_internal": lambda: Denied("Our Google project only serves accounts of its own organisation."),
    "disallowed_useragent": lambda: Denied("Google refuses this browser: use another one."),
    "invalid_grant": lambda: BadInput("code", _USED),
    "invalid_request": lambda: BadInput("code", _USED),
    "invalid_client": lambda: ClientRejected(_OURS),
    "unauthorized_client": lambda: ClientRejected(_OURS),
    "redirect_uri_mismatch": lambda: ClientRejected(_OURS),
    "server_error": lambda: TryAgain("Google is out of order."),
    "temporarily_unavailable": lambda: TryAgain("Google is out of order."),
}


def _of_oauth(word: str) -> MailwrightError:
    """`?error=` reaches us before its state is checked, so an unknown word is never shown."""
    making = _OAUTH_ERRORS.get(word)
    return making() if making else BadInput("error", "Google broke off the connecting: start again.")


def _away(error: requests.RequestException) -> TryAgain:
    return TryAgain(f"Google could not be reached ({type(error).__name__}): try again in a moment.")
