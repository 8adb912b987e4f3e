"""What FastAPI and Starlette answer although no document has it is never a violation; what is documented still is."""

import asyncio
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from accord.contract.check import Contract
from accord.contract.checking import Checking
from accord.contract.rules import Mode, Rules
from accord.errors import ContractViolationError, UsageError
from accord.isolation.isolation import Isolation

MODES = [Mode.STRICT, Mode.DOCUMENTED]


class Suite:
    """What sends requests to an app, each of which is held against its document."""

    def __init__(self, app: Any, mode: Mode = Mode.STRICT, document: Any = None) -> None:
        self.app = app
        self.isolation = Isolation()
        self.checking = self.isolation.checking = Checking(Rules(mode))
        self.contract = Contract(document or app.openapi())
        self.isolation.running.step = "The step"

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = self.isolation.transport(self.app, self.contract)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    @property
    def covered(self) -> list[str]:
        return [response for response, covered in self.checking.coverage.responses.items() if covered]

    @property
    def undocumented(self) -> set[str]:
        return self.checking.undocumented.responses


def service(**options: Any) -> FastAPI:
    """An app with something of each kind that no document has."""
    app = FastAPI(**options)
    hidden, half_hidden, within = APIRouter(prefix="/router"), APIRouter(prefix="/half"), APIRouter(prefix="/in")

    @app.get("/tasks/export", include_in_schema=False)
    async def export() -> str:
        return "1;2"

    @app.get("/tasks/{number}")
    async def task(number: int) -> int:
        return number

    @app.get("/slash/")
    async def slash() -> int:
        return 1

    @app.get("/hidden/{status}", include_in_schema=False)
    async def answer(status: int) -> Response:
        return Response("any", status)

    @hidden.get("/{status}")
    @within.get("/{status}")
    async def of_router(status: int) -> Response:
        return Response("any", status)

    @half_hidden.get("/hidden", include_in_schema=False)
    @half_hidden.get("/shown")
    async def of_half() -> int:
        return 1

    async def plain(request: Request) -> Response:
        return PlainTextResponse("plain", request.path_params.get("status", 200))

    async def bare(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("bare", 202)(scope, receive, send)

    hidden.include_router(within)
    hidden.add_route("/plain/{status:int}", plain)
    app.include_router(hidden, prefix="/v1", include_in_schema=False)
    app.include_router(half_hidden, prefix="/v1")
    app.add_route("/plain/{status:int}", plain)
    app.mount("/files", StaticFiles(directory=Path(__file__).parent))
    app.mount("/starlette", Starlette(routes=[Route("/here", plain)]))
    app.mount("/bare", bare)
    app.host("plain.test", Starlette(routes=[Route("/here", plain)]))
    return app


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hidden/200", 200),
        ("GET", "/hidden/302", 302),
        ("GET", "/hidden/401", 401),
        ("GET", "/hidden/503", 503),
        ("GET", "/hidden/word", 422),
        ("POST", "/hidden/200", 405),
        ("GET", "/v1/router/201", 201),
        ("GET", "/v1/router/in/404", 404),
        ("GET", "/v1/plain/200", 200),
        ("GET", "/v1/half/hidden", 200),
        ("GET", "/plain/201", 201),
        ("GET", "/plain/500", 500),
        ("GET", "/files/test_check.py", 200),
        ("GET", "/files/nothing.py", 404),
        ("POST", "/files/test_check.py", 405),
        ("GET", "/files", 307),
        ("GET", "/starlette/here", 200),
        ("GET", "/starlette/nowhere", 404),
        ("GET", "/bare/any/thing", 202),
        ("GET", "http://plain.test/here", 200),
        ("GET", "/docs", 200),
        ("GET", "/redoc", 200),
        ("GET", "/docs/oauth2-redirect", 200),
        ("GET", "/openapi.json", 200),
        ("HEAD", "/openapi.json", 200),
        ("GET", "/slash", 307),
        ("GET", "/tasks/7/", 307),
        ("GET", "/tasks/7/?page=2", 307),
        ("POST", "/tasks/7", 405),
        ("HEAD", "/tasks/7", 405),
        ("OPTIONS", "/tasks/7", 405),
        ("GET", "/tasks/export", 200),
    ],
)
async def test_what_no_document_has_is_not_checked_in_any_mode(method: str, path: str, status: int, mode: Mode) -> None:
    suite = Suite(service(), mode)
    assert (await suite.request(method, path)).status_code == status
    assert (suite.covered, suite.undocumented) == ([], set())


