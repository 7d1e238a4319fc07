from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.kernel import settings
from chalicelib.kernel.settings import ConfigurationError, Settings, read

SOURCE = Path(settings.__file__).read_text()
LIBRARY = Path(settings.__file__).parents[1]


def undocumented(source: str) -> list[str]:
    """Settings that no comment stands above, in their group, and whose group has none."""
    body = source[source.index("class Settings(") : source.index("    @property")]
    groups = [group for group in body.split("\n\n")[1:] if ": " in group]
    missing = []
    for group in groups:
        seen = False
        for row in group.splitlines():
            seen = seen or row.strip().startswith("#")
            field = re.match(r"    (\w+): ", row)
            if field and not seen and not row.strip().startswith("#") and not _says_it_all(field.group(1)):
                missing.append(field.group(1))
    return missing


def _says_it_all(name: str) -> bool:
    """Limits and lifetimes: the module says in which unit."""
    return name.startswith("largest_") or name.endswith("_lifetime")


def test_every_setting_is_documented() -> None:
    assert undocumented(SOURCE) == []


def test_one_that_is_not_documented_is_noticed() -> None:
    assert undocumented(SOURCE.replace("    # Any DynamoDB endpoint.", "    x: int = 1\n\n    # Any", 1)) == ["x"]


def test_every_setting_is_read_from_the_environment() -> None:
    given = {"HANDRAIL_PORT": "81", "HANDRAIL_DATA": "/x", "HANDRAIL_LOCAL_SIGN_IN": "true", "HOME": "/root"}
    assert read(given) == Settings(port=81, data=Path("/x"), local_sign_in=True)
    assert read({}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROT", "80"),
        ("PORT", "80 "),
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("WORKERS", "0"),
        ("LOCAL_SIGN_IN", "maybe"),
        ("PUSH_KEY", "short"),
        ("PUSH_KEY", "+" * 43),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name.lower()):
        read({f"HANDRAIL_{name}": value})


def test_nothing_else_reads_the_environment() -> None:
    readers = [p for p in LIBRARY.rglob("*.py") if re.search(r"os\.(environ|getenv)|getenv\(", p.read_text())]
    assert readers == [Path(settings.__file__)]


def test_the_address_is_the_public_one_where_there_is_one() -> None:
    assert Settings().address == "http://127.0.0.1:8000"
    public = Settings(public_url="https://handrail.example/")
    assert (public.address, public.secure) == ("https://handrail.example", True)
