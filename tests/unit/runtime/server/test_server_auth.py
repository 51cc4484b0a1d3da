"""Tokens: what is signed is verified, and nothing else is."""

from __future__ import annotations

import base64

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from trunkline_runtime.context import Environment, UserId
from trunkline_runtime.errors import AuthenticationError, InvalidIdentifier
from trunkline_runtime.server import TokenSigner, TokenVerifier

SECRET = "a-secret-of-the-tests-that-is-long-enough"
NOW = 1_700_000_000.5


def _signer(**changes: object) -> TokenSigner:
    given: dict[str, object] = {
        "secret": SecretStr(SECRET),
        "issuer": "issuer",
        "audience": "audience",
        "lifetime_seconds": 60,
        "clock": lambda: NOW,
    }
    return TokenSigner(**{**given, **changes})  # type: ignore[arg-type]  # changed by tests


def _verifier(now: float = NOW, **changes: object) -> TokenVerifier:
    given: dict[str, object] = {
        "secret": SECRET,
        "issuer": "issuer",
        "audience": "audience",
        "clock": lambda: now,
    }
    return TokenVerifier(**{**given, **changes})  # type: ignore[arg-type]  # changed by tests


def _encode(**claims: object) -> str:
    given = {"iss": "issuer", "aud": "audience", "sub": "ada", "exp": int(NOW) + 60}
    kept = {name: value for name, value in {**given, **claims}.items() if value is not None}
    return jwt.encode(kept, SECRET, algorithm="HS256")


def _reason(token: str, now: float = NOW) -> str:
    with pytest.raises(AuthenticationError) as refusal:
        _verifier(now).verify(token)
    assert token not in str(refusal.value)
    assert refusal.value.__cause__ is None
    return refusal.value.reason


def test_a_signed_token_names_its_user_and_its_end() -> None:
    """The identity is the subject of the token, typed, with the token's end."""
    identity = _verifier().verify(_signer().sign("ada"))
    assert identity.user_id == UserId("ada")
    assert type(identity.user_id) is UserId
    assert identity.expires_at == int(NOW) + 60
    assert _verifier().remaining(identity) == pytest.approx(59.5)


@given(st.floats(min_value=-1000, max_value=1000))
def test_a_token_is_good_exactly_until_its_end(offset: float) -> None:
    """A second more or less decides; so does a fraction of one."""
    token = _signer().sign("ada")
    end = int(NOW) + 60
    if end + offset < end:
        assert _verifier(end + offset).verify(token).user_id == "ada"
    else:
        assert _reason(token, end + offset) == "expired"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": None}, "it has no claim exp"),
        ({"sub": None}, "it has no claim sub"),
        ({"iss": None}, "it has no claim iss"),
        ({"aud": None}, "it has no claim aud"),
        ({"aud": "elsewhere"}, "wrong audience"),
        ({"aud": ["audience", "elsewhere"]}, "wrong audience"),
        ({"iss": "elsewhere"}, "wrong issuer"),
        ({"exp": int(NOW)}, "expired"),
        ({"exp": str(int(NOW) + 60)}, "its claim exp is no time"),
        ({"exp": True}, "its claim exp is no time"),
        ({"exp": 10**30}, "its claim exp is no time"),
        ({"exp": NOW + 60}, "its claim exp is no time"),
        ({"nbf": int(NOW) + 10}, "not yet valid"),
        ({"sub": ""}, "its subject must not be empty or blank"),
        ({"sub": "undefined"}, "its subject is a placeholder"),
        ({"sub": "test_ada"}, "its subject begins with 'test_'"),
        ({"sub": "ada\n"}, "its subject holds a control or invisible character"),
        ({"sub": "x" * 257}, "its subject is longer than 256 characters"),
    ],
)
def test_every_wrong_claim_is_refused_by_name(claims: dict[str, object], reason: str) -> None:
    """The reason goes to the log; it names the fault and never the token."""
    assert _reason(_encode(**claims)).startswith(reason)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.b", "....", "é.ü.ß", "a" * 10_000])
def test_what_is_no_token_is_malformed(token: str) -> None:
    """Garbage of any kind is an authentication error, never another exception."""
    with pytest.raises(AuthenticationError, match="malformed"):
        _verifier().verify(token)


def test_a_token_of_absurdly_deep_json_is_malformed() -> None:
    """What is parsed before the signature is checked can break nothing."""
    deep = base64.urlsafe_b64encode(b"[" * 6000).decode().rstrip("=")
    for token in (f"{deep}.{deep}.x", _signer().sign("ada").split(".")[0] + f".{deep}.x"):
        with pytest.raises(AuthenticationError):
            _verifier().verify(token)


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=0, max_value=63))
def test_a_token_with_any_character_changed_is_refused(place: int, other: int) -> None:
    """There is no single change that leaves a token valid for another user or time."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = _signer().sign("ada")
    place %= len(token)
    changed = token[:place] + alphabet[other] + token[place + 1 :]
    try:
        identity = _verifier().verify(changed)
    except AuthenticationError:
        return
    # The last character of a part holds bits that base64 ignores.
    assert identity == _verifier().verify(token)


def test_a_token_is_signed_for_real_users_only() -> None:
    """What a context would refuse as a user is refused before it is signed."""
    with pytest.raises(InvalidIdentifier):
        _signer().sign("undefined")
    assert _verifier(environment=Environment.TEST).verify(
        _signer(environment=Environment.TEST).sign("test_ada")
    )


@pytest.mark.parametrize("make", [_signer, _verifier])
def test_a_short_secret_is_refused(make: object) -> None:
    """A key shorter than its hash is no key; the error does not quote it."""
    with pytest.raises(ValueError, match="32") as refusal:
        make(secret="short")  # type: ignore[operator]  # one of the two above
    assert "short" not in str(refusal.value)
