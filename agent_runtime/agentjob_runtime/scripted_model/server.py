"""The HTTP side of the scripted model."""

import hmac
import json
import logging
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from agentjob_runtime.common.jsonlog import event
from agentjob_runtime.scripted_model import wire
from agentjob_runtime.scripted_model.answer import Answer, answer
from agentjob_runtime.scripted_model.delivery import deliver
from agentjob_runtime.scripted_model.faults import FaultCounter
from agentjob_runtime.scripted_model.history import conversation_key
from agentjob_runtime.scripted_model.invariants import ViolationError, check_request
from agentjob_runtime.scripted_model.journal import Journal
from agentjob_runtime.scripted_model.library import BadScriptError, Library, NoScriptError

LOG: Final = logging.getLogger(__name__)
LARGEST_REQUEST: Final = 32 * 1024 * 1024


@dataclass
class ScriptedModel:
    """The handlers. `key`: what callers must show; None takes any."""

    library: Library
    key: str | None = None
    journal: Journal = field(default_factory=Journal)
    _faults: FaultCounter = field(default_factory=FaultCounter)

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_post("/v1/chat/completions", self.chat_completions)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/violations", self.violations)
        app.router.add_get("/requests", self.requests)
        app.router.add_get("/healthz", self.healthz)
        return app

    async def healthz(self, request: web.Request) -> web.Response:
        """It answers."""
        return web.Response(text="ok")

    async def models(self, request: web.Request) -> web.Response:
        """The scripts there are."""
        names = self.library.names()
        entries = [{"id": name, "object": "model", "created": 0, "owned_by": "agentjob"} for name in names]
        return web.json_response({"object": "list", "data": entries})

    async def violations(self, request: web.Request) -> web.Response:
        """`{"violations": [{time, model, conversation, violation}]}`, the oldest first."""
        return web.json_response({"violations": list(self.journal.violations)})

    async def requests(self, request: web.Request) -> web.Response:
        """`{"requests": {"MODEL STATUS [FAULT]": count}}`."""
        return web.json_response({"requests": dict(self.journal.requests)})

    async def chat_completions(self, request: web.Request) -> web.StreamResponse:
        """The reply of the turn that is due, or its fault."""
        if self.key and not _shows(request, self.key):
            self._note("?", 401, refused="a wrong key, or none")
            return web.json_response(wire.error("invalid_api_key", "Incorrect API key provided"), status=401)
        body = _parse(await request.read())
        try:
            checked = check_request(body)
            given = answer(checked, self.library, self._faults)
        except NoScriptError as error:
            return self._refuse(body, 404, "model_not_found", str(error))
        except BadScriptError as error:
            return self._refuse(body, 400, "bad_script", str(error))
        except ViolationError as error:
            return self._refuse(body, 400, "protocol_violation", str(error))
        return await self._deliver(request, checked, given)

    async def _deliver(self, request: web.Request, body: dict[str, Any], given: Answer) -> web.StreamResponse:
        fault = given.fault.kind if given.fault else None
        conversation = conversation_key(body["messages"])
        response = await deliver(request, body, given)
        calls = [call.name for call in given.reply.calls]
        self._note(body["model"], response.status, fault, conversation=conversation, turn=given.turn, calls=calls)
        return response

    def _refuse(self, body: object, status: int, code: str, sentence: str) -> web.Response:
        """A violation: told to the caller, and remembered."""
        known = body if isinstance(body, dict) else {}
        model, messages = known.get("model"), known.get("messages")
        well_formed = isinstance(messages, list) and all(isinstance(each, dict) and "role" in each for each in messages)
        conversation = conversation_key(messages) if well_formed and isinstance(messages, list) else "?"
        self.journal.violation(str(model), conversation, sentence)
        self._note(str(model), status, conversation=conversation, refused=sentence)
        return web.json_response(wire.error(code, sentence), status=status)

    def _note(self, model: str, status: int, fault: str | None = None, **fields: object) -> None:
        self.journal.request(model, status, fault)
        event(LOG, logging.INFO, "request", model=model, status=status, fault=fault, **fields)


def _shows(request: web.Request, key: str) -> bool:
    shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
    return hmac.compare_digest(shown, f"Bearer {key}".encode())


def _parse(data: bytes) -> object:
    """None for what is not JSON; `check_request` then says that it is no object."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
