"""The run's own person at the desk of each shop, over HTTP: approves acts, answers, takes back, takes to Gmail."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import cycle

import requests

from domain.category import Category

_ROW = re.compile(r'href="(/conversations/[0-9a-f-]{36})')
_NEXT = re.compile(r'href="(/\?[^"]*after=[^"]+)"')
_DISMISSED = re.compile(r"Dismissed: (\d+) mail")
_QUEUES = ("/?category=refund", "/?category=question")
# Of so many conversations that nothing is to be approved in, one is answered by hand; the rest stay held.
ONE_OF = 5
WORDS = "Thank you for writing. We look into it and write to you again today."
PATIENCE, MUCH = 3.0, 30.0  # seconds for one page, and for an act on hundreds of mails


class _Forms(HTMLParser):
    """The forms of a page: where each goes, also by a button of its own, with its hidden fields and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((said.get("action", ""), {}))
        elif tag == "button" and self.forms and "formaction" in said:
            self.forms.append((said["formaction"], self.forms[-1][1]))
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
    as people do. Where more is held than they get to, they dismiss it in one go, once in `clears` looks; 0 is never.
    """

    desk: str
    email: str
    password: str
    pause: float = 0.3
    clears: int = 0
    approved: int = 0
    dismissed: int = 0
    written: int = 0
    pages: int = 0
    away: int = 0
    _looks: int = 0
    _unproposed: int = 0
    _seen: set[str] = field(default_factory=set)
    _places: dict[str, str] = field(default_factory=lambda: {queue: queue for queue in _QUEUES})
    _queues: Iterator[str] = field(default_factory=lambda: cycle(_QUEUES))
    _crowded: Iterator[str] = field(default_factory=lambda: cycle(f"/?category={one.value}" for one in Category))
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
        # By turns: where more comes than anybody reads, one queue would never be left.
        queue = next(self._queues)
        page = self._get(self._places[queue])
        for form, fields in _forms(page):
            if form.endswith("/sign-in"):
                self._post(form, {**fields, "email": self.email, "password": self.password})
                return
        self._looks += 1
        if self.clears and self._looks % self.clears == 0:
            self._clear()
            return
        for path in [path for path in _ROW.findall(page) if path not in self._seen]:
            self._settle(path)
            self._seen.add(path)
            return
        further = _NEXT.search(page)
        self._places[queue] = unescape(further[1]) if further else queue

    def _clear(self) -> None:
        """Dismiss the first of one kind of mail after the other, as many as the desk does at a time."""
        for form, fields in _forms(self._get(next(self._crowded))):
            if form.endswith("/bulk"):
                said = self._post(form, {**fields, "act": "dismiss", "all": "yes", "sure": "yes"}, patience=MUCH)
                told = _DISMISSED.search(said)
                self.dismissed += int(told[1]) if told else 0

    def _settle(self, path: str) -> None:
        forms = _by_verb(self._get(path))
        if "approve" in forms:
            for form, fields in forms["approve"]:
                self._post(form, {**fields, "sure": "yes"})
                self.approved += 1
        elif "send" in forms:
            self._unproposed += 1
            if self._unproposed % ONE_OF == 0:
                self.written += 1
                self._write(path, forms)

    def _write(self, path: str, forms: dict[str, list[tuple[str, dict[str, str]]]]) -> None:
        """By turns: leave it in Gmail as a draft, send it, send it and take it back in the seconds that there are."""
        turn = self.written % 3
        form, fields = forms["send" if turn else "gmail-draft"][-1]
        self._post(form, {**fields, "text": WORDS})
        if turn == 1:
            for undo, hidden in _by_verb(self._get(path)).get("undo", ()):
                self._post(undo, hidden)

    def _get(self, path: str) -> str:
        return self._said(self._session.get(f"{self.desk}{path}", timeout=PATIENCE))

    def _post(self, path: str, fields: dict[str, str], *, patience: float = PATIENCE) -> str:
        return self._said(self._session.post(f"{self.desk}{path}", data=fields, timeout=patience))

    def _said(self, answer: requests.Response) -> str:
        answer.raise_for_status()
        self.pages += 1
        return answer.text


def _by_verb(page: str) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The forms of a conversation by the last word of where they go."""
    found: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for form, fields in _forms(page):
        found.setdefault(form.rpartition("/")[2], []).append((form, fields))
    return found


def _forms(page: str) -> list[tuple[str, dict[str, str]]]:
    reading = _Forms()
    reading.feed(page)
    return reading.forms
