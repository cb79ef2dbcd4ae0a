"""The commands of whoever runs it: migrations, keys, workspaces, orders, documents."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.gmail.tokens import Tokens
from adapters.vault import KeyRing, Vault, new_key
from bootstrap import build
from commands.demo import environment
from settings import Settings
from storage import documents, mailboxes, members, orders, tenants

ROOT = Path(__file__).resolve().parent.parent.parent
HEADING = "order_number,customer_email,status,currency,total_minor,placed_at,items\n"


def flask(settings: Settings, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT, env={**environment(settings), **changed}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def connected(services, workspace) -> tuple[Settings, object]:
    """A workspace with a mailbox whose tokens are sealed under the key k1."""
    tokens = Tokens("the refresh token", "the access token", datetime.now(UTC))
    with services.database.transaction(workspace.id) as db:
        mailbox, _ = mailboxes.connect(
            db, workspace.id, member=workspace.owner, google_sub="1", address="s@shop.example", scopes=()
        )
        mailboxes.save_tokens(db, workspace.id, mailbox, services.sealed(workspace.id, mailbox, tokens))
    return mailbox


def test_rotating_seals_every_token_under_the_new_key_so_that_the_old_one_can_go(
    settings, services, workspace, connected
):
    fresh = new_key("k2")
    done = flask(settings, "rotate-keys", KEY_RING=f"{fresh},{settings.key_ring}")
    assert done.returncode == 0, done.stderr
    assert "1 mailboxes sealed anew" in done.stdout
    with services.database.transaction(workspace.id) as db:
        sealed = mailboxes.get_tokens(db, workspace.id, connected)
    opened = Vault(KeyRing.parse(fresh)).open(sealed.refresh, tenant=workspace.id, mailbox=connected, field="refresh")
    assert opened == b"the refresh token"


def test_rotating_twice_changes_nothing_more(settings, connected):
    ring = f"{new_key('k2')},{settings.key_ring}"
    flask(settings, "rotate-keys", KEY_RING=ring)
    assert "0 mailboxes sealed anew" in flask(settings, "rotate-keys", KEY_RING=ring).stdout


def test_rotating_without_the_old_key_leaves_every_token_as_it_is(settings, services, workspace, connected):
    done = flask(settings, "rotate-keys", KEY_RING=new_key("k9"))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    with services.database.transaction(workspace.id) as db:
        sealed = mailboxes.get_tokens(db, workspace.id, connected)
    services.vault.open(sealed.refresh, tenant=workspace.id, mailbox=connected, field="refresh")


def test_upgrading_an_up_to_date_database_changes_nothing(settings):
    done = flask(settings, "db", "upgrade")
    assert (done.returncode, done.stdout.strip()) == (0, "The database is up to date."), done.stderr


def test_an_empty_database_is_made_ready_and_its_logins_get_their_roles(servers, settings):
    with servers.empty_database() as owner:
        name = owner.rsplit("@/", 1)[1].split("?")[0]
        app, listener = (servers.postgres.url(name, user, "new") for user in ("fresh_app", "fresh_listener"))
        done = flask(
            settings, "db", "upgrade", DATABASE_OWNER_URL=owner, DATABASE_URL=app, DATABASE_LISTENER_URL=listener
        )
        assert done.returncode == 0, done.stderr
        services = build(Settings(database_url=app, database_listener_url=listener))
        with services.database.without_tenant() as db:
            assert tenants.by_slug(db, "nobody") is None
        services.close()


def test_commands_name_every_setting_that_they_miss(settings):
    done = flask(settings, "db", "upgrade", DATABASE_OWNER_URL="", DATABASE_URL="sqlite:///x")
    assert done.returncode == 2
    assert "DATABASE_OWNER_URL is missing." in done.stderr
    assert "DATABASE_URL must be a URL that begins with postgresql:" in done.stderr


def test_postgres_away_is_one_sentence(settings):
    away = "postgresql://nobody:x@127.0.0.1:9/x"
    done = flask(settings, "kb", "import", str(ROOT / "knowledge_base"), "--tenant", "x", DATABASE_URL=away)
    assert done.returncode == 1
    assert done.stderr.strip() == "The database is not reachable."


def test_a_workspace_is_created_with_an_owner_who_can_sign_in(settings, services):
    arguments = ("tenant", "create", "oak", "--name", "Oak", "--owner", "Ada@Oak.example")
    done = flask(settings, *arguments, "--password", "long enough!")
    assert done.returncode == 0, done.stderr
    with services.database.without_tenant() as db:
        (candidate,) = members.candidates(db, "ada@oak.example")
        assert candidate.tenant == tenants.by_slug(db, "oak")


def test_one_more_member_is_let_in_once(settings, services, workspace):
    arguments = ("tenant", "join", workspace.slug, "Carla@oak.example", "--password", "long enough!")
    done = flask(settings, *arguments)
    assert done.stdout == f"carla@oak.example can sign in to {workspace.slug} as agent.\n", done.stderr
    with services.database.without_tenant() as db:
        (candidate,) = members.candidates(db, "carla@oak.example")
        assert candidate.tenant == workspace.id
    again = flask(settings, *arguments)
    assert (again.returncode, "is a member of this workspace already" in again.stderr) == (2, True)
    assert "is no mail address" in flask(settings, "tenant", "join", workspace.slug, "carla", *arguments[4:]).stderr


def test_a_short_password_is_refused_with_a_sentence(settings):
    done = flask(settings, "tenant", "create", "oak", "--name", "Oak", "--owner", "a@b.example", "--password", "short")
    assert done.returncode == 2
    assert "at least 12 characters" in done.stderr


def test_what_is_easily_guessed_is_taken_from_a_script_and_said(settings):
    done = flask(
        settings, "tenant", "create", "oak", "--name", "Oak", "--owner", "a@b.example", "--password", "password123456"
    )
    assert done.returncode == 0
    assert "this password is easily guessed" in done.stderr


def test_bad_rows_of_an_order_file_are_named_by_line_and_left_out(settings, services, workspace, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(
        HEADING + "A-1,anna@x.example,delivered,EUR,4990,2026-11-01,[]\n"
        "A-2,anna@x.example,lost,EUR,4990,2026-11-01,[]\n"
        "A-3,anna@x.example,shipped,EUR,many,2026-11-01,[]\n"
        ",anna@x.example,shipped,EUR,1,2026-11-01,[]\n"
        "A-5,anna@x.example,shipped,EUR,-1,2026-11-01,[]\n"
    )
    done = flask(settings, "orders", "import", str(file), "--tenant", workspace.slug)
    assert done.returncode == 0, done.stderr
    assert "1 orders imported, 4 rows left out." in done.stdout
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["line 3", "line 4", "line 5", "line 6"]
    with services.database.transaction(workspace.id) as db:
        assert orders.find(db, workspace.id, "A-1").total.minor == 4990
        assert orders.find(db, workspace.id, "A-2") is None


def test_a_file_that_is_no_order_list_is_refused_whole(settings, workspace, tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    done = flask(settings, "orders", "import", str(file), "--tenant", workspace.slug)
    assert done.returncode == 2
    assert "The heading lacks: currency, customer_email" in done.stderr


def test_documents_are_imported_and_a_bad_one_leaves_the_others(settings, services, workspace, tmp_path):
    (tmp_path / "good.md").write_text(
        "---\ntitle: Returns\nlanguage: en\nvisibility: public\n---\n\n# Returns\n\n30 days.\n"
    )
    (tmp_path / "bad.md").write_text("---\ntitle: [broken\n---\nx\n")
    done = flask(settings, "kb", "import", str(tmp_path), "--tenant", workspace.slug)
    assert done.returncode == 0, done.stderr
    assert "1 documents imported, 1 left out." in done.stdout
    assert "bad.md" in done.stderr
    with services.database.transaction(workspace.id) as db:
        assert [one.path for one in documents.current(db, workspace.id)] == ["good.md"]
        assert tenants.get(db, workspace.id).knowledge_version


def test_an_unknown_workspace_is_one_sentence(settings, tmp_path):
    done = flask(settings, "kb", "import", str(tmp_path), "--tenant", "nobody")
    assert (done.returncode, done.stderr.strip()) == (2, "tenant: There is no workspace called 'nobody'.")


def test_an_order_is_found_however_its_number_is_written(settings, services, workspace, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text(
        HEADING + "#1001,a@x.example,shipped,EUR,1,2026-11-01,[]\nlo-2,a@x.example,shipped,EUR,1,2026-11-01,[]\n"
    )
    assert flask(settings, "orders", "import", str(file), "--tenant", workspace.slug).returncode == 0
    with services.database.transaction(workspace.id) as db:
        assert all(orders.find(db, workspace.id, number) for number in ("1001", "#1001", "LO-2", "lo-2"))


def test_an_order_file_in_another_encoding_is_refused_with_a_sentence(settings, workspace, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_bytes(HEADING.encode() + "A-1,anna@x.example,shipped,EUR,1,2026-11-01,[],J\xfcrgen\n".encode("latin-1"))
    done = flask(settings, "orders", "import", str(file), "--tenant", workspace.slug)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_short_name_that_is_taken_is_refused_with_a_sentence(settings, workspace):
    arguments = (
        "tenant",
        "create",
        workspace.slug,
        "--name",
        "X",
        "--owner",
        "a@b.example",
        "--password",
        "long enough!",
    )
    done = flask(settings, *arguments)
    assert done.returncode == 2
    assert "already: choose another short name." in done.stderr
