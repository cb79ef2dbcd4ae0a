"""Drop a mail into the running sandbox: `python -m sandbox.drop --from ... --to ... --text ...`."""

import argparse
import json
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from sandbox.letter import Letter, to_base64url
from sandbox.post_office import AUTH_LEVELS


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.drop", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8025", help="where the sandbox listens")
    parser.add_argument("--to", help="the mailbox (with --file: else its To header)")
    parser.add_argument("--from", dest="sender", help="the sender's address")
    parser.add_argument("--from-name", default="")
    parser.add_argument("--subject", default="")
    parser.add_argument("--text", default="")
    parser.add_argument("--in-reply-to", default="", help="Message-ID of the mail that this one answers")
    parser.add_argument("--auth", choices=AUTH_LEVELS, help="what Google found out about the sender")
    parser.add_argument("--file", type=Path, help="an .eml file, dropped byte for byte")
    return parser.parse_args(words)


def _wish(options: argparse.Namespace) -> dict[str, str]:
    auth = {"auth": options.auth} if options.auth else {}
    if options.file:
        raw = options.file.read_bytes()
        to = options.to or next(iter(Letter(raw).addresses("to")), "")
        return {"to": to, "raw": to_base64url(raw), **auth}
    if not options.to or not options.sender:
        raise ValueError("--from and --to are needed, or --file")
    return {
        "to": options.to, "from": options.sender, "from_name": options.from_name, "subject": options.subject,
        "text": options.text, "in_reply_to": options.in_reply_to, **auth,
    }  # fmt: skip


def _post(url: str, body: bytes) -> tuple[int, dict[str, str]]:
    """Status and JSON of the answer; raises OSError when nobody listens."""
    where = urlsplit(url)
    if where.scheme != "http" or not where.hostname:
        raise ValueError(f"{url!r} is no http:// address")
    connection = HTTPConnection(where.hostname, where.port or 80, timeout=10)
    try:
        connection.request("POST", "/sandbox/mail", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def main(words: list[str] | None = None) -> int:
    """Exit 0 and the new mail's ids as JSON, or 2 and one sentence."""
    options = _arguments(sys.argv[1:] if words is None else words)
    try:
        status, answer = _post(options.url, json.dumps(_wish(options)).encode())
    except (OSError, ValueError) as error:
        print(f"sandbox drop: {error}", file=sys.stderr)
        return 2
    if status != 200:
        print(f"sandbox drop: {answer.get('error', status)}", file=sys.stderr)
        return 2
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
