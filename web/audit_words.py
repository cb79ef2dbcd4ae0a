"""The record of events in plain words: what happened, in which part of the work, and who truly decided."""

from collections.abc import Mapping
from uuid import UUID

from storage.audit import Entry

# Kinds of events by the part of the work that they belong to: what the page can be asked for.
WORDS: Mapping[str, Mapping[str, str]] = {
    "Mail": {
        "message_release": "Answered a mail by itself",
        "message_hold": "Held a mail for a person",
        "message_ignore": "Left a mail alone",
        "message_dismissed": "Dismissed a mail",
        "message_reclassified": "Said what a mail is about",
        "answer_judged": "Judged an answer",
        "claim_overridden": "Sent a reply that tells of something not proven",
    },
    "Replies": {
        "reply_approved": "Approved a reply",
        "reply_undone": "Took a reply back before it left",
        "reply_taken_to_gmail": "Took a reply to Gmail, to finish it there",
        "reply_left_as_draft": "A reply was laid down in Gmail as a draft",
        "reply_sent_from_gmail": "A reply that was taken to Gmail was sent there by hand",
        "reply_sent": "A reply left",
        "reply_held": "A reply was stopped and waits for a person",
        "reply_needs_person": "Nobody knows whether a reply left",
        "reply_failed": "A reply could not leave",
        "reply_cancelled": "A reply was called off",
        "identity_sent": "A link that confirms an address left",
        "identity_needs_person": "Nobody knows whether a link left",
        "identity_failed": "A link could not leave",
        "identity_cancelled": "A link was called off",
        "identity_confirmed": "Confirmed their address by a mailed link",
        "ticket_to_person": "A ticket needs a person",
        "ticket_looked_for_again": "Had a ticket looked for again",
        "ticket_words_held": "Words for a ticket wait for a person",
        "ticket_words_refused": "The ticketing system refused words for a ticket",
        "ticket_words_needs_person": "Nobody knows whether words are on a ticket",
    },
    "Suppliers": {
        "supplier_asked": "Asked a supplier",
        "supplier_asked_by_hand": "A mail by hand asked a supplier",
        "supplier_mail_sent": "A question to a supplier left",
        "supplier_reminder_sent": "A supplier was reminded",
        "operations_alert_sent": "Operations were told of a silent supplier",
        "supplier_linked": "Said what a supplier's mail answers",
        "supplier_link_taken_back": "Took back what a supplier's mail answers",
        "supplier_request_closed": "Said that no answer is needed",
        "supplier_alert_seen": "Saw an alert",
        "supplier_rules_changed": "Changed how suppliers are reminded",
        "customer_news_held": "A supplier's news became a draft",
        "ticket_words_released": "Released words for a ticket",
        "ticket_words_dropped": "Dropped words for a ticket",
        "ticket_words_seen_to": "Saw to words on a ticket",
        "wall_overridden": "Let customer and supplier learn of each other, with a reason",
    },
    "Orders and refunds": {
        "act_approved": "Approved a refund or order action",
        "act_approved_once": "Approved first of two",
        "case_refused": "Refused what a customer wanted",
        "case_asked": "Asked a customer for more",
        "order_act_done": "A refund or order action was done",
        "order_act_to_person": "A refund or order action went back to a person",
        "order_act_found_out": "Found out whether a refund or order action was done",
        "orders_brought": "Brought orders in",
        "refund_policy_saved": "Saved rules for refunds",
    },
    "Queue": {
        "conversation_assigned": "Gave a conversation to somebody",
        "conversation_snoozed": "Let a conversation rest",
        "conversation_woken": "Ended a conversation’s rest",
        "conversation_taken_over": "Took a conversation over from the machine",
        "conversation_given_back": "Gave a conversation back to the machine",
        "note_written": "Wrote a note",
        "note_taken_back": "Took a note back",
        "message_reopened": "Opened a mail again",
        "view_shared": "Shared a view of the queue",
        "view_removed": "Removed a view of the queue",
    },
    "Settings": {
        "answering_paused": "Paused answering by itself",
        "answering_resumed": "Switched answering by itself on",
        "phase_changed": "Changed how far the machine may go with a kind of mail",
        "accepted_share_changed": "Changed how many may be wrong",
        "demonstration_filled": "Filled the workspace with demonstration data",
        "demonstration_removed": "Removed the demonstration data",
        "mailbox_connected": "Connected a mailbox",
        "mailbox_disconnected": "Disconnected a mailbox",
        "mailbox_paused": "Paused a mailbox",
        "mailbox_active": "Resumed a mailbox",
        "mailbox_needs_reauth": "A mailbox lost its access at Google",
        "mailbox_reconciled": "Compared a mailbox with Gmail",
        "number_forms_changed": "Changed the forms of numbers",
        "undo_seconds_changed": "Changed for how long a reply can be undone",
        "shop_webhook_set": "Set the address of the shop",
        "shop_webhook_cleared": "Removed the address of the shop",
        "supplier_saved": "Saved a supplier",
        "supplier_removed": "Removed a supplier",
        "ticketing_connected": "Connected the ticketing system",
        "ticketing_disconnected": "Disconnected the ticketing system",
        "ticketing_mode": "Changed how tickets are used",
    },
    "People": {
        "workspace_made": "Made this workspace",
        "signed_in": "Signed in",
        "member_invited": "Invited somebody",
        "invitation_revoked": "Revoked an invitation",
        "member_joined": "Joined by an invitation",
        "member_role_changed": "Changed somebody’s role",
        "member_deactivated": "Let somebody go",
        "member_reactivated": "Let somebody in again",
        "password_changed": "Changed their password",
        "password_link_made": "A link for a new password was made",
        "password_reset": "Chose a new password by a link",
        "session_ended": "Ended a session",
        "sessions_ended": "Ended their other sessions",
        "second_factor_on": "Switched their second factor on",
        "second_factor_off": "Switched a second factor off",
        "recovery_codes_made": "Made new recovery codes",
        "recovery_code_used": "Signed in with a recovery code",
        "second_factor_required": "Required a second factor of everybody",
        "second_factor_not_required": "Left second factors to each person",
        "google_linked": "Linked a Google account for signing in",
        "google_unlinked": "Unlinked their Google account",
    },
    "Customers’ data": {
        "customer_copied": "Made a copy of a customer’s data",
        "customer_erased": "Erased a customer",
        "retention_changed": "Changed how long mail is kept",
        "mail_forgotten": "Let the words of old mail go",
    },
    "Knowledge": {
        "document_saved": "Saved a document",
        "document_restored": "Restored a document",
        "document_removed": "Removed a document",
        "documents_uploaded": "Uploaded documents",
        "head_learned": "Learned from checked mail",
        "correction_deleted": "Deleted an example",
        "correction_ended": "Ended an example",
        "correction_extended": "Extended an example",
    },
}
_WORD_OF = {kind: word for kinds in WORDS.values() for kind, word in kinds.items()}

