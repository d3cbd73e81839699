"""Models that the catalog lacks, from the Hugging Face hub: config.json and safetensors header, kept on disk."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.clock import Clock
from bot.hub_model import model_of
from bot.rules.errors import UserError
from bot.settings import Settings
from data import Catalog, Model
from estimator.parse import Unclear, parse
from estimator.parse_names import is_hub_name
from estimator.workload import Pipeline, Workload

if TYPE_CHECKING:
    from huggingface_hub.utils._safetensors import SafetensorsFileMetadata

TIMEOUT_S = 4.0  # of each request
KEPT = timedelta(days=30)
LARGEST_JSON = 20_000_000  # bytes; an index names every tensor
NAMES_IN_WORDS = 3  # a pipeline names two


class HubError(UserError):
    """The hub does not tell the model; str() is the end of a sentence: "X is not in the catalog, and ..."."""


@dataclass(frozen=True)
class Hub:
    """The hub as one place keeps it: *folder* holds what was read; *closed* says why it is not asked, "" when it is."""

    folder: Path
    today: date
    closed: str = ""
    endpoint: str | None = None  # None: huggingface_hub's own

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> Hub:
        """As the settings say."""
        closed = "" if settings.mlbot_hub else "the Hugging Face hub is not asked (MLBOT_HUB=false)"
        return cls(settings.mlbot_hub_cache, clock.now().date(), closed, settings.hf_endpoint or None)

    def model(self, name: str) -> Model:
        """The model org/name, as read in the last 30 days or now; HubError says why there is none."""
        kept = self._kept(name)
        if kept and self.today - date.fromisoformat(kept["read"]) <= KEPT:
            return _made(name, kept)
        try:
            found = self._asked(name)
        except HubError:
            if kept:
                return _made(name, kept)
            raise
        made = _made(name, found)
        self._keep(name, found)
        return made

    def _asked(self, name: str) -> dict[str, Any]:
        if self.closed:
            raise HubError(self.closed)
        config, counts, revision = _read(name, self.endpoint)
        return {"read": self.today.isoformat(), "config": config, "counts": counts, "revision": revision}

    def _path(self, name: str) -> Path:
        return self.folder / f"{re.sub(r'[^a-z0-9.-]', '_', name.lower().replace('/', '--'))}.json"

    def _kept(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads(self._path(name).read_text(encoding="utf-8"))
            date.fromisoformat(found["read"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if isinstance(found, dict) else None

    def _keep(self, name: str, found: Mapping[str, Any]) -> None:
        """Write in one step; a disk that takes nothing costs the next look-up a question, and no more."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False, encoding="utf-8") as file:
                json.dump(found, file)
            os.replace(file.name, self._path(name))
        except OSError:
            return


def _made(name: str, found: Mapping[str, Any]) -> Model:
    read, revision = date.fromisoformat(found["read"]), str(found.get("revision") or "")
    try:
        return model_of(name, found["config"], found.get("counts") or {}, read=read, revision=revision)
    except ValidationError:
        raise HubError("its config.json on the Hugging Face hub is none that can be read") from None
    except ValueError as error:
        raise HubError(f"{error}, says the Hugging Face hub") from None


def _read(name: str, endpoint: str | None) -> tuple[dict[str, Any], dict[str, int], str]:
    """config.json, weights by type, and the revision; HubError where the hub does not give them."""
    try:
        from huggingface_hub import errors
    except ImportError:
        raise HubError(
            "the Hugging Face hub cannot be asked: huggingface_hub is not installed (pip install 'mlbot[hub]')"
        ) from None
    try:
        config, revision = _json(name, "config.json", endpoint)
        return config, _counts(name, endpoint), revision
    except errors.GatedRepoError:
        raise HubError("it is gated on the Hugging Face hub: ask for access there, and set HF_TOKEN") from None
    except errors.RepositoryNotFoundError:
        raise HubError("the Hugging Face hub shows no model of that name") from None
    except errors.RemoteEntryNotFoundError:
        raise HubError("on the Hugging Face hub it has no config.json, as models of transformers have") from None
    except (errors.HfHubHTTPError, ConnectionError, TimeoutError, OSError):
        raise HubError("the Hugging Face hub cannot be reached") from None
    except ValueError:
        raise HubError("what the Hugging Face hub tells of it cannot be read") from None
    except Exception as error:  # the client's own errors of transport share no base with OSError
        if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "httpcore", "httpcore2"):
            raise
        raise HubError("the Hugging Face hub cannot be reached") from None


def _json(name: str, file: str, endpoint: str | None) -> tuple[dict[str, Any], str]:
    """A small JSON file of a model in one request without retries, and the revision that it is of."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    response = get_session().get(
        hf_hub_url(name, file, endpoint=endpoint), headers=build_hf_headers(), timeout=TIMEOUT_S, follow_redirects=True
    )
    hf_raise_for_status(response)
    if len(response.content) > LARGEST_JSON:
        raise ValueError("too large")
    found = json.loads(response.content)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found, str(response.headers.get("x-repo-commit", ""))


def _counts(name: str, endpoint: str | None) -> dict[str, int]:
    """Weights by type; empty where the model has no safetensors, so that they are counted from the shape.

    Of a model in several files the type is that of the first, and the size of all stands in the index.
    """
    from huggingface_hub import HfApi, errors

    api = HfApi(endpoint=endpoint)
    try:
        return _whole(api.parse_safetensors_file_metadata(name, "model.safetensors", timeout=TIMEOUT_S))
    except errors.RemoteEntryNotFoundError:
        pass
    except errors.SafetensorsParsingError:
        return {}
    try:
        index, _ = _json(name, "model.safetensors.index.json", endpoint)
        first = min(index["weight_map"].values())
        header = api.parse_safetensors_file_metadata(name, first, timeout=TIMEOUT_S)
        size = int(index["metadata"]["total_size"])
    except (errors.RemoteEntryNotFoundError, errors.SafetensorsParsingError, KeyError, TypeError, ValueError):
        return {}
    kind, weights = max(_whole(header).items(), key=lambda one: one[1])
    held = sum(end - start for start, end in (one.data_offsets for one in header.tensors.values()))
    return {kind: size * sum(_whole(header).values()) // held} if weights and held else {}


def _whole(header: SafetensorsFileMetadata) -> dict[str, int]:
    return {str(kind): int(count) for kind, count in header.parameter_count.items()}


def understood(words: str, catalog: Catalog, hub: Hub) -> tuple[Workload | Pipeline, Catalog]:
    """The workload that is meant, and the catalog with the models that the hub told; Unclear as `parse` raises it."""
    for _ in range(NAMES_IN_WORDS):
        try:
            return parse(words, catalog), catalog
        except Unclear as unclear:
            if unclear.field != "model" or not is_hub_name(unclear.word):
                raise
            catalog = catalog.with_model(found(_as_written(unclear.word, words), hub))
    return parse(words, catalog), catalog


def found(name: str, hub: Hub) -> Model:
    """The model of the hub; Unclear says why there is none and what to write instead."""
    try:
        return hub.model(name)
    except HubError as error:
        raise Unclear(
            f"{name} is not in the catalog, and {error}. Give its size, like params=7B layers=32 hidden=4096.",
            field="model",
            example="finetune params=7B layers=32 hidden=4096 lora samples=50k seq=512",
            word=name,
        ) from None


def _as_written(word: str, words: str) -> str:
    """The name with the capitals that it was written with; the hub tells them apart."""
    match = re.search(re.escape(word), words, re.IGNORECASE)
    return match[0] if match else word
