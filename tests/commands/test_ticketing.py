"""`flask ticketing`: what is read from the environment, tried, sealed and forgotten, and what no output ever shows."""

import pytest

from adapters.ticketing import Connection
from adapters.vault import KeyRing, Vault, new_key
from commands.ticketing import connection_of
from domain.bridging import BridgeRules, Mode
from domain.errors import BadInput
from storage import ticketing, tickets
from tests.commands.test_upkeep import flask
from tests.support.ticketing import running_ticketing


@pytest.fixture
def environment():
    with running_ticketing() as outside:
        yield {"TICKETING_BASE_URL": outside.url, "TICKETING_USERNAME": "agent", "TICKETING_PASSWORD": "secret"}


def rules(services, workspace):
    with services.database.transaction(workspace.id) as db:
        return ticketing.rules(db, workspace.id)


def test_a_system_is_connected_from_the_environment_its_password_sealed_and_never_shown(
    settings, services, workspace, environment
):
    done = flask(settings, "ticketing", "connect", "--tenant", "lumen", **environment)
    assert done.returncode == 0, done.stderr
    assert "gets a note of the exchange" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    with services.database.transaction(workspace.id) as db:
        found = ticketing.find(db, workspace.id)
    assert (found.base_url, found.username, found.path_prefix) == (
        environment["TICKETING_BASE_URL"], "agent", "/tickets/tickets",
    )  # fmt: skip
    assert b"secret" not in found.secret.value
    assert "secret=Sealed(...)" in repr(found)
    with services.open_ticketing(workspace.id) as system:
        assert system.client.by_order("LO-77701") == ()
    assert rules(services, workspace) == BridgeRules(Mode.GMAIL_WITH_NOTE)


def test_a_login_that_is_refused_connects_nothing(settings, services, workspace, environment):
    done = flask(
        settings, "ticketing", "connect", "--tenant", "lumen", **{**environment, "TICKETING_PASSWORD": "wrong1"}
    )
    assert done.returncode == 1
    assert "check its user and password" in done.stderr
    assert "wrong1" not in done.stdout + done.stderr
    assert rules(services, workspace) is None


def test_mode_and_shadow_are_set_kept_over_a_new_connection_and_forgotten_with_it(
    settings, services, workspace, environment
):
    before = flask(settings, "ticketing", "mode", "ticket_only", "--tenant", "lumen")
    assert (before.returncode, before.stderr) == (
        2, "tenant: No ticketing system is connected: flask ticketing connect comes first.\n",
    )  # fmt: skip
    flask(settings, "ticketing", "connect", "--tenant", "lumen", **environment)
    said = flask(settings, "ticketing", "mode", "ticket_only", "--tenant", "lumen", "--shadow").stdout
    assert "Shadow" in said
    flask(settings, "ticketing", "connect", "--tenant", "lumen", **environment)
    assert rules(services, workspace) == BridgeRules(Mode.TICKET_ONLY, shadow=True)
    flask(settings, "ticketing", "mode", "gmail_only", "--tenant", "lumen", "--no-shadow")
    assert rules(services, workspace) == BridgeRules(Mode.GMAIL_ONLY)
    assert "the desk is all" in flask(settings, "ticketing", "disconnect", "--tenant", "lumen").stdout
    assert "No ticketing system" in flask(settings, "ticketing", "disconnect", "--tenant", "lumen").stdout
    assert rules(services, workspace) is None


def test_what_waits_is_listed_and_goes_on_when_a_person_looked(settings, services, workspace):
    tenant = workspace.id
    connected = services.sealed_ticketing(tenant, Connection("http://127.0.0.1:9", "agent", "secret"))
    with services.database.transaction(tenant) as db:
        ticketing.put(db, tenant, connected, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="test")
        tickets.open_one(db, tenant, "LO-77701", None, None, about=0)
        db.exec_driver_sql("UPDATE ticket SET state = 'needs_person', last_error = 'Several.'")
    listed = flask(settings, "ticketing", "waiting", "--tenant", "lumen")
    assert (listed.stdout, listed.stderr) == ("LO-77701\t-\t0 texts\tSeveral.\n", "1 order waits for a person.\n")
    done = flask(settings, "ticketing", "look-again", "LO-77701", "--tenant", "lumen", "--ticket", "2476")
    assert done.stdout == "The workers go on with it.\n", done.stderr
    with services.database.transaction(tenant) as db:
        row = db.exec_driver_sql("SELECT state, external_id, system FROM ticket").one()
    assert tuple(row) == ("known", 2476, "http://127.0.0.1:9")
    assert flask(settings, "ticketing", "look-again", "LO-77701", "--tenant", "lumen").returncode == 2


def test_rotating_the_keys_seals_the_password_anew_and_it_opens_still(settings, services, workspace):
    tenant, fresh = workspace.id, new_key("k2")
    connected = services.sealed_ticketing(tenant, Connection("http://127.0.0.1:9", "agent", "secret"))
    with services.database.transaction(tenant) as db:
        ticketing.put(db, tenant, connected, BridgeRules(Mode.GMAIL_WITH_NOTE), actor="test")
    done = flask(settings, "rotate-keys", KEY_RING=f"{fresh},{settings.key_ring}")
    assert done.returncode == 0, done.stderr
    with services.database.transaction(tenant) as db:
        sealed = ticketing.find(db, tenant).secret
    opened = Vault(KeyRing.parse(fresh)).open(sealed, tenant=tenant, mailbox="", field="ticketing")
    assert opened == b"secret"


GOOD = {"TICKETING_BASE_URL": "https://host.example/api/", "TICKETING_USERNAME": "a", "TICKETING_PASSWORD": "p4ss"}


def test_the_environment_says_prefix_and_zone_where_they_differ():
    assert connection_of(GOOD) == Connection("https://host.example/api", "a", "p4ss")
    more = {**GOOD, "TICKETING_PATH_PREFIX": "tickets/", "TICKETING_ZONE": "Europe/Madrid"}
    assert connection_of(more) == Connection("https://host.example/api", "a", "p4ss", "/tickets", "Europe/Madrid")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"TICKETING_PASSWORD": "", "TICKETING_USERNAME": ""},
            "TICKETING_USERNAME and TICKETING_PASSWORD must be set.",
        ),
        ({"TICKETING_BASE_URL": "http://host.example"}, "https address"),
        ({"TICKETING_BASE_URL": "https://user:p4ss@host.example"}, "https address"),
        ({"TICKETING_BASE_URL": "host.example"}, "https address"),
        ({"TICKETING_ZONE": "Mars/Base"}, "name of a zone"),
        ({"TICKETING_ZONE": "../etc/passwd"}, "name of a zone"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence_without_the_password(changed, said):
    with pytest.raises(BadInput, match=said) as refused:
        connection_of({**GOOD, **changed})
    assert "p4ss" not in str(refused.value)
