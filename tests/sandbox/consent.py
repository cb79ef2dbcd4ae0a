"""A browser's part in a consent: read the page's form, fill it in, follow the redirect by hand."""

import base64
import hashlib
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from sandbox.google import DEMO_CLIENT, MODIFY
from tests.sandbox.clients import SHOP

CALLBACK = "http://127.0.0.1:9/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Form(HTMLParser):
    """The fields of the one form on a page: hidden values, radio buttons and checkboxes with their ticks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.accounts: dict[str, bool] = {}
        self.boxes: dict[str, bool] = {}
        self.action = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        kind = given.get("type")
        if kind == "hidden":
            self.hidden[given["name"]] = given["value"]
        elif kind == "radio":
            self.accounts[given["value"]] = "checked" in given
        elif kind == "checkbox":
            self.boxes[given["value"]] = "checked" in given


def decide(url: str, account: str, *, decision: str = "allow", untick: tuple[str, ...] = ()) -> str:
    """Open the consent page at `url` and press a button; returns where the browser is sent."""
    with requests.Session() as browser:
        shown = browser.get(url, timeout=60)
        assert shown.status_code == 200, shown.text
        form = Form(shown.text)
        fields = [*form.hidden.items(), ("account", account), ("decision", decision)]
        fields += [("granted", scope) for scope, ticked in form.boxes.items() if ticked and scope not in untick]
        answer = browser.post(urljoin(url, form.action), data=fields, timeout=60, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


def query(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}


def consent_url(base, **changes):
    asked = {
        "client_id": DEMO_CLIENT.id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s1",
        "scope": f"openid email {MODIFY}", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
        "access_type": "offline", "prompt": "consent", **changes,
    }  # fmt: skip
    return f"{base}/o/oauth2/v2/auth?{urlencode({name: value for name, value in asked.items() if value})}"


def exchange(base, given_code, **changes):
    form = {
        "grant_type": "authorization_code", "code": given_code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "client_id": DEMO_CLIENT.id, "client_secret": DEMO_CLIENT.secret, **changes,
    }  # fmt: skip
    return requests.post(f"{base}/token", data=form, timeout=60)


def code_of(base, **changes):
    return query(decide(consent_url(base, **changes), SHOP))["code"]
