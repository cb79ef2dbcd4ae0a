"""`flask incidents watch`: what a workspace is told to watch, and what is refused with a sentence."""

from dataclasses import replace

from storage import incidents, tenants
from tests.commands.test_upkeep import flask


def watched(services, tenant):
    with services.database.transaction(tenant) as db:
        return incidents.page_url(db, tenant), tenants.get(db, tenant).fact_rules().incident_replies


def test_a_page_is_watched_until_none_is(settings, services, workspace):
    done = flask(
        settings, "incidents", "watch", "https://status.example/api/v2/summary.json", "--tenant", "lumen", "--by-itself"
    )
    assert done.stdout == "Watching https://status.example.\n", done.stderr
    assert watched(services, workspace.id) == ("https://status.example", True)
    flask(settings, "incidents", "watch", "https://status.example", "--tenant", "lumen", "--by-a-person")
    assert watched(services, workspace.id) == ("https://status.example", False)
    assert "No status page" in flask(settings, "incidents", "watch", "none", "--tenant", "lumen").stdout
    assert watched(services, workspace.id) == ("", False)


def test_an_address_that_may_not_be_asked_is_refused_with_a_sentence(settings, services, workspace):
    done = flask(settings, "incidents", "watch", "http://127.0.0.1:8045", "--tenant", "lumen")
    assert (done.returncode, done.stderr) == (2, "status_page_url: It must begin with https://.\n")
    assert watched(services, workspace.id) == ("", False)
    here = replace(settings, status_page_private=True)
    assert flask(here, "incidents", "watch", "http://127.0.0.1:8045", "--tenant", "lumen").returncode == 0


def test_orders_bring_the_time_of_their_status_where_the_shop_says_it(settings, services, workspace, tmp_path):
    from storage import orders

    heading = "order_number,customer_email,status,currency,total_minor,placed_at,status_at\n"
    (tmp_path / "a.csv").write_text(
        heading + "LO-1,a@b.example,shipped,EUR,1,2026-11-01T00:00:00Z,2026-11-03T08:00:00Z\n"
        "LO-2,a@b.example,shipped,EUR,1,2026-11-01T00:00:00Z,\n"
    )
    done = flask(settings, "orders", "import", str(tmp_path / "a.csv"), "--tenant", "lumen")
    assert done.returncode == 0, done.stderr
    with services.database.transaction(workspace.id) as db:
        first, second = (orders.find(db, workspace.id, number) for number in ("LO-1", "LO-2"))
    assert f"{first.status_since:%Y-%m-%d}" == "2026-11-03"
    assert second.status_since is None
    assert first.as_of is not None
