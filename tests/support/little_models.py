"""Honest little models at our own ports, for tests of everything behind them."""

import zlib
from dataclasses import replace

import numpy as np

from domain.category import Category
from domain.understanding import Understanding
from storage.documents import StoredDocument
from understanding.classifier import DIMENSIONS
from understanding.features import Vocabulary
from understanding.head import Head


class PlainReader:
    """An honest little reader for tests of everything behind it: the category stands in the mail's first word."""

    def read(self, messages, context):
        return [self._one(message, context.own_addresses) for message in messages]

    def _one(self, message, own_addresses):
        from understanding.automatic import automatic_sign

        first = message.text.split(maxsplit=1)[:1]
        word = first[0].strip(".,:!?").lower() if first else ""
        category = Category(word) if word in set(Category) else Category.OTHER
        numbers = tuple(part.strip(".,!?") for part in message.text.split() if part.startswith("LO-"))
        return Understanding(
            text=message.text, language="en", category=category, confidence=0.99, importance=2,
            automatic=automatic_sign(message, own_addresses), order_numbers=numbers,
        )  # fmt: skip


class UnsureReader(PlainReader):
    """Takes every mail for what it is, and is not sure of it: the model is asked."""

    def read(self, messages, context):
        return [replace(one, confidence=0.6) for one in super().read(messages, context)]


# The one document of the little answers: what leaves has to stand in a stored one.
PARCELS = StoredDocument(
    "en/shipping.md", "v1", "Parcels take three days.", body="Parcels take three days.", title="Shipping", language="en"
)


class PlainAnswers:
    """The port `Answers` for tests: it knows one thing."""

    def answer(self, question, subject, language):
        from domain.decision import Citation
        from domain.ports import Answer

        quote = PARCELS.body
        if "parcel" not in question.lower():
            return Answer(answered=False, confidence=0.1, reason="Nothing about that.")
        cited = Citation(PARCELS.path, PARCELS.title, 0, len(quote), quote, PARCELS.version)
        return Answer(answered=True, confidence=0.99, text=quote, citations=(cited,))


class PlainLearner:
    """Learns with the little reader: it says what the first word says, and sees no meaning in any text."""

    vocabulary = Vocabulary({}, np.empty(0, dtype=np.float32), 0)

    def read(self, mails):
        words = [text.split(maxsplit=1)[0].strip(".,:!?").lower() for text, _ in mails]
        return [(Category(word) if word in set(Category) else Category.OTHER, 0.99) for word in words]

    def fit(self, taught, before=None):
        return Head.fit(taught, np.zeros((len(taught), DIMENSIONS), dtype=np.float32), self)


class PlainEmbedder:
    """Words hashed into 384 dimensions, so that texts that share words are near; it counts what it embedded."""

    def __init__(self, engine="plain"):
        self.engine = engine
        self.embedded = []

    def embed(self, texts):
        self.embedded.extend(texts)
        vectors = np.full((len(texts), DIMENSIONS), 1e-6, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.encode()) % DIMENSIONS] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
