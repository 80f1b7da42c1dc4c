"""The application: a running pipeline behind routes, and the watch over the rules folder."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from firewall import __version__
from firewall.api import problems, routes
from firewall.api.service import Service
from firewall.assembly import open_runtime
from firewall.settings import Settings
from firewall.telemetry import Metrics

_DESCRIPTION = """
Stands between LLM agents and regulated systems. A gateway asks `POST /inspect` twice for every tool call: with the
arguments before the call, with the result after it.
"""


def create_app(settings: Settings) -> FastAPI:
    """Make the application. Everything is loaded and checked at start-up; an error there stops the start."""
    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Load and check everything, serve, close."""
        async with open_runtime(settings, metrics) as runtime:
            app.state.service = Service(runtime, metrics)
            watch = asyncio.create_task(runtime.watch(lambda outcome: metrics.reloads.labels(outcome).inc()))
            if not settings.reload_rules:
                watch.cancel()
            try:
                yield
            finally:
                watch.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watch

    app = FastAPI(
        title="Agent tool firewall",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the viewers that come with FastAPI load scripts from elsewhere
        redoc_url=None,
    )
    app.include_router(routes.router)
    problems.install(app, metrics)
    return app
