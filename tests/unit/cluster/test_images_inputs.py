"""What an image is made of: its Dockerfile's inputs, the ignore rules, build order and digests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cluster.errors import ClusterError

from images import catalog, context, dockerfile

REPOSITORY = Path(__file__).resolve().parents[3]


def test_inputs_of_a_dockerfile() -> None:
    """Continued lines, comments inside them, options, JSON form, and files that come from another stage."""
    text = """
ARG BASE_IMAGE=docker.io/library/debian:trixie-slim
ARG MODEL_SERVER_IMAGE
FROM ${BASE_IMAGE} AS build
COPY --chown=1:1 requirements/a.txt \\
  # why
  requirements/b.txt /tmp/
COPY ["crds/agentjob_api", "/opt/lib"]
ADD https://example.org/x /x
COPY --from=build /opt /opt
"""
    found = dockerfile.read_inputs(text)
    assert found.images == {"BASE_IMAGE": "docker.io/library/debian:trixie-slim", "MODEL_SERVER_IMAGE": ""}
    assert found.sources == ("requirements/a.txt", "requirements/b.txt", "crds/agentjob_api")
    assert dockerfile.image_name("MODEL_SERVER_IMAGE") == "model-server"


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("README.md", True),
        ("crds/agentjob_api/spec.py", False),
        ("crds/agentjob_api/__pycache__/spec.pyc", True),
        ("crds/agentjob_api/old.pyc", True),
        ("crds/other/x.py", True),
    ],
)
def test_ignore_rules_take_the_last_match(path: str, ignored: bool) -> None:
    """As Docker reads `.dockerignore`: everything out, some folders in, byte code out again."""
    rules = context.IgnoreRules("*\n# comment\n!crds/agentjob_api\n**/__pycache__\n**/*.pyc\n")
    assert rules.ignores(path) is ignored


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three images, each built on the one before, and one on its own."""
    for name, text in {
        "images/foundation/Dockerfile": "ARG BASE_IMAGE=debian\nFROM ${BASE_IMAGE}\nCOPY shared.txt /\n",
        "images/runtime/Dockerfile": "ARG FOUNDATION_IMAGE=x\nFROM ${FOUNDATION_IMAGE}\nCOPY code /code\n",
        "images/agent/Dockerfile": "ARG RUNTIME_IMAGE\nFROM ${RUNTIME_IMAGE}\n",
        "tests/images/server/Dockerfile": "FROM scratch\nCOPY server.* /\n",
        "shared.txt": "1",
        "code/main.py": "2",
        "server.conf": "3",
        ".dockerignore": "**/*.pyc\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_images_come_after_those_they_are_built_on(repository: Path) -> None:
    """`build agent` builds what is below it first, and nothing else."""
    images = catalog.read(repository)
    assert [image.name for image in catalog.with_parents(images, ["agent"])] == ["foundation", "runtime", "agent"]
    assert images["server"].reference == "localhost/agentjob/server:dev"


def test_change_reaches_the_images_above_and_no_others(repository: Path) -> None:
    """Only changed images are rebuilt, and an image on a changed one is changed."""
    before = catalog.read(repository)
    (repository / "code/main.py").write_text("changed")
    after = catalog.read(repository)
    changed = {name for name in before if before[name].content != after[name].content}
    assert changed == {"runtime", "agent"}


def test_ignored_files_and_times_do_not_count(repository: Path) -> None:
    """Running the code leaves byte code behind; that is no change of the image."""
    before = catalog.read(repository)
    (repository / "code/main.pyc").write_text("byte code")
    (repository / "code/main.py").touch()
    assert catalog.read(repository) == before


def test_mode_counts(repository: Path) -> None:
    """A script that becomes executable is another image."""
    before = catalog.read(repository)["runtime"].content
    (repository / "code/main.py").chmod(0o755)
    assert catalog.read(repository)["runtime"].content != before


def test_unknown_image_is_named(repository: Path) -> None:
    """The message lists what there is."""
    with pytest.raises(ClusterError, match=r"unknown image 'agnet'; there are: agent, foundation"):
        catalog.with_parents(catalog.read(repository), ["agnet"])


def test_circle_is_refused(repository: Path) -> None:
    """Two images built on one another cannot be built."""
    (repository / "images/foundation/Dockerfile").write_text("ARG AGENT_IMAGE\nFROM ${AGENT_IMAGE}\n")
    with pytest.raises(ClusterError, match="circle"):
        catalog.read(repository)


def test_copy_of_nothing_is_refused(repository: Path) -> None:
    """A moved folder fails here with its name, before a minute of building."""
    (repository / "server.conf").unlink()
    with pytest.raises(FileNotFoundError, match=r"COPY server\.\*"):
        catalog.read(repository)


def test_the_projects_own_images_are_readable() -> None:
    """Every Dockerfile of this repository names inputs that exist."""
    root = Path(__file__).parents[3]
    assert {"agent", "operator", "runtime"} <= set(catalog.read(root))


def test_the_documented_order_builds_each_image_after_those_it_is_built_on() -> None:
    """docs/install.md: whoever pushes to a registry of his own follows its loop."""
    text = (REPOSITORY / "docs" / "install.md").read_text(encoding="utf-8")
    found = re.search(r"for image in ([a-z -]+); do", text)
    assert found is not None
    order = found[1].split()
    images = {
        name: image for name, image in catalog.read(REPOSITORY).items() if (REPOSITORY / "images" / name).is_dir()
    }
    assert sorted(order) == sorted(images)
    for name in order:
        before = {image.name for image in catalog.with_parents(images, [name])} - {name}
        assert before <= set(order[: order.index(name)]), name
