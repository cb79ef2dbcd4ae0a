"""Ask an address that a customer gave, without being led into our own network.

The name is resolved once, every address that it has is looked at, and the connection goes to the first of these very
addresses: a name that points elsewhere a moment later (DNS rebinding) gains nothing. No redirect is followed, no proxy
asked, nothing repeated, and nothing waits or grows without end.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLCertVerificationError
from urllib.parse import SplitResult, urlsplit

import requests
from urllib3.exceptions import NewConnectionError

from adapters.held_line import Held, Line
from adapters.llm.side_by_side import side_by_side
from domain.errors import BadInput, MailwrightError, NeedsPerson, TryAgain

Resolve = Callable[[str, int], Sequence[str]]

_CHUNK = 64 * 1024
# Addresses that carry another address: what they lead to is not seen by looking at them. And the protocols' own block,
# of which older Pythons call a part global.
_NEVER = tuple(
    map(
        ip_network,
        ("2002::/16", "2001::/32", "192.88.99.0/24", "192.0.0.0/24", "3fff::/20"),
    )
)
# Everything that is public in IPv6 lies in here. Mapped and translated IPv4, and what was once private, do not.
_PUBLIC_V6 = ip_network("2000::/3")
_FIELD = "status_page_url"


class NotAsked(TryAgain):
    """The connection never came about: the other side was certainly not asked anything."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, between two reads, and for everything; and the bytes of the largest document."""

    connect_s: float = 5.0
    read_s: float = 5.0
    total_s: float = 20.0
    document_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """What a GET brings has a body only with status 200. Header names are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def resolved(host: str, port: int) -> list[str]:
    """Every address of a name, in the system's order. Raises NotAsked where it has none just now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAsked("The name of the server was not found.") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class PinnedHttp:
    """`private_allowed` lets it reach our own network, and loopback without encryption: for tests and the demo.

    `trusted` is the file of certificates to trust instead of the public ones; `what` and `names` say in errors what it
    is that is asked, and which field has its address.
    """

    private_allowed: bool = False
    limits: Limits = field(default_factory=Limits)
    resolve: Resolve = resolved
    trusted: str = ""
    what: str = "The status page"
    names: str = _FIELD

    def get(self, url: str, headers: Mapping[str, str]) -> Document:
        """One document. Raises BadInput for an address that may not be asked, TryAgain and NeedsPerson for trouble.

        NotAsked is the TryAgain of a connection that never came about.
        """
        return self._bounded(_Question("GET", url, headers))

    def look(self, url: str, headers: Mapping[str, str]) -> Document:
        """The same with the body of every answer, whatever its status."""
        return self._bounded(_Question("GET", url, headers, reads_all=True))

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Document:
        """Hand over `body`, and bring the body of every answer. Only after NotAsked and BadInput it was not asked."""
        return self._bounded(_Question("POST", url, headers, body, reads_all=True))

    def _bounded(self, question: "_Question") -> Document:
        # Each read may take its time and still all of them together never end: the whole is bounded from outside.
        line = Line()
        try:
            (outcome,) = side_by_side(partial(self._outcome, line), [question], seconds=self.limits.total_s)
        finally:
            line.cut()
        if outcome is None:
            raise TryAgain(f"{self.what} took too long to answer.")
        if isinstance(outcome, MailwrightError):
            raise outcome
        return outcome

    def _outcome(self, line: Line, question: "_Question") -> Document | MailwrightError:
        try:
            parts = checked_url(question.url, private_allowed=self.private_allowed, names=self.names)
            return self._ask(line, parts, question)
        except MailwrightError as error:
            return error

    def _ask(self, line: Line, parts: SplitResult, question: "_Question") -> Document:
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self.resolve(host, port)
        for address in addresses:
            self._look_at(address, parts.scheme)
        literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        named = f"[{host}]" if ":" in host else host
        with requests.Session() as session:
            session.trust_env = False
            session.mount("https://", _Named(host, line))
            session.mount("http://", Held(line))
            try:
                with session.request(
                    question.method,
                    parts._replace(netloc=f"{literal}:{port}").geturl(),
                    data=question.body,
                    # Unpacked it could be a thousand times as large: we ask for it as it is.
                    headers={
                        **question.headers,
                        "Host": f"{named}:{parts.port}" if parts.port else named,
                        "Accept-Encoding": "identity",
                        "User-Agent": "Mailwright",
                    },
                    timeout=(self.limits.connect_s, self.limits.read_s),
                    allow_redirects=False,
                    stream=True,
                    verify=self.trusted or True,
                ) as answer:
                    return self._read(answer, reads_all=question.reads_all)
            except requests.RequestException as error:
                trouble = NotAsked if _never_connected(error) else TryAgain
                raise trouble(f"{self.what} could not be reached.") from error

    def _look_at(self, address: str, scheme: str) -> None:
        """Raises BadInput where this address may not be asked."""
        ip = ip_address(address.partition("%")[0])
        if self.private_allowed:
            if scheme == "http" and not ip.is_loopback:
                raise BadInput(self.names, "It must begin with https://.")
        elif not _is_public(ip):
            raise BadInput(self.names, "It leads into a private network.")

    def _read(self, answer: requests.Response, *, reads_all: bool) -> Document:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if headers.get("content-encoding", "identity") != "identity":
            raise NeedsPerson(f"{self.what} packs its answer though it was asked not to.")
        body = b""
        if reads_all or answer.status_code == requests.codes.ok:
            for chunk in answer.iter_content(_CHUNK):
                body += chunk
                if len(body) > self.limits.document_bytes:
                    raise NeedsPerson(f"{self.what}'s answer is larger than we take in.")
        return Document(answer.status_code, body, headers)


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    reads_all: bool = False


class _Named(Held):
    """Connects to an address, and asks there for the certificate of a name."""

    def __init__(self, host: str, line: Line) -> None:
        self._host = host
        super().__init__(line)

    def init_poolmanager(self, *args: object, **options: object) -> None:
        options |= {"server_hostname": self._host, "assert_hostname": self._host}
        super().init_poolmanager(*args, **options)  # type: ignore[arg-type]  # it hands on what it gets


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no byte of the question left: only what is sure counts, for somebody else may have been paid by then."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    return refused or bool(reason and reason.args and isinstance(reason.args[0], SSLCertVerificationError))


def checked_url(url: str, *, private_allowed: bool = False, names: str = _FIELD) -> SplitResult:
    """The parts of an address that may be asked as far as its text tells. Raises BadInput, which says what is wrong."""
    schemes = ("https", "http") if private_allowed else ("https",)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna"), parts.port
    except ValueError:
        raise BadInput(names, "It is no address that can be read.") from None
    if parts.scheme not in schemes:
        raise BadInput(names, "It must begin with https://.")
    if not host or port == 0 or not url.isprintable() or " " in url or "\\" in url:
        raise BadInput(names, "It is no address that can be read.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadInput(names, "It must be the plain address, without name, password or question mark.")
    return parts


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    barred = any(ip in network for network in _NEVER if network.version == ip.version)
    barred = barred or (ip.version == 6 and ip not in _PUBLIC_V6)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or barred)
