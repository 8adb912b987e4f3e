"""How each sentence is carried out, in steps that are `async def`."""

from behave import given, then, when
from behave.runner import Context

from app.core.security import create_access_token, hash_password
from app.models.user import User


@given('something to do called "{title}"')
async def describe_task(context: Context, title: str) -> None:
    context.payload = {"title": title}


@given("something to do whose name has {length:d} characters")
async def describe_task_of_length(context: Context, length: int) -> None:
    context.payload = {"title": "x" * length}


@given('"{title}" was noted')
async def create_task_before(context: Context, title: str) -> None:
    context.number = (await context.client.post("/tasks/", json={"title": title})).json()["id"]


@given("someone has an account and is signed in")
async def sign_in(context: Context) -> None:
    password = hash_password("testpassword123")
    context.user = User(username="testuser", email="test@example.com", hashed_password=password)
    context.session.add(context.user)
    await context.session.commit()
    context.client.headers["Authorization"] = f"Bearer {create_access_token(context.user.id)}"


@when("someone asks how the service is")
async def ask_for_health(context: Context) -> None:
    context.response = await context.client.get("/health")


@when("it is noted")
async def create_task(context: Context) -> None:
    context.response = await context.client.post("/tasks/", json=context.payload)


@when("everything is listed")
async def list_tasks(context: Context) -> None:
    context.response = await context.client.get("/tasks/")


@when("it is looked up")
async def read_task(context: Context) -> None:
    context.response = await context.client.get(f"/tasks/{context.number}")


@when("something unknown is looked up")
async def read_missing_task(context: Context) -> None:
    context.response = await context.client.get("/tasks/2147483647")


@when("it is marked as done")
async def complete_task(context: Context) -> None:
    await context.client.patch(f"/tasks/{context.number}", json={"completed": True})


@when("it is struck off")
async def delete_task(context: Context) -> None:
    await context.client.delete(f"/tasks/{context.number}")


@when("they ask who they are")
async def ask_who_they_are(context: Context) -> None:
    context.response = await context.client.get("/me")


@then("it is up")
async def assert_healthy(context: Context) -> None:
    assert context.response.json() == {"status": "ok"}


@then("it is on record")
async def assert_created(context: Context) -> None:
    assert context.response.status_code == 201


@then('it goes by "{title}"')
async def assert_title(context: Context, title: str) -> None:
    assert context.response.json()["title"] == title


@then("its name has {length:d} characters")
async def assert_length(context: Context, length: int) -> None:
    assert len(context.response.json()["title"]) == length


@then('the only entry is "{title}"')
async def assert_listed(context: Context, title: str) -> None:
    assert [task["title"] for task in context.response.json()] == [title]


@then("it is open")
async def assert_open(context: Context) -> None:
    assert context.response.json()["completed"] is False


@then("it is done")
async def assert_completed(context: Context) -> None:
    assert context.response.json()["completed"] is True


@then("nothing is found")
async def assert_not_found(context: Context) -> None:
    assert context.response.status_code == 404


@then("it is turned down")
async def assert_rejected(context: Context) -> None:
    assert context.response.status_code == 422


@then("they are told their name")
async def assert_name(context: Context) -> None:
    assert context.response.json()["username"] == context.user.username


@then("they are told their address")
async def assert_address(context: Context) -> None:
    assert context.response.json()["email"] == context.user.email
