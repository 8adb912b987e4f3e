"""What steps attach, write and log stands in the record, without what is secret in it."""

from base64 import b64decode

import pytest

from tests.helpers.messages import STEPS, messages, of
from tests.helpers.project import Project

pytestmark = pytest.mark.usefixtures("publishing")


@pytest.fixture
def attaching(project: Project) -> Project:
    project.scenario("Given a step", "Then it is attached")
    project.steps(STEPS)
    project.more_steps("""
        import logging

        PICTURE = b"\\x89PNG\\r\\n\\x1a\\n not really"

        @then("it is attached")
        async def _(attach):
            attach("my password=hunter22", name="note")
            attach({"token": "hunter23", "rows": [1, 2]}, name="rows")
            attach(PICTURE, name="screen")
            attach(b"a,b", "text/csv", "table")
            attach(b"\\x00", name="rest")
            print("sent password=hunter22")
            logging.getLogger("app").warning("hunter23 is gone")

        @pytest.fixture(autouse=True)
        def around():
            print("before")
            yield
            print("after")
        """)
    return project


def test_text_json_and_pictures_are_attached_to_the_step_without_secrets(attaching: Project) -> None:
    attaching.run().assert_outcomes(passed=1)
    attached = of("attachment", messages(attaching))
    found = {it["fileName"]: it for it in attached if "testStepId" in it and not it["fileName"].startswith("Captured")}
    assert {name: it["mediaType"] for name, it in found.items()} == {
        "note": "text/plain",
        "rows": "application/json",
        "screen": "image/png",
        "table": "text/csv",
        "rest": "application/octet-stream",
    }
    assert found["note"]["body"] == "my password=[redacted]"
    assert '"rows": [' in found["rows"]["body"]
    assert "hunter" not in found["rows"]["body"]
    assert b64decode(found["screen"]["body"]).startswith(b"\x89PNG")
    assert (found["table"]["body"], found["table"]["contentEncoding"]) == ("a,b", "IDENTITY")


def test_what_a_scenario_writes_and_logs_is_attached_to_it_without_secrets(attaching: Project) -> None:
    attaching.run()
    log = "text/x.cucumber.log+plain"
    found = {it["fileName"]: it["body"] for it in of("attachment", messages(attaching)) if it["mediaType"] == log}
    assert found.keys() == {f"Captured {it}" for it in ("stdout setup", "stdout call", "log call", "stdout teardown")}
    assert found["Captured stdout call"] == "sent password=[redacted]\n"
    assert found["Captured log call"].endswith("[redacted] is gone")
    page = attaching.path.joinpath("living-docs", "index.html").read_text(encoding="utf-8")
    assert "Captured log call" in page
    assert "hunter" not in page


def test_a_skip_names_where_it_is_and_no_path_of_this_machine(project: Project) -> None:
    project.scenario("Given a step", "Then it is skipped")
    project.steps(STEPS)
    project.more_steps('@then("it is skipped")\nasync def _():\n    pytest.skip("no mail server")')
    project.run().assert_outcomes(skipped=1)
    [skip] = [
        it["testStepResult"] for it in of("testStepFinished", messages(project)) if "exception" in it["testStepResult"]
    ]
    assert skip["exception"]["message"] == "no mail server"
    assert skip["exception"]["stackTrace"].startswith("conftest.py:")
    assert skip["exception"]["stackTrace"].endswith(": Skipped: no mail server")


def test_an_attachment_in_a_plain_test_goes_nowhere(project: Project) -> None:
    project.pytester.makepyfile("def test_it(attach):\n    attach('text')")
    project.run().assert_outcomes(passed=1)


def test_of_a_long_output_the_end_is_there_and_it_is_told_how_to_see_all_of_it(project: Project) -> None:
    project.scenario("Given a step", "Then it holds")
    project.steps(STEPS.replace("async def _(): ...", "async def _(): print('x' * 70_000 + 'end')", 1))
    project.run_process()
    [printed] = [
        it["body"] for it in of("attachment", messages(project)) if it.get("fileName") == "Captured stdout call"
    ]
    assert printed.startswith("[the last 65536 of 70004 characters; `pytest -s` shows all, and --log-file=FILE keeps")
    assert printed.endswith("xxxend\n")
