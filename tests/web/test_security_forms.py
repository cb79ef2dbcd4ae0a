"""What a form carries beyond what it should: nonsense in each field, fields of others, the same field twice."""

import ast
from pathlib import Path

from sqlalchemy import text

from tests.conftest import Workspace
from tests.web.conftest import Browser
from tests.web.filling import Filler
from tests.web.test_isolation import FORM
from tests.web.test_security_redirects import WEB, parameters
from tests.web.walking import full_workspace, ways

NONSENSE = (
    "\x00", "-1", "9" * 40, "1e400", "NaN", "\ud7ff\uffff\u202e", "{{7*7}}${7*7}%(x)s{0.__class__}", "' OR 1=1 --",
    "../../etc/passwd", "a" * 2_000, "<b>x</b>", "2026-13-45", "[]", "true", " ",
)  # fmt: skip
# What somebody may set here who may only answer mail: their own name and views, and what mail is about.
SETTINGS = ("tenant", "mailbox", "invitation", "refund_policy", "supplier_rules", "ticketing", "supplier")


def test_nonsense_in_every_field_of_every_route_is_answered_in_words(app, browser: Browser, filler: Filler) -> None:
    """In the form, in the address, as text, as another kind of content: never an error of ours, never evaluated."""
    app.testing = False
    names, token = parameters(), browser.token()
    every = [one for one in ways(app, full_workspace(filler), ("GET", "POST")) if one.endpoint != "sign_in.sign_out"]
    for number, way in enumerate(every):
        value = NONSENSE[number % len(NONSENSE)]
        fields = dict.fromkeys(names, value)
        form = {**fields, "csrf_token": token} if way.method == "POST" else None
        answer = browser.client.open(way.path, method=way.method, data=form, query_string=fields)
        assert answer.status_code < 500, f"{way} {value[:20]!r}"
        answer.close()


def test_fields_that_no_form_has_change_nothing(app, join, workspace: Workspace, filler: Filler, owner) -> None:
    """Every column of the database as a field of every form: who may only answer mail sets nothing by it."""
    full = full_workspace(filler)
    agent = join("agent")
    named = text("SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'")
    columns = set(owner.execute(named).scalars())
    owner.rollback()
    extra = dict.fromkeys(columns - parameters(), "owner") | {"is_admin": "yes", "role": "owner", "tenant_id": "x"}

    def kept() -> list:
        of_people = "SELECT id, email, role, password_hash, verified_at, google_sub, deactivated_at FROM member"
        return [filler.rows(f"{of_people} WHERE tenant_id = :tenant ORDER BY id")] + [
            filler.rows(f"SELECT * FROM {name} WHERE tenant_id = :tenant ORDER BY 1, 2")  # noqa: S608  # from this file
            for name in SETTINGS
        ]

    posts = ways(app, full, ("POST",))
    token, before = agent.token(), kept()
    assert len(extra) > 150
    for way in posts:
        if way.endpoint not in {"sign_in.sign_out", "workspace.answering", "invitation.accept"}:
            agent.client.post(way.path, data={**extra, **FORM, "role": "owner", "csrf_token": token})
    assert kept() == before


def test_who_joins_or_signs_up_gets_the_role_that_was_given(app, stranger: Browser, filler: Filler, owner) -> None:
    more = {"role": "owner", "verified_at": "2020-01-01", "verified": "yes", "tenant": "x", "tenant_id": "x"}
    form = {"name": "Ida", "password": "a password of Ida alone", "email": "ida@lampe.example", "shop": "Lampe", **more}
    paths = {way.endpoint: way.path for way in ways(app, full_workspace(filler), ("POST",))}
    assert stranger.post(paths["invitation.accept"], form).status_code == 302
    assert filler.rows("SELECT role, email FROM member WHERE tenant_id = :tenant AND name = 'Ida'") == [
        ("agent", "new@x.example")
    ]
    other = Browser(app.test_client())
    assert other.post("/sign-up", form).status_code == 302
    made = owner.execute(text("SELECT verified_at FROM member WHERE email = 'ida@lampe.example'")).scalars().all()
    owner.rollback()
    assert made == [None]


def test_a_field_counts_where_it_belongs_and_once(stranger: Browser, workspace: Workspace) -> None:
    """A form's fields come from the form: not from the address, a cookie or a header. Of two the first counts."""
    token, right = stranger.token(), {"email": workspace.email, "password": workspace.password}
    for more in (
        {"data": {"csrf_token": token}, "query_string": right},
        {"data": {"csrf_token": token}, "headers": {name.title(): value for name, value in right.items()}},
        {"data": {"csrf_token": token, "email": right["email"], "password": ["wrong", right["password"]]}},
    ):
        assert "do not go together" in stranger.client.post("/sign-in", **more).text
    form = {"csrf_token": token, **right, "next": ["/account", "https://evil.example"]}
    assert stranger.client.post("/sign-in", data=form).headers["Location"] == "/account"


def test_no_page_takes_a_field_from_wherever_it_comes() -> None:
    files = sorted(Path(WEB).glob("*.py"))
    assert len(files) > 60
    mixing = {"request.values", "request.get_json", "request.json", "request.get_data"}
    mixed = [
        f"{file.name}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in mixing
    ]
    assert mixed == []
