"""Vectors of texts, from an OpenAI-compatible endpoint for embeddings."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType

import httpx2
import openai

from orca_agents.errors import UnreachableError
from orca_agents.models.addresses import base_url, checked_address, read_key
from orca_agents.models.faults import Endpoint
from orca_agents.run_config import ModelConfig

TEXTS_PER_REQUEST = 64
RETRIES = 6
IN_FLIGHT = 8


class Embedder:
    """A model that turns texts into vectors. Raises `TeacherError` or `ChatError`, as a teacher does."""

    def __init__(self, model: str, address: str | None = None, api_key_env: str = "OPENAI_API_KEY") -> None:
        """Nothing is sent yet. Raises `WrongKeyError` where a key is needed and there is none."""
        config = ModelConfig(model=model, base_url=address, api_key_env=api_key_env)
        url = base_url(config)
        secret = read_key(config, url)
        self._endpoint = Endpoint(
            address=checked_address(url, "base_url"),
            model=model,
            key_env=api_key_env,
            secret=secret,
            timeout_s=config.timeout_s,
        )
        self._client = openai.OpenAI(
            base_url=url, api_key=secret.reveal() or "none", max_retries=RETRIES, timeout=config.timeout_s
        )
        self.tokens = 0
        """What the endpoint says that it has read."""

    def vectors(self, texts: Iterable[str]) -> Iterator[list[float]]:
        """The vector of each text, in their order; some requests are under way ahead of what was taken."""
        rest = iter(texts)
        under_way: deque[Future[tuple[list[list[float]], int]]] = deque()
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="embeddings") as pool:
            try:
                while True:
                    while len(under_way) < IN_FLIGHT and (some := list(islice(rest, TEXTS_PER_REQUEST))):
                        under_way.append(pool.submit(self._ask, some))
                    if not under_way:
                        return
                    vectors, tokens = under_way.popleft().result()
                    self.tokens += tokens  # here, for requests come back in several threads
                    yield from vectors
            finally:
                pool.shutdown(cancel_futures=True)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Embedder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, texts: Sequence[str]) -> tuple[list[list[float]], int]:
        try:
            # as numbers: not every server knows OpenAI's packed form, which the package asks for by itself
            raw = self._client.embeddings.with_raw_response.create(
                model=self._endpoint.model, input=list(texts), encoding_format="float"
            )
            data = json.loads(raw.content)
        except openai.APIStatusError as error:
            fault = self._endpoint.status_fault(error.status_code, error.response.text, dict(error.response.headers))
            raise fault.error(1) from None
        except (openai.APIConnectionError, httpx2.HTTPError) as error:
            raise self._endpoint.connection_fault(error.__cause__ or error).error(RETRIES + 1) from None
        except ValueError as error:
            raise self._malformed(f"no JSON, {error}") from None
        try:
            rows = sorted(data["data"], key=lambda row: row["index"])
            vectors = [[float(number) for number in row["embedding"]] for row in rows]
            tokens = int((data.get("usage") or {}).get("total_tokens") or 0)
        except (KeyError, TypeError, ValueError, AttributeError):
            vectors, tokens = [], 0
        if len(vectors) != len(texts) or not all(vectors):
            raise self._malformed(f"{len(vectors)} vectors for {len(texts)} texts")
        return vectors, tokens

    def _malformed(self, what: str) -> UnreachableError:
        return UnreachableError(
            f"{self._endpoint.address} sent {self._endpoint.tell(what)}: check that it serves embeddings at this "
            f"address, which usually ends in /v1, and that {self._endpoint.model} is a model for them"
        )
