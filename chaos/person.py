"""The run's own person: signs in at the desk of each shop, and approves what waits there for an approval, over HTTP."""

import re
import threading
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import requests

_ROW = re.compile(r'href="(/conversations/[0-9a-f-]{36})')
_NEXT = re.compile(r'href="(/\?[^"]*after=[^"]+)"')
_QUEUE = "/?category=refund"
PATIENCE = 3.0  # seconds for one page


class _Forms(HTMLParser):
    """The forms of a page: where each goes, with its hidden fields and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((said.get("action", ""), {}))
        elif tag == "input" and self.forms and said.get("type") == "hidden":
            self.forms[-1][1][said.get("name", "")] = said.get("value", "")
        elif tag == "textarea" and self.forms:
            self._text = said.get("name", "")
            self.forms[-1][1][self._text] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.forms[-1][1][self._text] += data


@dataclass
class Person:
    """One member at one desk, `pause` seconds at each page. Web may be killed under their hands: then they try again,
    as people do.
    """

    desk: str
    email: str
    password: str
    pause: float = 0.3
    approved: int = 0
    pages: int = 0
    away: int = 0
    _seen: set[str] = field(default_factory=set)
    _where: str = _QUEUE
    _session: requests.Session = field(default_factory=requests.Session)

    def work(self, stopping: threading.Event) -> None:
        """Until asked to stop, in a thread of its own."""
        while not stopping.wait(self.pause):
            try:
                self._look_once()
            except requests.RequestException:
                self.away += 1
                self._session = requests.Session()

    def _look_once(self) -> None:
        page = self._get(self._where)
        for form, fields in _forms(page):
            if form.endswith("/sign-in"):
                self._post(form, {**fields, "email": self.email, "password": self.password})
                return
        for path in [path for path in _ROW.findall(page) if path not in self._seen]:
            self._approve(path)
            self._seen.add(path)
            return
        further = _NEXT.search(page)
        self._where = unescape(further[1]) if further else _QUEUE

    def _approve(self, path: str) -> None:
        for form, fields in _forms(self._get(path)):
            if form.endswith("/approve"):
                self._post(form, {**fields, "sure": "yes"})
                self.approved += 1

    def _get(self, path: str) -> str:
        return self._said(self._session.get(f"{self.desk}{path}", timeout=PATIENCE))

    def _post(self, path: str, fields: dict[str, str]) -> str:
        return self._said(self._session.post(f"{self.desk}{path}", data=fields, timeout=PATIENCE))

    def _said(self, answer: requests.Response) -> str:
        answer.raise_for_status()
        self.pages += 1
        return answer.text


def _forms(page: str) -> list[tuple[str, dict[str, str]]]:
    reading = _Forms()
    reading.feed(page)
    return reading.forms
