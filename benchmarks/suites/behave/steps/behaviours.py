"""How each sentence is carried out, in steps that are `async def`."""

from behave import given, then, when
from behave.runner import Context

from app.core.security import create_access_token, hash_password
from app.models.user import User


@given('something to do called "{title}"')
async def _(context: Context, title: str) -> None:
    context.wanted = {"title": title}


@given("something to do whose name has {length:d} characters")
async def _(context: Context, length: int) -> None:
    context.wanted = {"title": "x" * length}


@given('"{title}" was noted')
async def _(context: Context, title: str) -> None:
    context.number = (await context.client.post("/tasks/", json={"title": title})).json()["id"]


@given("someone has an account and is signed in")
async def _(context: Context) -> None:
    password = hash_password("testpassword123")
    context.user = User(username="testuser", email="test@example.com", hashed_password=password)
    context.session.add(context.user)
    await context.session.commit()
    context.client.headers["Authorization"] = f"Bearer {create_access_token(context.user.id)}"


@when("someone asks how the service is")
async def _(context: Context) -> None:
    context.answer = await context.client.get("/health")


@when("it is noted")
async def _(context: Context) -> None:
    context.answer = await context.client.post("/tasks/", json=context.wanted)


@when("everything is listed")
async def _(context: Context) -> None:
    context.answer = await context.client.get("/tasks/")


@when("it is looked up")
async def _(context: Context) -> None:
    context.answer = await context.client.get(f"/tasks/{context.number}")


@when("something unknown is looked up")
async def _(context: Context) -> None:
    context.answer = await context.client.get("/tasks/2147483647")


@when("it is marked as done")
async def _(context: Context) -> None:
    await context.client.patch(f"/tasks/{context.number}", json={"completed": True})


@when("it is struck off")
async def _(context: Context) -> None:
    await context.client.delete(f"/tasks/{context.number}")


@when("they ask who they are")
async def _(context: Context) -> None:
    context.answer = await context.client.get("/me")


@then("it is up")
async def _(context: Context) -> None:
    assert context.answer.json() == {"status": "ok"}


@then("it is on record")
async def _(context: Context) -> None:
    assert context.answer.status_code == 201


@then('it goes by "{title}"')
async def _(context: Context, title: str) -> None:
    assert context.answer.json()["title"] == title


@then("its name has {length:d} characters")
async def _(context: Context, length: int) -> None:
    assert len(context.answer.json()["title"]) == length


@then('the only entry is "{title}"')
async def _(context: Context, title: str) -> None:
    assert [task["title"] for task in context.answer.json()] == [title]


@then("it is open")
async def _(context: Context) -> None:
    assert context.answer.json()["completed"] is False


@then("it is done")
async def _(context: Context) -> None:
    assert context.answer.json()["completed"] is True


@then("nothing is found")
async def _(context: Context) -> None:
    assert context.answer.status_code == 404


@then("it is turned down")
async def _(context: Context) -> None:
    assert context.answer.status_code == 422


@then("they are told their name")
async def _(context: Context) -> None:
    assert context.answer.json()["username"] == context.user.username


@then("they are told their address")
async def _(context: Context) -> None:
    assert context.answer.json()["email"] == context.user.email
