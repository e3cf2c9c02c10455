"""A plain HTTP client of the Kubernetes API. A refusal is an answer here, not an exception: most tests are about refusals."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

Json = dict[str, Any]

AGENTJOBS = "/apis/agentjob.io/v1alpha1/namespaces/{}/agentjobs"
MERGE_PATCH = "application/merge-patch+json"
STRICT = {"fieldValidation": "Strict"}
"""What kubectl asks for by default: unknown and doubled fields are errors."""


@dataclass(frozen=True)
class Cause:
    """One entry of `metav1.Status.details.causes`."""

    field: str
    message: str


@dataclass(frozen=True)
class Answer:
    """What the API server said: HTTP's status and the object, which is a `metav1.Status` for a refusal."""

    status: int
    body: Json

    @property
    def accepted(self) -> bool:
        """Whether the request succeeded."""
        return self.status < 400

    @property
    def message(self) -> str:
        """The sentence of a refusal."""
        return str(self.body.get("message", ""))

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Field by field what is wrong."""
        causes = self.body.get("details", {}).get("causes", ())
        return tuple(Cause(cause.get("field", ""), cause.get("message", "")) for cause in causes)

    def or_fail(self) -> Json:
        """The object; AssertionError with the server's message when it refused."""
        assert self.accepted, f"{self.status}: {self.message}"
        return self.body


@dataclass(frozen=True)
class ApiClient:
    """Requests to one API server as one user; paths are absolute (`/api/v1/namespaces`)."""

    url: str
    token: str
    pool: urllib3.PoolManager
    impersonated: str | None = None

    def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        sent |= {"Content-Type": "application/json"} if body is not None else {}
        sent |= {"Impersonate-User": self.impersonated} if self.impersonated else {}
        response = self.pool.request(
            method,
            f"{self.url}{path}?{urlencode(query or {})}",
            body=None if body is None else json.dumps(body).encode(),
            headers=sent | dict(headers or {}),
        )
        return Answer(response.status, json.loads(response.data))

    def get(self, path: str, **query: str) -> Answer:
        """An object or a list."""
        return self.request("GET", path, query=query)

    def create(self, path: str, body: Json, **query: str) -> Answer:
        """Posts to a collection; unknown fields are refused, as kubectl asks for."""
        return self.request("POST", path, body, query=STRICT | query)

    def replace(self, path: str, body: Json, **query: str) -> Answer:
        """Replaces an object."""
        return self.request("PUT", path, body, query=STRICT | query)

    def patch(self, path: str, body: Json, **query: str) -> Answer:
        """A JSON merge patch."""
        return self.request("PATCH", path, body, query=STRICT | query, headers={"Content-Type": MERGE_PATCH})

    def delete(self, path: str) -> Answer:
        """Deletes an object."""
        return self.request("DELETE", path)

    def as_user(self, user: str) -> "ApiClient":
        """The same server, asked in the name of `user` (the token's owner must be allowed to impersonate)."""
        return ApiClient(self.url, self.token, self.pool, user)


def connect(url: str, token: str, ca_file: Path) -> ApiClient:
    """A client for the server at `url`; proxies of the environment are not used."""
    return ApiClient(url, token, urllib3.PoolManager(ca_certs=str(ca_file), retries=False, timeout=60))


def agentjob(name: str, **spec: Any) -> Json:
    """An AgentJob with the smallest spec and what `spec` adds or replaces."""
    return {
        "apiVersion": "agentjob.io/v1alpha1",
        "kind": "AgentJob",
        "metadata": {"name": name},
        "spec": {"task": "x", **spec},
    }
