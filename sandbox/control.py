"""Steer the sandbox over HTTP: order faults, deliver mail, read the record. Loopback only, never part of Google."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.faults import Fault
from sandbox.gmail_errors import GmailError
from sandbox.http_server import Request, Response, json_response
from sandbox.letter import from_base64url
from sandbox.origin import Google
from sandbox.page_frame import from_elsewhere

PREFIX = "/sandbox/"
Body = dict[str, Any]


class Control:
    """The paths under /sandbox/. POST takes a JSON object; wrong input is 400 `{"error": sentence}`."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._post: dict[str, Callable[[Body], Any]] = {
            "faults": self._add_fault,
            "mail": self._mail,
            "accounts": self._account,
            "clients": self._client,
            "settings": self._settings,
            "revoke": self._revoke,
            "authorize": self._authorize,
            "expire": self._expire,
            "reset": self._reset,
        }
        self._get: dict[str, Callable[[dict[str, str]], Any]] = {
            "calls": self._calls,
            "quota": lambda _: self._google.quota(),
            "faults": lambda _: {"waiting": self._google.world.faults.waiting()},
            "settings": lambda _: self._google.settings.as_json(),
            "accounts": self._accounts,
            "arrivals": lambda _: {"waiting": self._google.arrivals.waiting()},
            "letters": self._letters,
        }

    def answer(self, request: Request) -> Response:
        name = request.path.removeprefix(PREFIX)
        act = self._found(request, name)
        if act is None:
            return json_response({"error": f"there is no {request.method} {request.path}"}, 404)
        if request.method != "GET" and from_elsewhere(request):
            return json_response({"error": "the request was sent by another site"}, 403)
        try:
            return json_response(act())
        except GmailError as error:
            return json_response({"error": error.message}, error.code)
        except KeyError as error:
            return json_response({"error": f"missing or unknown: {error.args[0]}"}, 400)
        except (ValueError, TypeError) as error:
            return json_response({"error": str(error)}, 400)

    def _found(self, request: Request, name: str) -> Callable[[], Any] | None:
        """What this request asks for; None when there is no such path."""
        world = self._google.world
        match request.method:
            case "GET" if name in self._get:
                return lambda: self._get[name]({key: values[-1] for key, values in request.params().items()})
            case "POST" if name in self._post:
                return lambda: self._post[name](_body(request))
            case "DELETE" if name in ("faults", "calls"):
                return world.faults.clear if name == "faults" else world.forget_traffic
        return None

    def _add_fault(self, body: Body) -> Body:
        self._google.world.faults.add(Fault(**body))
        return {"waiting": self._google.world.faults.waiting()}

    def _mail(self, body: Body) -> Body:
        """`{to, raw (base64url), auth?}` byte for byte, or `{to, from, subject, text, in_reply_to?, thread?, ...}`."""
        google = self._google
        if "raw" in body:
            raw = from_base64url(str(body["raw"]))
            mail = google.deliver_raw(
                str(body["to"]), raw, auth=str(body.get("auth", "as_is")), spam=bool(body.get("spam"))
            )
        else:
            fields = {key: value for key, value in body.items() if key not in ("from", "in_reply_to", "thread")}
            fields["sender"] = body["from"]
            fields.setdefault("text", "")
            self._answering(body, fields)
            fields.setdefault("subject", "")
            mail = google.deliver(**fields)
        return {"id": mail.id, "threadId": mail.thread_id, "messageId": mail.letter.message_id}

    def _answering(self, body: Body, fields: Body) -> None:
        """Fill in references, and a subject where there is none, so that the mail joins the conversation it answers."""
        if body.get("thread"):
            with self._google.world.lock:
                last = self._google.mailbox(str(body["to"])).thread(str(body["thread"]))[-1].letter
            fields["references"] = (*reversed(last.references), last.message_id)
            fields.setdefault("subject", f"Re: {last.first('subject').removeprefix('Re: ')}")
        elif body.get("in_reply_to"):
            fields["references"] = (str(body["in_reply_to"]),)

    def _account(self, body: Body) -> Body:
        account = self._google.account(str(body["email"]), str(body.get("name", "")), str(body.get("role", "customer")))
        return {"email": account.email, "name": account.name, "role": account.role, "sub": account.sub}

    def _accounts(self, _: dict[str, str]) -> Body:
        world = self._google.world
        rows = [
            {
                "email": account.email,
                "name": account.name,
                "role": account.role,
                "messages": len(world.mailboxes[account.email].messages),
            }
            for account in world.accounts.values()
        ]
        return {"accounts": rows}

    def _client(self, body: Body) -> Body:
        uris = body.get("redirect_uris", [])
        client = self._google.client(str(body["client_id"]), str(body["client_secret"]), map(str, uris))
        return {"client_id": client.id, "redirect_uris": list(client.redirect_uris)}

    def _settings(self, body: Body) -> Body:
        self._google.settings.change(body)
        answer: Body = self._google.settings.as_json()
        return answer

    def _revoke(self, body: Body) -> Body:
        """`{user, client_id?}`: the user withdraws consent."""
        return {"ended": self._google.revoke(str(body["user"]), str(body.get("client_id", "")))}

    def _authorize(self, body: Body) -> Body:
        """`{user, scopes?}`: a token answer without a browser, for the demo client."""
        user = str(body["user"])
        return self._google.authorize(user, body["scopes"]) if "scopes" in body else self._google.authorize(user)

    def _expire(self, body: Body) -> Body:
        """`{what: "access_tokens" | "history", user?}`: make them too old now."""
        user = str(body.get("user", ""))
        if body["what"] == "access_tokens":
            return {"expired": self._google.expire_access_tokens(user)}
        if body["what"] == "history":
            return {"floor": str(self._google.expire_history(user))}
        raise ValueError("what must be access_tokens or history")

    def _reset(self, body: Body) -> Body:
        """Everything, or with `{"only": "traffic"}` just faults, calls and units."""
        if body.get("only") == "traffic":
            self._google.world.forget_traffic()
        else:
            self._google.reset()
        return {}

    def _letters(self, params: dict[str, str]) -> list[Body]:
        """The mails of mailbox `user` under `label` (SENT, unless it says otherwise), oldest first: who wrote what to
        whom, and what it answers. For whoever counts what really left.
        """
        world, label = self._google.world, params.get("label", "SENT")
        with world.lock:
            box = world.mailboxes[params["user"]]
            letters = [mail.letter for mail in reversed(list(box.newest_first(label)))]
            return [
                {
                    "message_id": letter.message_id,
                    "in_reply_to": letter.first("in-reply-to"),
                    "automatic": letter.first("auto-submitted") not in ("", "no"),
                    "to": list(letter.addresses("to")),
                    "text": letter.text if "text" in params else "",
                }
                for letter in letters
            ]

    def _calls(self, params: dict[str, str]) -> Body:
        since = params.get("since", "0")
        return self._google.world.log.as_json(
            route=params.get("route", ""), user=params.get("user", ""), since=int(since) if since.isdigit() else 0
        )


def _body(request: Request) -> Body:
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise TypeError("expected a JSON object")
    return body
