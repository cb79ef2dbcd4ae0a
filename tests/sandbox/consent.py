"""A browser's part in a consent: read the page's form, fill it in, follow the redirect by hand."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests


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
        shown = browser.get(url, timeout=5)
        assert shown.status_code == 200, shown.text
        form = Form(shown.text)
        fields = [*form.hidden.items(), ("account", account), ("decision", decision)]
        fields += [("granted", scope) for scope, ticked in form.boxes.items() if ticked and scope not in untick]
        answer = browser.post(urljoin(url, form.action), data=fields, timeout=5, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


def query(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
