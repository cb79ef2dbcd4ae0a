"""Name what consent is made of: scopes, clients, codes, tokens and grants."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

AUTH = "https://www.googleapis.com/auth/"
FULL = "https://mail.google.com/"
MODIFY = f"{AUTH}gmail.modify"
RESTRICTED = {
    FULL: "Read, compose, send and permanently delete all your email",
    MODIFY: "Read, compose and send emails from your Gmail account",
    f"{AUTH}gmail.readonly": "View your email messages and settings",
    f"{AUTH}gmail.compose": "Manage drafts and send emails",
    f"{AUTH}gmail.send": "Send email on your behalf",
    f"{AUTH}gmail.labels": "See and edit your email labels",
    f"{AUTH}gmail.metadata": "View your email message metadata, but not the content",
}
# What the token endpoint calls the short names that a client may ask for.
IDENTITY = {
    "openid": "openid",
    "email": f"{AUTH}userinfo.email",
    "profile": f"{AUTH}userinfo.profile",
    f"{AUTH}userinfo.email": f"{AUTH}userinfo.email",
    f"{AUTH}userinfo.profile": f"{AUTH}userinfo.profile",
}


class OAuthError(Exception):
    """A refusal of the token or revocation endpoint: HTTP status, error word, sentence."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Client:
    """A registered program; without redirect URIs every loopback http address is accepted."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...] = ()

    def accepts(self, uri: str) -> bool:
        if self.redirect_uris:
            return uri in self.redirect_uris
        return uri.startswith(("http://127.0.0.1:", "http://localhost:")) and "#" not in uri


@dataclass(frozen=True, slots=True)
class Code:
    """What a consent leaves behind until it is exchanged, once."""

    email: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    nonce: str
    challenge: str
    refresh: bool
    expires_at: float


@dataclass(frozen=True, slots=True)
class Access:
    """A live access token's meaning."""

    email: str
    client_id: str
    scopes: frozenset[str]
    expires_at: float


@dataclass(slots=True)
class Grant:
    """What one user gave one client: scopes, and the refresh tokens that stand for it, oldest first."""

    scopes: set[str] = field(default_factory=set)
    refresh: deque[str] = field(default_factory=deque)
    access: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token answer before it is written down: `refresh_token` and `nonce` may be empty."""

    access_token: str
    refresh_token: str
    scopes: frozenset[str]
    expires_in: int
    email: str
    client_id: str
    nonce: str

    def as_json(self) -> dict[str, Any]:
        shown = {"access_token": self.access_token, "expires_in": self.expires_in, "token_type": "Bearer"}
        shown["scope"] = " ".join(sorted(self.scopes))
        return {**shown, **({"refresh_token": self.refresh_token} if self.refresh_token else {})}
