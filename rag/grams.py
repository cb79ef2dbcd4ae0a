"""The character n-grams of many words at once, as hashes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

SIZES = (3, 4, 5)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SPACE = ord(" ")


def grams_of(words: Sequence[str]) -> tuple[Any, Any]:
    """(hashes, owners): every 3- to 5-gram within each word, its borders marked by a space, as scikit-learn's char_wb
    makes them; uint64, the same in every process, and the place of the word that each stands in.
    """
    text = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    spaces = np.flatnonzero(text == _SPACE)
    # The word that begins at or after each character, and the place of the last character that may end its n-grams.
    owner = np.searchsorted(spaces, np.arange(len(text)), side="right") - 1
    last = spaces[np.minimum(owner + 1, len(spaces) - 1)]
    letters = text.astype(np.uint64) + np.uint64(1)
    hashes, owners = [], []
    for size in SIZES:
        count = max(len(text) - size + 1, 0)
        inside = np.flatnonzero(np.arange(count) + size - 1 <= last[:count])
        found = np.full(len(inside), size, dtype=np.uint64)
        for at in range(size):
            found = (found ^ (found >> np.uint64(29))) * _FACTOR + letters[inside + at]
        hashes.append(found)
        owners.append(owner[inside])
    return np.concatenate(hashes), np.concatenate(owners)
