"""Optional: a language model at an OpenAI-compatible address, for drafts and names. What it says is
checked by whoever asks.
"""

import httpx2
import structlog

from service.settings import Settings

log = structlog.get_logger()

PATIENCE = 60.0


class Unavailable(Exception):
    """The language model did not answer, or not in its protocol."""


async def ask(settings: Settings, rules: str, told: str, *, patience: float = PATIENCE) -> str:
    """What the model says to `told` under `rules`, within so many seconds. Raises `Unavailable`."""
    body = {
        "model": settings.llm_model,
        "temperature": 0,
        "messages": [{"role": "system", "content": rules}, {"role": "user", "content": told}],
    }
    headers = {"authorization": f"Bearer {settings.llm_key.get_secret_value()}"}
    address = f"{settings.llm_url.rstrip('/')}/chat/completions"
    try:
        async with httpx2.AsyncClient(timeout=patience) as client:
            response = await client.post(address, json=body, headers=headers)
            response.raise_for_status()
            return str(response.json()["choices"][0]["message"]["content"])
    except (httpx2.HTTPError, LookupError, TypeError, ValueError) as error:
        log.warning("llm_failed", kind=type(error).__name__)
        raise Unavailable from error


def data(text: str) -> str:
    """Strangers' text cannot close the markers it stands between."""
    return text.replace("<", "‹").replace(">", "›")
