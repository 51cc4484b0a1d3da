"""Settings come from files, variables and secret files; every wrong one is named at once."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from trunkline_runtime.context import Environment
from trunkline_runtime.errors import SettingProblem, SettingsError
from trunkline_runtime.settings import (
    DEVELOPMENT_SECRET_PREFIX,
    MIN_SECRET_BYTES,
    Settings,
    load_settings,
)

ROOT = Path(__file__).parents[4]
SECRET = "correct-horse-battery-staple-0042"
DEPLOYED = [Environment.STAGING, Environment.PRODUCTION]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the shell that runs the tests has set must not decide them."""
    import os

    for name in os.environ:
        if name.upper().startswith("TRUNKLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose files set nothing but a secret for development and test."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "base.toml").write_text("")
    for environment in Environment:
        (config / f"{environment}.toml").write_text("")
    for name in ("development", "test"):
        (config / f"{name}.toml").write_text(
            f'[auth]\nsecret = "{DEVELOPMENT_SECRET_PREFIX}{SECRET}"\n'
        )
    return tmp_path


def write(root: Path, name: str, text: str) -> Path:
    path = root / "config" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def problems(root: Path, environment: str = "production") -> dict[str, SettingProblem]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment, root)
    assert SECRET not in str(caught.value)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return {problem.key: problem for problem in caught.value.problems}


