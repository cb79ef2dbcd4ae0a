"""Deal out any number of mails of the demonstration mix, and the orders that they speak of.

How many of each kind and language, and which customer writes, is decided here; the words stand in `mix_texts/`, one
file per language. The same count and seed give the same mails.
"""

import argparse
import json
import random
import sys
import tomllib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.mix_letters import Card, Texts, Writer, written

KIND_PERCENT = {"question": 45, "unanswered": 10, "refund": 20, "supplier": 6, "other": 9, "automatic": 10}
LANGUAGE_PERCENT = {"en": 55, "de": 20, "fr": 13, "es": 12}


def demonstration_mix(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`count` mails in the format of `shop/mails/*.json`, with their label under "expected" and no time of arrival.

    Raises ValueError for a negative count.
    """
    for mail, _ in _dealt(count, seed):
        yield mail


def demonstration_orders(count: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """The orders behind the refund mails of the same count and seed: columns of `shop/orders.csv`, items a list."""
    for _, order in _dealt(count, seed):
        if order is not None:
            yield order


def apportioned(count: int, percent: Mapping[str, int]) -> dict[str, int]:
    """Whole shares of `count` by largest remainder; they add up to `count`."""
    shares = {name: count * part // 100 for name, part in percent.items()}
    by_remainder = sorted(percent, key=lambda name: -(count * percent[name] % 100))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


def texts(language: str) -> Texts:
    """The templates and words of one language."""
    path = Path(__file__).parent / "mix_texts" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@dataclass(slots=True)
class _Customers:
    """A pool of count // 2 + 1 addresses; nobody writes again before some others have written."""

    pool: int
    seed: int
    met: int = 0
    waiting: dict[str, deque[int]] = field(default_factory=dict)

    def writer(self, language: str, words: Texts) -> Writer:
        """The next writer of that language."""
        queue = self.waiting.setdefault(language, deque())
        if len(queue) > self.pool // 25:
            number = queue.popleft()
        else:
            number = self.met % self.pool
            self.met += 1
            queue.append(number)
        chance = random.Random(f"{self.seed}:{language}:{number}")
        return Writer(chance.choice(words["first"]), chance.choice(words["last"]), f"customer-{number:05d}@mix.example")


def _dealt(count: int, seed: int) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Each mail with the order it names, if the shop has that order."""
    if count < 0:
        raise ValueError(f"The number of mails cannot be negative, but is {count}.")
    chance = random.Random(seed)
    words = {language: texts(language) for language in LANGUAGE_PERCENT}
    kinds = _shuffled(apportioned(count, KIND_PERCENT), chance)
    languages = _shuffled(apportioned(count, LANGUAGE_PERCENT), chance)
    customers = _Customers(count // 2 + 1, seed)
    seen: set[tuple[str, str]] = set()
    for number, (kind, language) in enumerate(zip(kinds, languages, strict=True)):
        card = Card(kind, language, words[language], customers.writer(language, words[language]), number)
        mail, order = written(card, chance)
        # A mail with the words of another would be met by a cache in what is measured, so it is written anew.
        while (mail["subject"], mail["text"]) in seen:
            mail, order = written(card, chance)
        seen.add((mail["subject"], mail["text"]))
        yield mail, order


def _shuffled(shares: Mapping[str, int], chance: random.Random) -> list[str]:
    dealt = [name for name, share in shares.items() for _ in range(share)]
    chance.shuffle(dealt)
    return dealt


def main(words: list[str] | None = None) -> int:
    """Print the mails, or with --orders the orders, as JSON, one a line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.mix", description=main.__doc__)
    parser.add_argument("count", type=int, help="how many mails")
    parser.add_argument("seed", type=int, nargs="?", default=0, help="the same seed gives the same mails (default 0)")
    parser.add_argument("--orders", action="store_true", help="print the orders that these mails speak of")
    options = parser.parse_args(sys.argv[1:] if words is None else words)
    deal = demonstration_orders if options.orders else demonstration_mix
    try:
        for one in deal(options.count, options.seed):
            print(json.dumps(one, ensure_ascii=False))
    except ValueError as error:
        print(f"sandbox mix: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
