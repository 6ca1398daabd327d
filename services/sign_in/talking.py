"""What the desk and a provider of identities say to each other: OpenID Connect, code with PKCE.

Nothing the provider sends is shown or logged: what goes wrong is a `NotIn` in our own words.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services import egress
from services.domain.provider import Provider, found
from services.sessions import fresh_token
from services.sign_in.refusals import NotIn
from services.sign_in.starting import Start

# No `none`, and nothing that is signed with the client secret.
SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# What a provider says of a desk that it does not know, and of a code that it does not take.
STRANGER = frozenset({"invalid_client", "unauthorized_client"})
TOLD = STRANGER | {"invalid_grant", "invalid_request"}
SKEW = 60  # seconds by which the clock over there may differ
TIMEOUT = httpx.Timeout(5)
# A provider that does not answer must not hold the threads that everybody else is served by.
_AT_ONCE = BoundedSemaphore(8)
BUSY = "Many people sign in right now. Try again in a moment."
ODD = "The provider answered something else than was asked for. Tell an admin of this desk."
AWAY = "The provider cannot be reached right now. Try again in a moment."
UNTRUE = "What the provider said of you could not be trusted. Try again, or tell an admin."


class _Proof(httpx.Auth, ClientAuth):  # type: ignore[misc]
    """Shows the provider who the desk is."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        url, headers, body = self.prepare(
            request.method, str(request.url), request.headers, request.content.decode()
        )
        headers["Content-Length"] = str(len(body))
        yield httpx.Request(
            request.method, url, headers=headers, content=body, extensions=request.extensions
        )


class _Client(OAuth2Client):  # type: ignore[misc]
    client_auth_class = _Proof


