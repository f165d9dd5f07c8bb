"""Say what went wrong at an endpoint: an HTTP status or a broken connection becomes a `Fault` with advice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from orca_agents.errors import (
    BadRequestError,
    ContextError,
    ExhaustedError,
    NoModelError,
    OrcaError,
    RefusedError,
    UnreachableError,
    WrongKeyError,
)
from orca_agents.models.retries import Fault, asked_wait
from orca_agents.models.secrets import Secret

_CONTEXT = re.compile(
    r"context_length_exceeded|context[ _](length|window|size)|exceed_context|prompt is too long|input is too long"
    r"|reduce the length|too many (input |prompt )?tokens",
    re.IGNORECASE,
)
_FILTERED = re.compile(
    r"content_filter|content_policy|content management policy|ResponsibleAIPolicy|data_inspection_failed"
    r"|input was flagged|requires moderation",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|DeploymentNotFound|invalid model (name|id)|model\b.{0,80}\b(does not exist|not found)",
    re.IGNORECASE,
)
_NO_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_balance"}
_NO_QUOTA = re.compile(r"insufficient[_ ](quota|balance|credit|funds)|billing|out of credits", re.IGNORECASE)
_COMES_BACK = re.compile(r"retry ?(in|after|delay)|try again in|per (minute|second)", re.IGNORECASE)
"""Words of a rate limit: some endpoints speak of quota and billing when they only ask to slow down."""
_TOO_LARGE = re.compile(r"request too large for", re.IGNORECASE)
"""What OpenAI says, with the status of a rate limit, to one request above the tokens that a whole minute may have."""
_TEMPLATE = re.compile(
    r"system role not supported|roles must alternate|only user(,| and) assistant|raise_exception|jinja", re.IGNORECASE
)
"""The objection of a chat template, which some servers (llama.cpp) report as their own failure."""
_PAUSE = re.compile(r"(?:try again|retry) in (?:(\d+)m)?(\d+(?:\.\d+)?) ?(ms|s)", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """What may be said of an endpoint."""

    address: str
    model: str
    key_env: str
    secret: Secret
    timeout_s: float

    def tell(self, text: str) -> str:
        """What somebody else wrote, fit for a message: one line, not too long, without the key."""
        text = " ".join(self.secret.hide(text).split())
        return text if len(text) <= 300 else text[:300] + "..."

    def status_fault(self, status: int, text: str, headers: Mapping[str, str]) -> Fault:
        """The fault in an answer with an HTTP status other than 200. Header names are in lower case."""
        message, code = _complaint(text)
        said = self.tell(message)
        what = f"{self.address} answered {status}" + (f" ({said})" if said else "")
        wait_s = asked_wait(headers)
        if wait_s is None and status == 429:
            wait_s = _wait_in_words(message)

        def fault(kind: type[OrcaError], advice: str, *, later: bool = False) -> Fault:
            # 503 and 529 are what servers say that have too much to do; 429 is what they should say
            refused = later and status in (429, 503, 529)
            return Fault(
                kind,
                what,
                advice,
                again="later" if later else "never",
                wait_s=wait_s if later else None,
                status=status,
                complaint=self.secret.hide(text),
                load="refused" if refused else None,
            )

        if status == 402 or (status == 429 and _quota_is_gone(text, code, wait_s)):
            return fault(ExhaustedError, "the quota is used up; add credit there, then run the same command again")
        if status == 429 and _TOO_LARGE.search(text):
            return fault(
                ContextError, "no pause helps this one; use smaller chunks (chunk_words) or a smaller max_tokens"
            )
        if status == 429:
            return fault(
                ExhaustedError, "lower concurrency or wait, then run the same command again to go on", later=True
            )
        if 400 <= status < 500 and status != 401 and _FILTERED.search(text):
            return fault(RefusedError, "its content filter stopped the request; leave this text out, or change model")
        if status == 404 or (400 <= status < 500 and status != 401 and _NO_MODEL.search(text)):
            return fault(NoModelError, f"it has no model {self.model!r} (or the address lacks its /v1)")
        if status in (401, 403):
            return fault(WrongKeyError, f"set ${self.key_env} to a key that may use {self.model!r} there")
        if status == 405:
            return fault(UnreachableError, "no chat completions there; check base_url, it usually ends in /v1")
        if status == 413 or (status in (400, 422) and _CONTEXT.search(text)):
            return fault(ContextError, "use smaller chunks (chunk_words), a smaller max_tokens, or a longer context")
        if status >= 500 and _TEMPLATE.search(text):
            return fault(BadRequestError, "its chat template rejects the request, and would again")
        if status in (408, 409, 425) or (status >= 500 and status != 501):
            return fault(UnreachableError, "try again later, or lower concurrency", later=True)
        return fault(BadRequestError, "the request would be rejected again; check sampling and extra_body")

    def connection_fault(self, error: BaseException) -> Fault:
        """The fault behind a request that got no answer."""
        cause = error if isinstance(error, aiohttp.ClientError) else None
        said = self.tell(str(error))
        if isinstance(cause, aiohttp.ClientSSLError):
            what = f"no secure connection to {self.address} ({said})"
            return Fault(UnreachableError, what, "check its certificate, and whether it speaks https at all")
        if isinstance(cause, aiohttp.InvalidURL):
            return Fault(UnreachableError, f"{self.address} is no address ({said})", "correct base_url")
        if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            reason = cause.os_error.strerror if isinstance(cause, aiohttp.ClientConnectorError) else None
            what = f"nothing answers at {self.address} ({self.tell(reason) if reason else said})"
            advice = "check that the server runs, the address (base_url), and the network"
            return Fault(UnreachableError, what, advice, again="later")
        if isinstance(cause, aiohttp.ServerTimeoutError) or (cause is None and isinstance(error, TimeoutError)):
            what = f"{self.address} gave no reply within {self.timeout_s:g} s"
            advice = "raise timeout_s, or lower concurrency or max_tokens"
            return Fault(UnreachableError, what, advice, again="later", load="timed out")
        what = f"{self.address} broke the connection" + (f" ({said})" if said else "")
        return Fault(UnreachableError, what, "see the server's own log; lower concurrency if it is overloaded", "later")

    def malformed_fault(self, why: str, data: object) -> Fault:
        """The fault in an answer with status 200 that is no chat completion."""
        start = self.tell(data if isinstance(data, str) else json.dumps(data))
        what = f"{self.address} sent something that is no chat completion: {self.tell(why)}"
        what += f" ({start[:120]})" if data is not None else ""
        return Fault(UnreachableError, what, "check base_url, it usually ends in /v1", again="later")


def embedded_status(data: object) -> int | None:
    """The HTTP status of an error that came with a status of 200, as some routers send it."""
    error = data.get("error") if isinstance(data, dict) and not data.get("choices") else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _complaint(text: str) -> tuple[str, str]:
    """The message and the code in the body of an error; the whole body where it is not in OpenAI's form."""
    try:
        data = json.loads(text)
    except ValueError:
        return re.sub(r"<[^>]*>", " ", text), ""
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return str(error), ""
    message = error.get("message") or error.get("detail") or text
    return str(message), str(error.get("code") or error.get("type") or "")


def _wait_in_words(message: str) -> float | None:
    """The pause in `Please try again in 1m2.5s`: some endpoints name it there and not in a header."""
    found = _PAUSE.search(message)
    if found is None:
        return None
    minutes, number, unit = found.groups()
    return 60 * float(minutes or 0) + float(number) * (0.001 if unit == "ms" else 1)


def _quota_is_gone(text: str, code: str, wait_s: float | None) -> bool:
    if code in _NO_QUOTA_CODES:
        return True
    return wait_s is None and bool(_NO_QUOTA.search(text)) and not _COMES_BACK.search(text)
