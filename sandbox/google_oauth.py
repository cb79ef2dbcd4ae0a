"""Grant, refresh and revoke: the state machine behind Google's consent page and its token endpoint."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable

from sandbox.accounts import Account
from sandbox.oauth_records import IDENTITY, Access, Client, Code, Grant, Issued, OAuthError
from sandbox.settings import Settings

LIVE_REFRESH_TOKENS = 100


class Grants:
    """Codes, tokens and grants of every user and client. Callers hold the sandbox's lock."""

    def __init__(self, settings: Settings, clock: Callable[[], float], changed: Callable[[str, str], None]) -> None:
        self.clients: dict[str, Client] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        self.refresh: dict[str, tuple[str, str, frozenset[str]]] = {}
        self._access: dict[str, Access] = {}
        self._codes: dict[str, Code] = {}
        self._settings = settings
        self._clock = clock
        self._changed = changed

    def consent(
        self,
        account: Account,
        client: Client,
        redirect_uri: str,
        scopes: Iterable[str],
        *,
        nonce: str,
        challenge: str,
        offline: bool,
        prompt: str,
        include_granted: bool,
    ) -> str:
        """Write down what the user allowed; returns the code. A refresh token comes once, or with prompt=consent."""
        grant = self.grants.setdefault((account.email, client.id), Grant())
        given = frozenset(IDENTITY.get(scope, scope) for scope in scopes)
        refresh = offline and (not grant.refresh or "consent" in prompt.split())
        everything = given | grant.scopes if include_granted else given
        grant.scopes |= given
        code = f"4/0A{secrets.token_urlsafe(48)}"
        expires_at = self._clock() + self._settings.code_life_s
        self._codes[code] = Code(
            account.email, client.id, redirect_uri, frozenset(everything), nonce, challenge, refresh, expires_at
        )
        self._changed("oauth", "")
        return code

    def client(self, client_id: str, client_secret: str) -> Client:
        client = self.clients.get(client_id)
        if client is None:
            raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
        if not hmac.compare_digest(client.secret.encode(), client_secret.encode()):
            raise OAuthError("invalid_client", "Unauthorized", 401)
        return client

    def exchange(self, client: Client, code: str, redirect_uri: str, verifier: str) -> Issued:
        """A code for tokens, once; raises OAuthError."""
        found = self._codes.pop(code, None)
        if found is None or found.client_id != client.id or found.expires_at <= self._clock():
            raise OAuthError("invalid_grant", "Malformed auth code.")
        if found.redirect_uri != redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "Bad Request")
        if found.challenge:
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if not verifier or not hmac.compare_digest(digest, found.challenge):
                raise OAuthError("invalid_grant", "Invalid code verifier." if verifier else "Missing code verifier.")
        grant = self.grants.get((found.email, client.id))
        if grant is None:
            raise OAuthError("invalid_grant", "Token has been expired or revoked.")
        refresh_token = ""
        if found.refresh:
            refresh_token = f"1//0{secrets.token_urlsafe(64)}"
            self.refresh[refresh_token] = (found.email, client.id, found.scopes)
            grant.refresh.append(refresh_token)
            while len(grant.refresh) > LIVE_REFRESH_TOKENS:
                self.refresh.pop(grant.refresh.popleft(), None)
        self._changed("oauth", "")
        return self._issue(found.email, client.id, found.scopes, refresh_token, found.nonce)

    def renew(self, client: Client, refresh_token: str, scope: str) -> Issued:
        """A refresh token for a new access token; raises OAuthError invalid_grant when it is dead or unknown."""
        found = self.refresh.get(refresh_token)
        if found is None or found[1] != client.id:
            raise OAuthError("invalid_grant", "Token has been expired or revoked." if refresh_token else "Bad Request")
        email, client_id, scopes = found
        wanted = frozenset(IDENTITY.get(word, word) for word in scope.split()) or scopes
        if not wanted <= scopes:
            raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
        return self._issue(email, client_id, wanted, "", "")

    def access(self, token: str) -> Access | None:
        """What an access token stands for; None when it is unknown, expired or revoked."""
        found = self._access.get(token)
        return found if found is not None and found.expires_at > self._clock() else None

    def revoke(self, token: str) -> None:
        """End the whole grant that a refresh or access token belongs to; raises OAuthError invalid_token."""
        if token in self.refresh:
            email, client_id, _ = self.refresh[token]
        elif (access := self.access(token)) is not None:
            email, client_id = access.email, access.client_id
        else:
            raise OAuthError("invalid_token", "Token expired or revoked")
        self.end(email, client_id)

    def end(self, email: str, client_id: str = "") -> int:
        """End the user's grants (to one client, if named), as by the user's account page; returns how many."""
        ended = [key for key in self.grants if key[0] == email and client_id in ("", key[1])]
        for key in ended:
            grant = self.grants.pop(key)
            for token in grant.refresh:
                self.refresh.pop(token, None)
            for token in grant.access:
                self._access.pop(token, None)
        self._changed("oauth", "")
        return len(ended)

    def expire_access(self, email: str = "") -> int:
        """Make access tokens (of one user, if named) expire now; refresh tokens live on."""
        stale = [token for token, access in self._access.items() if email in ("", access.email)]
        for token in stale:
            del self._access[token]
        return len(stale)

    def clear(self) -> None:
        for store in (self.grants, self.refresh, self._access, self._codes):
            store.clear()
        self._changed("oauth", "")

    def _issue(self, email: str, client_id: str, scopes: frozenset[str], refresh_token: str, nonce: str) -> Issued:
        life = self._settings.token_life_s
        token = f"ya29.a0{secrets.token_urlsafe(90)}"
        self._access[token] = Access(email, client_id, scopes, self._clock() + life)
        grant = self.grants[(email, client_id)]
        for old in [old for old in grant.access if self.access(old) is None]:
            grant.access.discard(old)
            self._access.pop(old, None)
        grant.access.add(token)
        return Issued(token, refresh_token, scopes, int(life), email, client_id, nonce)
