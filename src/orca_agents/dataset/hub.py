"""Push a dataset's folder to the Hugging Face Hub, with the user's own token."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orca_agents.dataset.card import CARD_NAME, write_card
from orca_agents.dataset.rows import DATA_NAME, MANIFEST_NAME, Folder
from orca_agents.errors import ConfigError, DatasetError

TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105  the variable's name, not a token
ENDPOINT_VARIABLE = "HF_ENDPOINT"
SENT = (CARD_NAME, MANIFEST_NAME, f"{DATA_NAME}/**")
"""What goes to the Hub; dropped.jsonl stays here."""


def push(path: Path, repository: str, *, private: bool = False, environment: Mapping[str, str] | None = None) -> str:
    """Push a dataset to the repository NAME or OWNER/NAME, which is made if it is not there; returns its address.

    The card is written first if there is none. Raises `ConfigError` where there is no token or no such name can be,
    `DatasetError` for what is no dataset, or where the Hub refuses.
    """
    folder = Folder.open(path)
    if not folder.skills:
        raise DatasetError(f"{path} has no rows: there is nothing to push")
    given = os.environ if environment is None else environment
    token = given.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise ConfigError(
            f"${TOKEN_VARIABLE} is not set: make a token that may write at huggingface.co/settings/tokens, then "
            f"`export {TOKEN_VARIABLE}=...` and run the same command again"
        )
    hub = _hub()
    if not (path / CARD_NAME).is_file():
        write_card(path, repository.rpartition("/")[2])
    api = hub.HfApi(endpoint=given.get(ENDPOINT_VARIABLE) or None, token=token)
    try:
        made = api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        # one that was there already stays as public as it was, whatever is asked for
        if private and not api.repo_info(made.repo_id, repo_type="dataset").private:
            raise DatasetError(
                f"{made.repo_id} is there already, and public: nothing was sent. Make it private in its settings on "
                "the Hub, or push to another name"
            )
        done = api.upload_folder(
            repo_id=made.repo_id,
            repo_type="dataset",
            folder_path=str(path),
            allow_patterns=list(SENT),
            commit_message="Dataset made with orca-agents",
        )
    except DatasetError:
        raise
    except hub.errors.HFValidationError as error:
        raise ConfigError(f"{repository}: not a name for a repository ({error}); write OWNER/NAME") from None
    except hub.errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        raise DatasetError(f"the Hub refuses: {_told(error)}{_what_to_do(status, repository)}") from None
    except Exception as error:  # a lost connection is an error of the HTTP library below, which changes with versions
        raise DatasetError(
            f"the Hub cannot be reached, or does not answer as one ({type(error).__name__}: {error}); check the network"
            f"{f' and ${ENDPOINT_VARIABLE}' if given.get(ENDPOINT_VARIABLE) else ''}, and run the same command again"
        ) from error
    return str(done.repo_url if hasattr(done, "repo_url") else made)


def _hub() -> Any:
    try:
        hub = importlib.import_module("huggingface_hub")
        importlib.import_module("huggingface_hub.errors")
    except ImportError:
        raise DatasetError(
            "pushing needs huggingface-hub; install it with: pip install 'orca-agents[export]'"
        ) from None
    return hub


def _told(error: Exception) -> str:
    """What the Hub said, in a line."""
    return " ".join(str(error).split())[:400]


def _what_to_do(status: int | None, repository: str) -> str:
    if status == 401:
        return f". Is ${TOKEN_VARIABLE} the token, and still good?"
    if status == 403:
        return f". May the token write to {repository}?"
    return ""
