"""Providers: dependency-injector's, and those whose objects live in a scope.

Everything of ``dependency_injector.providers`` is here under its own name.
"""

# ruff: noqa: F401  # the package is a face: what it imports is what it offers

from dependency_injector.providers import (
    AbstractCallable,
    AbstractCoroutine,
    AbstractFactory,
    AbstractSingleton,
    Aggregate,
    AttributeGetter,
    BaseResource,
    BaseSingleton,
    CallableDelegate,
    Configuration,
    ConfigurationOption,
    Container,
    ContextLocalResource,
    ContextLocalSingleton,
    Coroutine,
    CoroutineDelegate,
    Delegate,
    DelegatedCallable,
    DelegatedCoroutine,
    DelegatedFactory,
    DelegatedSingleton,
    DelegatedThreadLocalSingleton,
    DelegatedThreadSafeSingleton,
    DependenciesContainer,
    Dependency,
    Dict,
    ExternalDependency,
    FactoryAggregate,
    FactoryDelegate,
    ItemGetter,
    List,
    MethodCaller,
    ProvidedInstance,
    Provider,
    Resource,
    Selector,
    Self,
    SingletonDelegate,
    ThreadLocalSingleton,
    ThreadSafeSingleton,
    TypedConfigurationOption,
)

from trunkline.providers.keyed import KeyedSingleton
from trunkline.providers.scoped import Scoped, ScopedResource, ScopeValue
from trunkline.providers.watched import Callable, Factory, Object, Singleton
