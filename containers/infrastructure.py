"""What there is once for all users: settings, connections, replay, agents, tokens."""

from trunkline import Scope, ScopedContainer, providers
from trunkline_runtime.backplane import EmbeddedBackplane
from trunkline_runtime.bridge import ConnectionRegistry, EventStore
from trunkline_runtime.engine import EngineLimits, UserSlots
from trunkline_runtime.inspection import inspection_agents
from trunkline_runtime.server import ServerOptions, TokenSigner, TokenVerifier
from trunkline_runtime.settings import load_settings


class Infrastructure(ScopedContainer):
    """Everything in here lives as long as the application, and any user's objects may use it."""

    settings = providers.Singleton(load_settings)
    auth = settings.provided.auth
    limits = settings.provided.limits
    replay = settings.provided.replay

    backplane = providers.ScopedResource(EmbeddedBackplane, scope=Scope.APP, close="stop")
    connections = providers.Singleton(ConnectionRegistry, limit=limits.connections)
    store = providers.Singleton(
        EventStore,
        limit_runs=replay.runs,
        limit_events=replay.events,
        seconds=replay.seconds,
    )

    agents = providers.Singleton(inspection_agents)
    slots = providers.Singleton(UserSlots)
    engine_limits = providers.Singleton(
        EngineLimits,
        runs_per_user=limits.runs_per_user,
        run_seconds=limits.run_seconds,
        engines_per_user=limits.engines_per_user,
        idle_seconds=limits.idle_seconds,
        queued_runs_per_user=limits.queued_runs_per_user,
        queue_seconds=limits.queue_seconds,
        history=limits.history,
    )

    signer = providers.Singleton(
        TokenSigner,
        secret=auth.secret,
        issuer=auth.issuer,
        audience=auth.audience,
        lifetime_seconds=auth.token_seconds,
        environment=settings.provided.environment,
    )
    tokens = providers.Singleton(
        TokenVerifier,
        secret=auth.secret,
        issuer=auth.issuer,
        audience=auth.audience,
        environment=settings.provided.environment,
    )
    server_options = providers.Singleton(ServerOptions.from_settings, settings)
