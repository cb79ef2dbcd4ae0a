"""The client of status pages, over real HTTP: what it reads, what it refuses, and where it never goes."""

import datetime as dt
import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.pinned_http import PinnedHttp
from adapters.status_page import page_address, read_page
from domain.errors import BadInput, NeedsPerson, TryAgain
from sandbox.status_page import StatusPage, serve
from tests.support.waiting import PATIENT

NOW = datetime.now(UTC)
HURRIED = replace(PATIENT, read_s=0.5)


@pytest.fixture(scope="module")
def server():
    page = StatusPage()
    with serve(page):
        yield page


@pytest.fixture
def page(server):
    server.reset()
    return server


@pytest.fixture
def read(page):
    def run(etag="", **options):
        http = PinnedHttp(**{"private_allowed": True, "limits": PATIENT, **options})
        return read_page(http, page.base_url, etag=etag, now=datetime.now(UTC))

    return run


def test_an_open_incident_is_read_with_its_times_parts_and_newest_words(page, read):
    page.open("Card payments fail", body="We are looking into it.", components=("Card payments", "Checkout"))
    page.incidents[0]["incident_updates"].insert(
        0, {"body": "  Found \u202eit.\nA fix comes. ", "status": "identified", "created_at": NOW.isoformat()}
    )
    page.incidents[0]["incident_updates"][1]["created_at"] = (NOW - timedelta(hours=1)).isoformat()
    (one,) = read().incidents
    assert (one.external_id, one.name, one.impact) == ("inc0001", "Card payments fail", "minor")
    assert one.components == ("Card payments", "Checkout")
    assert one.text == "Found it. A fix comes."
    assert one.link == "https://status.lumen-oak.example/incidents/inc0001"
    assert NOW - timedelta(minutes=1) < one.began_at <= one.fetched_at
    assert one.fetched_at.tzinfo == UTC


def test_what_is_over_or_only_planned_is_no_incident(page, read):
    page.open("Over", status="resolved")
    page.open("Looked back at", status="postmortem")
    page.open("Ended", resolved_at="2026-01-01T00:00:00Z")
    page.maintenances = [{"id": "m1", "name": "Moving house", "status": "scheduled"}]
    assert read().incidents == ()


def test_a_maintenance_that_has_begun_is_one(page, read):
    page.maintenances = [{"id": "m1", "name": "Moving house", "status": "in_progress"}]
    assert [one.name for one in read().incidents] == ["Moving house"]


@pytest.mark.parametrize(
    "row",
    [None, 7, "text", [], {}, {"id": "x"}, {"name": "No id"}, {"id": "x", "name": ""}, {"id": "x", "name": ["a"]}],
)
def test_what_lacks_name_or_id_is_left_out_and_the_others_stand(page, read, row):
    page.open("Good")
    page.incidents.insert(0, row)
    assert [one.name for one in read().incidents] == ["Good"]


@pytest.mark.parametrize(
    "changed",
    [
        {"created_at": None, "updated_at": "yesterday"}, {"incident_updates": None}, {"incident_updates": [None, 3]},
        {"components": None}, {"components": [None, {"name": 3}]}, {"shortlink": None}, {"impact": {}},
        {"incident_updates": [{"body": 3, "created_at": 4}]}, {"created_at": "9999-01-01T00:00:00"},
    ],
)  # fmt: skip
def test_any_part_may_be_missing_or_nonsense(page, read, changed):
    page.open("Good")
    page.incidents[0].update(changed)
    (one,) = read().incidents
    assert one.name == "Good"
    assert one.link.startswith("https://status.lumen-oak.example")
    assert one.began_at <= one.fetched_at


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "http://a.example", "https://a.example/\n", "https://a@b.example"]
)
def test_a_link_that_may_not_stand_in_a_mail_gives_way_to_the_page_itself(page, read, link):
    page.open("Good", shortlink=link)
    assert read().incidents[0].link == "https://status.lumen-oak.example"


def test_what_is_longer_than_we_keep_is_cut(page, read):
    page.open("n" * 5000, body="b" * 50_000, components=("c" * 5000,) * 60)
    (one,) = read().incidents
    assert (len(one.name), len(one.text), len(one.components), len(one.components[0])) == (200, 2000, 20, 200)


def test_a_page_that_says_the_same_is_told_by_its_etag(page, read):
    page.open("One")
    first = read()
    assert read(etag=first.etag) is None
    page.open("Two")
    assert len(read(etag=first.etag).incidents) == 2
    assert page.not_modified == 1


@pytest.mark.parametrize("fault", ["500_before", "503_before", "malformed_json", "drop_before", "short_read"])
def test_passing_trouble_says_to_try_again(page, read, fault):
    page.order(fault)
    with pytest.raises(TryAgain):
        read()


def test_the_server_may_say_when_to_come_again_within_an_hour(page, read):
    page.order("429", retry_after=120)
    with pytest.raises(TryAgain) as refused:
        read()
    assert refused.value.after == timedelta(seconds=120)
    page.order("429", retry_after=99_999)
    with pytest.raises(TryAgain) as refused:
        read()
    assert refused.value.after == timedelta(hours=1)


