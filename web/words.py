"""The words that the pages use for states, times and importance: the same everywhere (DESK.md)."""

import re
from datetime import UTC, datetime, timedelta

from flask import Flask
from markupsafe import Markup

from adapters.mime.build import reply_subject
from domain.decision import EffectKind
from domain.settlement import Settlement
from understanding.quotes import split
from web import refund_words, settled_words
from web.differences import differences
from web.leaving_words import seconds_left, waits_for
from web.topics import in_words

IMPORTANCE = {5: "now", 4: "today", 3: "soon", 2: "normal", 1: "can wait"}
MARKS = {5: "▲▲", 4: "▲", 3: "◆", 2: "●", 1: "○"}

PRIORITIES = {"urgent": "at once", "high": "soon", "normal": "as usual", "low": "when there is time"}
SENTIMENTS = {"negative": "unhappy", "neutral": "calm", "positive": "happy"}

# Where something was read.
PLACES = {
    "new text": "in the new text", "subject": "in the subject", "thread": "only in the earlier mail quoted below",
    "forwarded mail": "in the forwarded mail", "sender": "the sender", "headers": "the mail’s technical lines",
    "model": "the text as a whole", "word list": "certain words",
}  # fmt: skip

# What the sureness of an answer is reckoned from.
FIGURES = {
    "sentence_english": "Nearest sentence, by its meaning (English)",
    "sentence_other": "Nearest sentence, by its meaning (other languages)",
    "score_english": "Fit of the passage (English)",
    "score_other": "Fit of the passage (other languages)",
    "coverage": "Share of the question’s words that the passage holds",
    "unknown": "Share that no document holds",
    "missing": "Share that only other passages hold",
    "margin": "Ahead of the next document by",
    "lead": "Ahead of the next passages by",
    "length": "Length of the question (logarithm)",
}

CATEGORIES = {"question": "Question", "refund": "Refund", "supplier": "Supplier", "other": "Other", "": "Not read"}

LANGUAGES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "nl": "Dutch",
    "pt": "Portuguese", "pl": "Polish", "sv": "Swedish", "da": "Danish", "und": "not recognised",
}  # fmt: skip

# What the reason why a mail waits is about; `reason_kind` of migration 0014 tells which.
KINDS = {
    "person": "Asks for a person", "threat": "A threat in it", "sender": "Sender not proven",
    "unsure": "Not sure enough", "answer": "No sure answer", "order": "An order to decide about",
    "limits": "Not answered by itself here", "trouble": "Something went wrong", "read": "To be read",
}  # fmt: skip

EFFECT_STATES = {
    "held": "waits for you",
    "pending": "leaving",
    "drafted": "leaving",
    "sending": "leaving",
    "uncertain": "uncertain",
    "sent": "sent",
    "left_as_draft": "in Gmail",
    "needs_person": "needs a person",
    "failed": "needs a person",
    "cancelled": "not sent",
    "waiting": "waits for the rest",
}

# What one thing that would be done is, with {} for whom or which order it is for.
EFFECTS = {
    EffectKind.REPLY: "Reply to {}",
    EffectKind.IDENTITY: "A mail with a link to confirm, to the address on the order: {}",
    EffectKind.ORDER_ACT: "On order {}",
    EffectKind.TICKET_MESSAGE: "Words on the order’s ticket, for {}",
    EffectKind.INTERNAL_NOTE: "Note on the ticket of order {}, for members alone",
    EffectKind.SUPPLIER_MAIL: "Mail to the supplier, {}",
    EffectKind.SUPPLIER_REMINDER: "Reminder to the supplier, {}",
    EffectKind.OPERATIONS_ALERT: "Mail to the operations team, {}",
}

MAILBOX_STATES = {
    "active": "working",
    "paused": "paused",
    "needs_reauth": "needs to be reconnected",
    "disconnected": "disconnected",
}

# Which of the four state colours, each with a shape of its own, a state word wears.
TONES = {
    "sent": "good", "answered": "good", "asked back": "good", "working": "good", "on": "good",
    "held": "warn", "failed": "bad", "waits for you": "warn", "uncertain": "warn", "paused": "warn",
    "needs a person": "bad", "needs to be reconnected": "bad", "unreadable": "bad", **refund_words.TONES,
}  # fmt: skip

