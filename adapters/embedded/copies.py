"""A copy of the Postgres programs, for a user who cannot enter the folder where they are installed."""

import hashlib
import shutil
import stat
import tempfile
from pathlib import Path

from adapters.embedded.binaries import PostgresPrograms
from adapters.embedded.place import Account, may, reachable, shelter


def runnable_copy(programs: PostgresPrograms, account: Account) -> PostgresPrograms:
    """The same programs at a place that `account` can enter: themselves, or a copy made once per version."""
    if all(reachable(part, account) and may(part, account, stat.S_IRUSR) for part in programs.parts) and may(
        programs.postgres, account, stat.S_IXUSR
    ):
        return programs
    top = shelter(programs.root)
    copy = top / f"postgres-{_fingerprint(programs)}"
    if not copy.is_dir():
        _copy(programs, top, copy)
    return PostgresPrograms(
        copy / programs.bin.relative_to(programs.root),
        programs.major,
        copy,
        tuple(copy / part.relative_to(programs.root) for part in programs.parts),
    )


def _copy(programs: PostgresPrograms, top: Path, copy: Path) -> None:
    """Copy under another name, then rename: an interrupted copy is never taken for a whole one."""
    unfinished = Path(tempfile.mkdtemp(dir=top))
    try:
        for part in programs.parts:
            ignore = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
            shutil.copytree(part, unfinished / part.relative_to(programs.root), ignore=ignore)
        for path in (unfinished, *unfinished.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)
        try:
            unfinished.rename(copy)
        except OSError:
            if not copy.is_dir():  # else another start was faster, and its copy is as good
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _fingerprint(programs: PostgresPrograms) -> str:
    """Changes when the installed programs change, by size and time of writing."""
    found = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in (programs.postgres, programs.initdb)]
    return hashlib.sha256(repr((programs.major, found)).encode()).hexdigest()[:12]