def test_a_slow_page_is_given_up(page, read):
    page.order("slow_before", seconds=5.0)
    with pytest.raises(TryAgain):
        read(limits=HURRIED)


def test_an_answer_that_comes_drop_by_drop_is_given_up_as_a_whole(page, read):
    page.order("slow_before", seconds=5.0)
    with pytest.raises(TryAgain, match="too long"):
        read(limits=replace(PATIENT, total_s=0.3))


def test_a_huge_answer_is_not_taken_in(page, read):
    page.order("huge")
    with pytest.raises(NeedsPerson, match="larger"):
        read()


def test_a_redirect_is_not_followed(page, read):
    page.order("redirect")
    with pytest.raises(NeedsPerson, match="moved"):
        read()


def test_a_page_that_is_none_says_so(page, read):
    page.order("404")
    with pytest.raises(NeedsPerson):
        read()


def test_json_that_is_no_summary_says_so(page, read):
    page.incidents = "none"
    with pytest.raises(NeedsPerson):
        read()


# Where a server must never be led: loopback, private networks, link-local (the clouds' metadata), carriers of others.
NEVER = [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0",  # noqa: S104  # nobody binds there
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "240.0.0.1",
    "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:7f00:1::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", NEVER)
def test_a_name_that_leads_into_a_private_network_is_refused_before_anything_is_asked(page, address):
    http = PinnedHttp(resolve=lambda host, port: [address], limits=PATIENT)
    with pytest.raises(BadInput, match="private network"):
        read_page(http, "https://status.example", etag="", now=NOW)
    assert page.asked == 0


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    http = PinnedHttp(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"], limits=PATIENT)
    with pytest.raises(BadInput, match="private network"):
        read_page(http, "https://status.example", etag="", now=NOW)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "[::1]"])
def test_no_way_of_writing_our_own_address_gets_through(host):
    with pytest.raises((BadInput, TryAgain)):
        read_page(PinnedHttp(limits=PATIENT), f"https://{host}", etag="", now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://status.example", "ftp://status.example", "file:///etc/passwd", "https://", "status.example", "",
        "https://me:secret@status.example", "https://status.example?a=b", "https://status.example#a",
        "https://status.example:0", "https://status.example:99999", "https://sta tus.example", "https://a\\@b.example",
        "https://[::1", "https://status.example/\u202e", "https://" + "a" * 300 + ".example",
    ],
)  # fmt: skip
def test_an_address_that_is_no_plain_https_address_is_refused(url):
    with pytest.raises(BadInput):
        page_address(url)


def test_the_address_is_kept_in_one_form():
    wanted = "https://status.example"
    assert page_address(" https://status.example/ ") == wanted
    assert page_address("https://status.example/api/v2/summary.json") == wanted


def test_http_is_for_loopback_alone_even_where_private_addresses_are_allowed():
    http = PinnedHttp(private_allowed=True, resolve=lambda host, port: ["10.0.0.1"], limits=PATIENT)
    with pytest.raises(BadInput, match="https"):
        read_page(http, "http://status.example", etag="", now=NOW)


class Rebinding:
    """A name server of an attacker: the first answer is harmless, each one after it leads elsewhere."""

    def __init__(self, first: str, then: str) -> None:
        self.answers = [first, then]
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return [self.answers[min(self.asked, 2) - 1]]


@contextmanager
def https_server(folder, name):
    """A server with a certificate for `name` alone, on loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(NOW - dt.timedelta(days=1)).not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    hosts = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            hosts.append(self.headers["Host"])
            body = json.dumps({"incidents": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Quiet(HTTPServer):
        def handle_error(self, *_):
            """A client that does not like the certificate goes away."""

    server = Quiet(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], hosts
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def to_loopback(folder, names=lambda host, port: ["127.0.0.1"]) -> PinnedHttp:
    return PinnedHttp(private_allowed=True, resolve=names, limits=PATIENT, trusted=str(folder / "cert.pem"))


def test_the_name_is_asked_once_and_the_connection_goes_to_what_was_looked_at(tmp_path):
    names = Rebinding("127.0.0.1", then="10.0.0.1")
    with https_server(tmp_path, "status.example") as (port, hosts):
        read_page(to_loopback(tmp_path, names), f"https://status.example:{port}", etag="", now=NOW)
    assert (names.asked, len(hosts)) == (1, 1)


def test_the_certificate_is_that_of_the_name_though_the_connection_goes_to_an_address(tmp_path):
    with https_server(tmp_path, "status.example") as (port, hosts):
        found = read_page(to_loopback(tmp_path), f"https://status.example:{port}", etag="", now=NOW)
    assert found.incidents == ()
    assert hosts == [f"status.example:{port}"]


def test_a_certificate_of_another_name_is_refused(tmp_path):
    with https_server(tmp_path, "somebody.example") as (port, hosts), pytest.raises(TryAgain):
        read_page(to_loopback(tmp_path), f"https://status.example:{port}", etag="", now=NOW)
    assert hosts == []