# Characters that turn the direction of what stands behind them, so that a text can look like another one.
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, as a person would say it."""
    return _long((now or datetime.now(UTC)) - moment) if moment else ""


def until(moment: datetime | None, now: datetime | None = None) -> str:
    """How long from now, as a person would say it; a minute at least."""
    if moment is None:
        return ""
    wait = (moment - (now or datetime.now(UTC))).total_seconds()
    return "a minute" if wait <= 90 else f"{round(wait / 60)} minutes"


def rest(moment: datetime | None, now: datetime | None = None) -> Markup:
    """How long until then, with the exact time on hover."""
    if moment is None:
        return Markup()
    # Rounded, not cut: what was just put off for three hours is not back in two.
    left = _long(moment - (now or datetime.now(UTC)) + timedelta(minutes=1))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), exact(moment), left)


def exact(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if moment else ""


def minute(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if moment else ""


def day(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%-d %B %Y") if moment else ""


def size(count: int) -> str:
    """Bytes as a person would say them."""
    for limit, unit, one in ((1000, "bytes", 1), (1_000_000, "kB", 1000), (10**15, "MB", 1_000_000)):
        if count < limit:
            return f"{count / one:.0f} {unit}"
    return ""


def unturned(value: object) -> object:
    """A text without characters that turn its direction; what every page prints passes through here."""
    return value.translate(_TURNING) if isinstance(value, str) else value


def register(app: Flask) -> None:
    app.jinja_env.finalize = unturned
    refund_words.register(app)
    app.jinja_env.filters.update(
        age=age,
        until=until,
        rest=rest,
        exact=exact,
        size=size,
        day=day,
        minute=minute,
        topic=in_words,
        ago=_ago,
        address=_address,
        importance=lambda number: IMPORTANCE.get(number, ""),
        mark=lambda number: MARKS.get(number, ""),
        category=lambda word: CATEGORIES.get(word, word),
        kind=lambda word: KINDS.get(word, word),
        language=lambda code: LANGUAGES.get(code, code),
        priority=lambda word: PRIORITIES.get(word, word),
        figure=lambda name: FIGURES.get(name, name.replace("_", " ").capitalize()),
        sentiment=lambda word: SENTIMENTS.get(word, word),
        place=lambda word: PLACES.get(word, word),
        effect_state=lambda state: EFFECT_STATES.get(state, state),
        settlement=lambda word: settled_words.state(Settlement(word)),
        settled=settled_words.did,
        effect=_effect,
        seconds_left=seconds_left,
        waits_for=waits_for,
        differences=differences,
        mailbox_state=lambda state: MAILBOX_STATES.get(state, state),
        parts=split,
        reply_subject=reply_subject,
        tone=lambda word: TONES.get(word, "quiet"),
    )


def _ago(moment: datetime | None, now: datetime | None = None) -> Markup:
    """The age as an element that tells the exact time on hover, and to machines."""
    if moment is None:
        return Markup()
    said = moment.isoformat(), exact(moment), age(moment, now)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(*said)


def _effect(kind: str, to: str) -> Markup:
    """What would be done, as a heading; of a kind that a later release wrote it is said for whom alone."""
    known = EFFECTS[EffectKind(kind)] if kind in set(EffectKind) else "For {}"
    return Markup(known).format(Markup("<bdi>{}</bdi>").format(unturned(to)))  # noqa: S704  # our own words


def _address(address: str) -> Markup:
    """An address that may be broken before its @, so that it stays readable where there is little room."""
    return Markup("<wbr>").join(re.split(r"(?=@)", address))


def _long(span: timedelta) -> str:
    seconds = max(0.0, span.total_seconds())
    for limit, unit, one in ((60, "s", 1), (3600, "min", 60), (86_400, "h", 3600), (float("inf"), "d", 86_400)):
        if seconds < limit:
            return f"{int(seconds // one)} {unit}"
    return ""
