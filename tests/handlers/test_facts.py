"""Facts of orders and incidents: who hears of them, what is told, and what waits for a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.conversation import Conversation
from domain.decision import Disposition
from domain.facts import FactRules
from domain.incident import Incident
from domain.message import Address
from handlers.facts import Facts
from handlers.question import QuestionHandler
from handlers.wording import wording_for
from tests.handlers.conftest import KnownOrders, order

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
AS_OF = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
LINK = "https://parcels.example/1"
ORDERS = {
    one.number: one
    for one in (
        replace(
            order("LO-1"),
            status="shipped",
            delivered_at=None,
            as_of=AS_OF,
            status_at=datetime(2026, 11, 23, tzinfo=UTC),
        ),
        replace(order("LO-2", "bob@customer.example"), status="shipped", as_of=AS_OF),
        replace(order("LO-3"), as_of=AS_OF),
        replace(order("LO-4"), status="cancelled", as_of=AS_OF),
        replace(order("LO-5"), status="returned", as_of=AS_OF),
        replace(order("LO-6"), status="shipped", delivered_at=None, as_of=AS_OF, tracking_url=""),
        replace(order("LO-7"), status="shipped", delivered_at=None, as_of=NOW - timedelta(hours=25)),
        replace(order("LO-8"), status="processed", delivered_at=None, as_of=AS_OF, tracking_url=""),
        replace(order("LO-9"), status="shipped", delivered_at=None, as_of=None),
        replace(order("LO-10"), as_of=NOW - timedelta(days=90)),
        replace(order("LO-11"), status="shipped", delivered_at=None, as_of=AS_OF, tracking_url="javascript:alert(1)"),
    )
}


class Open:
    """The port `Incidents` in memory."""

    def __init__(self, *incidents):
        self.incidents = incidents

    def open(self):
        return self.incidents


def incident(name="Card payments fail at checkout", components=("Card payments",), **more):
    known = {"status": "identified", "impact": "major", "text": "Error E-4021 is shown."}
    return Incident(
        "i1", name, known["status"], known["impact"], tuple(components), more.pop("text", known["text"]),
        datetime(2026, 11, 25, 13, 30, tzinfo=UTC), AS_OF, "https://status.shop.example/i1",
        more.pop("fetched_at", NOW - timedelta(minutes=1)),
    )  # fmt: skip


@pytest.fixture
def decide(answers, mail, asks):
    def run(text, *numbers, message=None, conversation=None, incidents=(), rules=None, **understood):
        orders = KnownOrders(ORDERS)
        facts = Facts(orders, Open(*incidents), rules or FactRules(), lambda: NOW)
        handler = QuestionHandler(answers, orders, facts)
        return handler.decide(message or mail(), asks(text, *numbers, **understood), conversation or Conversation())

    return run


# --- orders ---


def test_the_verified_customer_is_told_status_its_date_and_the_tracking_link(decide):
    decision = decide("Where is my order LO-1?", "LO-1", sub_intent="order_status")
    assert decision.disposition is Disposition.RELEASE
    assert all(check.passed for check in decision.checks)
    text = decision.effects[0].text
    assert "The status of your order LO-1 is: on its way. It has had this status since 23 November 2026." in text
    assert "as of 25 November 2026, 14:03 UTC" in text
    assert f"You can follow the parcel here: {LINK}" in text


def test_the_row_of_the_order_travels_as_dated_evidence(decide):
    (fact,) = decide("Where is LO-1?", "LO-1").facts
    assert (fact.source, fact.text, fact.as_of) == ("order LO-1", "shipped since 2026-11-23", AS_OF)


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("en", "When will it arrive?", "on its way. It has had this status since 23 November 2026."),
        ("de", "Wo bleibt meine Bestellung?", "unterwegs. Diesen Status hat sie seit dem 23.11.2026."),
        ("fr", "Où est mon colis ?", "Elle a ce statut depuis le 23/11/2026."),
        ("es", "¿Dónde está mi pedido?", "Tiene este estado desde el 23/11/2026."),
    ],
)
def test_it_is_told_in_the_language_of_the_mail(decide, language, text, told):
    decision = decide(text, "LO-1", language=language)
    assert decision.disposition is Disposition.RELEASE
    assert told in decision.effects[0].text


def outwardly(decision):
    """All that a customer can ever notice."""
    return decision.disposition, decision.effects, decision.facts


STRANGER = Address("mallory@stranger.example", "Mallory")
PLUS_TAG = Address("ana+x@customer.example", "Ana Lopez")


@pytest.mark.parametrize("incidents", [(), (incident(),)])
@pytest.mark.parametrize("text", ["Where is LO-1?", "Card payments fail for this order. Where is it?", "Cancel it."])
@pytest.mark.parametrize(("sender", "verified"), [(STRANGER, True), (STRANGER, False), (PLUS_TAG, True)])
def test_a_real_order_looks_to_a_stranger_exactly_like_one_that_does_not_exist(
    decide, mail, sender, verified, text, incidents
):
    message = mail(sender, verified=verified)
    real, none = (decide(text, number, message=message, incidents=incidents) for number in ("LO-1", "LO-999"))
    assert outwardly(real) == outwardly(none)
    assert real.disposition is Disposition.HOLD
    assert not any("LO-1" in effect.text or LINK in effect.text for effect in real.effects)


def test_so_does_it_to_its_own_customer_whom_gmail_did_not_verify(decide, mail):
    message = mail(verified=False)
    assert outwardly(decide("Where is it?", "LO-1", message=message)) == outwardly(
        decide("Where is it?", "LO-999", message=message)
    )


def test_a_reason_that_is_shown_says_the_same_of_a_real_and_an_unknown_order(decide, mail):
    real, none = (decide("Where?", number, message=mail(STRANGER)).reason for number in ("LO-2", "LO-777"))
    assert real.replace("LO-2", "LO-777") == none


def test_an_order_without_a_customer_is_nobodys(mail):
    from handlers.ownership import may_hear_of

    assert not may_hear_of(mail(Address("")), replace(ORDERS["LO-1"], customer_email=" "))


def held_with(decision, words):
    assert decision.disposition is Disposition.HOLD
    assert words in decision.reason
    return decision.effects[0].text


def test_several_orders_wait_for_a_person_with_a_draft_about_the_writers_own(decide):
    text = held_with(decide("Where are LO-1 and LO-2?", "LO-1", "LO-2"), "several orders (LO-1, LO-2)")
    assert "LO-1" in text
    assert "LO-2" not in text


def test_one_order_in_two_spellings_is_one_order(decide):
    assert decide("Where is it?", "LO-1", "#lo-1").disposition is Disposition.RELEASE


@pytest.mark.parametrize(("number", "status"), [("LO-4", "cancelled"), ("LO-5", "returned")])
def test_an_order_that_ended_otherwise_waits_for_a_person(decide, number, status):
    assert status in held_with(decide("Where is it?", number), status)


def test_no_tracking_link_is_told_of_an_order_that_was_cancelled(decide):
    assert LINK not in decide("Where is it?", "LO-4").effects[0].text


@pytest.mark.parametrize("number", ["LO-6", "LO-11"])
def test_a_parcel_on_its_way_without_a_usable_link_waits_for_a_person(decide, number):
    text = held_with(decide("Where is it?", number), "no tracking link")
    assert "follow the parcel" not in text
    assert "javascript" not in text


def test_an_order_that_is_still_being_packed_needs_no_link(decide):
    decision = decide("When does it come?", "LO-8")
    assert decision.disposition is Disposition.RELEASE
    assert "being prepared" in decision.effects[0].text


def test_what_is_known_of_a_moving_order_grows_too_old_to_be_told(decide):
    held_with(decide("Where is it?", "LO-7"), "known as of 2026-11-24 14:00 UTC: too old")
    patient = FactRules(orders_current_for=timedelta(hours=48))
    assert decide("Where is it?", "LO-7", rules=patient).disposition is Disposition.RELEASE


def test_what_is_of_an_unknown_time_is_not_told_by_itself(decide):
    decision = decide("Where is it?", "LO-9")
    held_with(decision, "unknown time")
    assert decision.facts == ()


def test_a_delivery_stays_true_however_long_ago_it_was(decide):
    decision = decide("When was it delivered?", "LO-10")
    assert decision.disposition is Disposition.RELEASE
    assert "delivered. It has had this status since 01 March 2026." in decision.effects[0].text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Tracking says delivered, but I have not received it."), ("en", "It never arrived, where is it?"),
        ("de", "Das Paket ist nicht angekommen, wo ist es?"), ("fr", "Je n'ai rien reçu, où est mon colis ?"),
        ("es", "No ha llegado, ¿dónde está?"),
    ],
)  # fmt: skip
def test_who_lacks_what_was_delivered_is_read_by_a_person(decide, language, text):
    held_with(decide(text, "LO-3", language=language), "the writer lacks it")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Where is it? I want to return it."), ("en", "Where is it? Please change the address."),
        ("en", "Where is it, and do you have it in another colour?"), ("en", "Where is it? Do you sell pianos?"),
        ("en", "When does it come? One lamp was broken last time."), ("en", "Can I still cancel, where is it?"),
        ("de", "Wo ist es? Ich möchte stornieren."), ("de", "Wann kommt es? Bitte an eine andere Adresse."),
        ("de", "Wo ist es? Verkaufen Sie Klaviere?"), ("fr", "Où est-il ? Je veux annuler."),
        ("fr", "Où est-il ? Vendez-vous des pianos ?"), ("es", "¿Dónde está? Quiero devolverlo."),
        ("es", "¿Dónde está? ¿Venden pianos?"),
        ("en", "How much is delivery to Spain, and where is my order?"),
        ("en", "Do you deliver to Spain? And where is my order?"), ("en", "Where is it? The last lamp burned my hand."),
        ("de", "Wo ist es, und was kostet der Versand nach Spanien?"), ("de", "Liefern Sie nach Wien? Und wo ist es?"),
        ("fr", "Où est-il, et quels sont les frais de port ?"), ("es", "¿Dónde está? ¿Cuánto cuesta el envío?"),
    ],
)  # fmt: skip
def test_who_asks_for_more_than_the_status_is_read_by_a_person(decide, language, text):
    held_with(decide(text, "LO-1", language=language, sub_intent="order_status"), "may ask for more")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Could it be delivered upstairs?"), ("en", "Is it possible to deliver it when I am home?"),
        ("de", "Liefern Sie auch in die Wohnung?"), ("fr", "Vous livrez le dimanche ?"),
        ("es", "¿Hacen entregas los domingos?"),
    ],
)  # fmt: skip
def test_a_question_about_delivery_in_general_is_no_question_about_the_status(decide, language, text):
    held_with(decide(text, "LO-1", language=language, sub_intent="shipping"), "may ask for more")


def test_a_question_about_delivery_that_asks_when_is_one(decide):
    assert decide("When will it be delivered?", "LO-1", sub_intent="shipping").disposition is Disposition.RELEASE


def test_what_the_models_read_alone_is_not_believed(decide):
    held_with(decide("I am so cross with you!", "LO-1", sub_intent="order_status"), "may ask for more")


@pytest.mark.parametrize("sub_intent", ["product", "billing", "payment", "account", "technical", "policy"])
def test_a_question_of_another_kind_is_no_question_about_the_status(decide, sub_intent):
    held_with(decide("Where is the switch?", "LO-1", sub_intent=sub_intent), "may ask for more")


def test_the_writer_of_a_follow_up_to_an_automatic_reply_was_promised_a_person(decide):
    decision = decide("Where is it now?", "LO-1", conversation=Conversation(replies_by_machine=1))
    assert [check.passed for check in decision.checks][-1] is False


def test_the_reply_goes_to_the_address_that_the_order_names(decide, mail):
    message = mail(reply_to=(Address("thief@evil.example"),))
    assert decide("Where is it?", "LO-1", message=message).effects[0].to.address == "ana@customer.example"


# --- incidents ---


PAYING = "I cannot pay, card payments fail with an error."


def test_a_question_that_only_an_incident_explains_gets_a_draft_with_its_time_and_link(decide):
    decision = decide(PAYING, incidents=[incident()])
    text = held_with(decision, "An open incident may explain it")
    assert "disruption since 25 November 2026, 13:30 UTC: “Card payments fail at checkout”" in text
    assert "still open on 25 November 2026, 14:59 UTC" in text
    assert "https://status.shop.example/i1" in text
    (fact,) = decision.facts
    assert (fact.source, fact.as_of) == ("incident: Card payments fail at checkout", NOW - timedelta(minutes=1))


def test_it_is_released_by_itself_only_where_the_workspace_wants_it(decide):
    decision = decide(PAYING, incidents=[incident()], rules=FactRules(incident_replies=True))
    assert decision.disposition is Disposition.RELEASE
    assert all(check.passed for check in decision.checks)


def test_even_then_a_mail_with_several_questions_waits_for_a_person(decide):
    text = "Card payments fail with an error, why? And do you sell pianos?"
    rules = FactRules(incident_replies=True)
    assert decide(text, incidents=[incident()], rules=rules).disposition is Disposition.HOLD


def test_where_the_documents_answer_too_the_draft_has_both_and_waits(decide):
    decision = decide("Card payments fail. Can I return it?", incidents=[incident()])
    text = held_with(decision, "An open incident may explain it")
    assert text.index("Hello Ana Lopez,") < text.index("disruption since") < text.index("You have 30 days to return.")
    assert decision.citations
    assert decision.facts


def test_what_was_read_more_than_a_quarter_of_an_hour_ago_is_not_told_as_current(decide):
    just, late = (incident(fetched_at=NOW - timedelta(minutes=minutes)) for minutes in (15, 16))
    assert decide(PAYING, incidents=[just]).facts
    assert not decide(PAYING, incidents=[late]).facts
    assert not decide(PAYING, incidents=[late]).effects


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        ("Which cards do you take for card payments?", {}),
        ("The lamp does not work.", {}),
        ("I have a problem with my payment.", {}),
        ("My account is locked, I cannot log in.", {}),
        ("It shows error E-4022.", {"error_codes": ("E-4022",)}),
        ("It shows error E-402.", {"error_codes": ("E-402",)}),
        ("There is an issue, the service is down and slow.", {}),
    ],
)
def test_what_the_incident_does_not_explain_is_held_as_before(decide, text, understood):
    with_it, without = decide(text, incidents=[incident()], **understood), decide(text, **understood)
    assert with_it == without


@pytest.mark.parametrize(
    ("text", "language", "open_one", "understood"),
    [
        ("E-4021, what now?", "en", incident(), {"error_codes": ("E-4021",)}),
        ("Le code E-4021 s'affiche", "fr", incident(), {"error_codes": ("e-4021",)}),
        ("The card payment doesn’t work", "en", incident(), {}),
        ("At checkout my card fails", "en", incident(components=()), {}),
        ("Der Login funktioniert nicht", "de", incident("Login outage", ()), {}),
        ("El login no funciona", "es", incident("Login issues", ()), {}),
        ("PayPal ne marche plus", "fr", incident("Elevated errors", ("PayPal",)), {}),
    ],
)
def test_codes_parts_and_names_explain(decide, text, language, open_one, understood):
    decision = decide(text, incidents=[open_one], language=language, **understood)
    assert decision.facts
    assert open_one.link in decision.effects[0].text


def test_an_incident_whose_name_says_only_that_there_is_one_explains_nothing(decide):
    assert not decide("There is a problem, an error", incidents=[incident("Service disruption", ())]).facts


def test_an_incident_beside_an_orders_status_makes_a_person_look(decide):
    open_one = incident("Parcel tracking delayed", ("Parcel tracking",))
    decision = decide("The parcel tracking does not load. Where is it?", "LO-1", incidents=[open_one])
    text = held_with(decision, "incident")
    assert text.index("Parcel tracking delayed") < text.index("The status of your order LO-1")
    assert [fact.source for fact in decision.facts] == ["order LO-1", "incident: Parcel tracking delayed"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_language_can_tell_of_times_and_incidents(language):
    wording = wording_for(language)
    assert "2026" in wording.day_of(NOW)
    assert "15:00 UTC" in wording.moment_of(NOW)
    assert "X" in wording.incident.format(began="a", name="X", moment="b", url="c")
    assert set(wording.words) == {"order_status", "whereabouts", "other_wish", "not_received", "trouble"}
    assert not any(wording.speaks_of(what, "") for what in wording.words)
