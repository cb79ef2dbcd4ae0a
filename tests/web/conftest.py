"""A browser's view of the app: clients that read forms, sign in, and press buttons with the token in them."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage import members
from storage.database import Database
from tests.conftest import PASSWORD, Workspace
from tests.web.filling import Filler

_VERSION = re.compile(r'name="version" value="(\d+)"')
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """Follows no redirect by itself; every form is sent with the token of a page that this browser has seen."""

    client: FlaskClient

    def get(self, path: str, **more) -> TestResponse:
        return self.client.get(path, **more)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self) -> str:
        for path in ("/mailboxes/", "/account", "/sign-in"):
            found = _TOKEN.search(self.get(path).text)
            if found:
                return found[1]
        raise AssertionError("no page shows a form")

    def post(self, path: str, form: dict[str, str] | None = None, **more) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(form or {})}, **more)

    def press(self, path: str, form: dict[str, str] | None = None) -> str:
        """Send a form and read the page that it leads to."""
        answer = self.post(path, form, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    def sign_in(self, email: str, password: str = PASSWORD, come_back: str = "") -> TestResponse:
        return self.post("/sign-in", {"email": email, "password": password, "next": come_back})


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def seen(html: str) -> str:
    """What a person reads on a page, on one line."""
    parser = _Text()
    parser.feed(html)
    return " ".join(" ".join(parser.pieces).split())


def version_on(html: str) -> str:
    """The version of what is kept, as the page's first form about a reply carries it."""
    return _VERSION.findall(html)[0]


@pytest.fixture
def stranger(app) -> Browser:
    """Somebody who has not signed in."""
    return Browser(app.test_client())


@pytest.fixture
def browser(app, workspace: Workspace) -> Browser:
    """The owner of the workspace, signed in."""
    return signed_in(app, workspace.email)


def signed_in(app, email: str) -> Browser:
    made = Browser(app.test_client())
    assert made.sign_in(email).status_code == 302
    return made


@pytest.fixture
def join(app, workspace: Workspace, database: Database, password_hash: str):
    """Another member of the same workspace, in a browser of their own."""

    def joined(role: str, name: str = "Tom") -> Browser:
        email = f"{role}.{name.lower()}@lumen.example"
        with database.transaction(workspace.id) as db:
            members.add(db, workspace.id, email=email, name=name, password_hash=password_hash, role=role)
        return signed_in(app, email)

    return joined


@pytest.fixture
def filler(database: Database, workspace: Workspace) -> Filler:
    return Filler(database, workspace.id, workspace.owner)


@pytest.fixture
def rival(database: Database, other_workspace: Workspace) -> Filler:
    """Fills the workspace of another merchant."""
    return Filler(database, other_workspace.id, other_workspace.owner)