async def test_what_is_published_beside_what_is_hidden_is_checked() -> None:
    suite = Suite(service())
    await suite.get("/v1/half/shown")
    await suite.get("/tasks/7")
    await suite.get("/slash/")
    await suite.get("/tasks/word")
    assert suite.covered == [
        "GET /tasks/{number} 200",
        "GET /tasks/{number} 422",
        "GET /slash/ 200",
        "GET /v1/half/shown 200",
    ]


@pytest.mark.parametrize("options", [{"openapi_url": None}, {"docs_url": "/papers", "openapi_url": "/v3/it.json"}])
async def test_where_an_app_shows_its_document_makes_no_difference(options: dict[str, Any]) -> None:
    suite = Suite(service(**options))
    assert (await suite.get("/tasks/7")).status_code == 200
    for path in filter(None, options.values()):
        assert (await suite.get(path)).status_code == 200
    assert suite.covered == ["GET /tasks/{number} 200"]


async def test_what_an_app_prunes_from_its_own_document_is_not_checked() -> None:
    app = service()
    made = app.openapi

    def pruned() -> dict[str, Any]:
        document = dict(made())
        return document | {"paths": {path: it for path, it in document["paths"].items() if "half" not in path}}

    app.openapi = pruned  # type: ignore[method-assign]
    suite = Suite(app)
    assert (await suite.get("/v1/half/shown")).status_code == 200
    assert suite.covered == []


async def test_what_a_document_from_elsewhere_lacks_is_a_violation() -> None:
    app = service()
    document = {**app.openapi(), "paths": {}}
    for mode in MODES:
        with pytest.raises(ContractViolationError, match=r"GET /tasks/7 answered 200, .* has no such operation"):
            await Suite(app, mode, document).get("/tasks/7")


async def test_a_deprecated_operation_is_one_like_any_other() -> None:
    app = FastAPI()
    app.get("/old", deprecated=True)(lambda: 1)
    suite = Suite(app)
    await suite.get("/old")
    assert suite.covered == ["GET /old 200"]


# Responses of middleware.


async def test_a_redirect_to_https_or_to_another_host_is_not_checked() -> None:
    for middleware, options in (
        (HTTPSRedirectMiddleware, {}),
        (TrustedHostMiddleware, {"allowed_hosts": ["www.test"], "www_redirect": True}),
    ):
        app = service()
        app.add_middleware(middleware, **options)
        assert (await Suite(app).get("/tasks/7?page=1")).is_redirect


async def test_a_redirect_to_elsewhere_is_a_violation() -> None:
    app = FastAPI()
    app.get("/old")(lambda: RedirectResponse("/new"))
    app.get("/slash/")(lambda: RedirectResponse("/slash"))
    for mode in MODES:
        for path in ("/old", "/slash/"):
            with pytest.raises(ContractViolationError, match=f"GET {path} answered 307, .* says 200"):
                await Suite(app, mode).get(path)


@pytest.mark.parametrize("origin", ["http://allowed", "http://refused"])
async def test_a_preflight_is_not_checked_be_it_allowed_or_not(origin: str) -> None:
    app = service()
    app.add_middleware(CORSMiddleware, allow_origins=["http://allowed"])
    suite = Suite(app)
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    response = await suite.request("OPTIONS", "/tasks/7", headers=headers)
    assert response.status_code == (200 if origin == "http://allowed" else 400)
    assert (suite.covered, suite.undocumented) == ([], set())


