"""Signed, expiring tokens: who is at the other end of a connection.

A token is a JSON Web Token (RFC 7519) signed with HMAC-SHA256. The algorithm, the issuer and the
audience are pinned, so that neither ``alg: none`` nor a token made for another service gets in.
The user comes from the ``sub`` claim of a verified token and from nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from pydantic import SecretStr

from trunkline_runtime.context import Environment, UserId, check_identifier
from trunkline_runtime.errors import AuthenticationError, ContextError

__all__ = ["Identity", "TokenSigner", "TokenVerifier"]

_ALGORITHM = "HS256"
_MINIMUM_KEY_BYTES = 32  # RFC 7518, section 3.2: a key as long as the hash, or longer
_LATEST = 2**53  # what a JSON number can hold exactly; also keeps the timers in range


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a verified token speaks for.

    Attributes:
        user_id: The user.
        expires_at: When the token ends, in seconds since the epoch. The server closes the
            connection then.
    """

    user_id: UserId
    expires_at: float


class TokenSigner:
    """Signs tokens. Only whoever logs users in needs one; the server itself verifies.

    Args:
        secret: The key shared with the verifier, 32 bytes or longer.
        issuer: The ``iss`` claim.
        audience: The ``aud`` claim.
        lifetime_seconds: How long a token lives. Tokens count in whole seconds.
        clock: Gives the time in seconds since the epoch.
        environment: Users whose identifiers begin with ``test_`` exist in TEST alone.

    Raises:
        ValueError: The secret is too short.
    """

    def __init__(
        self,
        secret: SecretStr | str,
        issuer: str,
        audience: str,
        lifetime_seconds: float,
        clock: Callable[[], float] = time.time,
        environment: Environment = Environment.PRODUCTION,
    ) -> None:
        self._key = _key(secret)
        self._issuer = issuer
        self._audience = audience
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._environment = environment

    def sign(self, user_id: UserId | str, *, lifetime_seconds: float | None = None) -> str:
        """Sign a token for a user.

        Args:
            user_id: The user; refused where a context would refuse it.
            lifetime_seconds: Another lifetime than the signer's; a negative one makes an
                expired token.

        Returns:
            The token in its compact form, safe in a header and in a subprotocol's name.

        Raises:
            InvalidIdentifier: ``user_id`` cannot be a user's.
        """
        now = int(self._clock())
        lifetime = self._lifetime_seconds if lifetime_seconds is None else lifetime_seconds
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(check_identifier(UserId, "user_id", user_id, self._environment)),
            "iat": now,
            "exp": now + int(lifetime),
        }
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)


class TokenVerifier:
    """Verifies tokens.

    Args:
        secret: The key shared with the signer, 32 bytes or longer.
        issuer: The only ``iss`` that is accepted.
        audience: The only ``aud`` that is accepted.
        clock: Gives the time in seconds since the epoch.
        environment: Users whose identifiers begin with ``test_`` exist in TEST alone.

    Raises:
        ValueError: The secret is too short.
    """

    def __init__(
        self,
        secret: SecretStr | str,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
        environment: Environment = Environment.PRODUCTION,
    ) -> None:
        self._key = _key(secret)
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._environment = environment

    def verify(self, token: str) -> Identity:
        """Verify a token and name its user.

        Args:
            token: The token in its compact form.

        Returns:
            The identity it speaks for.

        Raises:
            AuthenticationError: It is malformed, forged, expired, not yet valid, meant for
                another service, or names no possible user. The error says which, never the token.
        """
        claims = self._claims(token)
        now = self._clock()
        expires_at = _instant(claims, "exp")
        if expires_at <= now:
            raise AuthenticationError("expired")
        if "nbf" in claims and _instant(claims, "nbf") > now:
            raise AuthenticationError("not yet valid")
        try:
            user_id = check_identifier(UserId, "sub", claims["sub"], self._environment)
        except ContextError as error:
            raise AuthenticationError(f"its subject {error.problem}") from None
        return Identity(user_id, expires_at)

    def remaining(self, identity: Identity) -> float:
        """Tell how long an identity is still good for.

        Args:
            identity: What ``verify`` returned.

        Returns:
            Seconds; negative once it has expired.
        """
        return identity.expires_at - self._clock()

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={
                    "require": ["exp", "sub", "iss", "aud"],
                    "strict_aud": True,
                    # times are compared with the injected clock, in verify()
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            # From None: the library's texts may quote parts of the token.
            raise AuthenticationError(_reason(error)) from None
        except RecursionError:  # a token may hold JSON of any depth, and nobody vouches for it yet
            raise AuthenticationError("malformed") from None


def _key(secret: SecretStr | str) -> bytes:
    text = secret.get_secret_value() if isinstance(secret, SecretStr) else secret
    key = text.encode()
    if len(key) < _MINIMUM_KEY_BYTES:
        raise ValueError(
            f"auth.secret has {len(key)} bytes; HS256 needs {_MINIMUM_KEY_BYTES} or more"
        )
    return key


def _instant(claims: dict[str, Any], name: str) -> int:
    value = claims[name]
    if type(value) is not int or not 0 <= value <= _LATEST:
        raise AuthenticationError(f"its claim {name} is no time")
    return value


def _reason(error: jwt.InvalidTokenError) -> str:
    match error:
        case jwt.InvalidSignatureError():
            return "wrong signature"
        case jwt.InvalidAlgorithmError():
            return "wrong algorithm"
        case jwt.InvalidAudienceError():
            return "wrong audience"
        case jwt.InvalidIssuerError():
            return "wrong issuer"
        case jwt.MissingRequiredClaimError():
            return f"it has no claim {error.claim}"
        case _:
            return "malformed"
