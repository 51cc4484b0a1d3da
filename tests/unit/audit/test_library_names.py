"""What the auditor knows of dependency-injector's classes is what these have."""

from dependency_injector import containers, providers

from trunkline.audit.rules import tl707_unknown_provider as unknown_provider


def test_every_public_name_of_a_container_is_known() -> None:
    names = {*dir(containers.DynamicContainer()), *dir(containers.DeclarativeContainer)}
    names |= {*dir(type(containers.DeclarativeContainer))}
    public = {name for name in names if not name.startswith("_")}
    assert public - unknown_provider.OWN_NAMES == set()


def test_every_public_name_of_a_nested_container_is_known() -> None:
    public = {name for name in dir(providers.Container) if not name.startswith("_")}
    assert public - unknown_provider.NESTED_NAMES == set()