async def test_what_a_middleware_refuses_is_an_undocumented_response_of_the_operation() -> None:
    app = service()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["other.test"])
    suite = Suite(app, Mode.DOCUMENTED)
    await suite.get("/tasks/7")
    await suite.get("/nowhere")
    assert suite.undocumented == {"GET /tasks/{number} 400", "GET /nowhere 400"}
    with pytest.raises(ContractViolationError, match=r"GET /tasks/7 answered 400, and .* says 200, 422"):
        await Suite(app).get("/tasks/7")


class Guarding:
    """A middleware that refuses each request before the app's routers see it, or hands them a copy of its scope."""

    def __init__(self, app: Any, *, refuses: bool) -> None:
        self.app = app
        self.refuses = refuses

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await (PlainTextResponse("no", 401) if self.refuses else self.app)(dict(scope), receive, send)


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/hidden/200",
        "/tasks/export",
        "/v1/router/200",
        "/v1/router/in/200",
        "/v1/half/hidden",
        "/v1/plain/200",
        "/plain/200",
        "/files/any.py",
        "/starlette/here",
        "/bare/x",
        "http://plain.test/here",
    ],
)
@pytest.mark.parametrize("refuses", [True, False])
async def test_what_no_document_has_is_known_although_routers_left_no_trace(path: str, refuses: bool) -> None:
    app = service()
    app.add_middleware(Guarding, refuses=refuses)
    suite = Suite(app)
    assert (await suite.get(path)).status_code in ((401,) if refuses else (200, 202, 404))
    assert (suite.covered, suite.undocumented) == ([], set())


async def test_what_a_middleware_refuses_is_of_the_operation_of_the_app_that_is_mounted() -> None:
    app = mounted("/v1")
    app.add_middleware(Guarding, refuses=True)
    suite = Suite(app, Mode.DOCUMENTED)
    for path in ("/v1/number", "/v1/ping/7", "/v1/hidden", "/any/number", "/v1/nowhere"):
        await suite.get(path)
    assert suite.undocumented == {
        "GET /v1/number 401",
        "GET /v1/ping/{number} 401",
        "GET /{anything}/number 401",
        "GET /v1/nowhere 401",
    }


async def test_a_middleware_that_hands_on_a_copy_of_the_scope_hides_no_route() -> None:
    app = mounted("/v1")
    app.add_middleware(Guarding, refuses=False)
    suite = Suite(app)
    await suite.get("/v1/ping/7")
    await suite.get("/any/number")
    assert suite.covered == ["GET /v1/ping/{number} 200", "GET /{anything}/number 200"]


# What HTTP has for any resource.


async def test_a_part_of_a_file_or_one_that_has_not_changed_is_not_checked() -> None:
    app = FastAPI()

    @app.get("/file", response_class=FileResponse)
    async def file(request: Request) -> Any:
        return Response(status_code=304) if "if-none-match" in request.headers else FileResponse(__file__)

    suite = Suite(app)
    for headers, status in (
        ({"Range": "bytes=0-1"}, 206),
        ({"Range": "bytes=9999999-"}, 416),
        ({"If-None-Match": "x"}, 304),
    ):
        assert (await suite.get("/file", headers=headers)).status_code == status
    assert suite.covered == []


@pytest.mark.parametrize("status", [206, 304, 416])
async def test_such_a_status_that_was_not_requested_is_a_violation(status: int) -> None:
    app = FastAPI()
    app.get("/file", response_class=FileResponse)(lambda: Response(status_code=status))
    with pytest.raises(ContractViolationError, match=f"answered {status}, and .* says 200"):
        await Suite(app).get("/file")


# Undocumented statuses.


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 429])
async def test_an_undocumented_status_of_the_4xx_class_is_noted_where_only_what_is_documented_counts(
    status: int,
) -> None:
    app = FastAPI()

    @app.post("/login/{name}")
    async def login(name: str) -> None:
        raise HTTPException(status, "no")

    suite = Suite(app, Mode.DOCUMENTED)
    await suite.request("POST", "/login/ada")
    await suite.request("POST", "/login/bob")
    assert suite.undocumented == {f"POST /login/{{name}} {status}"}
    assert suite.covered == []
    with pytest.raises(ContractViolationError, match=f"POST /login/ada answered {status}, and .* says 200, 422"):
        await Suite(app).request("POST", "/login/ada")


