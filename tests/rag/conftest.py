"""A small embedder for tests: words hashed into 384 dimensions, so that texts sharing words are near."""

import hashlib

import numpy as np
import pytest

from rag.documents import parse_document
from rag.evidence import FEATURES, Abstention
from rag.words import stems

RETURNS = b"""---
title: Returns
language: en
questions: ["Can I send a lamp back?"]
---

# Returns

## How long can I return an item?
You can return every item within **30 days** of delivery. See [our form](https://shop.example/returns).

## Who pays the return shipping?
Return shipping is free in Germany. Elsewhere you pay the postage yourself.
"""
DELIVERY = b"""---
title: Delivery
language: en
---
## Which countries do you deliver to?
We deliver to Norway, Switzerland and all countries of the European Union.
"""
GERMAN = """---
title: Rückgabe
---
## Wie lange kann ich Artikel zurückgeben?
Sie können jeden Artikel innerhalb von 30 Tagen nach der Lieferung zurückgeben.
""".encode()
SECRET = b"""---
title: Goodwill
language: en
visibility: internal
---
## Goodwill for customers
We may give 20 percent goodwill to customers who complain about a return.
"""


class HashingEmbedder:
    engine = "hashing-test"

    def __init__(self):
        self.embedded = []

    def embed(self, texts):
        self.embedded.append(list(texts))
        vectors = np.full((len(texts), 384), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for stem in stems(text, "en"):
                digest = hashlib.sha256(stem.encode()).digest()
                vectors[row, int.from_bytes(digest[:4], "big") % 384] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def embedder():
    return HashingEmbedder()


@pytest.fixture
def documents():
    return (
        parse_document("en/returns.md", RETURNS),
        parse_document("en/delivery.md", DELIVERY),
        parse_document("de/returns.md", GERMAN),
        parse_document("en/goodwill.md", SECRET),
    )


@pytest.fixture
def abstention():
    """Answers when at least about half of the question's words stand in the passage."""
    return Abstention(
        mean=dict.fromkeys(FEATURES, 0.0),
        scale=dict.fromkeys(FEATURES, 1.0),
        weights={"coverage": 10.0},
        intercept=-5.0,
        threshold=0.5,
    )
