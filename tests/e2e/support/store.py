"""The object store as its administrator sees it: what lies under the prefix of an AgentJob, whoever wrote it."""

from dataclasses import dataclass

from minio import Minio
from minio.error import S3Error

from e2e.support.api import Json

_REMOVALS = 20


@dataclass(frozen=True)
class Store:
    """The bucket of the release."""

    client: Minio
    bucket: str

    def names_of(self, job: Json) -> list[str]:
        """Keys of an AgentJob, from its uid on: `<uid>/<attempt>/workspace.zip`."""
        meta = job["metadata"]
        base = f"{meta['namespace']}/{meta['name']}/"
        found = self.client.list_objects(self.bucket, prefix=f"{base}{meta['uid']}/", recursive=True)
        return [str(entry.object_name).removeprefix(base) for entry in found]

    def read(self, job: Json, name: str) -> bytes:
        """One object; `name` as `names_of` gives it."""
        meta = job["metadata"]
        response = self.client.get_object(self.bucket, f"{meta['namespace']}/{meta['name']}/{name}")
        try:
            return response.data
        finally:
            response.close()
            response.release_conn()

    def log(self, job: Json) -> list[str]:
        """The lines of the stored event log, of all its attempts."""
        segments = sorted(name for name in self.names_of(job) if "/events/" in name)
        return [line for name in segments for line in self.read(job, name).decode().splitlines()]

    def remove_bucket(self) -> None:
        """Deletes the bucket and all that is in it. Raises `S3Error` when others keep writing into it."""
        for left in reversed(range(_REMOVALS)):
            for entry in self.client.list_objects(self.bucket, recursive=True):
                self.client.remove_object(self.bucket, str(entry.object_name))
            try:
                self.client.remove_bucket(self.bucket)
            except S3Error as error:
                # A pod that is about to end may still have stored something.
                if error.code != "BucketNotEmpty" or not left:
                    raise
            else:
                return
