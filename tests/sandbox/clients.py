"""What the sandbox's tests share: the real Gmail client over requests, and mails to send."""

import base64
from email.message import EmailMessage
from email.policy import SMTP

import httplib2
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from sandbox.google import DEMO_CLIENT, Google
from sandbox.oauth_records import MODIFY

SHOP = "support@shop.example"
ANNA = "anna@customer.example"


class RequestsHttp:
    """httplib2's shape with requests inside: no hidden re-send, an explicit timeout."""

    redirect_codes = frozenset()

    def __init__(self, session, timeout=60):
        self.session = session
        self.timeout = timeout

    def request(self, uri, method="GET", body=None, headers=None, redirections=0, connection_type=None):
        answer = self.session.request(
            method, uri, data=body, headers=headers, timeout=self.timeout, allow_redirects=False
        )
        response = httplib2.Response({name.lower(): value for name, value in answer.headers.items()})
        response.status, response.reason = answer.status_code, answer.reason
        return response, answer.content

    def close(self):
        self.session.close()


class Shop:
    """A consent given without a browser, and the real client over its tokens."""

    def __init__(self, google: Google, base: str, scopes=("openid", "email", MODIFY), user=SHOP) -> None:
        self.google = google
        self.base = base
        self.tokens = google.authorize(user, scopes)
        self.credentials = Credentials(
            self.tokens["access_token"],
            refresh_token=self.tokens["refresh_token"],
            token_uri=f"{base}/token",
            client_id=DEMO_CLIENT.id,
            client_secret=DEMO_CLIENT.secret,
        )
        self.http = self.new_http()
        self.api = build(
            "gmail",
            "v1",
            http=self.http,
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": base},
        )
        self.me = self.api.users()

    def new_http(self, timeout=60) -> RequestsHttp:
        return RequestsHttp(AuthorizedSession(self.credentials), timeout)

    def close(self) -> None:
        self.api.close()

    # short ways to the calls that many tests make

    def profile(self):
        return self.me.getProfile(userId="me").execute()

    def messages(self, **asked):
        return self.me.messages().list(userId="me", **asked).execute()

    def get(self, message_id, shape="raw", **asked):
        return self.me.messages().get(userId="me", id=message_id, format=shape, **asked).execute()

    def raw(self, message_id) -> bytes:
        text = self.get(message_id)["raw"]
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    def history(self, start, **asked):
        return self.me.history().list(userId="me", startHistoryId=start, **asked).execute()

    def thread(self, thread_id, **asked):
        return self.me.threads().get(userId="me", id=thread_id, **asked).execute()

    def draft(self, raw: bytes, thread_id: str = ""):
        return self.me.drafts().create(userId="me", body={"message": sendable(raw, thread_id)}).execute()

    def send_draft(self, draft_id):
        return self.me.drafts().send(userId="me", body={"id": draft_id}).execute()

    def send(self, raw: bytes, thread_id: str = ""):
        return self.me.messages().send(userId="me", body=sendable(raw, thread_id)).execute()


def sendable(raw: bytes, thread_id: str = "") -> dict[str, str]:
    body = {"raw": base64.urlsafe_b64encode(raw).decode()}
    return {**body, "threadId": thread_id} if thread_id else body


def letter(to=ANNA, subject="Hello", text="Good day.", sender=SHOP, **headers) -> bytes:
    """A mail as bytes; keyword names become headers with dashes (`In_Reply_To`)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    if to:
        message["To"] = to
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def reply_to(shop: Shop, mail, text="Here is your answer.", **changes) -> bytes:
    """A reply that fulfils Gmail's conditions for joining the thread of a stored mail, unless `changes` break them."""
    own = {
        "to": mail.letter.addresses("from")[0],
        "subject": f"Re: {mail.letter.first('subject')}",
        "In_Reply_To": mail.letter.message_id,
        "References": mail.letter.message_id,
    }
    return letter(text=text, **{**own, **changes})


def status_of(error: HttpError) -> int:
    return int(error.resp.status)
