"""The signs that a machine wrote a mail: such mail is never answered (GMAIL.md 4.1, RFC 3834)."""

import re
from collections.abc import Callable

from domain.message import Message
from understanding.mass_mail import offer_sign, program_sign, spam_header_sign

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

# Only what a person does not write as a subject. `Re:` before it means that a person answered such a mail.
_AWAY = re.compile(
    r"(?:auto(?:matic|mated)?[ -]?(?:reply|response|answer)\b|auto: |automatische (?:antwort|reaktion)\b"
    r"|automatisch antwoord\b|autoantwort\b|auto-antwort\b|abwesenheits(?:notiz|nachricht|meldung|assistent|info)\b"
    r"|r[eé]ponse automatique\b|(?:message|notification|avis) d['’]absence\b|absence du bureau\b"
    r"|respuesta autom[aá]tica\b|contestaci[oó]n autom[aá]tica\b|risposta automatica\b|resposta autom[aá]tica\b"
    r"|autosvar\b|automaattinen vastaus\b|odpowied[zź] automatyczna\b"
    r"|vacation (?:reply|response|notice|auto)\b|away until\b|urlaubsnotiz\b"
    r"|(?:i am |i'm |currently )?out of (?:the )?office(?: (?:auto)?re(?:ply|sponse)| message| notice)?\s*(?:[:(\[-]|$)"
    r"|(?:nicht im (?:b[uü]ro|haus)|absent(?:e|\(e\))? du bureau|fuera de (?:la )?oficina|fuori (?:ufficio|sede))"
    r"\s*(?:[:(\[]|$))",
    re.IGNORECASE,
)
_BOUNCE = re.compile(
    r"(?:undeliverable|unzustellbar|non remis|no se puede entregar|non recapitabile)\s?:"
    r"|undelivered mail returned to sender|mail delivery (?:failed|failure)(?:: returning message to sender)?\s*$"
    r"|delivery status notification\b|delivery notification: delivery has failed|returned mail: "
    r"|mail system error - returned mail|warning: message .{1,60} delayed|delayed mail \(still being retried\)"
    r"|banned file: |\*\*message you sent blocked by our bulk email filter",
    re.IGNORECASE,
)
# What stands below a newsletter and nowhere else.
# A customer may well write "I want to unsubscribe", so the phrases are those of the sender of a newsletter.
_FOOTER = re.compile(
    r"\b(?:you(?:'re| are)? (?:are )?receiv(?:ing|ed) this (?:e-?mail|message|newsletter) (?:because|as)"
    r"|(?:click|go) here to (?:unsubscribe|opt[ -]out)"
    r"|to (?:unsubscribe|opt[ -]out),? (?:please )?(?:click|visit|reply)"
    r"|if you (?:no longer|do not|don't) (?:wish|want) to receive|to be removed from (?:this|our) (?:mailing )?list"
    r"|view (?:this e-?mail )?in (?:your )?browser|can't read this e-?mail\? click"
    r"|newsletter hier abbestellen|im browser (?:ansehen|anzeigen)|sie erhalten diese (?:e-?mail|nachricht), weil"
    r"|pour (?:vous|se) d[eé]s(?:inscrire|abonner),? cliquez|voir (?:cet e-?mail )?dans (?:votre|le) navigateur"
    r"|para darse de baja,? (?:haga|pulse)|ver (?:este correo )?en (?:tu|el|su) navegador"
    r"|per annullare l['’]iscrizione,? clicca)",
    re.IGNORECASE,
)
_SHORTEST_NEWSLETTER = 300
_TALKING = re.compile(r"\s*(?:re|aw|antw|sv|fwd?|wg|tr|rv|i|r|enc)\s?:", re.IGNORECASE)


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
    if message.sender and (_bare(message.sender.address) in _all_bare(own)):
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
    if "<>" in return_paths or any(_DAEMON.search(path) for path in return_paths):
        return "it has no return path, as bounces have none"
    return "its subject is that of a bounce" if _BOUNCE.match(message.subject.strip()) else ""


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


def _by_subject(message: Message, own: frozenset[str]) -> str:
    del own
    return "its subject is that of an absence note" if _AWAY.match(message.subject.strip()) else ""


def _by_program(message: Message, own: frozenset[str]) -> str:
    del own
    return spam_header_sign(message) or program_sign(message) or offer_sign(message)


def _by_footer(message: Message, own: frozenset[str]) -> str:
    """Newsletters without a list header. Who answers or forwards one quotes its footer, so those are let through."""
    del own
    talking = message.references or message.header("in-reply-to") or _TALKING.match(message.subject)
    if talking or len(message.text) < _SHORTEST_NEWSLETTER or not _FOOTER.search(message.text[:200_000]):
        return ""
    return "it has the footer of a newsletter"


_RULES: tuple[Callable[[Message, frozenset[str]], str], ...] = (
    _by_label,
    _by_ourselves,
    _by_automatic_header,
    _by_report,
    _by_sender,
    _by_list,
    _by_calendar,
    _by_subject,
    _by_program,
    _by_footer,
)


def _header_names(message: Message) -> frozenset[str]:
    return frozenset(name for name, _ in message.headers)


def _word(value: str) -> str:
    """The first word of a header value, without parameters and comments, in lower case."""
    found = re.match(r"\s*([\w-]+)", value)
    return found[1].lower()[:40] if found else value.strip().lower()[:40]


def _bare(address: str) -> str:
    """The address as its mailbox knows it: without +tag, and without Gmail's meaningless dots."""
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def _all_bare(addresses: frozenset[str]) -> frozenset[str]:
    return frozenset(map(_bare, addresses))
