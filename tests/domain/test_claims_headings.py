"""What is said of a heading or a topic is a claim as much as a whole sentence is; so is what goes back and comes."""

import pytest

from domain.claims import claims_in


def kinds(text):
    return {claim.kind.value for claim in claims_in(text)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("About your refund: it has been sent.", "refund"),
        ("Regarding the 95 EUR: they are already back on your card.", "refund"),
        ("Your refund - it was issued this morning.", "refund"),
        ("- Refund: issued", "refund"),
        ("As for the money: you have it back by now.", "refund"),
        ("You already have your money back.", "refund"),
        ("Your money is being returned to your card as we speak.", "refund"),
        ("The full amount went back to your PayPal yesterday.", "refund"),
        ("You will see 95 EUR on your statement in 3 days.", "refund"),
        ("We have gone ahead and credited you.", "refund"),
        ("Consider yourself refunded.", "refund"),
        ("We took care of the refund for you.", "refund"),
        ("Cancellation: done.", "cancel"),
        ("Your order has been called off.", "cancel"),
        ("Swapped it for a size 42, it leaves today.", "exchange"),
        ("Concerning the replacement: it has already been shipped.", "replacement"),
        ("A new lamp is coming your way.", "replacement"),
        ("All done: the new lamp left our warehouse this morning.", "replacement"),
        ("Zu Ihrer Erstattung: Sie ist raus.", "refund"),
        ("- Erstattung: veranlasst", "refund"),
        ("Sie haben Ihr Geld zurück.", "refund"),
        ("Der Betrag wurde soeben angewiesen.", "refund"),
        ("Betreffend Ihre Stornierung: Sie wurde durchgeführt.", "cancel"),
        ("Ihre Bestellung haben wir aus dem System genommen.", "cancel"),
        ("Concernant votre remboursement : il est parti ce matin.", "refund"),
        ("- Remboursement : effectué", "refund"),
        ("C'est fait : vous êtes remboursée.", "refund"),
        ("Votre annulation a bien été prise en compte.", "cancel"),
        ("La commande a été retirée de notre système.", "cancel"),
        ("- Reembolso: emitido", "refund"),
        ("Respecto al dinero: ha sido devuelto.", "refund"),
        ("Damos por anulado su pedido.", "cancel"),
    ],
)
def test_what_is_said_of_a_topic_is_claimed(text, kind):
    assert kinds(text) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "About your refund: we will look at it and write to you.",
        "About your refund: please send us your order number.",
        "Regarding your refund, your question has been sent to a colleague.",
        "Your refund request: it has been sent to a colleague.",
        "Refunds: within 14 days.",
        "Your statement will show it once it is paid.",
        "Your new order has left our warehouse.",
        "Status of your order LO-1: cancelled.",
        "Zu Ihrer Erstattung: Wir prüfen das.",
        "Erstattung: bis zu 14 Tage.",
        "Zu Ihrer Erstattung: Ihre Mail wurde weitergeleitet.",
        "Concernant votre remboursement : nous regardons cela.",
        "Annulation : possible avant l'expédition.",
        "Sobre su reembolso: lo estamos revisando.",
    ],
)
def test_a_topic_of_which_nothing_is_said_to_be_done_is_no_claim(text):
    assert kinds(text) == set()
