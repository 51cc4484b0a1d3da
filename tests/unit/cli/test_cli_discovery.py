"""The container is found as the project names it; each way to fail says what to do."""

import sys

import pytest

from tests.unit.cli.conftest import APPLICATION, Project


def test_the_container_that_the_nearest_project_names_is_found_from_a_folder_inside_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.application()
    inside = project.root / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    result = project.run("check")
    assert result.exit_code == 0, result.output
    assert result.output == f"{project.module}:Application: 3 providers, no findings\n"
    assert sys.path[0] == str(project.root)


def test_the_option_names_another_container(project: Project) -> None:
    project.write("app_other.py", APPLICATION + "    \n    Other = Application\n")
    result = project.run("check", "--container", "app_other:Other")
    assert result.exit_code == 0, result.output


def test_without_a_project_it_says_how_to_begin(project: Project) -> None:
    result = project.run("check")
    assert result.exit_code == 2
    assert "Error: no container is named\n" in result.output
    assert "there is no pyproject.toml" in result.output
    assert "[tool.trunkline]" in result.output
    assert "--container app.containers:Application" in result.output


@pytest.mark.parametrize("text", ["", "[tool.trunkline]\n", "[tool]\ntrunkline = 3\n"])
def test_a_project_that_names_none_says_how_to_begin(project: Project, text: str) -> None:
    project.write("pyproject.toml", text)
    result = project.run("graph")
    assert result.exit_code == 2
    assert "has no container in its table [tool.trunkline]" in result.output


def test_a_project_file_that_is_no_toml_is_named_with_the_line(project: Project) -> None:
    project.write("pyproject.toml", "[tool.trunkline\n")
    result = project.run("check")
    assert result.exit_code == 2
    assert "pyproject.toml can't be read" in result.output
    assert "line 1" in result.output


@pytest.mark.parametrize(
    ("container", "said"),
    [("3", "is 3"), ('"app"', "'app' doesn't name a container"), ('":x"', "':x' doesn't name")],
)
def test_a_name_of_another_form_is_refused(project: Project, container: str, said: str) -> None:
    project.write("pyproject.toml", f"[tool.trunkline]\ncontainer = {container}\n")
    result = project.run("check")
    assert result.exit_code == 2
    assert said in result.output


def test_a_missing_module_is_told_from_one_that_it_fails_to_import(project: Project) -> None:
    project.name_container("app_absent.inner:Application")
    result = project.run("check")
    assert result.exit_code == 2
    assert "Error: there is no module app_absent\n" in result.output
    assert str(project.root) in result.output


def test_an_import_error_inside_shows_the_last_frame_and_no_traceback(project: Project) -> None:
    project.write("broken_inner.py", "value = 1\nimport no_such_package\n")
    project.application("import broken_inner\n")
    result = project.run("check")
    assert result.exit_code == 2
    assert f"{project.module} can't be imported" in result.output
    assert "ModuleNotFoundError: No module named 'no_such_package'" in result.output
    assert "broken_inner.py:2: import no_such_package" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("def f(:\n", "SyntaxError: ", ":1\n"),
        ("x = 1\nraise SystemExit('no settings')\n", "SystemExit: no settings", ":2: raise"),
        ("\n\n1 / 0\n", "ZeroDivisionError: division by zero", ":3: 1 / 0"),
        (
            "from trunkline import providers\np = providers.ScopeValue('User')\n",
            "DeclarationError: ScopeValue needs a class, got 'User'",
            "",
        ),
    ],
)
def test_whatever_a_module_raises_is_shown_with_its_place(
    project: Project, text: str, said: str, line: str
) -> None:
    project.application(text)
    result = project.run("check")
    assert result.exit_code == 2
    assert said in result.output
    assert line in result.output
    assert "Traceback" not in result.output


def test_a_class_that_is_not_there_is_answered_with_those_that_are(project: Project) -> None:
    project.application(attribute="Aplication")
    result = project.run("check")
    assert result.exit_code == 2
    assert f"{project.module} has no Aplication" in result.output
    assert "name one of its containers: Application" in result.output


def test_what_is_no_container_is_refused(project: Project) -> None:
    project.application("class Application:\n    pass\n")
    result = project.run("check")
    assert result.exit_code == 2
    assert f"{project.module}:Application is no ScopedContainer but <class" in result.output
    assert "declare one" in result.output