@pytest.mark.parametrize("status", [201, 303, 500, 503])
@pytest.mark.parametrize("mode", MODES)
async def test_another_status_that_is_not_documented_is_a_violation(status: int, mode: Mode) -> None:
    app = FastAPI()
    app.get("/tasks")(lambda: Response(status_code=status))
    with pytest.raises(ContractViolationError, match=f"GET /tasks answered {status}, and .* says 200: correct"):
        await Suite(app, mode).get("/tasks")


async def test_a_path_that_no_route_serves_is_noted_or_a_violation() -> None:
    suite = Suite(service(), Mode.DOCUMENTED)
    await suite.get("/nowhere")
    assert suite.undocumented == {"GET /nowhere 404"}
    with pytest.raises(ContractViolationError, match=r"GET /nowhere answered 404, .* no such operation"):
        await Suite(service()).get("/nowhere")


async def test_a_documented_status_must_be_as_documented_in_both_modes() -> None:
    app = FastAPI()

    @app.get("/tasks", responses={404: {"model": dict[str, int]}})
    async def tasks() -> None:
        raise HTTPException(404, "not a number")

    for mode in MODES:
        with pytest.raises(ContractViolationError, match="answered 404 with a body that breaks its schema"):
            await Suite(app, mode).get("/tasks")


# Documents that say little of a body.


@pytest.mark.parametrize("mode", MODES)
async def test_files_streams_and_statuses_with_a_description_alone_may_have_any_body(mode: Mode) -> None:
    app = FastAPI()

    @app.get("/missing", responses={404: {"description": "Not found"}})
    async def missing() -> None:
        raise HTTPException(404)

    app.get("/file", response_class=FileResponse)(lambda: __file__)
    app.get("/stream", response_class=StreamingResponse)(lambda: StreamingResponse(iter([b"x"]), media_type="text/csv"))
    app.get("/plain", response_class=Response)(lambda: Response(b"\0", media_type="image/png"))
    app.get("/moved", response_class=RedirectResponse)(lambda: "/elsewhere")
    suite = Suite(app, mode)
    for path in ("/missing", "/file", "/stream", "/plain", "/moved"):
        await suite.get(path)
    assert len(suite.covered) == 5


async def test_a_response_of_an_endpoint_that_says_nothing_of_it_may_be_of_any_media_type() -> None:
    app = FastAPI()

    @app.get("/stream")
    async def stream():  # type: ignore[no-untyped-def]  # noqa: ANN202
        return StreamingResponse(iter(["a"]), media_type="text/plain")

    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<p>")

    @app.get("/wrong")
    async def wrong():  # type: ignore[no-untyped-def]  # noqa: ANN202
        return Response("{", media_type="application/json")

    @app.get("/number", response_model=int)
    async def number() -> Response:
        return PlainTextResponse("7")

    suite = Suite(app, Mode.DOCUMENTED)
    await suite.get("/stream")
    await suite.get("/page")
    assert suite.covered == ["GET /stream 200", "GET /page 200"]
    with pytest.raises(ContractViolationError, match="answered 200 with a body that is not JSON"):
        await suite.get("/wrong")
    with pytest.raises(ContractViolationError, match="with text/plain, where application/json is documented"):
        await suite.get("/number")
    with pytest.raises(ContractViolationError, match="with text/html, where application/json is documented"):
        await Suite(app).get("/page")


# Apps within apps.


