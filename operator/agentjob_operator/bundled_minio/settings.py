"""The configuration, from the environment."""

from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from agentjob_operator.settings import StorageSettings


class KeeperSettings(BaseSettings):
    """The operator's own variables of the store, and MinIO's."""

    model_config = SettingsConfigDict(
        env_prefix="AGENTJOB_", env_nested_delimiter="__", extra="ignore", hide_input_in_errors=True
    )

    storage: StorageSettings
    """The operator's: its keys are the login that is made. The endpoint is MinIO as this pod reaches it."""
    minio_root_access_key: SecretStr
    minio_root_secret_key: SecretStr

    @model_validator(mode="after")
    def _the_user_is_not_root(self) -> Self:
        if self.storage.access_key == self.minio_root_access_key:
            raise ValueError("the operator's access key is that of MinIO's root: they have to be different logins")
        return self

    @property
    def root(self) -> StorageSettings:
        """The same store with the root login."""
        login = {"access_key": self.minio_root_access_key, "secret_key": self.minio_root_secret_key}
        return self.storage.model_copy(update=login)
