"""The cache keeps the newest of what it is told, in whatever order, and nothing of what is finished."""

from dataclasses import replace

from agentjob_operator.cache import Cache
from agentjob_operator.objects import Key
from unit.operator.clusterobjects import JOB_UID, UID, agentjob, at_work, condition, ended, job, pod, recorded, running

KEY = Key("ns", "todo")


def _cache() -> Cache:
    cache = Cache()
    assert cache.put_agentjob(agentjob())
    return cache


def test_a_stale_event_changes_nothing() -> None:
    """It was sent before our own PATCH, and arrives after its answer was cached."""
    cache = _cache()
    cache.put_agentjob(replace(agentjob(recorded()), resource_version="12"))
    assert not cache.put_agentjob(replace(agentjob(), resource_version="11"))
    known = cache.agentjob(KEY)
    assert known is not None
    assert known.status["attempts"] == 1


def test_versions_are_numbers() -> None:
    """ "9" is older than "10"."""
    cache = _cache()
    assert not cache.put_agentjob(replace(agentjob(), resource_version="9"))


def test_another_uid_is_another_object() -> None:
    """Deleted and made again under the same name: nothing of the old one is kept."""
    cache = _cache()
    cache.put_job(job())
    assert cache.put_agentjob(replace(agentjob(), uid="new", resource_version="5"))
    assert list(cache.jobs(KEY)) == []


def test_what_is_finished_is_forgotten_with_its_jobs_and_pods() -> None:
    """They stay in the cluster for ten minutes; a thousand of them need not stay here."""
    cache = _cache()
    cache.put_job(job())
    cache.put_pod(pod())
    done = replace(agentjob({"phase": "Succeeded"}), resource_version="99")
    assert not cache.put_agentjob(done)
    assert len(cache) == 0
    assert not cache.put_job(replace(job(), resource_version="21")), "its Job's later events are of no interest"
    assert not cache.put_pod(replace(pod(), resource_version="31"))


def test_a_late_event_does_not_bring_back_what_is_finished() -> None:
    """It was sent before the end and handed over after it; DELETED is the last, then the name is free again."""
    cache = _cache()
    cache.put_agentjob(replace(agentjob({"phase": "Succeeded"}), resource_version="99"))
    assert not cache.put_agentjob(replace(agentjob(recorded()), resource_version="50"))
    assert len(cache) == 0
    assert not cache.suspect(KEY, UID)
    assert cache.put_agentjob(replace(agentjob(), uid="new", resource_version="100"))


def test_a_change_of_what_nobody_reads_is_no_change() -> None:
    """Readiness and probe times change often: no reconcile for them."""
    cache = _cache()
    assert cache.put_pod(pod(version="40", **at_work()))
    assert not cache.put_pod(pod({"conditions": [condition("Ready")]}, version="41", **at_work()))
    assert cache.put_pod(pod(version="42", **at_work(agent=ended())))
    assert not cache.put_job(job(version="40"))
    assert not cache.put_job(job(condition("Suspended"), version="41"))
    assert cache.put_job(job(condition("Failed"), version="42"))


def test_a_pod_on_its_ordinary_way_is_no_news() -> None:
    """It is made and gets a node: nothing is to be done, and a reconcile is a tenth of what an AgentJob may cost."""
    cache = _cache()
    assert not cache.put_pod(pod(version="40"))
    assert not cache.put_pod(pod({"conditions": [condition("PodScheduled")]}, version="41"))
    assert cache.put_pod(pod(version="42", **at_work()))


def test_that_no_node_fits_is_news_and_that_one_came_is_news_again() -> None:
    """The first is told to the user, and must not stay told."""
    cache = _cache()
    refused = condition("PodScheduled", status="False", reason="Unschedulable")
    assert cache.put_pod(pod({"conditions": [refused]}, version="40"))
    assert cache.put_pod(pod({"conditions": [condition("PodScheduled")]}, version="41"))


def test_a_pod_that_comes_after_all_is_news_to_an_agentjob_that_told_why_not() -> None:
    """A quota was exceeded: that is in its status, and is over."""
    cache = Cache()
    cache.put_agentjob(agentjob({"phase": "Pending", "reason": "QuotaExceeded"}))
    assert cache.put_job(job(version="39"))
    assert cache.put_pod(pod(version="40"))


def test_a_deleted_pod_leaves_its_last_state() -> None:
    """The report may be in it."""
    cache = _cache()
    cache.put_pod(pod(**at_work()))
    assert cache.lose_pod(pod(version="40", **at_work(agent=running())))
    last = cache.pods(KEY, JOB_UID)[0]
    assert (last.gone, last.resource_version) == (True, "40")


def test_deleted_agentjobs_are_suspect_not_gone() -> None:
    """It may have left the field selector only."""
    cache = _cache()
    assert cache.suspect(KEY, UID)
    assert cache.is_suspect(KEY)
    assert cache.agentjob(KEY) is not None
    assert not cache.suspect(KEY, "another uid")
    cache.trust(KEY)
    assert not cache.is_suspect(KEY)
