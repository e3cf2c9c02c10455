"""The model that the demo takes from the environment, and the examples that it says run anywhere."""

from pathlib import Path

from demo.settings import examples_that_run_here, model_values

EXAMPLES = Path(__file__).parents[3] / "manifests" / "examples"


def test_without_a_key_the_scripted_model_of_the_values_file_is_used() -> None:
    """An endpoint alone, left in somebody's shell, changes nothing: nobody could pay there."""
    assert model_values({"OPENAI_BASE_URL": "http://model/v1", "OPENAI_API_KEY": ""}) == ()


def test_the_key_itself_is_in_no_argument() -> None:
    """Argument lists are there for everybody on the machine to read."""
    words = model_values(
        {"OPENAI_API_KEY": "sk-secret", "OPENAI_BASE_URL": "http://model/v1?a=1,2", "AGENTJOB_MODEL": "m"}
    )
    assert "sk-secret" not in str(words)
    assert {"scriptedModel.enabled=false", r"model.endpoint=http://model/v1?a=1\,2", "model.name=m"} <= set(words)


def test_the_examples_that_it_names_need_nothing_that_is_not_there() -> None:
    """The list grows by itself; those that name a server, a key or a StorageClass of the user's are never on it."""
    named = set(examples_that_run_here(EXAMPLES))
    assert {"desktop", "services", "todo-app"} <= named
    assert named.isdisjoint({"network", "own-volume", "private-repository", "repository", "secret-model"})
