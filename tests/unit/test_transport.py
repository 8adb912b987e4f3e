"""A response is checked against the contract where it passes on its way from the app to the client."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Header, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from accord.contract.check import Contract
from accord.contract.checking import Checking
from accord.contract.rules import Mode, Rules
from accord.errors import ContractViolationError
from accord.isolation.isolation import Isolation


class Task(BaseModel):
    title: str


def service() -> FastAPI:
    app = FastAPI()
    tasks, files = APIRouter(prefix="/tasks"), APIRouter(prefix="/files")

    @tasks.get("/{number}", response_model=Task)
    async def read(number: int, wrong: Annotated[bool, Header()] = False) -> Any:
        return Response('{"title": 7}', media_type="application/json") if wrong else {"title": "Buy milk" * 100}

    @files.get("/{file:path}", responses={404: {}})
    async def find(file: str) -> str:
        return file

    @tasks.get("/", responses={200: {"content": {"text/plain": {}}}}, response_class=StreamingResponse)
    async def stream() -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            yield "one\n"
            yield "two\n"

        return StreamingResponse(lines(), media_type="text/plain")

    @tasks.delete("/{number}", status_code=204)
    async def delete(number: int) -> None:
        raise RuntimeError("out of ink")

    tasks.include_router(files)
    app.include_router(tasks)
    app.add_middleware(GZipMiddleware, minimum_size=1)
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    return app


def strictly() -> Isolation:
    isolation = Isolation()
    isolation.checking = Checking(Rules(Mode.STRICT))
    return isolation


def connected(app: FastAPI, isolation: Isolation | None = None) -> httpx.AsyncClient:
    transport = (isolation or strictly()).transport(app, Contract(app.openapi()))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_a_violation_is_raised_where_the_request_is_made_and_names_the_step() -> None:
    isolation = strictly()
    isolation.running.step = "The step `When I look` (features/tasks.feature:4)"
    said = r"^The step `When I look` \(features/tasks.feature:4\) got a response that is not as documented: "
    async with connected(service(), isolation) as client:
        with pytest.raises(ContractViolationError, match=said):
            await client.get("/tasks/7", headers={"wrong": "true"})


async def test_a_violation_outside_of_a_step_names_the_scenario() -> None:
    isolation = strictly()
    isolation.running.scenario = "The scenario `One` (it.feature:2)"
    said = r"^The scenario `One` \(it.feature:2\) got a response that is not as documented: GET /nowhere"
    async with connected(service(), isolation) as client:
        with pytest.raises(ContractViolationError, match=said):
            await client.get("/nowhere")


async def test_an_unhandled_error_is_a_violation_with_its_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connected(service()) as client:
        with pytest.raises(ContractViolationError, match=r"DELETE /tasks/7 answered 500, .* says 204, 422"):
            await client.delete("/tasks/7")
    assert "out of ink" in caplog.text


async def test_nothing_is_checked_without_a_contract() -> None:
    transport = Isolation().transport(service())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/nowhere")).status_code == 404


async def test_a_compressed_body_is_checked_and_arrives() -> None:
    async with connected(service()) as client:
        response = await client.get("/tasks/7")
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.json() == {"title": "Buy milk" * 100}
    assert response.elapsed.total_seconds() > 0


async def test_a_streamed_response_can_still_be_read_as_it_comes() -> None:
    async with connected(service()) as client, client.stream("GET", "/tasks/") as response:
        assert b"".join([part async for part in response.aiter_raw()])


async def test_routers_within_routers_and_variables_that_hold_slashes_are_known_operations() -> None:
    isolation = strictly()
    isolation.running.step = "The step"
    async with connected(service(), isolation) as client:
        await client.get("/tasks/files/notes/march/one.txt")
        assert isolation.checking
        assert isolation.checking.coverage.responses["GET /tasks/files/{file} 200"]
        with pytest.raises(ContractViolationError, match=r"GET /tasks/7/parts answered 404, .* no such operation"):
            await client.get("/tasks/7/parts")


async def test_an_app_under_a_root_path_is_asked_with_it_or_without() -> None:
    app = service()
    app.root_path = "/api"
    async with connected(app) as client:
        assert (await client.get("/tasks/7")).status_code == 200
        assert (await client.get("/api/tasks/7")).status_code == 200


async def test_a_mounted_app_is_not_taken_for_the_app_around_it() -> None:
    app = service()
    app.mount("/old", service())
    isolation = strictly()
    async with connected(app, isolation) as client:
        with pytest.raises(ContractViolationError, match=r"GET /old/tasks/7 answered 200 with .* breaks its schema"):
            await client.get("/old/tasks/7", headers={"wrong": "true"})
        isolation.running.step = "The step"
        await client.get("/old/tasks/7")
    assert isolation.checking
    assert isolation.checking.coverage.responses["GET /old/tasks/{number} 200"]
    assert "GET /tasks/{number} 200" not in isolation.checking.coverage.responses


async def test_a_preflight_is_no_operation_and_any_other_options_is() -> None:
    async with connected(service()) as client:
        preflight = {"Origin": "http://elsewhere", "Access-Control-Request-Method": "GET"}
        assert (await client.options("/tasks/7", headers=preflight)).status_code == 200
        assert (await client.options("/tasks/7")).status_code == 405
        with pytest.raises(ContractViolationError, match=r"OPTIONS /nowhere answered 404, .* no such operation"):
            await client.options("/nowhere")


async def test_only_what_a_scenario_sees_is_covered() -> None:
    isolation = Isolation()
    async with connected(service(), isolation) as client:
        await client.get("/tasks/7")
        assert isolation.checking
        assert isolation.checking.coverage.responses == {}
        isolation.running.step = "The step"
        await client.get("/tasks/7")
    responses = isolation.checking.coverage.responses
    assert [label for label, covered in responses.items() if covered] == ["GET /tasks/{number} 200"]
