"""Tokens and users. They are the administrator's."""

from __future__ import annotations

from starlette.responses import Response

from treadle.api.answers import answers, reply, takes
from treadle.api.body import JsonBody, NoBody
from treadle.api.deps import CallDep, Cursor, Limit
from treadle.api.etags import ExpectedRevision, tagged
from treadle.api.once import once, once_untold
from treadle.api.routing import NounRouter
from treadle.api.schemas.access import NewTokenAnswer, Token, TokenPage, User, UserPage, to_token, to_user
from treadle.domain.access import Credential, CredentialKind, NewToken, NewUser, UserChange
from treadle.domain.shapes import read
from treadle.services.paging import DEFAULT_LIMIT

tokens = NounRouter(tags=["tokens"])
users = NounRouter(tags=["users"])


@tokens.get("/tokens", operation_id="list_tokens", responses=answers(TokenPage, "A page of tokens."))
async def list_tokens(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Tokens, those that have ended too, until they are cleared away."""
    page = await call.services.access.page(call.caller, CredentialKind.TOKEN, limit=limit, cursor=cursor)
    items = [to_token(each) for each in page.items]
    return reply(TokenPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@tokens.post(
    "/tokens",
    status_code=201,
    operation_id="create_token",
    responses=answers(NewTokenAnswer, "The token, with its secret.", 400, 413, 415, status=201),
    openapi_extra=takes(NewToken, example={"name": "ci", "scopes": ["operate"], "expires_in_days": 90}),
)
@once_untold
async def create_token(call: CallDep, document: JsonBody) -> Response:
    """Make a token. Its secret is answered this once."""
    issued = await call.services.access.create_token(call.caller, read(document, NewToken))
    location = {"Location": f"{call.prefix}/tokens/{issued.credential.id}"}
    return reply(NewTokenAnswer(token=to_token(issued.credential), secret=issued.secret), 201, location)


@tokens.get("/tokens/{token_id}", operation_id="get_token", responses=answers(Token, "The token.", 404))
async def get_token(call: CallDep, token_id: str) -> Response:
    """One token."""
    return reply(to_token(await call.services.access.get(call.caller, CredentialKind.TOKEN, token_id)))


@tokens.delete(
    "/tokens/{token_id}",
    operation_id="revoke_token",
    dependencies=[NoBody],
    responses=answers(Token, "The token as it ended.", 404),
)
async def revoke_token(call: CallDep, token_id: str) -> Response:
    """End a token, at once and for good."""
    return reply(to_token(await call.services.access.revoke(call.caller, CredentialKind.TOKEN, token_id)))


@users.get("/users", operation_id="list_users", responses=answers(UserPage, "A page of users."))
async def list_users(call: CallDep, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Response:
    """Users, those that were removed too, until they are cleared away."""
    page = await call.services.access.page(call.caller, CredentialKind.USER, limit=limit, cursor=cursor)
    items = [to_user(each) for each in page.items]
    return reply(UserPage(items=items, next_cursor=page.next_cursor, has_more=page.next_cursor is not None))


@users.post(
    "/users",
    status_code=201,
    operation_id="create_user",
    responses=answers(User, "The user.", 400, 409, 413, 415, status=201),
    openapi_extra=takes(NewUser, example={"name": "ana", "password": "correct horse battery", "scopes": ["operate"]}),
)
@once
async def create_user(call: CallDep, document: JsonBody) -> Response:
    """Make a user, who may log in to the console."""
    user = await call.services.access.create_user(call.caller, read(document, NewUser))
    return reply(to_user(user), 201, {"Location": f"{call.prefix}/users/{user.id}"})


@users.get("/users/{user_id}", operation_id="get_user", responses=answers(User, "The user.", 404))
async def get_user(call: CallDep, user_id: str) -> Response:
    """One user."""
    return _told(await call.services.access.get(call.caller, CredentialKind.USER, user_id))


@users.patch(
    "/users/{user_id}",
    operation_id="change_user",
    responses=answers(User, "The user.", 400, 404, 412, 413, 415),
    openapi_extra=takes(UserChange, example={"scopes": ["write"]}),
)
async def change_user(call: CallDep, user_id: str, document: JsonBody, expected: ExpectedRevision) -> Response:
    """Give a user another password or other scopes. Their sessions end."""
    wanted = read(document, UserChange)
    return _told(await call.services.access.change_user(call.caller, user_id, wanted, expected=expected))


@users.delete(
    "/users/{user_id}",
    operation_id="remove_user",
    dependencies=[NoBody],
    responses=answers(User, "The user as it was removed.", 404),
)
async def remove_user(call: CallDep, user_id: str) -> Response:
    """Remove a user, and end their sessions."""
    return reply(to_user(await call.services.access.revoke(call.caller, CredentialKind.USER, user_id)))


def _told(user: Credential) -> Response:
    return reply(to_user(user), headers=tagged(user.revision))
