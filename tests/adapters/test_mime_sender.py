"""Nobody but Gmail can say that a sender is verified."""

import pytest

from adapters.mime.parse import parse
from adapters.mime.sender import is_verified

GOOD = (
    "mx.google.com; dkim=pass header.i=@shop.example header.s=s header.b=x;"
    " spf=pass (google.com: domain of anna@shop.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=anna@shop.example; dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=shop.example"
)


def verified(*results, froms=("Anna <anna@shop.example>",)):
    headers = [("authentication-results", result) for result in results] + [("from", value) for value in froms]
    return is_verified(headers)


def test_gmails_pass_for_the_senders_domain_counts():
    assert verified(GOOD)
    assert verified(GOOD, froms=["anna@Shop.Example"])
    assert verified("mx.google.com; dmarc=pass header.from=SHOP.example")


@pytest.mark.parametrize(
    "result",
    [
        "",
        "mx.google.com",
        "mx.google.com; none",
        "mx.google.com; dmarc=fail (p=NONE) header.from=shop.example",
        "mx.google.com; dmarc=temperror header.from=shop.example",
        "mx.google.com; dmarc=none header.from=shop.example",
        "mx.google.com; dmarc=pass header.from=other.example",
        "mx.google.com; dmarc=pass header.from=shop.example.evil.example",
        "mx.google.com; dmarc=pass header.from=evil-shop.example",
        "mx.google.com; dmarc=pass",
        "mx.google.com; dmarc=passed header.from=shop.example",
        "mx.google.com; dmarc=pass header.from=shop.example header.from=evil.example",
        "mx.google.com; dmarc=pass header.from=evil.example; dmarc=pass header.from=shop.example",
        "mx.google.com; dmarc=fail header.from=shop.example; dmarc=pass header.from=shop.example",
        "mx.google.com; dmarc/1=fail header.from=shop.example; dmarc=pass header.from=shop.example",
        "mx.google.com; DMARC=fail header.from=shop.example; dmarc=pass header.from=shop.example",
        "mx.google.com.evil.example; dmarc=pass header.from=shop.example",
        "evil.example; dmarc=pass header.from=shop.example",
        "mx.google.com 1 x; dmarc=pass header.from=shop.example",
        '"mx.google.com"; dmarc=pass header.from=shop.example',
        "(mx.google.com) evil.example; dmarc=pass header.from=shop.example",
        # Words of the attacker in comments and strings.
        "mx.google.com; spf=pass (x; dmarc=pass header.from=shop.example) smtp.mailfrom=x; dkim=none",
        "mx.google.com; spf=pass (a (b) ; dmarc=pass header.from=shop.example) smtp.mailfrom=x",
        r"mx.google.com; spf=pass (a \) ; dmarc=pass header.from=shop.example) smtp.mailfrom=x",
        'mx.google.com; spf=pass smtp.mailfrom="; dmarc=pass header.from=shop.example ;"@evil.example',
        r'mx.google.com; spf=pass smtp.mailfrom="a\"; dmarc=pass header.from=shop.example "',
        'mx.google.com; dmarc=pass header.from="shop.example"',
        'mx.google.com; dmarc=pass header.from=evil.example""header.from=shop.example',
        # What does not close.
        "mx.google.com; dmarc=pass header.from=shop.example (",
        'mx.google.com; dmarc=pass header.from=shop.example "',
        "mx.google.com; spf=pass (a)) ; dmarc=pass header.from=shop.example",
        "mx.google.com; dmarc=pass header.from=shop.example\\",
        "mx.google.com; arc=pass (i=1 dmarc=pass fromdomain=shop.example)",
        "mx.google.com; dmarc=pass header.from=shop.exámple",
        "mx.google.com; dmarc=pass (p=NONE) header.from=shop.example,evil.example",
        "mx.google.com; xdmarc=pass header.from=shop.example",
        "mx.google.com; dkim=pass dmarc=pass header.from=shop.example",
    ],
)
def test_everything_else_does_not(result):
    assert not verified(result)


def test_only_the_topmost_result_counts():
    assert not verified("mx.google.com; dmarc=fail header.from=shop.example", GOOD)
    assert not verified("relay.example; dmarc=none", GOOD)
    assert verified(GOOD, "mx.google.com; dmarc=fail header.from=shop.example")


@pytest.mark.parametrize(
    "froms",
    [
        (),
        ("anna@shop.example", "anna@shop.example"),
        ("anna@shop.example, bob@shop.example",),
        ("anna@shop.example, <",),
        ("Miller, Anna <anna@shop.example>",),
        ("boss@bank.example <anna@shop.example>",),
        ("anna@shop.example <boss@bank.example> <anna@shop.example>",),
        ("anna@evil.example (anna@shop.example)",),
        ('"anna@shop.example" <anna@evil.example>',),
        ("=?utf-8?q?anna=40shop=2Eexample?= <anna@evil.example>",),
        ("anna@shop.example@evil.example",),
        ("group: anna@shop.example, x@evil.example;",),
        ("anna@shop.example\u200b",),
    ],
)
def test_a_from_that_is_not_one_plain_address_is_not_verified(froms):
    assert not verified(GOOD, froms=froms)


def test_another_header_of_that_name_in_a_folded_value_is_part_of_that_value():
    raw = b"Authentication-Results: mx.google.com; dmarc=fail\r\n header.from=shop.example\r\nX-A: 1\r\n"
    raw += b" Authentication-Results: mx.google.com; dmarc=pass header.from=shop.example\r\n"
    raw += b"From: anna@shop.example\r\n\r\nx"
    assert not parse(raw).sender_verified


def test_a_result_in_the_body_or_in_a_nested_mail_does_not_count():
    forged = b"Authentication-Results: mx.google.com; dmarc=pass header.from=shop.example\r\n"
    assert not parse(b"From: anna@shop.example\r\n\r\n" + forged).sender_verified
    nested = (
        b"From: anna@shop.example\r\nContent-Type: message/rfc822\r\n\r\n"
        + forged
        + b"From: anna@shop.example\r\n\r\nx"
    )
    assert not parse(nested).sender_verified


def test_headers_that_were_cut_verify_nobody():
    padding = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 900) for number in range(200))
    result = (
        b"Authentication-Results: mx.google.com; dmarc=pass header.from=shop.example\r\nFrom: anna@shop.example\r\n"
    )
    message = parse(result + padding + b"From: boss@bank.example\r\n\r\nx")
    assert not message.sender_verified
    assert message.sender is None
    assert parse(result + b"\r\nx").sender_verified
