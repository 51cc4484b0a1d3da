"""The few HTTP answers the server gives: health, readiness, and handshakes it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response

__all__ = ["json_response"]


def json_response(
    status: HTTPStatus,
    body: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    head_only: bool = False,
) -> Response:
    """Draw an HTTP response with a short JSON body; the connection closes after it.

    Args:
        status: The status.
        body: The JSON object.
        headers: Further headers.
        head_only: Leave the body out, as for a HEAD request.

    Returns:
        The response, for ``process_request`` to return.
    """
    content = json.dumps(body, separators=(",", ":")).encode() + b"\n"
    fields = Headers()
    fields["Date"] = formatdate(usegmt=True)
    fields["Connection"] = "close"
    fields["Content-Type"] = "application/json"
    fields["Content-Length"] = str(len(content))
    fields["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        fields[name] = value
    return Response(status.value, status.phrase, fields, b"" if head_only else content)