class Talk:
    """With one provider. Each verb goes over the network: no transaction is open meanwhile."""

    def __init__(self, provider: Provider, secret: str, allow: frozenset[str], back: str) -> None:
        self.provider, self._secret, self._allow, self._back = provider, secret, allow, back

    def check(self) -> str:
        """Whether the provider answers and knows the desk, in a few words for the admin."""
        with self._asking() as http:
            known = self._known(http)
            self._keys(http, known)
            if self._stranger(http, known):
                raise NotIn("client", "The provider does not accept this client id and secret.")
        return "The provider answers, shows its keys and knows this desk"

    def door(self) -> str:
        """Where a browser goes to prove who it is."""
        with self._asking() as http:
            place = str(self._known(http)["authorization_endpoint"])
            egress.check(place, self._allow)
        return place

    def address(self, door: str, start: Start) -> str:
        """The same with all that is asked there. Nobody is asked for it."""
        url, _ = self._client(None).create_authorization_url(
            door, state=start.state, nonce=start.nonce, code_verifier=start.verifier
        )
        return str(url)

    def leaving(self, home: str) -> str | None:
        """Where a person can sign out over there and be sent `home`, if the provider has that."""
        with self._asking() as http:
            place = self._known(http).get("end_session_endpoint")
        if not place:
            return None
        asked = {"client_id": self.provider.client_id, "post_logout_redirect_uri": home}
        return str(httpx.URL(str(place)).copy_merge_params(asked))

    def claims(self, start: Start, code: str, *, now: datetime) -> dict[str, Any]:
        """What the provider says of whoever came back with `code`, and is signed or from itself."""
        with self._asking() as http:
            known = self._known(http)
            tokens = self._tokens(http, known, code, start.verifier)
            said = self._proved(http, known, tokens, start, now)
            return said if self._enough(said) else self._more(http, known, tokens, said)

    def _stranger(self, http: httpx.Client, known: Mapping[str, Any]) -> bool:
        """Whether the desk itself is turned away: a code that nobody gave tells it apart."""
        try:
            self._tokens(http, known, "none", fresh_token())
        except OAuth2Error as error:
            return str(error.error) in STRANGER
        return False

    def _tokens(
        self, http: httpx.Client, known: Mapping[str, Any], code: str, verifier: str
    ) -> dict[str, Any]:
        return dict(
            self._client(http, known).fetch_token(
                known["token_endpoint"], grant_type="authorization_code", code=code,
                code_verifier=verifier,
            )
        )  # fmt: skip

    def _proved(
        self, http: httpx.Client, known: Mapping[str, Any], tokens: Mapping[str, Any],
        start: Start, now: datetime,
    ) -> dict[str, Any]:  # fmt: skip
        token = jwt.decode(tokens["id_token"], self._keys(http, known), algorithms=SIGNED)
        mine = {"iss": self.provider.issuer, "aud": self.provider.client_id}
        claims = CodeIDToken(
            token.claims, token.header,
            options={name: {"essential": True, "value": value} for name, value in mine.items()},
            params={
                "nonce": start.nonce, "client_id": mine["aud"],
                "access_token": tokens.get("access_token"),
            },
        )  # fmt: skip
        claims.validate(int(now.timestamp()), SKEW)
        if not claims["sub"] or len(claims["sub"]) > 255:
            raise NotIn("subject", UNTRUE)
        return dict(claims)

    def _enough(self, said: Mapping[str, Any]) -> bool:
        claim = self.provider.role_claim
        return "email" in said and (not claim or found(said, claim) is not None)

    def _more(
        self, http: httpx.Client, known: Mapping[str, Any], tokens: Mapping[str, Any],
        said: dict[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        """Some keep the token short and tell the rest when asked. The token's own word stands."""
        place, access = known.get("userinfo_endpoint"), tokens.get("access_token")
        if not place or not access:
            return said
        more = _object(http.get(str(place), headers={"Authorization": f"Bearer {access}"}))
        if more.get("sub") != said["sub"]:
            raise NotIn("userinfo", UNTRUE)
        return more | said

    def _client(self, http: httpx.Client | None, known: Mapping[str, Any] | None = None) -> _Client:
        ways = (known or {}).get("token_endpoint_auth_methods_supported") or []
        posts = "client_secret_post" in ways and "client_secret_basic" not in ways
        return _Client(
            http, self.provider.client_id, self._secret or None, scope=self.provider.scopes,
            redirect_uri=self._back, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post" if posts and self._secret else None,
        )  # fmt: skip

    def _known(self, http: httpx.Client) -> dict[str, Any]:
        place = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        known = _object(http.get(place))
        if known.get("issuer") != self.provider.issuer:
            raise NotIn("issuer", "The provider calls itself by another address than was entered.")
        return known

    def _keys(self, http: httpx.Client, known: Mapping[str, Any]) -> KeySet:
        """Asked for each time, so that a key that was changed is known at once."""
        return KeySet.import_key_set(_object(http.get(str(known["jwks_uri"]))))  # type: ignore[arg-type]

    @contextmanager
    def _asking(self) -> Iterator[httpx.Client]:
        """Turns whatever goes wrong over there into a `NotIn`."""
        if not _AT_ONCE.acquire(blocking=False):
            raise NotIn("busy", BUSY)
        try:
            with egress.client(self._allow, timeout=TIMEOUT) as http:
                yield http
        except egress.Refusal as error:
            raise NotIn("address", f"The provider cannot be asked: {error}.") from None
        except httpx.HTTPStatusError:
            raise NotIn("answer", ODD) from None
        except httpx.HTTPError:
            raise NotIn("away", AWAY) from None
        except JoseError as error:
            raise NotIn(f"token: {error.error}", UNTRUE) from None
        except OAuth2Error as error:
            said = str(error.error)
            raise NotIn(said if said in TOLD else "answer", ODD) from None
        except (AuthlibBaseError, httpx.InvalidURL, LookupError, TypeError, ValueError):
            raise NotIn("answer", ODD) from None
        finally:
            _AT_ONCE.release()


def _object(response: httpx.Response) -> dict[str, Any]:
    response.raise_for_status()
    said = response.json()
    if not isinstance(said, dict):
        raise TypeError("an object was asked for")
    return said
