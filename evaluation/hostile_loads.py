"""Cleaned layouts of mails opened in a real Chromium, with scripts on and without any policy: what do they ask for?"""

import os
import shutil
from collections.abc import Mapping
from typing import Any

# What could run, load or lead away, wherever it stands; and what asks for something as an attribute.
_HARMFUL = """
() => [...document.querySelectorAll('*')].flatMap(one => [
    ...(/^(script|iframe|frame|object|embed|link|base|form|meta|style|svg|math|video|audio|source)$/
        .test(one.localName) ? [one.localName] : []),
    ...[...one.attributes].map(each => each.name)
        .filter(name => /^(on|src|srcset|style|background|poster|ping|action|formaction|data$)/.test(name)),
])
"""
# Of the frame around it; whatever else stands in the page came out of the mail.
_PAGE = "<!doctype html><title>Mail</title>{}"


class NoChromium(Exception):
    """Nobody can look."""


def loads_of(layouts: Mapping[str, str]) -> list[str]:
    """What each of them ran or asked for, in words. Raises NoChromium."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoChromium from error
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    found: list[str] = []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
        except Error as error:
            raise NoChromium from error
        page = browser.new_page()
        now = [""]

        def refuse(route: Any) -> None:
            found.append(f"{now[0]}: asks for {route.request.url[:200]}")
            route.abort()

        def shut(dialog: Any) -> None:
            found.append(f"{now[0]}: opens a dialog")
            dialog.dismiss()

        page.route("**/*", refuse)
        page.on("dialog", shut)
        for name, html in layouts.items():
            now[0] = name
            try:
                page.set_content(_PAGE.format(html), wait_until="load")
                found += [f"{name}: has {what}" for what in page.evaluate(_HARMFUL)]
            except Error:
                found.append(f"{name}: leads away from the page")
        browser.close()
    return found
