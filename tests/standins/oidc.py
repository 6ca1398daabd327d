"""A provider of identities: discovery, authorize, token, keys; it signs whatever it is told to."""

import secrets
import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.standins.serving import StandIn, main

CLIENT, SECRET = "loopdesk", "a secret of the desk"


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig"})


@dataclass
class Oidc(StandIn):
    """`person`: the claims of whoever signs in; `twist`: what the next tokens say otherwise.

    `alg`: how they are signed; `signer`: with which key, else the one that is shown. `more` is what
    it tells when asked for more; `without`: names that its description leaves out.
    """

    host: str = "127.0.0.1"
    person: dict[str, Any] = field(default_factory=dict)
    twist: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    alg: str = "RS256"
    key: RSAKey = field(default_factory=new_key)
    signer: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """`localhost` is another site than 127.0.0.1 to a browser, as a real provider is."""
        return f"http://{self.host}:{self.port}"

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self.described),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/keys", self.keys),
            Route("/userinfo", self.userinfo),
        ]

    def state(self) -> dict[str, Any]:
        return {"codes": len(self.codes)}

    async def described(self, _request: Request) -> Response:
        known = {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/end",
        }  # fmt: skip
        return JSONResponse({name: at for name, at in known.items() if name not in self.without})

    async def authorize(self, request: Request) -> Response:
        """Whoever comes is `person`: no questions."""
        asked = dict(request.query_params)
        wrong = (
            asked.get("client_id") != CLIENT or asked.get("response_type") != "code"
            or "openid" not in asked.get("scope", "").split()
            or asked.get("code_challenge_method") != "S256"
        )  # fmt: skip
        if wrong:
            return JSONResponse({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        self.secrets += [code, asked["state"]]
        back = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(await request.form())
        basic = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self.codes.pop(str(form.get("code")), None)  # a code is good once
        good = (
            asked is not None and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked["redirect_uri"]
            and create_s256_code_challenge(form.get("code_verifier")) == asked["code_challenge"]
        )  # fmt: skip
        if not good or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        token = self._signed(asked["nonce"])
        self.given[access] = str(self.person.get("sub"))
        self.secrets += [access, token]
        return JSONResponse({"access_token": access, "token_type": "Bearer", "id_token": token})

    def _signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.person | self.twist
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.alg == "HS256":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), ["HS256"])
        if self.alg == "none":
            return jwt.encode({"alg": "none"}, claims, OctKey.import_key(SECRET), ["none"])
        return jwt.encode(
            {"alg": self.alg, "kid": self.key.kid}, claims, self.signer or self.key, [self.alg]
        )

    async def keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def userinfo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.given:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({"sub": self.given[token]} | self.more)


if __name__ == "__main__":
    main(Oidc())
