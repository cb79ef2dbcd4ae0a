"""Where a server's files lie, so that its user can get at them and nobody else can put something in their way."""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded import lock
from domain.errors import NeedsPerson

SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103  # bytes, without the closing NUL: sockaddr_un
# Only root needs a shelter. /var/lib first: only root can write there, and no cleaner of old files passes by.
SHELTERS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 (the owner is checked)
SHORT = Path("/tmp")  # noqa: S108 (the owner of what we use below it is checked)


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as."""

    name: str
    uid: int
    gid: int


def own_account() -> Account:
    return Account(str(os.geteuid()), os.geteuid(), os.getegid())


def unprivileged_account(data: Path) -> Account:
    """Whom a Postgres started by root runs as, since it refuses to run as root: its data's owner, else `nobody`."""
    if data.exists() and data.stat().st_uid != 0:
        found = data.stat()
        return Account(f"uid {found.st_uid}", found.st_uid, found.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account("nobody", nobody.pw_uid, nobody.pw_gid)


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may enter the folder `path` and every folder above it, by their mode bits."""
    resolved = path.resolve()
    return all(may(folder, account, stat.S_IXUSR) for folder in (resolved, *resolved.parents))


def private_folder(path: Path, account: Account, mode: int = 0o700) -> Path:
    """Create `path` (its parent exists) for `account` alone; refuse one that is a link or that somebody else made.

    Checked and changed through one descriptor, so that nothing can be swapped in between.
    """
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        raise NeedsPerson(
            f"{path} should be a folder of ours, but is a link, a file or closed to us: remove it"
        ) from None
    try:
        owner = os.fstat(folder).st_uid
        if owner not in {os.geteuid(), account.uid}:
            raise NeedsPerson(f"{path} belongs to another user (uid {owner}): somebody put it in our way, remove it")
        if owner != account.uid:
            os.fchown(folder, account.uid, account.gid)
        os.fchmod(folder, mode)
    finally:
        os.close(folder)
    return path


def shelter(directory: Path, tops: Iterable[Path] = SHELTERS) -> Path:
    """Root's folder for what belongs to `directory` but must lie where an unprivileged user can enter."""
    refused: OSError | None = None
    for top in tops:
        try:
            return private_folder(shelter_below(top, directory), own_account(), mode=0o711)
        except OSError as error:  # read-only in some containers: take the next
            refused = error
    raise NeedsPerson(f"no place for {directory} that an unprivileged user can enter: {refused}")


def base_folder(directory: Path) -> Path:
    """Where the data of `directory` lies: in it, or in root's shelter if Postgres cannot get in. It stays there."""
    if os.geteuid() != 0:
        return directory
    sheltered = [folder for top in SHELTERS if ((folder := shelter_below(top, directory)) / "data").exists()]
    if sheltered:
        return shelter(directory, (sheltered[0].parent,))
    data = directory / "data"
    account = unprivileged_account(data)
    if reachable(directory, account):
        return directory
    if data.exists():
        raise NeedsPerson(f"user {account.name} can no longer enter {directory}: open the folders above it (chmod o+x)")
    return shelter(directory)


def erase(directory: Path) -> None:
    """Remove all that a server keeps for `directory`, also elsewhere; refused while a program uses it."""
    directory = directory.absolute()
    elsewhere = [shelter_below(top, directory) for top in SHELTERS] if os.geteuid() == 0 else []
    held = []
    if directory.is_dir():
        held.append(lock.claim(directory / lock.PROGRAM, directory))
    try:
        if held:
            held.append(lock.wait_for_last(directory / lock.SERVER, "server", lock.EARLIER_SERVER))
        for folder in (*elsewhere, short_folder(directory)):
            if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder)
        if held:
            shutil.rmtree(directory)
    finally:
        for each in held:
            os.close(each)


def socket_folder(directory: Path, base: Path, socket_name: str, account: Account) -> Path:
    """A folder, private to `account`, whose path leaves room for the socket: below `base`, else at a short path."""
    folder = base / "socket"
    if _fits(folder, socket_name):
        return private_folder(folder, account)
    if os.geteuid() == 0:
        return private_folder(shelter(directory) / "socket", account)
    return private_folder(short_folder(directory), account)


def short_folder(directory: Path) -> Path:
    """Where the socket of `directory` goes when its own path is too long."""
    return SHORT / f"mailwright-{os.geteuid()}-{_short_name(directory)}"


def may(path: Path, account: Account, owner_bit: int) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & owner_bit)
    if found.st_gid == account.gid:
        return bool(found.st_mode & (owner_bit >> 3))
    return bool(found.st_mode & (owner_bit >> 6))


def shelter_below(top: Path, directory: Path) -> Path:
    return top / f"mailwright-{_short_name(directory)}"


def _fits(folder: Path, socket_name: str) -> bool:
    # Postgres and its clients read a comma as the start of another host, and a quote needs care.
    awkward = set(str(folder)) & set(",\"'\\")
    return not awkward and len(os.fsencode(folder / socket_name)) <= SOCKET_PATH_LIMIT


def _short_name(directory: Path) -> str:
    return hashlib.sha256(os.fsencode(directory.resolve())).hexdigest()[:12]
