"""Whatever Google says, one of our own errors comes out, and it says what to do next."""

import json
from datetime import UTC, datetime, timedelta

import httplib2
import pytest
import requests
from google.auth.exceptions import RefreshError, TransportError
from googleapiclient.errors import HttpError

from adapters.gmail.acts import drafting, reading_outcome, sending
from adapters.gmail.errors import ClientRejected, translated
from adapters.gmail.transport import BrokenAnswer
from domain.errors import (
    AuthLost,
    DraftGone,
    Gone,
    MailwrightError,
    NeedsPerson,
    NotSent,
    RateLimited,
    ScopeMissing,
    TryAgain,
    Unclear,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def answer(status: int, reason: str = "", message: str = "", **headers: str) -> HttpError:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    response = httplib2.Response({"status": str(status), **{key.replace("_", "-"): v for key, v in headers.items()}})
    return HttpError(response, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (answer(400, "invalidArgument", "Invalid id value"), NeedsPerson),
        (answer(400, "failedPrecondition", "Mail service not enabled"), TryAgain),
        (answer(401, "authError"), TryAgain),
        (answer(403, "rateLimitExceeded"), RateLimited),
        (answer(403, "userRateLimitExceeded"), RateLimited),
        (answer(403, "quotaExceeded"), RateLimited),
        (answer(403, "dailyLimitExceeded"), RateLimited),
        (answer(403, "insufficientPermissions"), ScopeMissing),
        (answer(403, "accessNotConfigured"), ClientRejected),
        (answer(403, "domainPolicy"), AuthLost),
        (answer(403, "somethingNew"), NeedsPerson),
        (answer(404, "notFound"), Gone),
        (answer(409, "aborted"), TryAgain),
        (answer(418), NeedsPerson),
        (answer(429, "rateLimitExceeded"), RateLimited),
        (answer(500, "backendError"), TryAgain),
        (answer(502), TryAgain),
        (answer(503, "backendError"), TryAgain),
        (HttpError(httplib2.Response({"status": "503"}), b"<html>busy</html>"), TryAgain),
        (HttpError(httplib2.Response({"status": "403"}), b"[]"), NeedsPerson),
        (requests.ConnectionError("reset"), TryAgain),
        (requests.ReadTimeout("slow"), TryAgain),
        (requests.exceptions.ChunkedEncodingError("short"), TryAgain),
        (TransportError("token endpoint"), TryAgain),
        (BrokenAnswer(), TryAgain),
    ],
)
def test_every_answer_has_its_error(error, ours):
    assert type(translated(error, NOW)) is ours


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("invalid_grant", AuthLost),
        ("admin_policy_enforced", AuthLost),
        ("invalid_client", ClientRejected),
        ("unauthorized_client", ClientRejected),
        ("invalid_scope", ScopeMissing),
        ("something_new", ClientRejected),
    ],
)
def test_a_refused_refresh_says_whose_fault_it_is(word, ours):
    assert type(translated(RefreshError(f"{word}: sorry", {"error": word}, retryable=False), NOW)) is ours


def test_our_own_mistake_fails_nothing_for_good():
    rejected = translated(RefreshError("x", {"error": "invalid_client"}, retryable=False), NOW)
    assert isinstance(rejected, TryAgain)
    assert rejected.after == timedelta(minutes=5)


def test_a_refresh_that_may_be_repeated_is_tried_again():
    assert type(translated(RefreshError("x", {"error": "temporarily_unavailable"}, retryable=True), NOW)) is TryAgain
    assert type(translated(RefreshError("<html>", retryable=False), NOW)) is TryAgain


def test_google_asking_for_a_new_sign_in_is_a_dead_grant():
    assert type(translated(RefreshError("Reauthentication is needed. Please run ..."), NOW)) is AuthLost


