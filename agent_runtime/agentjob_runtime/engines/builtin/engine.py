"""The loop: `step()` is query, then execute.

RunEnded            leaves the loop, from anywhere: verdict, limit, or why there is none
FormatError         stays inside: the model reads it as the result of its call and tries again
ToolError           the same
"""

import json
import os
import uuid

from agentjob_api.events import EventType
from agentjob_api.reasons import Reason
from agentjob_api.report import Verdict

from agentjob_runtime.checkpoint.ask import CheckpointAsker
from agentjob_runtime.common.outcome import Outcome, RunEnded
from agentjob_runtime.engines.base import Job
from agentjob_runtime.engines.builtin import prompt
from agentjob_runtime.engines.builtin.client import ModelClient
from agentjob_runtime.engines.builtin.conversation import Conversation
from agentjob_runtime.engines.builtin.discipline import Discipline
from agentjob_runtime.engines.builtin.execution import Executor
from agentjob_runtime.engines.builtin.query import Query
from agentjob_runtime.engines.builtin.reply import Reply
from agentjob_runtime.engines.builtin.retry import RetryingModel
from agentjob_runtime.engines.builtin.settings import EngineSettings
from agentjob_runtime.session.messages import picture, user
from agentjob_runtime.session.store import SessionHeader, SessionStore
from agentjob_runtime.tools.context import make_context
from agentjob_runtime.tools.display import Display
from agentjob_runtime.tools.registry import schemas


class BuiltinEngine:
    """One run of the engine `Builtin`; `engines.base.Engine`."""

    def __init__(self, job: Job, settings: EngineSettings) -> None:
        display = Display.of_pod(job.paths.session_dir) if job.config.desktop else None
        tools = schemas(desktop=display is not None)
        self._job = job
        self._settings = settings
        self._store = SessionStore(job.paths.session)
        self._conversation = Conversation(self._store, overhead=len(json.dumps(tools)))
        self._client = ModelClient(job.config.model.name, tools, settings, job.stop)
        model = RetryingModel(self._client, settings, job.stop, job.events)
        self._query = Query(model, self._conversation, settings, job.events)
        self._executor = Executor(make_context(job.paths, job.stop, os.environ, display), job.events)
        self._discipline = Discipline(settings)
        self._checkpoints = CheckpointAsker(job.config.checkpoint_seconds, job.paths, job.stop)
        header = self._store.loaded.header
        self.session_id = header.session_id if header else uuid.uuid4().hex
        self.steps = 0
        self._time_told = False

    def run(self) -> Outcome:
        """`Engine.run`."""
        try:
            self._open()
            while True:
                self.step()
        except RunEnded as end:
            return end.outcome
        finally:
            self._store.close()
            self._client.close()

    def step(self) -> None:
        """One reply of the model and what follows from it. Raises `RunEnded`."""
        self._job.stop.check()
        limit = self._job.config.limits.steps
        if self.steps >= limit:
            raise RunEnded.limit(Reason.STEP_LIMIT, f"All {limit} steps (limits.steps) are used up.")
        self.steps += 1
        self._job.events.emit(EventType.STEP, step=self.steps, of=limit)
        self._execute(self._query.ask())
        self._warn_of_steps(limit - self.steps)
        self._warn_of_time()
        self._conversation.sync()
        self._checkpoints.at_boundary()

    def _execute(self, reply: Reply) -> None:
        """Runs the calls of the reply and tells the model what came of it."""
        message = reply.message
        if message.content or message.tool_calls:  # providers refuse an empty message in a history
            self._conversation.append(message)
        if message.content:
            self._job.events.emit(EventType.MESSAGE, role=str(message.role), text=message.content)
        executed = self._executor.run(reply, self._conversation.append)
        if self._job.config.model.images:
            pictures = [output for output in executed.outputs if output.image]
            self._conversation.append(*(picture(output.text, output.image) for output in pictures))
        if verdict := self._executor.context.verdict:
            end = (Verdict.SUCCESS, Reason.COMPLETED) if verdict.success else (Verdict.FAILURE, Reason.AGENT_FAILED)
            raise RunEnded(Outcome(*end, verdict.summary))
        if advice := self._discipline.judge(reply, executed):
            self._tell(advice)

    def _warn_of_steps(self, left: int) -> None:
        if left == self._settings.steps_warning and self.steps > left:
            self._tell(prompt.STEPS_LEFT.format(left=left))

    def _warn_of_time(self) -> None:
        """Once, for the last tenth of the time, at most two minutes before its end."""
        left = self._job.stop.remaining()
        if self._time_told or left > min(120.0, self._job.config.limits.timeout_seconds / 10):
            return
        self._time_told = True
        self._tell(prompt.TIME_LEFT.format(left=int(left)))

    def _tell(self, text: str) -> None:
        self._conversation.append(user(text))
        self._job.events.emit(EventType.MESSAGE, role="user", text=text)

    def _open(self) -> None:
        """The first messages of a new session, or the next of one that goes on: the earlier prompt is not replayed."""
        config, loaded = self._job.config, self._store.loaded
        resumed = bool(loaded.messages)
        self._job.events.emit(
            EventType.SESSION,
            sessionID=self.session_id,
            engine=config.engine,
            model=config.model.name,
            attempt=config.attempt,
            resumed=resumed,
        )
        self._store.open_session(SessionHeader(session_id=self.session_id, uid=config.uid, attempt=config.attempt))
        if not resumed:
            advice = prompt.read_agents_md(self._job.paths.workspace, self._settings.agents_md_bytes)
            self._conversation.append(prompt.system_message(self._job.paths.workspace))
            self._conversation.append(prompt.task_message(self._job.task, advice))
        elif loaded.header and loaded.header.uid == config.uid:
            self._conversation.append(user(prompt.INTERRUPTED))
            said = f"[The run goes on from the checkpoint of attempt {loaded.header.attempt}.]"
            self._job.events.emit(EventType.MESSAGE, role="user", text=said)
        else:
            self._conversation.append(user(prompt.NEW_TASK.format(task=self._job.task), pinned=True))
        self._conversation.sync()
