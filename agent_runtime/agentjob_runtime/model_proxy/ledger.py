"""The budget with its file: every call is in it before it is sent and when it is settled, so a killed proxy forgets none."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from agentjob_api.job_config import JobConfig
from agentjob_api.reasons import Reason
from agentjob_api.report import ProxyUsage
from agentjob_api.wire import WireError

from agentjob_runtime.common.atomic import write_atomically
from agentjob_runtime.common.jsonlog import event
from agentjob_runtime.model_proxy.budget import Ask, Budget, LimitReachedError, Reservation, money
from agentjob_runtime.model_proxy.tokens import Prices, Sample, Tokens

LOG: Final = logging.getLogger(__name__)


class LedgerError(Exception):
    """The file cannot be read or written: going on would forget what was used."""


class LedgerFile(ProxyUsage, frozen=True, kw_only=True):
    """`PROXY_USAGE`: what its readers know as `ProxyUsage`, and what a restarted proxy goes on with."""

    pending_input_tokens: int = 0
    """Input of calls that were not settled yet."""
    sample_bytes: int = 0
    sample_tokens: int = 0
    """`tokens.Sample`."""


class Account:
    """One call's entry, from its reservation to its settlement."""

    def __init__(self, ledger: "Ledger", reservation: Reservation, size: int) -> None:
        self.reservation = reservation
        self._size = size
        self.settled = False
        self._ledger = ledger
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Since the reservation."""
        return round(time.monotonic() - self._began, 3)

    def grow(self, output: int) -> None:
        """The reply is `output` tokens by now. Raises `LimitReachedError` when the limits have no room for it."""
        try:
            self._ledger.budget.grow(self.reservation, output)
        except LimitReachedError as error:
            self._ledger.limit_reached = error.reason
            raise

    async def settle(self, tokens: Tokens, *, answered: bool, estimated: bool = False) -> None:
        """Books what the call used and saves it; a second time does nothing. Raises `LedgerError` when it cannot be saved."""
        if not self.settled:
            self.settled = True
            if not estimated and tokens.input and self._size:
                self._ledger.sample = Sample(self._size, tokens.input)
            await self._ledger.settle(self.reservation, tokens, answered=answered)


class Ledger:
    """The attempt's account. All methods belong to one event loop."""

    def __init__(self, budget: Budget, path: Path, before: LedgerFile) -> None:
        self.budget = budget
        self.limit_reached: Reason | None = before.limit_reached
        self.sample = Sample(before.sample_bytes, before.sample_tokens)
        """From which the input of calls is estimated."""
        self._requests = before.requests
        self._path = path
        self._settled = asyncio.Condition()
        self._saving = asyncio.Lock()

    @classmethod
    def load(cls, config: JobConfig, path: Path) -> Self:
        """Goes on where an earlier run of this attempt's proxy ended. Raises `LedgerError`."""
        before = _read(path)
        used = Tokens(before.input_tokens + before.pending_input_tokens, before.output_tokens)
        if before.pending_input_tokens:
            event(
                LOG, logging.WARNING, "calls were cut by a restart", estimated_input_tokens=before.pending_input_tokens
            )
        return cls(Budget(config.limits, Prices.of(config.model), used), path, before)

    @asynccontextmanager
    async def call(self, ask: Ask) -> AsyncIterator[Account]:
        """Reserves tokens for one call, waiting while running calls hold what may be left over.

        Raises `LimitReachedError` (and remembers it) when the limits have no room for it. A call that is left without
        being settled counts nothing.
        """
        account = Account(self, await self._reserve(ask), ask.size)
        try:
            await self.save()
            yield account
        finally:
            await account.settle(Tokens(), answered=False)

    async def settle(self, reservation: Reservation, tokens: Tokens, *, answered: bool) -> None:
        """See `Account.settle`."""
        self.budget.settle(reservation, tokens)
        self._requests += answered
        async with self._settled:
            self._settled.notify_all()
        await self.save()

    async def save(self) -> None:
        """Writes the file, in the order of the calls. Raises `LedgerError`."""
        async with self._saving:
            try:
                await asyncio.to_thread(write_atomically, self._path, self._contents())
            except OSError as error:
                raise LedgerError(f"cannot write {self._path}: {error}") from error

    def usage(self) -> ProxyUsage:
        """What was counted so far."""
        return ProxyUsage.from_json(self._contents())

    async def _reserve(self, ask: Ask) -> Reservation:
        async with self._settled:
            while True:
                try:
                    reservation = self.budget.reserve(self._estimated(ask))
                except LimitReachedError as error:
                    self.limit_reached = error.reason
                    await self.save()
                    raise
                if reservation:
                    return reservation
                await self._settled.wait()

    def _estimated(self, ask: Ask) -> Ask:
        return replace(ask, input=self.sample.input(ask.size)) if ask.size else ask

    def _contents(self) -> bytes:
        used = self.budget.used
        file = LedgerFile(
            requests=self._requests,
            input_tokens=used.input,
            output_tokens=used.output,
            cost_usd=money(self.budget.cost),
            limit_reached=self.limit_reached,
            pending_input_tokens=sum(each.input for each in self.budget.running),
            sample_bytes=self.sample.size,
            sample_tokens=self.sample.tokens,
        )
        return file.to_json().encode()


def _read(path: Path) -> LedgerFile:
    try:
        return LedgerFile.from_json(path.read_bytes())
    except FileNotFoundError:
        return LedgerFile()
    except (OSError, WireError) as error:
        raise LedgerError(f"cannot read {path}: {error}") from error