class TestTheFilesOfTheProject:
    def test_base_lists_every_default(self) -> None:
        """The file a deployment reads tells what the code does without it."""
        base = tomllib.loads((ROOT / "config" / "base.toml").read_text())
        defaults = Settings(
            environment=Environment.TEST, auth={"secret": "x" * MIN_SECRET_BYTES}
        ).model_dump(mode="json", exclude={"environment": True, "auth": {"secret"}})
        assert base == defaults

    @pytest.mark.parametrize("environment", ["development", "test"])
    def test_a_clone_starts(self, environment: str) -> None:
        settings = load_settings(environment, ROOT)
        assert settings.environment == environment
        assert settings.auth.secret.get_secret_value().startswith(DEVELOPMENT_SECRET_PREFIX)

    @pytest.mark.parametrize("environment", DEPLOYED)
    def test_a_deployment_starts_with_a_secret_and_not_without(
        self, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert set(problems(ROOT, environment)) == {"auth.secret"}
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", SECRET)
        assert load_settings(environment, ROOT).server.host == "0.0.0.0"


class TestLayers:
    def test_later_layers_win_key_by_key(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(root, "base.toml", "[server]\nport = 1\nqueue_frames = 1\nping_seconds = 1\n")
        write(root, "production.toml", "[server]\nport = 2\nqueue_frames = 2\nstall_seconds = 2\n")
        monkeypatch.setenv("TRUNKLINE_SERVER__PORT", "3")
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", "x" * MIN_SECRET_BYTES)
        write(root, "secrets/auth__secret", SECRET + "\n")
        settings = load_settings("production", root)
        server = settings.server
        assert (server.port, server.queue_frames, server.ping_seconds) == (3, 2, 1)
        assert server.stall_seconds == 2
        assert settings.auth.secret.get_secret_value() == SECRET

    def test_the_directory_of_secret_files_can_be_named(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        elsewhere = tmp_path / "run" / "secrets"
        elsewhere.mkdir(parents=True)
        (elsewhere / "auth__secret").write_text(SECRET)
        (elsewhere / "database_password").write_text("of another service")
        monkeypatch.setenv("TRUNKLINE_SECRETS_DIR", str(elsewhere))
        assert load_settings("production", root).auth.secret.get_secret_value() == SECRET

    def test_a_named_directory_must_exist(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_SECRETS_DIR", str(root / "nowhere"))
        assert any("nowhere" in problem.file for problem in problems(root).values())

    def test_lists_are_lists_in_files_and_have_commas_in_variables(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(root, "base.toml", '[server]\norigins = ["https://a.example"]\n')
        assert load_settings("test", root).server.origins == ("https://a.example",)
        monkeypatch.setenv("TRUNKLINE_SERVER__ORIGINS", "https://b.example, HTTP://c.example:81,")
        assert load_settings("test", root).server.origins == (
            "https://b.example",
            "http://c.example:81",
        )

    def test_names_of_variables_are_read_in_any_case(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("trunkline_log__level", "error")
        assert load_settings("test", root).log.level == "ERROR"

    def test_variables_of_others_are_left_alone(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_COLOUR", "red")
        monkeypatch.setenv("SERVER__PORT", "1")
        assert load_settings("test", root).server.port == 8765


class TestTheEnvironment:
    def test_development_is_the_default(self, root: Path) -> None:
        assert load_settings(root=root).environment is Environment.DEVELOPMENT

    def test_the_variable_chooses_and_the_argument_overrules_it(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_ENVIRONMENT", "test")
        assert load_settings(root=root).environment is Environment.TEST
        assert load_settings("development", root).environment is Environment.DEVELOPMENT

    def test_an_unknown_one_is_refused_with_the_known(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        problem = problems(root, "prod")["environment"]
        assert problem == SettingProblem(
            "argument", "environment", "is 'prod'", "one of development, staging, production, test"
        )
        monkeypatch.setenv("TRUNKLINE_ENVIRONMENT", "prod")
        with pytest.raises(SettingsError, match="variable TRUNKLINE_ENVIRONMENT: environment"):
            load_settings(root=root)

    def test_a_file_cannot_choose_it(self, root: Path) -> None:
        path = write(root, "base.toml", 'environment = "test"\n')
        assert problems(root)["environment"].file == str(path)

    def test_the_project_is_found_from_a_directory_inside_it(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inside = root / "src" / "deep"
        inside.mkdir(parents=True)
        monkeypatch.chdir(inside)
        assert load_settings("test").environment is Environment.TEST

    def test_without_a_project_the_error_says_what_is_looked_for(self, tmp_path: Path) -> None:
        for wanted in (None, tmp_path):
            with pytest.raises(SettingsError, match=r"config/base\.toml.*does not exist"):
                load_settings("test", wanted)


class TestWrongSettings:
    @pytest.mark.parametrize(
        ("key", "value", "says", "allows"),
        [
            ("server.port", "65536", "is 65536: ", "a whole number from 0 up to 65535"),
            ("server.port", "-1", "is -1: ", "a whole number from 0 up to 65535"),
            ("server.port", "true", "is True: must be a number", "a whole number"),
            ("server.port", '"http"', "is 'http': ", "a whole number"),
            ("server.port", "80.5", "is 80.5: ", "a whole number"),
            ("server.host", '"  "', "is '  ': must not be blank", "text of 1 to 256"),
            ("server.origins", '["*"]', "must be a scheme", "https://app.example.com:8443"),
            ("server.origins", '["https://a/b"]', "must be a scheme", "a list of origins"),
            ("server.origins", '["app.example"]', "must be a scheme", "a list of origins"),
            ("server.stall_seconds", "0", "greater than 0", "a number above 0 up to 86400"),
            ("server.stall_seconds", "nan", "finite", "a number above 0"),
            ("server.max_size_bytes", "1", "is 1: ", "a whole number from 1024 up to 16777216"),
            ("limits.runs_per_user", "0", "is 0: ", "a whole number from 1 up to 1000000"),
            ("limits.history", "101", "is 101: ", "a whole number from 1 up to 100"),
            ("limits.run_seconds", "[1]", "an object of type list", "a number above 0"),
            ("log.level", '"loud"', "is 'LOUD'", "one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
            ("log.format", '"xml"', "is 'xml': ", "one of json, plain"),
            ("server.prot", "1", "is unknown", "one of host, port, origins"),
        ],
    )
    def test_each_names_file_key_problem_and_what_is_allowed(
        self, root: Path, key: str, value: str, says: str, allows: str
    ) -> None:
        section, name = key.split(".")
        path = write(root, "base.toml", f"[{section}]\n{name} = {value}\n")
        (problem,) = (
            found for place, found in problems(root, "test").items() if place.startswith(key)
        )
        assert problem.file == str(path)
        assert says.casefold() in problem.problem.casefold()
        assert allows in problem.allowed

    def test_all_are_reported_at_once_each_with_its_own_place(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        base = write(root, "base.toml", "[server]\nport = -1\n[colours]\nred = 1\n")
        own = write(root, "production.toml", "[limits]\nrun_seconds = 0\n")
        monkeypatch.setenv("TRUNKLINE_REPLAY__RUNS", "many")
        monkeypatch.setenv("TRUNKLINE_SEVER__PORT", "1")
        secret = write(root, "secrets/auth__secret", "short")
        assert {key: problem.file for key, problem in problems(root).items()} == {
            "server.port": str(base),
            "colours": str(base),
            "limits.run_seconds": str(own),
            "replay.runs": "environment variable TRUNKLINE_REPLAY__RUNS",
            "sever": "environment variable TRUNKLINE_SEVER__PORT",
            "auth.secret": str(secret),
        }

    def test_unknown_keys_do_not_show_their_values(self, root: Path) -> None:
        write(root, "base.toml", f'api_key = "{SECRET}"\n[auth]\nsecrt = "{SECRET}"\n')
        found = problems(root, "test")  # which looks for the secret in the text
        assert set(found) == {"api_key", "auth.secrt"}

    def test_a_section_must_be_a_table(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(root, "base.toml", "server = 3\n")
        assert "must be a table" in problems(root, "test")["server"].problem
        write(root, "base.toml", "")
        for value in ("3", "{"):
            monkeypatch.setenv("TRUNKLINE_SERVER", value)
            with pytest.raises(SettingsError, match="TRUNKLINE_"):
                load_settings("test", root)

    def test_an_unknown_section_is_refused_even_when_it_is_empty(self, root: Path) -> None:
        write(root, "base.toml", "[colours]\n")
        assert problems(root, "test")["colours"].allowed.startswith("one of server, auth")

    @pytest.mark.parametrize(
        ("content", "says"),
        [(b"port 1", "is not TOML"), (b"[server]\nhost = '\xff'", "is not UTF-8")],
    )
    def test_a_file_that_cannot_be_read_is_named(
        self, root: Path, content: bytes, says: str
    ) -> None:
        path = root / "config" / "base.toml"
        path.write_bytes(content)
        (problem,) = problems(root, "test").values()
        assert problem.file == str(path)
        assert says in problem.problem

    def test_the_file_of_the_environment_must_exist(self, root: Path) -> None:
        path = root / "config" / "test.toml"
        path.unlink()
        assert str(path) in {problem.file for problem in problems(root, "test").values()}

    def test_the_error_can_be_sent_to_another_process(self, root: Path) -> None:
        with pytest.raises(SettingsError) as caught:
            load_settings("production", root)
        twin = pickle.loads(pickle.dumps(caught.value))
        assert (str(twin), twin.problems) == (str(caught.value), caught.value.problems)


class TestTheSecret:
    @pytest.mark.parametrize("environment", DEPLOYED)
    def test_a_deployment_without_one_is_told_where_it_may_come_from(
        self, root: Path, environment: Environment
    ) -> None:
        problem = problems(root, environment)["auth.secret"]
        assert problem.problem == "is missing"
        assert "TRUNKLINE_AUTH__SECRET" in problem.allowed
        assert "secret file auth__secret" in problem.allowed

    @pytest.mark.parametrize("environment", DEPLOYED)
    def test_a_deployment_refuses_the_secret_of_development(
        self, root: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", DEVELOPMENT_SECRET_PREFIX + SECRET)
        problem = problems(root, environment)["auth.secret"]
        assert problem.problem == "is the secret of development"
        assert problem.file == "environment variable TRUNKLINE_AUTH__SECRET"

    @pytest.mark.parametrize("environment", DEPLOYED)
    def test_a_deployment_refuses_one_in_a_settings_file(
        self, root: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(root, "base.toml", f'[auth]\nsecret = "{SECRET}"\n')
        problem = problems(root, environment)["auth.secret"]
        assert problem.file == str(path)
        assert "a settings file holds the secret" in problem.problem
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", SECRET)
        assert load_settings(environment, root)

    @pytest.mark.parametrize("secret", ["x" * (MIN_SECRET_BYTES - 1), "é" * 15, ""])
    def test_one_that_is_too_short_is_refused_anywhere(
        self, root: Path, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", secret)
        for environment in Environment:
            problem = problems(root, environment)["auth.secret"]
            assert "too short" in problem.problem
            assert not secret or secret not in str(problem)

    def test_its_length_is_counted_in_bytes(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRUNKLINE_AUTH__SECRET", "é" * 16)
        assert load_settings("production", root)

    def test_a_secret_of_the_wrong_type_is_not_shown(self, root: Path) -> None:
        write(root, "test.toml", f'[auth]\nsecret = ["{SECRET}"]\n')
        assert set(problems(root, "test")) == {"auth.secret"}

    def test_a_secret_file_that_is_no_text_is_not_shown(self, root: Path) -> None:
        write(root, "secrets/auth__secret", "")
        (root / "config" / "secrets" / "auth__secret").write_bytes(b"\xff" + SECRET.encode())
        assert any("not UTF-8" in problem.problem for problem in problems(root).values())

    def test_no_text_of_the_settings_shows_it(self, root: Path) -> None:
        settings = load_settings("test", root)
        assert SECRET in settings.auth.secret.get_secret_value()
        for text in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.auth}"):
            assert SECRET not in text


class TestTheModel:
    def test_it_reads_nothing_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SERVER__PORT", "1")
        monkeypatch.setenv("ENVIRONMENT", "production")
        monkeypatch.setenv("SERVER", '{"port": 1}')
        settings = Settings(environment=Environment.TEST, auth={"secret": SECRET})
        assert settings.server.port == 8765
        assert settings.environment is Environment.TEST

    def test_it_cannot_be_changed(self, root: Path) -> None:
        settings: Any = load_settings("test", root)
        for target, name in ((settings, "server"), (settings.server, "port")):
            with pytest.raises(ValidationError, match="frozen"):
                setattr(target, name, getattr(target, name))