MACHINE = "machine"
# Who is no member, as the record names them.
OTHERS = {
    "customer": "a customer", "somebody": "somebody who asked for it", "command": "the command line",
    "import": "the command line",
}  # fmt: skip

_CATEGORIES = {"question": "a question", "refund": "a refund", "supplier": "a supplier", "other": "other mail"}


def kinds_of(group: str) -> frozenset[str] | None:
    """The kinds of events of one part of the work, or None where there is no such part."""
    return frozenset(WORDS[group]) if group in WORDS else None


def word_of(kind: str) -> str:
    """What happened. A kind that an older or newer release recorded has no words here: its name says enough."""
    return _WORD_OF.get(kind, kind.replace("_", " ").capitalize())


def decider_of(entry: Entry, people: Mapping[str, str]) -> str:
    """Who decided: a member by name, or the machine by what of it did: a rule, or a model within the rules."""
    if entry.actor == MACHINE:
        by = entry.detail.get("by")
        return "the machine: a rule" if by in {None, "rule"} else f"the machine: {by}, within the rules"
    if entry.actor in OTHERS:
        return OTHERS[entry.actor]
    return people.get(entry.actor, "a member who is gone" if _is_id(entry.actor) else entry.actor)


def more_of(entry: Entry) -> str:
    """What a model took a mail to be, and how sure it was; empty where no model was asked."""
    category, sure = _CATEGORIES.get(str(entry.detail.get("category"))), entry.detail.get("confidence")
    if category is None or not isinstance(sure, int | float):
        return ""
    return f"Read as {category}, {sure:.0%} sure."


def _is_id(actor: str) -> bool:
    try:
        UUID(actor)
    except ValueError:
        return False
    return True
