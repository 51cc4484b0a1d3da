"""The default rules over real packages: how many files each has, and what is found.

``python -m tests.benchmarks.audit.packages [FOLDER]`` fetches the wheels with pip, unless they are
in the folder already, unpacks each into a folder of its own and audits it. Nothing is imported.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from trunkline.audit.config import AuditConfig
from trunkline.audit.engine import Result, run_audit
from trunkline.audit.registry import select_rules

PACKAGES: Final = {
    "aiohttp": "3.14.5",
    "ansible-core": "2.19.14",
    "apache-airflow-core": "3.3.2",
    "botocore": "1.44.8",
    "celery": "5.7.0",
    "dask": "2026.8.0",
    "django": "5.2.19",
    "dramatiq": "2.2.1",
    "fastapi": "0.165.0",
    "flask": "3.1.3",
    "huey": "3.5.4",
    "jedi": "0.20.1",
    "jinja2": "3.1.6",
    "litestar": "2.25.0",
    "matplotlib": "3.11.2",
    "mypy": "2.4.1",
    "networkx": "3.6.1",
    "numpy": "2.4.6",
    "pandas": "3.1.1",
    "peewee": "4.5.3",
    "pydantic": "2.14.4",
    "pylint": "4.1.4",
    "pytest": "9.2.0",
    "requests": "2.34.2",
    "rq": "3.0.0",
    "sanic": "25.12.1",
    "scikit-learn": "1.9.1",
    "scrapy": "2.19.0",
    "sqlalchemy": "2.1.9",
    "starlette": "1.10.0",
    "sympy": "1.14.0",
    "tornado": "6.6.1",
    "tortoise-orm": "1.1.9",
    "transformers": "5.24.0",
    "twisted": "26.10.0",
    "werkzeug": "3.1.9",
}


def fetch(name: str, version: str, folder: Path) -> Path:
    """Return the folder of a package's unpacked wheel.

    Raises:
        subprocess.CalledProcessError: pip cannot get the wheel.
    """
    target = folder / f"{name}-{version}"
    wheels = folder / "wheels" / target.name
    if not any(wheels.glob("*.whl")):
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
             "--only-binary", ":all:", "--dest", str(wheels), f"{name}=={version}"],
            check=True,
        )  # fmt: skip
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def judge(folder: Path) -> Result:
    """Audit one unpacked wheel by the default rules, without configuration."""
    return run_audit(AuditConfig(root=str(folder)), select_rules((), ()), cached=False)


def main(folder: Path) -> None:
    """Print a row for each package, and below it what was found."""
    for name, version in PACKAGES.items():
        result = judge(fetch(name, version, folder))
        print(f"{name:24} {version:12} {result.files:5} files {len(result.findings):3} findings")
        for finding in result.findings:
            print(f"    {finding.path}:{finding.line}: {finding.code} {finding.message}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
