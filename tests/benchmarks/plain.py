"""The bundled model as anybody would run it: what ours is measured against."""

from functools import cache

from nlp.embed import SentenceEmbedder, bundled_folder


@cache
def encoder() -> SentenceEmbedder:
    """With the pooling its makers gave it, on torch."""
    return SentenceEmbedder(bundled_folder(), name="plain", languages={"en"})
