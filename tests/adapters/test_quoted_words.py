"""What another says in a refusal may name anybody: people read it, and no log does."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from adapters.gmail.errors import of_refusal
from adapters.gmail.refusal import Refusal
from adapters.pinned_http import Document
from adapters.shop_webhook import ShopWebhook, new_secret
from adapters.ticketing.session import Answered, Connection, Session
from domain.delivery import ShopTask
from domain.errors import MailwrightError, NeedsPerson, NotDone, Unclear
from domain.order_action import Action
from worker.attempt import attempt

ANNA = "anna.winter@customer.example"


def of_gmail() -> MailwrightError:
    return of_refusal(Refusal(403, "forbidden", f"Delegation denied for {ANNA}"), datetime.now(UTC))


def of_tickets() -> MailwrightError:
    messages = [{"messageCode": "X", "messageDescription": f"No customer {ANNA}"}]
    session = Session(Connection("https://t.example", "u", "p"))
    with pytest.raises(NotDone) as refused:
        session._done(Answered(200, {"succeeded": False, "messages": messages}))
    return refused.value


def of_tickets_by_status() -> MailwrightError:
    session = Session(Connection("https://t.example", "u", "p"))
    with pytest.raises(NotDone) as refused:
        session._done(Answered(422, {"messages": [{"messageDescription": f"No customer {ANNA}"}]}))
    return refused.value


@dataclass
class Refuses:
    """A shop's answer that says whom it concerns."""

    body: bytes = field(default=b'{"state": "refused", "reason": "%s has no such order"}' % ANNA.encode())

    def post(self, url, headers, body):
        return Document(422, self.body, {})

    def look(self, url, headers):
        return Document(200, self.body, {})


def shop() -> ShopWebhook:
    secret = new_secret()
    return ShopWebhook(Refuses(), "https://shop.example", lambda: secret)


def of_the_shop() -> MailwrightError:
    with pytest.raises(NotDone) as refused:
        shop().carry_out(ShopTask(uuid4(), Action.CANCEL, "LO-1"))
    return refused.value


def of_the_shop_when_looking() -> MailwrightError:
    with pytest.raises(NotDone) as refused:
        shop().look(uuid4())
    return refused.value


def passed_on() -> MailwrightError:
    quoted = of_gmail()
    error = Unclear(str(quoted))
    error.__cause__ = quoted
    return error


@pytest.mark.parametrize(
    "refusal", [of_gmail, of_tickets, of_tickets_by_status, of_the_shop, of_the_shop_when_looking, passed_on]
)
def test_what_a_refusal_quotes_is_read_by_people_and_stands_in_no_log(refusal):
    error = refusal()
    assert ANNA in str(error)

    def refused():
        raise error

    with capture_logs() as said:
        assert not attempt(refused, lambda _: None, stage="test")
    assert ANNA not in str(said)
    assert said[0]["event"] == "attempt_failed"
    assert said[0]["error"]


def test_our_own_words_are_logged_whole():
    assert NeedsPerson("The shop did not accept our signature.").logged == "The shop did not accept our signature."
