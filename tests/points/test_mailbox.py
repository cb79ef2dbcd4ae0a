"""A mailbox that is followed, listed, compared and given up: a worker dies at each point of it in turn."""

from storage import disconnecting
from storage.due import Kind
from tests.points.scenario import Scenario, every_point
from tests.points.world import World
from tests.support.pipeline import SHOP, Shop, connect_mailbox

FILES = ("sync", "fetch", "label", "revoke", "backoff", "mail")

PARCEL = "question: when does my parcel come?"


def sync(shop: Shop) -> None:
    shop.change("UPDATE mailbox SET next_sync_at = now(), lease_until = NULL, blocked_until = NULL")
    shop.run(Kind.SYNC)


def the_consent_is_withdrawn(world: World) -> None:
    world.outsides.google.revoke(SHOP)
    world.shop.write(PARCEL, "While nobody may look")
    world.shop.sync_and_settle()


def the_consent_is_given_anew(world: World) -> None:
    connect_mailbox(world.outsides.google, world.services, world.shop.workspace)
    world.shop.settle()


def two_mails_are_told_of_with_a_stale_token(world: World) -> None:
    """Gmail tells of them on two pages, one is answered and the other waits."""
    world.outsides.google.settings.page_cap = 1
    world.outsides.google.expire_access_tokens(SHOP)
    world.shop.change("UPDATE mailbox SET access_expires_at = now() - interval '1 hour'")
    world.shop.write(PARCEL, "Parcel")
    world.shop.write("question: do you sell boats?", "Boats")
    world.shop.sync_and_settle()


def the_history_is_over(world: World) -> None:
    """More than five pages of mail came, and one of them breaks off."""
    google = world.outsides.google
    google.settings.page_cap = 1
    for number in range(5):
        world.shop.write(f"other: mail {number}", f"Mail {number}")
    world.shop.change("UPDATE mailbox SET last_ok_at = now() - interval '2 hours'")
    google.expire_history(SHOP)
    google.fault("messages.list", "503_before", skip=3)
    sync(world.shop)


def the_page_is_forgotten(world: World) -> None:
    world.shop.change("UPDATE mailbox SET sync_page = 'received:long forgotten' WHERE sync_page <> ''")
    sync(world.shop)


def time_passes(world: World) -> None:
    world.shop.settle_over_time(1)


def gmail_never_tells_of_a_mail(world: World) -> None:
    world.shop.write("other: told", "Told")
    untold = world.shop.write(PARCEL, "Never told")
    history = world.outsides.google.mailbox(SHOP).history
    history[:] = [one for one in history if one.message_id != untold.id]
    world.shop.sync_and_settle()


def a_day_passes(world: World) -> None:
    world.shop.a_day_passes()
    world.shop.sync_and_settle()


def gmail_drops_the_batch(world: World) -> None:
    world.shop.write(PARCEL, "Parcel")
    world.outsides.google.fault("messages.get", "drop_before")
    world.shop.settle_over_time(1)


def gmail_fails_with_one_and_the_other_is_gone(world: World) -> None:
    world.shop.settle_over_time(1)
    world.shop.write("other: hello", "Hello")
    gone = world.shop.write("other: gone", "Gone")
    sync(world.shop)
    world.outsides.google.delete_message(SHOP, gone.id)
    world.outsides.google.fault("messages.get", "500_before")
    world.shop.settle_over_time(1)


def gmail_gives_nothing(world: World) -> None:
    world.shop.settle_over_time(1)
    world.shop.write(PARCEL, "Never given")
    world.outsides.google.fault("messages.get", "500_before", times=99)
    world.shop.settle_over_time(1)


def three_days_pass(world: World) -> None:
    world.shop.change("UPDATE message SET discovered_at = now() - interval '73 hours' WHERE state = 'discovered'")
    world.shop.settle_over_time(1)


def ten_labels_are_due(world: World) -> None:
    """As many as are labelled in one call, which fails first."""
    for number in range(10):
        world.shop.write(PARCEL, f"Away {number}", headers={"Auto-Submitted": "auto-replied"})
    world.shop.sync_and_settle()


def gmail_takes_no_labels(world: World) -> None:
    world.outsides.google.fault("messages.batchModify", "503_before")
    world.shop.change("UPDATE message SET label_due = true WHERE direction = 'in'")
    world.shop.settle_over_time(1)


def the_owner_disconnects(world: World) -> None:
    world.outsides.google.fault("oauth.revoke", "503_before")
    with world.services.database.transaction(world.shop.tenant) as db:
        assert disconnecting.disconnect(db, world.shop.tenant, world.shop.mailbox)
    world.shop.settle()


SCENARIOS = tuple(
    Scenario(name, tuple(steps), rounds=2)
    for name, *steps in (
        ("the consent is withdrawn and given anew", the_consent_is_withdrawn, the_consent_is_given_anew),
        ("two mails are told of with a stale token", two_mails_are_told_of_with_a_stale_token),
        ("the history is over", the_history_is_over, the_page_is_forgotten, time_passes),
        ("the daily comparison finds a mail", gmail_never_tells_of_a_mail, a_day_passes),
        (
            "mail that Gmail does not give",
            gmail_drops_the_batch,
            gmail_fails_with_one_and_the_other_is_gone,
            gmail_gives_nothing,
            three_days_pass,
        ),
        ("ten labels at once", ten_labels_are_due, gmail_takes_no_labels, time_passes),
        ("the owner disconnects", the_owner_disconnects, time_passes),
    )
)


def test_a_death_at_any_point_comes_to_the_same_end(opened):
    assert every_point(FILES, SCENARIOS, opened) == []
