"""How long what anybody reads may be kept: a minute unasked, afterwards while it is unchanged."""

import hashlib

from fastapi import Request, Response

KEPT = 60
VARY = "accept-language, cookie"


def kept(request: Request, response: Response) -> Response:
    """A page with its cache headers, or that it is unchanged; one that sets a cookie is the
    reader's own.
    """
    if "set-cookie" in response.headers:
        response.headers["cache-control"] = "private, no-cache"
        return response
    mark = f'W/"{hashlib.sha256(response.body).hexdigest()[:20]}"'
    headers = {"cache-control": f"public, max-age={KEPT}", "etag": mark, "vary": VARY}
    if mark in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response
