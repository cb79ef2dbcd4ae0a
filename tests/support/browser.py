"""Find a Chromium for the browser tests, and install one where there is none."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
USUAL = (Path("/usr/bin/chromium"),)
PACKAGE_MANAGERS = {
    "apt-get": (("update",), ("install", "-y", "chromium")),
    "dnf": (("install", "-y", "chromium"),),
}
ANSWERS_WITHIN = 30.0  # seconds, for `chromium --version`
INSTALLED_WITHIN = 900.0  # seconds, for each step of an installation
_WHERE = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


class NoBrowser(Exception):
    """One line that says why there is no Chromium, and how to go without."""


def install_by_package_manager() -> str:
    """Install the system's Chromium, if that is ours to do; what went wrong, or nothing."""
    if os.geteuid() != 0:
        return "the system's package manager needs root"
    for name, steps in PACKAGE_MANAGERS.items():
        if shutil.which(name):
            failed = [step for step in steps if _fails(name, *step)]
            return f"`{name} {' '.join(failed[-1])}` failed" if failed else ""
    return f"none of {', '.join(PACKAGE_MANAGERS)} is here"


def install_by_playwright() -> str:
    """Download Playwright's own Chromium; what went wrong, or nothing."""
    return (
        "`playwright install chromium` failed"
        if _fails(sys.executable, "-m", "playwright", "install", "chromium")
        else ""
    )


def playwrights_own() -> Iterator[Path]:
    """Where Playwright keeps its Chromium, whether it is there or not.

    Asked in a process of its own: whoever drives a browser in this one already could not ask a second time.
    """
    answer = subprocess.run(
        [sys.executable, "-c", _WHERE], capture_output=True, text=True, timeout=ANSWERS_WITHIN, check=True
    )
    yield Path(answer.stdout.strip())


INSTALLERS: Sequence[Callable[[], str]] = (install_by_package_manager, install_by_playwright)


def find_chromium(
    environ: Mapping[str, str] = os.environ,
    usual: Sequence[Path] = USUAL,
    own: Callable[[], Iterator[Path]] = playwrights_own,
    installers: Sequence[Callable[[], str]] = INSTALLERS,
) -> Path:
    """A Chromium that runs: the one that CHROMIUM names, one found, else one installed. Raises NoBrowser.

    Several test processes may call this at once: one of them installs, the others wait for it.
    """
    named = environ.get("CHROMIUM")
    if named:
        if not runs(Path(named)):
            raise NoBrowser(f"CHROMIUM names {named}, which does not run: unset it, or set NO_BROWSER=1")
        return Path(named)
    found = _first_that_runs(environ, usual, own)
    if found is not None:
        return found
    trouble = []
    with (Path(tempfile.gettempdir()) / f"mailwright-browser-{os.geteuid()}.lock").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        for install in (lambda: "", *installers):  # Another process may have installed it while we waited.
            trouble.append(install())
            found = _first_that_runs(environ, usual, own)
            if found is not None:
                return found
    reasons = "; ".join(filter(None, trouble)) or "what was installed does not run"
    raise NoBrowser(f"no Chromium for the browser tests ({reasons}): install one, or set NO_BROWSER=1 to test without")


def runs(binary: Path) -> bool:
    """Whether this is a browser that starts: Ubuntu's `chromium-browser` may only say where to get one."""
    try:
        answer = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=ANSWERS_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "Chrom" in answer.stdout


def _first_that_runs(
    environ: Mapping[str, str], usual: Sequence[Path], own: Callable[[], Iterator[Path]]
) -> Path | None:
    on_path = [shutil.which(name, path=environ.get("PATH", "")) for name in NAMES]
    for candidates in ([Path(each) for each in on_path if each], usual, own()):
        for each in candidates:
            if runs(each):
                return each
    return None


def _fails(*argv: str) -> bool:
    """Its output is shown: an installation takes minutes, and somebody may be waiting."""
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, timeout=INSTALLED_WITHIN, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 0
