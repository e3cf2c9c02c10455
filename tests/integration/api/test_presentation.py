"""How an AgentJob looks to a person at kubectl: columns, explain, names, field selectors."""

import pytest
from apiserver.client import AGENTJOBS, ApiClient, agentjob
from apiserver.kubectl import Kubectl

TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
RUNNING = {
    "phase": "Running",
    "reason": "AgentRunning",
    "message": "The agent works.",
    "startTime": "2026-01-01T00:00:00Z",
    "podName": "todo-1-abcde",
    "usage": {"costUSD": "0.25"},
}


@pytest.fixture
def running(api: ApiClient, namespace: str) -> str:
    """Name of a namespace with an AgentJob `todo` that runs, and one, `new`, that the operator has not seen."""
    collection = AGENTJOBS.format(namespace)
    for name in ("todo", "new"):
        api.create(collection, agentjob(name)).or_fail()
    api.patch(f"{collection}/todo/status", {"status": RUNNING}).or_fail()
    return namespace


def test_the_columns_of_the_table(api: ApiClient, running: str) -> None:
    """Name, type and priority of each, as kubectl gets them; priority 1 shows with -o wide only."""
    table = api.request("GET", f"{AGENTJOBS.format(running)}/todo", headers=TABLE).or_fail()
    columns = [(column["name"], column["type"], column["priority"]) for column in table["columnDefinitions"]]
    assert columns == [
        ("Name", "string", 0),
        ("Phase", "string", 0),
        ("Reason", "string", 0),
        ("Engine", "string", 0),
        ("Started", "date", 0),
        ("Age", "date", 0),
        ("Pod", "string", 1),
        ("Cost", "string", 1),
        ("Message", "string", 1),
    ]
    cells = dict(zip((name for name, _, _ in columns), table["rows"][0]["cells"], strict=True))
    expected = {
        "Phase": "Running",
        "Reason": "AgentRunning",
        "Engine": "Builtin",
        "Pod": "todo-1-abcde",
        "Cost": "0.25",
    }
    assert cells | expected == cells


def test_the_url_is_in_no_column(api: ApiClient, running: str) -> None:
    """It is a key to the archive, and tables end up in screenshots and logs."""
    secret = {"status": {"artifacts": {"downloadURL": "https://example.com/?X-Amz-Signature=abc"}}}
    api.patch(f"{AGENTJOBS.format(running)}/todo/status", secret).or_fail()
    table = api.request("GET", AGENTJOBS.format(running), headers=TABLE, query={"includeObject": "None"}).or_fail()
    assert "X-Amz-Signature" not in str(table["rows"])


@pytest.mark.parametrize("name", ["agentjobs", "agentjob", "agj", "agents"])
def test_every_name_of_the_resource_lists_it(kubectl: Kubectl, running: str, name: str) -> None:
    """Plural, singular, short name and category."""
    assert "todo" in kubectl("get", name, "-n", running)


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("status.phase=Running", ["todo"]),
        ("status.phase!=Succeeded,status.phase!=Failed", ["new", "todo"]),
        ("status.phase!=Running", ["new"]),
        ("status.phase=Pending", ["new"]),
    ],
)
def test_objects_can_be_selected_by_phase(api: ApiClient, running: str, selector: str, names: list[str]) -> None:
    """The operator watches what is not finished; a new one is Pending by the schema's default."""
    items = api.get(AGENTJOBS.format(running), fieldSelector=selector).or_fail()["items"]
    assert [item["metadata"]["name"] for item in items] == names


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("agj", "A coding agent's job"),
        ("agj.spec.limits.costUSD", "US dollars over all attempts"),
        ("agj.spec.env.name", "Name of the variable"),
        ("agj.status.conditions.reason", "One of the reasons of the API reference"),
    ],
)
def test_kubectl_explain_shows_the_descriptions(kubectl: Kubectl, path: str, text: str) -> None:
    """From the server's OpenAPI, as a user sees it."""
    assert text in kubectl("explain", path)
