"""What a stretch of time cost: CPU by process, requests of the operator, and what else ran on the machine."""

from __future__ import annotations

from typing import Any

from bench.auditlog import AuditLog, answers, by_verb_and_resource, errors, writes
from bench.operatorrun import Operator
from bench.plane import Plane
from bench.procfs import machine_cpu, usage


class Meter:
    """From its making to `read`."""

    def __init__(self, plane: Plane, operator: Operator | None = None) -> None:
        self._servers = (*plane.servers, *((operator.server,) if operator else ()))
        self._operator, self._log = operator, AuditLog(plane.audit_log, plane.operator_user)
        self._log.skip()
        self._machine, self._before = machine_cpu(), self._cpu()

    def _cpu(self) -> dict[str, float]:
        return {server.name: usage(server.process.pid).cpu_seconds for server in self._servers}

    def read(self, count: int) -> dict[str, Any]:
        """Of `count` AgentJobs or Jobs."""
        now, (busy, stolen) = self._cpu(), machine_cpu()
        spent = {name: round(seconds - self._before[name], 2) for name, seconds in now.items()}
        figures: dict[str, Any] = {"cpuSeconds": spent}
        figures["machineCpuSeconds"] = round(busy - self._machine[0], 2)
        figures["stolenCpuSeconds"] = round(stolen - self._machine[1], 2)
        if self._operator is None:
            return figures
        requests = self._log.requests()
        return figures | {
            "operatorCpuMsPerAgentJob": round(1000 * spent["agentjob-operator"] / count, 2),
            "operatorPeakMB": round(self._operator.usage().peak_bytes / 1e6, 1),
            "writesPerAgentJob": round(writes(requests) / count, 3),
            "readsPerAgentJob": round((len(requests) - writes(requests)) / count, 3),
            "requests": by_verb_and_resource(requests),
            "answersMs": answers(requests),
            "refused": errors(requests),
        }
