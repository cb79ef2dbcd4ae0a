"""Let a person play the customer: read a mailbox of the sandbox in the browser, answer and write.

Mail is hostile, so it is only ever shown as escaped text; HTML mail too is shown as the text inside.
"""

from datetime import UTC, datetime
from html import escape
from itertools import islice
from urllib.parse import quote, unquote

from sandbox.gmail_errors import GmailError
from sandbox.gmail_records import ALL, Mail
from sandbox.gmail_store import Mailbox
from sandbox.http_server import Request, Response
from sandbox.new_mail import NewMail, compose
from sandbox.origin import Google
from sandbox.page_frame import STYLE_PATH, from_elsewhere, page, redirect, style

PREFIX = "/mail/"
SHOWN = 200
FOLDERS = {"inbox": "INBOX", "sent": "SENT", "drafts": "DRAFT", "spam": "SPAM", "all": ALL}


class MailPages:
    """The pages under /mail/: accounts, one mailbox, one conversation, a form to write."""

    def __init__(self, google: Google) -> None:
        self._google = google

    def answer(self, request: Request) -> Response:
        if request.path == STYLE_PATH:
            return style()
        address, *rest = [unquote(word) for word in request.path.removeprefix(PREFIX).split("/")]
        if not address:
            return self._accounts()
        box = self._google.world.mailboxes.get(address)
        if box is None:
            return _missing("There is no such mailbox.")
        if request.method == "POST":
            return self._send(request, box)
        with self._google.world.lock:
            return self._shown(request, box, rest)

    def _shown(self, request: Request, box: Mailbox, rest: list[str]) -> Response:
        match rest:
            case [] | [""]:
                return self._mailbox(box, "inbox")
            case [folder] if folder in FOLDERS:
                return self._mailbox(box, folder)
            case ["write"]:
                return page("Write a mail", _form(box, request.params().get("to", [""])[-1], "", ""), note=box.address)
            case ["m", mail_id] if mail_id in box.messages:
                return self._conversation(box, box.messages[mail_id])
        return _missing("There is no such mail any more.")

    def _accounts(self) -> Response:
        rows = "".join(
            f'<li><a href="{PREFIX}{quote(account.email)}/">{escape(account.name)} '
            f'<span class="soft">{escape(account.email)} · {escape(account.role)}</span></a></li>'
            for account in self._google.world.accounts.values()
        )
        hint = '<p class="soft">Choose whom you want to play. Mail between these accounts arrives at once.</p>'
        return page("Mailboxes", f'{hint}<ul class="rows card">{rows or "<li>No account yet.</li>"}</ul>')

    def _mailbox(self, box: Mailbox, folder: str) -> Response:
        links = "".join(f'<a href="{_at(box, name)}">{name.capitalize()}</a>' for name in FOLDERS)
        rows = "".join(_row(box, mail, folder) for mail in islice(box.newest_first(FOLDERS[folder]), SHOWN))
        body = (
            f'<nav class="card">{links}<a class="button" href="{_at(box, "write")}">Write</a></nav>'
            f'<ul class="rows card">{rows or "<li>Nothing here.</li>"}</ul>'
        )
        return page(f"{folder.capitalize()} of {box.address}", body, refresh_s=10, note=box.address)

    def _conversation(self, box: Mailbox, mail: Mail) -> Response:
        if self._google.world.accounts[box.address].role != "shop" and "UNREAD" in mail.labels:
            box.relabel(mail, [], ["UNREAD"])
        letters = "".join(_letter(other) for other in box.thread(mail.thread_id) if "DRAFT" not in other.labels)
        subject = mail.letter.first("subject")
        people = mail.letter.addresses("to") if "SENT" in mail.labels else mail.letter.addresses("from")
        again = subject if subject.lower().startswith("re:") else f"Re: {subject}"
        form = _form(box, next(iter(people), ""), again, mail.id)
        nav = f'<nav class="card"><a href="{_at(box, "inbox")}">Back to the inbox</a></nav>'
        return page(subject or "(no subject)", f"{nav}{letters}<h2>Reply</h2>{form}", note=box.address)

    def _send(self, request: Request, box: Mailbox) -> Response:
        if from_elsewhere(request):
            return _missing("This form was sent by another site.", 403)
        form = {name: values[-1] for name, values in request.form().items()}
        answered = box.messages.get(form.get("answers", ""))
        references: tuple[str, ...] = ()
        if answered is not None and answered.letter.message_id:
            references = (*reversed(answered.letter.references), answered.letter.message_id)
        account = self._google.world.accounts[box.address]
        text = form.get("text", "").replace("\r\n", "\n")
        mail = NewMail(
            to=form.get("to", "").strip(), sender=box.address, from_name=account.name, subject=form.get("subject", ""),
            text=text + "\n", date=self._google.world.clock(), references=references,
        )  # fmt: skip
        try:
            sent = self._google.send_as(box.address, compose(mail), answered.thread_id if answered else "")
        except (ValueError, GmailError) as error:
            warning = f'<p class="card warn">The mail was not sent: {escape(str(error))}</p>'
            again = _form(box, mail.to, mail.subject, form.get("answers", ""), text)
            return page("Write a mail", warning + again, status=400, note=box.address)
        return redirect(_at(box, f"m/{sent.id}"))


def _at(box: Mailbox, rest: str) -> str:
    return f"{PREFIX}{quote(box.address)}/{rest}"


def _row(box: Mailbox, mail: Mail, folder: str) -> str:
    letter = mail.letter
    other = f"To: {letter.first('to')}" if folder == "sent" else letter.first("from")
    weight = "new" if "UNREAD" in mail.labels else ""
    return (
        f'<li><a class="{weight}" href="{_at(box, f"m/{mail.id}")}">{escape(letter.first("subject") or "(no subject)")}'
        f'<br><span class="soft">{escape(other)} · {_when(mail)} · {escape(letter.snippet[:90])}</span></a></li>'
    )


def _letter(mail: Mail) -> str:
    letter = mail.letter
    automatic = letter.first("auto-submitted")
    note = f" · Auto-Submitted: {escape(automatic)}" if automatic else ""
    return (
        f'<article class="card"><b>{escape(letter.first("from"))}</b><br><span class="soft">to '
        f"{escape(letter.first('to'))} · {_when(mail)}{note}</span><pre>{escape(letter.text)}</pre></article>"
    )


def _form(box: Mailbox, to: str, subject: str, answers: str, text: str = "") -> str:
    return (
        f'<form method="post" action="{_at(box, "send")}" class="card">'
        f'<input type="hidden" name="answers" value="{escape(answers)}">'
        f'<label>To <input type="email" name="to" required value="{escape(to)}"></label>'
        f'<label>Subject <input type="text" name="subject" value="{escape(subject)}"></label>'
        f'<label>Text <textarea name="text" required>{escape(text)}</textarea></label><button>Send</button></form>'
    )


def _when(mail: Mail) -> str:
    return datetime.fromtimestamp(mail.internal_ms / 1000, UTC).strftime("%d %b %Y %H:%M UTC")


def _missing(sentence: str, status: int = 404) -> Response:
    return page(
        "Not found" if status == 404 else "Refused", f'<p class="card warn">{escape(sentence)}</p>', status=status
    )