def test_the_newer_error_form_is_read_too():
    body = {"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}}
    error = HttpError(httplib2.Response({"status": "403"}), json.dumps(body).encode())
    assert type(translated(error, NOW)) is RateLimited


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (answer(429, retry_after="120"), timedelta(seconds=120)),
        (answer(429, retry_after="Sat, 21 Nov 2026 12:03:00 GMT"), timedelta(minutes=3)),
        (
            answer(429, message="User-rate limit exceeded.  Retry after 2026-11-21T12:04:00.500Z"),
            timedelta(minutes=4.00833333),
        ),
        (answer(429, message="Retry after 2026-11-21T12:04:00Z", retry_after="10"), timedelta(minutes=4)),
        (answer(403, "userRateLimitExceeded", "Retry after 2026-11-21T13:05:00+01:00"), timedelta(minutes=5)),
        (answer(429), timedelta(seconds=30)),
        (answer(403, "dailyLimitExceeded"), timedelta(hours=2)),
        (answer(429, retry_after="99999999999"), timedelta(hours=24)),
        (answer(429, retry_after="soon"), timedelta(seconds=30)),
        (answer(429, message="Retry after 2026-99-99T99:99:99Z"), timedelta(seconds=30)),
        (answer(429, message="Retry after 2020-01-01T00:00:00Z"), timedelta(seconds=1)),
    ],
)
def test_google_is_taken_at_its_word_about_when_to_come_back(error, wait):
    limited = translated(error, NOW)
    assert isinstance(limited, RateLimited)
    assert abs(limited.after - wait) < timedelta(seconds=0.01)


def test_a_503_with_retry_after_waits_that_long():
    assert translated(answer(503, retry_after="90"), NOW).after == timedelta(seconds=90)


def raised_by(border, error: Exception) -> MailwrightError:
    with pytest.raises(MailwrightError) as raised, border(lambda: NOW):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("error", "ours", "after"),
    [
        (answer(400, "invalidArgument"), NotSent, None),
        (answer(400, "failedPrecondition"), NotSent, timedelta(minutes=5)),
        (answer(401), NotSent, timedelta(seconds=30)),
        (answer(403, "insufficientPermissions"), ScopeMissing, None),
        (answer(403, "forbidden"), NotSent, None),
        (answer(403, "domainPolicy"), AuthLost, None),
        (answer(403, "rateLimitExceeded"), NotSent, timedelta(seconds=30)),
        (answer(413), NotSent, None),
        (answer(429, retry_after="60"), NotSent, timedelta(seconds=60)),
        (answer(404), DraftGone, None),
        (answer(408), Unclear, None),
        (answer(409), Unclear, None),
        (answer(500), Unclear, None),
        (answer(503), Unclear, None),
        (answer(302), Unclear, None),
        (requests.ConnectionError(), Unclear, None),
        (requests.ConnectTimeout(), Unclear, None),
        (requests.ReadTimeout(), Unclear, None),
        (BrokenAnswer(), Unclear, None),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), Unclear, None),
    ],
)
def test_only_an_answer_that_proves_refusal_says_that_nothing_was_sent(error, ours, after):
    outcome = raised_by(sending, error)
    assert type(outcome) is ours
    assert getattr(outcome, "after", None) == after


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (answer(400, "invalidArgument"), NotSent),
        (answer(400, "failedPrecondition"), TryAgain),
        (answer(404), NotSent),
        (answer(401), TryAgain),
        (answer(413), NotSent),
        (answer(403, "rateLimitExceeded"), RateLimited),
        (answer(429), RateLimited),
        (answer(503), Unclear),
        (requests.ReadTimeout(), Unclear),
    ],
)
def test_a_draft_that_is_refused_for_good_differs_from_one_that_must_wait(error, ours):
    assert type(raised_by(drafting, error)) is ours


def test_an_answer_without_its_ids_is_unclear():
    with pytest.raises(Unclear), reading_outcome():
        raise TryAgain("Gmail's answer lacks id.")
