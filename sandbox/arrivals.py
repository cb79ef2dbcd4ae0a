"""Let held mails arrive after their mailbox was connected, so that a person sees new mail come in."""

import heapq
import threading

from sandbox.seed import SeedMail, seed_bytes
from sandbox.world import World


class Arrivals:
    """Mails that wait for a consent, then for their moment. One thread, started by `run`, lays them in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[str, list[SeedMail]] = {}
        self._due: list[tuple[float, str, SeedMail]] = []
        self._wake = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None
        self.arrived: set[str] = set()
        self.connected: set[str] = set()

    def hold(self, mail: SeedMail) -> None:
        """Keep a mail back until its mailbox is connected; at once due when it is already."""
        with self._wake:
            self._held.setdefault(mail.to, []).append(mail)
            if mail.to in self.connected:
                self._release(mail.to)

    def note(self, name: str) -> None:
        with self._world.lock:
            self.arrived.add(name)
            self._world.changed("arrivals", "")

    def waiting(self) -> int:
        with self._wake:
            return len(self._due) + sum(map(len, self._held.values()))

    def mailbox_connected(self, address: str) -> None:
        """The first consent of this account has been given."""
        with self._wake:
            self.connected.add(address)
            self._world.changed("arrivals", "")
            self._release(address)

    def look_now(self) -> None:
        """Look at the clock again, for a clock that jumps."""
        with self._wake:
            self._wake.notify_all()

    def clear(self) -> None:
        with self._wake:
            self._held.clear()
            self._due.clear()
            self.arrived.clear()
            self.connected.clear()
            self._world.changed("arrivals", "")

    def start(self) -> None:
        self._running = True
        self._thread = threading.Thread(target=self._run, name="sandbox-arrivals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._running = False
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(5)

    def _release(self, address: str) -> None:
        now = self._world.clock()
        every = self._world.settings.arrival_every_s
        for turn, mail in enumerate(self._held.pop(address, []), start=len(self._due) + 1):
            after = turn * every if mail.after_connect_s is None else mail.after_connect_s
            heapq.heappush(self._due, (now + after, mail.name, mail))
        self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._running and not (self._due and self._due[0][0] <= self._world.clock()):
                    self._wake.wait(self._due[0][0] - self._world.clock() if self._due else None)
                if not self._running:
                    return
                mail = heapq.heappop(self._due)[2]
            with self._world.lock:
                if mail.to in self._world.mailboxes:
                    raw = seed_bytes(mail, self._world.clock())
                    self._world.post.receive(mail.to, raw, auth=mail.auth)
                    self.note(mail.name)
