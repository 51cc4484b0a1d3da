"""The application: what ``trunkline serve`` and ``trunkline demo`` start."""

from containers.legacy import open_legacy
from containers.request import Request
from containers.sessions import ScopedSessions
from trunkline import Scope, ScopedContainer, providers
from trunkline_runtime.demo import Demo
from trunkline_runtime.server import AgentServer, Service


class Application(Request):
    """The whole service."""

    this: providers.Self[ScopedContainer] = providers.Self()

    sessions = providers.Singleton(ScopedSessions, this)
    legacy = providers.ScopedResource(
        open_legacy, Request.settings.provided.environment, scope=Scope.APP
    )
    agent_server = providers.Factory(
        AgentServer,
        Request.server_options,
        Request.tokens,
        sessions,
        Request.agents,
        Request.connections,
        Request.backplane,
        Request.store,
    )
    server = providers.Factory(
        Service,
        agent_server,
        log=Request.settings.provided.log,
        secret=Request.settings.provided.auth.secret,
    )
    demo = providers.Factory(
        Demo,
        options=Request.server_options,
        tokens=Request.tokens,
        signer=Request.signer,
        sessions=sessions,
        agents=Request.agents,
        connections=Request.connections,
        backplane=Request.backplane,
        store=Request.store,
    )
