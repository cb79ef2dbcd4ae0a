"""Ask a person on the consent page: which account, which restricted scopes, or nothing at all."""

from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from sandbox.http_server import Request, Response
from sandbox.oauth_records import IDENTITY, RESTRICTED
from sandbox.origin import Google
from sandbox.page_frame import from_elsewhere, page, redirect

AUTH_PATH = "/o/oauth2/v2/auth"


class ConsentPage:
    """GET shows the page or why access is blocked; POST takes the decision and leads back to the program."""

    def __init__(self, google: Google) -> None:
        self._google = google

    def answer(self, request: Request) -> Response:
        return self._decided(request) if request.method == "POST" else self._ask(request)

    def _ask(self, request: Request) -> Response:
        asked = {name: values[-1] for name, values in request.params().items()}
        problem = self._wrong(asked)
        if problem is not None:
            return problem
        if asked.get("prompt") == "none":
            return _back(asked, error="interaction_required")
        # Shops first, in the order in which they were opened: it is mostly them that a program is connected to.
        accounts = sorted(self._google.world.accounts.values(), key=lambda account: account.role != "shop")
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


def _back(asked: dict[str, str], **result: str) -> Response:
    """Send the browser back to the program with the outcome and its own state."""
    uri = asked["redirect_uri"]
    if "state" in asked:
        result = {"state": asked["state"], **result}
    return redirect(f"{uri}{'&' if '?' in uri else '?'}{urlencode(result)}")


def _refused(sentence: str, status: int) -> Response:
    return page("Access blocked", f'<p class="card warn">{escape(sentence)}</p>', status=status)