def inner(**options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/ping/{number}")
    async def ping(number: int) -> int:
        return number

    @app.get("/number", response_model=int)
    async def number(wrong: bool = False) -> Any:
        return Response('"wrong"', media_type="application/json") if wrong else 7

    @app.get("/secret")
    async def secret() -> None:
        raise HTTPException(401)

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> int:
        return 1

    @app.get("/files/{path:path}")
    async def files(path: str) -> str:
        return path

    return app


def mounted(path: str, **options: Any) -> FastAPI:
    app = FastAPI()
    # Looks like what is mounted, and is not.
    app.get("/{anything}/number")(lambda anything: anything)
    app.mount(path, inner(**options))
    app.router.routes.reverse()
    return app


def below_starlette(path: str) -> Starlette:
    return Starlette(routes=[Mount(path, inner())])


def in_another() -> FastAPI:
    app, between = FastAPI(), FastAPI()
    between.mount("/b", inner())
    app.mount("/a", between)
    return app


def at_host() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.get("/number")(lambda: "of another")
    app.host("api.test", inner())
    app.router.routes.reverse()
    return app


@pytest.mark.parametrize(
    ("make", "address", "label"),
    [
        (lambda: mounted("/v1"), "/v1", "/v1"),
        (lambda: mounted("/v1", root_path="/v1"), "/v1", "/v1"),
        (lambda: mounted("/v1", openapi_url=None), "/v1", "/v1"),
        (lambda: mounted("/t/{tenant}"), "/t/acme", "/t/acme"),
        (in_another, "/a/b", "/a/b"),
        (at_host, "http://api.test", "//api.test"),
    ],
)
@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
async def test_a_mounted_app_is_held_against_its_own_document(
    make: Callable[[], FastAPI], address: str, label: str
) -> None:
    suite = Suite(make(), Mode.DOCUMENTED)
    for path in ("/number", "/ping/7", "/secret", "/hidden", "/files/a/b", "/ping/7/", "/nowhere"):
        await suite.get(f"{address}{path}")
    await suite.request("POST", f"{address}/number")
    paths = ("/ping/{number}", "/number", "/files/{path}")
    assert set(suite.covered) == {f"GET {label}{path} 200" for path in paths}
    where = httpx.URL(address).path.rstrip("/")
    assert suite.undocumented == {f"GET {label}/secret 401", f"GET {where}/nowhere 404"}
    with pytest.raises(ContractViolationError, match=r"/number answered 200 with .* is not of type \"integer\""):
        await suite.get(f"{address}/number?wrong=1")


async def test_an_app_that_is_mounted_in_several_places_has_one_contract() -> None:
    app, within = FastAPI(), inner()
    made: list[object] = []
    original = within.openapi

    def openapi() -> dict[str, Any]:
        made.append(original())
        return original()

    within.openapi = openapi  # type: ignore[method-assign]
    app.mount("/v1", within)
    app.mount("/v2", within)
    suite = Suite(app)
    for path in ("/v1/number", "/v2/number", "/v1/hidden"):
        await suite.get(path)
    assert suite.covered == ["GET /v1/number 200"]
    assert len(made) == 1


@pytest.mark.parametrize("path", ["/", "/api"])
async def test_the_contract_may_be_of_the_app_that_is_mounted(path: str) -> None:
    app = below_starlette(path)
    [route] = app.routes
    assert isinstance(route, Mount)
    suite = Suite(app, document=route.app.openapi())  # type: ignore[attr-defined]
    await suite.get(f"{path.rstrip('/')}/ping/7")
    await suite.get(f"{path.rstrip('/')}/files/a/b")
    assert suite.covered == ["GET /ping/{number} 200", "GET /files/{path} 200"]
    with pytest.raises(ContractViolationError, match="/secret answered 401"):
        await suite.get(f"{path.rstrip('/')}/secret")


async def test_a_document_may_have_the_operations_of_a_mounted_app_among_its_own() -> None:
    app = FastAPI()
    app.mount("/v1", inner())
    paths = {"/v1/number": {"get": {"responses": {"200": {"content": {"application/json": {"schema": False}}}}}}}
    suite = Suite(app, document={"openapi": "3.1.0", "paths": paths})
    with pytest.raises(ContractViolationError, match="breaks its schema"):
        await suite.get("/v1/number")
    await suite.get("/v1/ping/7")
    assert suite.covered == ["GET /v1/ping/{number} 200"]


async def test_an_app_under_a_root_path_has_its_mounted_apps_checked() -> None:
    app = mounted("/v1")
    app.root_path = "/api"
    suite = Suite(app)
    await suite.get("/api/v1/number")
    await suite.get("/api/any/number")
    assert suite.covered == ["GET /v1/number 200", "GET /{anything}/number 200"]


async def test_a_mounted_app_whose_document_cannot_be_made_is_an_error_that_says_so() -> None:
    app, within = FastAPI(), FastAPI(title="Reports")
    within.get("/a")(lambda: 1)

    def openapi() -> dict[str, Any]:
        raise KeyError("title")

    within.openapi = openapi  # type: ignore[method-assign]
    app.mount("/v1", within)
    said = (
        "^The OpenAPI document of the app Reports cannot be made: KeyError: 'title': correct it, or tag .* @no_contract"
    )
    with pytest.raises(UsageError, match=said):
        await Suite(app).get("/v1/a")


async def test_what_fastapi_warns_of_in_the_document_of_a_mounted_app_fails_nothing() -> None:
    app, within = FastAPI(), FastAPI()
    within.get("/a", operation_id="same")(lambda: 1)
    within.get("/b", operation_id="same")(lambda: 1)
    app.mount("/v1", within)
    suite = Suite(app)
    await suite.get("/v1/a")
    assert suite.covered == ["GET /v1/a 200"]


async def test_an_app_that_is_wrapped_is_found_within() -> None:
    app = mounted("/v1")

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await app(scope, receive, send)

    suite = Suite(wrapped, document=app.openapi())
    await suite.get("/v1/number")
    await suite.get("/docs")
    assert suite.covered == ["GET /v1/number 200"]


async def test_a_built_frontend_is_in_no_document(tmp_path: Path) -> None:
    app = FastAPI()
    if not hasattr(app, "frontend"):
        pytest.skip("this release of FastAPI serves none")
    (tmp_path / "index.html").write_text("<p>", encoding="utf-8")
    router = APIRouter(prefix="/ui")
    router.frontend("/", directory=tmp_path)
    app.include_router(router)
    app.get("/api/{x}")(lambda x: x)
    suite = Suite(app)
    for path in ("/ui/", "/ui/index.html", "/ui/nothing.js"):
        await suite.get(path)
    assert suite.covered == []


# Errors of the app.


async def test_a_500_is_told_by_its_exception_and_where_the_project_raised_it() -> None:
    app = FastAPI()

    @app.get("/tasks")
    async def tasks() -> None:
        raise RuntimeError("cache miss")

    line = tasks.__code__.co_firstlineno + 2
    for handle in (False, True):
        if handle:
            app.middleware_stack = None
            app.add_exception_handler(Exception, lambda _request, _error: PlainTextResponse("sorry", 500))
        with pytest.raises(ContractViolationError) as violation:
            await Suite(app, Mode.DOCUMENTED).get("/tasks")
        assert str(violation.value) == (
            f"RuntimeError: cache miss (tests/unit/test_contract_idioms.py:{line}) in the step: "
            "GET /tasks answered 500, and the app's OpenAPI document says 200: correct the answer, or document it."
        )


async def test_an_error_of_a_task_group_is_told_by_itself_and_one_of_a_mounted_app_by_its_line() -> None:
    app, within = FastAPI(), FastAPI()

    async def fail() -> None:
        raise KeyError("cache")

    @within.get("/tasks")
    async def tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    app.mount("/v1", within)
    where = rf"\(tests/unit/test_contract_idioms.py:{fail.__code__.co_firstlineno + 1}\)"
    with pytest.raises(ContractViolationError, match=rf"KeyError: 'cache' {where} in the step: GET /v1"):
        await Suite(app).get("/v1/tasks")


async def test_an_error_after_which_a_hidden_route_answers_500_is_not_checked() -> None:
    app = FastAPI()

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None:
        raise KeyError("cache")

    assert (await Suite(app).get("/hidden")).status_code == 500


async def test_a_documented_500_is_a_response_like_any_other() -> None:
    app = FastAPI()

    @app.get("/tasks", responses={500: {"description": "sorry"}})
    async def tasks() -> None:
        raise RuntimeError("cache miss")

    suite = Suite(app)
    await suite.get("/tasks")
    assert suite.covered == ["GET /tasks 500"]
