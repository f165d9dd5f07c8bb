"""Where a teacher is, and the key for it: from the config and the environment, checked before anything is sent."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from orca_agents.errors import ConfigError, WrongKeyError
from orca_agents.models.secrets import Secret, shown_address
from orca_agents.run_config import ModelConfig

OPENAI_ADDRESS = "https://api.openai.com/v1"


def base_url(config: ModelConfig) -> str:
    """The address that the config, else the environment names, else OpenAI's."""
    given = os.environ.get("OPENAI_BASE_URL", "").strip()
    if config.base_url is None and ("@" in given or "?" in given):
        raise ConfigError(
            "the address in $OPENAI_BASE_URL has a password or a query: leave these out, and put the key into an "
            "environment variable that `api_key_env` names"
        )
    return config.base_url or given or OPENAI_ADDRESS


def checked_address(url: str, option: str) -> str:
    """The address as messages show it. Raises `ConfigError` if nothing can be sent there."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        shown = url.rpartition("@")[2].partition("?")[0]  # a password or a key may stand in the rest
        raise ConfigError(f"{option}: {shown!r} is not an address; write it like http://localhost:8000/v1")
    return shown_address(url)


def read_key(config: ModelConfig, url: str) -> Secret:
    """The key in the variable that the config names; an empty one where none is needed. Raises `WrongKeyError`."""
    key = os.environ.get(config.api_key_env, "").strip()
    if not key:
        host = urlsplit(url).hostname or ""
        named = config.api_key_env != ModelConfig.model_fields["api_key_env"].default
        if not named and config.azure is None and host != "openai.com" and not host.endswith(".openai.com"):
            return Secret("")  # servers of one's own often want no key
        raise WrongKeyError(
            f"{shown_address(url)} needs a key and ${config.api_key_env} is not set; "
            f"run `export {config.api_key_env}=...`, or name another variable (api_key_env) or address (base_url)"
        )
    if not (key.isascii() and key.isprintable()):
        raise WrongKeyError(f"${config.api_key_env} holds characters that no key has; copy the key anew")
    return Secret(key)
