"""`flask demo` as a person meets it: one command, a browser, and the customer's own mailbox."""

import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from adapters.embedded import place
from tests.support.browser import find_chromium
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parent.parent
SHOP = "support@lumen-oak.example"
OWNER = "olivia@lumen-oak.example"
CUSTOMER = "emily.carter@meadowmail.example"


@dataclass
class Demo:
    process: subprocess.Popen[str]
    output: Path
    desk: str
    google: str
    password: str

    def stop(self) -> str:
        """Ctrl-C, as in a terminal."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        return self.output.read_text()


def start(data: Path, *options: str) -> Demo:
    output = data / f"output-{len(list(data.glob('output-*')))}.txt"
    with output.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "demo", "--port", "18500", "--google-port", "18600", *options],
            cwd=ROOT, env={**os.environ, "DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"},
            stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def told() -> bool:
        assert process.poll() is None, output.read_text()
        return "Stop " in output.read_text()

    until(told, within=180)
    text = output.read_text()
    desk, google = (re.search(pattern, text)[1] for pattern in (r"The desk\s+(\S+)", r"(http\S+)/mail/"))
    return Demo(process, output, desk, google, re.search(r"password\s+(\S+)", text)[1])


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Iterator[Path]:
    """A data folder with the models that set-up made, and nothing else."""
    folder = tmp_path_factory.mktemp("demo")
    (folder / "models").symlink_to(ROOT / "var" / "models")
    yield folder
    for part in ("postgres", "valkey"):
        if (folder / "demo" / part).exists():
            place.erase(folder / "demo" / part)


@pytest.fixture(scope="module")
def demo(data) -> Iterator[Demo]:
    running = start(data)
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser, demo) -> Page:
    """A person who has signed in and connected the shop's mailbox."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    sign_in(page, demo)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Mailboxes").click()
    page.get_by_role("button", name=re.compile("^Connect (Gmail|another)")).click()
    page.get_by_label(SHOP).check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text(f"{SHOP} is connected").wait_for()
    return page


def sign_in(page: Page, demo: Demo) -> None:
    page.goto(demo.desk)
    page.get_by_label("E-mail address").fill(OWNER)
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Queue").wait_for()


def write(demo: Demo, subject: str, text: str) -> None:
    """The customer writes to the shop, by the command that README names."""
    subprocess.run(
        [sys.executable, "-m", "sandbox.drop", "--url", demo.google, "--from", CUSTOMER, "--to", SHOP,
         "--subject", subject, "--text", text],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip


def inbox(page: Page, demo: Demo) -> str:
    page.goto(f"{demo.google}/mail/{urllib.parse.quote(CUSTOMER)}")
    return page.inner_text("body")


@pytest.mark.browser
def test_a_customers_question_is_answered_in_the_customers_mailbox(page, demo, browser):
    write(demo, "Delivery time", "Hello, could you tell me how long delivery within Germany usually takes?")
    customer = browser.new_page()
    until(lambda: "Re: Delivery time" in inbox(customer, demo), within=60)
    customer.get_by_text("Re: Delivery time").first.click()
    letter = customer.inner_text("body")
    assert "Source: Shipping times and costs" in letter
    assert "Ref: " in letter
    customer.close()


@pytest.mark.browser
def test_held_mail_is_edited_and_sent_by_a_person(page, demo, browser):
    write(demo, "A walnut version?", "Hello, do you plan to make the Alba lamp in walnut with a green cord one day?")
    held = page.get_by_role("link", name="A walnut version?")

    def waits() -> int:
        page.goto(f"{demo.desk}/?q=walnut")
        return held.count()

    until(waits, within=60)
    held.first.click()
    page.locator("textarea[name=text]").fill("Hello Emily,\n\nnot this year, I am afraid.\n\nOlivia")
    page.get_by_role("button", name=f"Send to {CUSTOMER}").click()
    customer = browser.new_page()
    until(lambda: "Re: A walnut version?" in inbox(customer, demo), within=60)
    customer.get_by_text("Re: A walnut version?").first.click()
    assert "not this year, I am afraid." in customer.inner_text("body")
    customer.close()


@pytest.mark.browser
def test_every_fate_shows_in_the_list_of_conversations(page, demo):
    def fates() -> str:
        page.goto(f"{demo.desk}/conversations")
        return page.inner_text("main").lower()

    until(lambda: all(word in fates() for word in ("answered", "asked back", "held", "ignored")), within=90)


@pytest.mark.browser
def test_unticking_the_permission_ends_on_a_page_that_says_so(page, demo):
    page.goto(f"{demo.desk}/mailboxes/")
    page.get_by_role("button", name=re.compile("^Connect (Gmail|another)")).click()
    page.get_by_label("orders@lumen-oak.example").check()
    page.locator("input[name=granted]").uncheck()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="One permission is missing").wait_for()


@pytest.mark.browser
def test_saying_no_at_google_changes_nothing(page, demo):
    page.goto(f"{demo.desk}/mailboxes/")
    page.get_by_role("button", name=re.compile("^Connect (Gmail|another)")).click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Nothing was connected").wait_for()


@pytest.mark.browser
def test_a_replayed_answer_of_google_connects_nothing(page, demo):
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url) if "/mailboxes/callback" in request.url else None)
    page.goto(f"{demo.desk}/mailboxes/")
    page.get_by_role("button", name=re.compile("^Connect (Gmail|another)")).click()
    page.get_by_label("orders@lumen-oak.example").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("orders@lumen-oak.example is connected").wait_for()
    page.goto(answers[0])
    page.get_by_role("heading", name="This could not be connected").wait_for()


@pytest.mark.browser
def test_a_dead_token_shows_a_banner_and_reconnecting_mends_it(page, demo):
    body = b'{"user": "orders@lumen-oak.example"}'
    request = urllib.request.Request(
        f"{demo.google}/sandbox/revoke", data=body, headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()
    banner = page.get_by_role("button", name="Reconnect")

    def shown() -> int:
        page.goto(demo.desk)
        return banner.count()

    until(shown, within=60)
    banner.first.click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("orders@lumen-oak.example works again").wait_for()


@pytest.mark.browser
def test_ctrl_c_stops_everything_and_a_second_start_finds_its_data_again(page, demo, data, browser):
    pids = children_of(demo.process.pid)
    assert len(pids) >= 5
    output = demo.stop()
    assert demo.process.returncode == 0
    assert "Everything is stopped." in output
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), within=60)
    again = start(data)
    try:
        assert again.password == demo.password
        later = browser.new_page()
        sign_in(later, again)
        later.goto(f"{again.desk}/conversations?q=walnut")
        assert "A walnut version?" in later.inner_text("main")
        later.close()
    finally:
        again.stop()


def children_of(pid: int) -> list[int]:
    """The ids of all processes that this one started, and those that they started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            child = int(stat.parent.name)
            found += [child, *children_of(child)]
    return found
