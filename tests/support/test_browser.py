"""The search for a Chromium: its order, and one clear line where there is none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import NoBrowser, find_chromium, playwrights_own


def nowhere() -> Iterator[Path]:
    return iter(())


def program(path: Path, text: str = "echo Chromium 156.0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def search(
    tmp_path: Path, *installers: Callable[[], str], usual: tuple[Path, ...] = (), own=nowhere, **environ: str
) -> Path:
    environ = {"PATH": str(tmp_path / "bin"), **environ}
    return find_chromium(environ, usual=usual, own=own, installers=installers)


def test_the_one_that_is_named_comes_first(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    named = program(tmp_path / "mine")
    assert search(tmp_path, CHROMIUM=str(named)) == named


def test_a_named_one_that_does_not_run_is_not_silently_replaced(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "chromium")
    with pytest.raises(NoBrowser, match="CHROMIUM names /no/such, which does not run"):
        search(tmp_path, CHROMIUM="/no/such")


def test_the_path_comes_before_the_usual_place_and_that_before_playwrights_own(tmp_path: Path) -> None:
    own = program(tmp_path / "own")
    assert search(tmp_path, own=lambda: iter([own])) == own
    usual = program(tmp_path / "usual")
    assert search(tmp_path, own=lambda: iter([own]), usual=(usual,)) == usual
    on_path = program(tmp_path / "bin" / "google-chrome", "echo Google Chrome 156.0")
    assert search(tmp_path, own=lambda: iter([own]), usual=(usual,)) == on_path


@pytest.mark.parametrize("text", ["exit 1", "echo install me from the store"])
def test_a_placeholder_is_passed_over(tmp_path: Path, text: str) -> None:
    program(tmp_path / "bin" / "chromium-browser", text)
    usual = program(tmp_path / "usual")
    assert search(tmp_path, usual=(usual,)) == usual


def test_the_installers_are_tried_in_turn_until_one_helps(tmp_path: Path) -> None:
    tried = []

    def first() -> str:
        tried.append("first")
        return "no network"

    def second() -> str:
        tried.append("second")
        program(tmp_path / "bin" / "chromium")
        return ""

    def third() -> str:
        tried.append("third")
        return ""

    assert search(tmp_path, first, second, third) == tmp_path / "bin" / "chromium"
    assert tried == ["first", "second"]


def test_where_none_works_one_line_says_why_and_how_to_go_without(tmp_path: Path) -> None:
    with pytest.raises(NoBrowser) as caught:
        search(tmp_path, lambda: "`apt-get update` failed", lambda: "`playwright install chromium` failed")
    assert str(caught.value) == (
        "no Chromium for the browser tests (`apt-get update` failed; `playwright install chromium` failed): "
        "install one, or set NO_BROWSER=1 to test without"
    )


@pytest.mark.browser
def test_playwright_is_asked_where_its_own_lies_even_while_it_drives_a_browser() -> None:
    with sync_playwright() as playwright:
        assert list(playwrights_own()) == [Path(playwright.chromium.executable_path)]
