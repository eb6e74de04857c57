"""Where the files of presets come from: a folder, or one of two hubs.

The libraries of the hubs keep what they download in their caches, show the
progress, and take no file for complete before it is; each is imported when
it is needed.
"""

from __future__ import annotations

from pathlib import Path


class Folder:
    """A folder on this machine.

    Args:
        folder: its path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str) -> Path:
        """A file of the folder.

        Raises:
            FileNotFoundError: where there is none of this name.
            ValueError: where a link leads out of the folder.
        """
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(f"The preset {str(self.folder)!r} must have the file {name!r}; it has none.")
        # The cache of Hugging Face's hub is made of links from `snapshots/REVISION` into `blobs`.
        folders = [self.folder.resolve(), self.folder.resolve().parent.parent / "blobs"]
        if not any(path.resolve().is_relative_to(folder) for folder in folders):
            raise ValueError(
                f"The files of a preset must lie in its folder; {str(path)!r} is a link to {str(path.resolve())!r}."
            )
        return path


class KaggleHub:
    """A model on Kaggle, downloaded by kagglehub.

    Args:
        handle: `"org/model/keras/variant"` or `"org/model/keras/variant/version"`.
    """

    def __init__(self, handle: str) -> None:
        self.handle = handle

    def get(self, name: str) -> Path:
        """A file of the model.

        Raises:
            FileNotFoundError: where the model, or the file of it, does not exist or is out of the user's reach.
            ConnectionError: where Kaggle is out of reach.
            ImportError: where kagglehub is missing.
        """
        try:
            import kagglehub  # noqa: PLC0415 - optional
            import requests  # noqa: PLC0415 - what kagglehub is made with
        except ImportError as error:
            raise ImportError("Handles of Kaggle need kagglehub: pip install kagglehub") from error
        try:
            return Path(kagglehub.model_download(self.handle, name))
        except requests.HTTPError as error:
            if error.response is None or error.response.status_code not in {401, 403, 404}:
                raise ConnectionError(f"kaggle://{self.handle}: {name!r} cannot be downloaded: {error}") from error
            raise FileNotFoundError(f"kaggle://{self.handle} has no {name!r} for you: {error}") from error
        except ValueError as error:
            if "not present in the model files" not in str(error):
                raise
            raise FileNotFoundError(f"kaggle://{self.handle} has no {name!r}.") from error
        except requests.RequestException as error:
            raise ConnectionError(
                f"kaggle://{self.handle}: {name!r} is not in the cache, and cannot be downloaded: {error}"
            ) from error


class HuggingFaceHub:
    """A model on Hugging Face's hub, downloaded by huggingface_hub.

    Args:
        repository: `"org/model"` or `"model"`.
    """

    def __init__(self, repository: str) -> None:
        self.repository = repository

    def get(self, name: str) -> Path:
        """A file of the repository.

        Raises:
            FileNotFoundError: where the repository, or the file of it, does not exist or is out of the user's reach.
            ConnectionError: where the hub is out of reach.
            ImportError: where huggingface_hub is missing.
        """
        try:
            from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415 - optional
        except ImportError as error:
            raise ImportError("Handles of Hugging Face need huggingface_hub: pip install huggingface_hub") from error
        try:
            return Path(hf_hub_download(self.repository, name))
        except errors.LocalEntryNotFoundError as error:  # itself an EntryNotFoundError
            raise ConnectionError(
                f"hf://{self.repository}: {name!r} is not in the cache, and cannot be downloaded: {error}"
            ) from error
        except (errors.EntryNotFoundError, errors.RepositoryNotFoundError) as error:
            raise FileNotFoundError(f"hf://{self.repository} has no {name!r} for you: {error}") from error
        except errors.HfHubHTTPError as error:
            raise ConnectionError(f"hf://{self.repository}: {name!r} cannot be downloaded: {error}") from error
