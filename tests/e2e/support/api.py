"""The Kubernetes API as JSON: requests, and waiting for an object by watching it (never by sleeping)."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from agentjob_operator.kube.auth import Cluster
from bench.client import connection_of
from urllib3.response import BaseHTTPResponse

Json = dict[str, Any]
Predicate = Callable[[Json], bool]
MERGE_PATCH = "application/merge-patch+json"
_CALL_SECONDS = 60.0
_CONNECTIONS = 10


class ApiError(Exception):
    """The API server refused; `status` is HTTP's, `reason` and `message` are those of `metav1.Status`."""

    def __init__(self, status: int, body: str) -> None:
        parsed = json.loads(body) if body.startswith("{") else {}
        self.status, self.reason = status, str(parsed.get("reason", ""))
        self.message = str(parsed.get("message", body))
        super().__init__(f"{status} {self.reason}: {self.message}")


class WaitTimeoutError(AssertionError):
    """What was waited for did not come; the message holds the last state that was seen."""


class Api:
    """One API server; every path is absolute (`/api/v1/namespaces/x/pods`)."""

    def __init__(self, kubeconfig: Path) -> None:
        connection = connection_of(kubeconfig)
        self._server, self._login = connection.server, connection.as_http_headers()
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=Cluster(connection).ssl_context())

    def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Json:
        """Sends one request and returns the answer. Raises `ApiError`."""
        response = self._open(method, path, body, content_type, query or {}, stream=False)
        answer: Json = json.loads(response.data)
        return answer

    def get(self, path: str, **query: str) -> Json:
        """The object or list at `path`."""
        return self.request("GET", path, query=query)

    def find(self, path: str) -> Json | None:
        """The object at `path`, None when there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def items(self, path: str, **query: str) -> list[Json]:
        """The items of a list, each as the API gives it."""
        items: list[Json] = self.get(path, **query)["items"]
        return items

    def create(self, path: str, body: Json) -> Json:
        """Posts `body` to the collection `path`."""
        return self.request("POST", path, body)

    def patch(self, path: str, body: Json) -> Json:
        """A JSON merge patch."""
        return self.request("PATCH", path, body, content_type=MERGE_PATCH)

    def delete(self, path: str, **query: str) -> None:
        """Deletes in the background; what is not there is deleted already."""
        try:
            self.request("DELETE", path, {"propagationPolicy": "Background"}, query=query)
        except ApiError as error:
            if error.status != 404:
                raise

    def wait(self, path: str, until: Predicate, seconds: float, **query: str) -> Json:
        """The object at `path` as soon as `until` holds; it need not exist yet. Raises `WaitTimeoutError`."""
        collection, _, name = path.rpartition("/")
        return self.wait_any(collection, until, seconds, fieldSelector=f"metadata.name={name}", **query)

    def wait_any(self, collection: str, until: Predicate, seconds: float, **query: str) -> Json:
        """The first object of `collection` for which `until` holds. Raises `WaitTimeoutError`."""
        last: Json = {}
        for event, item in self.watch(collection, seconds, **query):
            for found in item["items"] if event == "LISTED" else [item]:
                last = found
                if event != "DELETED" and until(found):
                    return found
        raise WaitTimeoutError(f"not within {seconds:.0f} s: {collection} {dict(query)}; last seen: {_summary(last)}")

    def wait_gone(self, path: str, seconds: float) -> None:
        """Returns when there is nothing at `path`. Raises `WaitTimeoutError`."""
        collection, _, name = path.rpartition("/")
        self.wait_empty(collection, seconds, fieldSelector=f"metadata.name={name}")

    def wait_empty(self, collection: str, seconds: float, **query: str) -> None:
        """Returns when the selection holds nothing. Raises `WaitTimeoutError`."""
        left: set[str] = set()
        for event, item in self.watch(collection, seconds, **query):
            if event == "LISTED":
                left = {found["metadata"]["name"] for found in item["items"]}
            elif event == "DELETED":
                left.discard(item["metadata"]["name"])
            else:
                left.add(item["metadata"]["name"])
            if not left:
                return
        raise WaitTimeoutError(f"still there after {seconds:.0f} s: {collection} {sorted(left)}")

    def watch(self, collection: str, seconds: float, **query: str) -> Iterator[tuple[str, Json]]:
        """(LISTED, list) of what is there, then (ADDED, MODIFIED or DELETED, object) of every change, until `seconds` are over.

        A list comes again whenever the server ends the watch: what vanished meanwhile is told by no event.
        """
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            listed = self.get(collection, **query)
            yield "LISTED", listed
            version, left = listed["metadata"]["resourceVersion"], max(1, int(give_up - time.monotonic()))
            yield from self._watch(collection, {**query, "resourceVersion": version, "timeoutSeconds": str(left)})

    def _watch(self, collection: str, query: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
        response = self._open("GET", collection, None, "application/json", {**query, "watch": "true"}, stream=True)
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield event["type"], event["object"]
        finally:
            response.close()

    def _open(
        self, method: str, path: str, body: Json | None, content_type: str, query: Mapping[str, str], *, stream: bool
    ) -> BaseHTTPResponse:
        headers = {"Accept": "application/json", "Content-Type": content_type, **self._login}
        read = float(query["timeoutSeconds"]) + 30 if "timeoutSeconds" in query else _CALL_SECONDS
        response: BaseHTTPResponse = self._pool.request(
            method,
            f"{self._server}{path}?{urlencode(query)}",
            headers=headers,
            body=None if body is None else json.dumps(body).encode(),
            timeout=urllib3.Timeout(connect=10, read=read),
            preload_content=not stream,
        )
        if response.status >= 400:
            raise ApiError(response.status, response.data.decode(errors="replace"))
        return response


def _lines(response: BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(65_536, decode_content=True):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines


def _summary(item: Json) -> str:
    """What a reader of a failed wait wants to know of an object."""
    status = item.get("status", {})
    known = {key: status[key] for key in ("phase", "reason", "message", "attempts", "disruptions") if key in status}
    return f"{item.get('metadata', {}).get('name', 'nothing')} {known or str(status)[:500]}"
