"""The signs that a machine wrote a mail: such mail is ignored (GMAIL.md 4.1, RFC 3834).

Only headers, addresses and the structure of a mail count here. Words count in `understanding/mass_mail.py`: a person
may write any words, and whoever is ignored is never heard.
"""

import re
from collections.abc import Callable

from domain.message import Address, Message

_NO_MAIL = {
    "SENT": "we sent it ourselves",
    "DRAFT": "it is a draft",
    "SPAM": "Gmail holds it for spam",
    "TRASH": "it lies in the bin",
    "CHAT": "it is a chat message",
}

# Local parts behind which nobody reads. Separators were made "-" before. Only what no person is called: whoever is
# taken for a machine is never answered, and mark.owner@ or offers@ may be a customer.
_NOBODY = re.compile(
    r"(?:.*-)?(?:no-?reply|do-?not-?reply|donotreply)(?:-.*)?"
    r"|mailer-daemon|postmaster|mdaemon|bounces?(?:-.*)?|.*-bounces?|notifications?|auto-?(?:reply|responder|responses?)"
    r"|e?-?news|newsletters?|listserv|majordomo"
)
# Of a mailing list (RFC 2142, section 6), with the hyphen that a person's name rarely has there.
_OF_A_LIST = re.compile(r"owner-.+|.+-owner|.+-request")
_DAEMON = re.compile(r"\b(?:mailer-daemon|postmaster|mail delivery (?:sub)?system)\b", re.IGNORECASE)

_LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post", "list-help", "list-subscribe", "mailing-list")
_ROBOT_HEADERS = (
    "x-autoreply",
    "x-autoreply-from",
    "x-autorespond",
    "x-autoresponse",
    "x-autoresponder",
    "x-mail-autoreply",
    "x-loop",
    "feedback-id",
)
_TELLING_HEADERS = frozenset({"auto-submitted", *_ROBOT_HEADERS, "x-auto-response-suppress", "precedence"})
_REPORT_PARTS = frozenset(
    {
        "multipart/report",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/feedback-report",
        "message/tracking-status",
    }
)
# Lists send digests (RFC 2046, 5.1.5) and announcements that lie elsewhere (5.2.3); mail programs of people do neither.
_LIST_PARTS = frozenset({"multipart/digest", "message/external-body"})
_PRECEDENCES = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_SUPPRESSED = frozenset({"all", "autoreply", "oof"})

# What a mailing program was to fill in and did not: `%FIRST_NAME%`, `{{name}}`, a PHP list printed as one.
_UNFILLED = re.compile(r"[$%](?:RND|RAND|RANDOM|FIRST|LAST|NAME|EMAIL|FROM|TO|WORD)[_A-Z]{2,20}|\{\{\s?\w{2,30}\s?\}\}")
_LISTED = ("to", "cc", "bcc", "reply-to")
# One address for each mail that was sent, so that bounces can be counted: only numbers, and many.
_COUNTED = re.compile(r"(?:\d{1,12}[.=_-]){4,20}\d{1,12}")


def automatic_sign(message: Message, own_addresses: frozenset[str]) -> str:
    """The sign that a machine wrote the mail, or that it is none to answer, in plain words; else an empty string.

    `own_addresses` are all addresses of the tenant's mailboxes, their aliases and whatever is forwarded to them, in
    lower case; without any, nothing is said about recipients. A mail without one usable sender is no sign: it waits
    for a person (`triage`).
    """
    return next((sign for rule in _RULES if (sign := rule(message, own_addresses))), "")


def _by_label(message: Message, own: frozenset[str]) -> str:
    del own
    return next((why for label, why in _NO_MAIL.items() if label in message.labels), "")


def _by_ourselves(message: Message, own: frozenset[str]) -> str:
    if message.sender and message.sender.reaches in _all_bare(own):
        return "it comes from an address of our own"
    return ""


def _by_automatic_header(message: Message, own: frozenset[str]) -> str:
    del own
    names = _header_names(message)
    if names.isdisjoint(_TELLING_HEADERS):
        return ""
    submitted = _word(message.header("auto-submitted"))
    if submitted and submitted != "no":
        return f"its header says Auto-Submitted: {submitted}"
    for name in _ROBOT_HEADERS:
        if name in names and message.header(name) and _word(message.header(name)) != "no":
            return f"it has the header {name.title()}"
    if _SUPPRESSED & set(re.findall(r"[a-z]+", message.header("x-auto-response-suppress").lower())):
        return "it asks not to be answered (X-Auto-Response-Suppress)"
    precedence = _word(message.header("precedence"))
    return f"its header says Precedence: {precedence}" if precedence in _PRECEDENCES else ""


def _by_report(message: Message, own: frozenset[str]) -> str:
    del own
    found = next((kind for kind in (message.content_type, *message.part_types) if kind in _REPORT_PARTS), "")
    if found:
        return f"it is a delivery report, a receipt or a complaint form ({found})"
    if message.content_type == "message/rfc822":
        return "it is nothing but another mail, wrapped by a program"
    if message.header("x-failed-recipients"):
        return "it reports failed recipients"
    return_paths = [value.replace(" ", "") for name, value in message.headers if name == "return-path"]
    empty = "<>" in return_paths or any(_DAEMON.search(path) for path in return_paths)
    return "it has no return path, as bounces have none" if empty else ""


def _by_sender(message: Message, own: frozenset[str]) -> str:
    del own
    if message.sender is None:
        return "a mail system sent it" if _DAEMON.search(message.header("from")) else ""
    local = message.sender.address.partition("@")[0]
    if _NOBODY.fullmatch(re.sub(r"[._+-]+", "-", local)) or _OF_A_LIST.fullmatch(local):
        return f"nobody reads {message.sender.address}"
    return ""


def _by_list(message: Message, own: frozenset[str]) -> str:
    del own
    names = _header_names(message)
    found = next((name.title() for name in _LIST_HEADERS if name in names and message.header(name)), "")
    found = found or next((kind for kind in (message.content_type, *message.part_types) if kind in _LIST_PARTS), "")
    return f"it went out to a list ({found})" if found else ""


def _by_calendar(message: Message, own: frozenset[str]) -> str:
    del own
    return f"it is calendar mail ({message.calendar_method.lower()})" if message.calendar_method else ""


def _by_program(message: Message, own: frozenset[str]) -> str:
    """What only a program leaves in headers."""
    del own
    for name, value in message.headers:
        if name in _LISTED and value.strip() == "Array":
            return f"a script wrote its headers ({name.title()}: Array)"
        if name in {"message-id", "from"} and _UNFILLED.search(value[:1000]):
            return f"its headers hold a template that was not filled in ({name.title()})"
    counted = next((one for one in message.reply_to if _COUNTED.fullmatch(one.address.partition("@")[0])), None)
    return f"its address for replies only counts mail ({counted.address})" if counted is not None else ""


_RULES: tuple[Callable[[Message, frozenset[str]], str], ...] = (
    _by_label,
    _by_ourselves,
    _by_automatic_header,
    _by_report,
    _by_sender,
    _by_list,
    _by_calendar,
    _by_program,
)


def _header_names(message: Message) -> frozenset[str]:
    return frozenset(name for name, _ in message.headers)


def _word(value: str) -> str:
    """The first word of a header value, without parameters and comments, in lower case."""
    found = re.match(r"\s*([\w-]+)", value)
    return found[1].lower()[:40] if found else value.strip().lower()[:40]


def _all_bare(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(Address(one).reaches for one in addresses)
