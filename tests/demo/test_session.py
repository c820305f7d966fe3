"""Agent and model against each other, without a gateway, on a copy of the sample project."""

import re
import shutil
import sys

import httpx
import pytest

from companion.demo.model import ScriptedModel, serve
from companion.demo.planted import find_sample_project, must_not_leave, planted_secrets
from companion.demo.play import DEMO_PLAY, PLACEHOLDER, Read, Run, Say, Write
from companion.demo.record import Capture
from companion.demo.session import Done, ScriptedAgent, StepStarted, Text, ToolResult

posix = pytest.mark.skipif(sys.platform == "win32", reason="commands need /bin/sh")

HARMLESS = tuple(
    Run(f"echo {number}", note=step.note) if isinstance(step, Run) else step for number, step in enumerate(DEMO_PLAY)
)


@pytest.fixture
def workspace(tmp_path):
    return shutil.copytree(find_sample_project(), tmp_path / "parcels")


def agent_for(play, workspace, capture=None, **options):
    transport = httpx.ASGITransport(ScriptedModel(play, capture).app)
    return ScriptedAgent("http://model", "k-1", workspace, transport=transport, **options)


@posix
async def test_the_demo_play_with_harmless_commands_runs_to_its_end(workspace):
    heard, capture = [], Capture()
    done = await agent_for(HARMLESS, workspace, capture, listener=heard.append).run("Clean up the project")
    assert done == Done(len(DEMO_PLAY) - 1, DEMO_PLAY[-1].text)
    assert heard[-1] is done
    started = [event for event in heard if isinstance(event, StepStarted)]
    results = [event for event in heard if isinstance(event, ToolResult)]
    assert [event.step for event in started] == [event.step for event in results] == list(range(1, len(DEMO_PLAY)))
    assert [event.tool for event in started][:5] == ["read_files", "read_files", "run_commands", "read_files", "editor"]
    assert [event.text for event in heard if isinstance(event, Text)][-1] == done.text
    assert (workspace / "notes" / "rotation.md").read_text("utf-8").startswith("# Tokens to rotate")
    assert len(capture.requests) == len(DEMO_PLAY)


async def test_without_a_gateway_the_capture_shows_every_leak(workspace):
    """The proof that the capture would notice: .env and the pasted token really leave here."""
    capture = Capture()
    await agent_for((Read(".env"), Read("docs/debug-notes.md"), Say("x")), workspace, capture).run("Read both")
    leaked = {leak.needle for leak in capture.find(must_not_leave(workspace))}
    secrets = planted_secrets(workspace)
    assert leaked >= {*secrets[".env"], *secrets["docs/debug-notes.md"]}
    assert not leaked & set(secrets["secrets/deploy_key.pem"])


async def test_a_placeholder_that_came_back_is_written(workspace):
    (workspace / "page.md").write_text("token: SECRET_GITHUB_0A1B2C3D\n")
    play = (Read("page.md"), Write("out.md", f"rotate {PLACEHOLDER}"), Say("x"))
    await agent_for(play, workspace).run("Rotate the token")
    assert (workspace / "out.md").read_text("utf-8") == "rotate SECRET_GITHUB_0A1B2C3D"


async def test_the_request_is_clines(workspace):
    capture = Capture()
    agent = agent_for((Say("A plan."),), workspace, capture)
    assert (await agent.run("Make a plan", mode="plan")).text == "A plan."
    await agent.run("Do it", model="another")
    plan, act = (request.body.decode() for request in capture.requests)
    assert '"model":"scripted-plan"' in plan
    assert "You are in Plan mode." in plan
    assert '"editor"' not in plan
    assert '"model":"another"' in act
    assert '"editor"' in act
    assert f"4. Working Directory: {workspace}\\n" in act
    assert ("authorization", "Bearer k-1") in capture.requests[0].headers


@posix
async def test_over_real_sockets_on_the_same_loop(workspace):
    with serve(ScriptedModel(HARMLESS).app) as url:
        done = await ScriptedAgent(url, "k", workspace).run("Clean up the project")
    assert (done.steps, done.error) == (len(DEMO_PLAY) - 1, "")


def replying(body, status=200, workspace=None):
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    return ScriptedAgent("http://model", "k", workspace, transport=transport)


CALL = (
    'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c",'
    '"function":{"name":"editor","arguments":"%s"}}]}}]}\n\n'
)
END = 'data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (402, '{"error":{"message":"companion: the daily budget is spent"}}', "HTTP 402: companion: the daily budget"),
        (502, "<html>", "HTTP 502: <html>"),
        (200, 'data: {"error":{"message":"companion: stopped"}}\n\n', "companion: stopped"),
        (200, "", "broke off"),
        (200, CALL % "{}", "broke off"),
        (200, CALL % "{" + END, "the arguments of editor: not JSON"),
        (200, CALL % "[]" + END, "arguments of editor are not a JSON object"),
        (200, "data: nonsense\n\n", "a chunk: not JSON"),
        (200, "data: []\n\n", "a chunk is not a JSON object"),
        (200, 'data: {"choices":["x"]}\n\n', "another shape"),
        (200, 'data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}\n\n', "without an id or a name"),
    ],
)
async def test_what_stops_a_run_is_told(workspace, status, body, error):
    done = await replying(body, status, workspace).run("Go on then")
    assert done.steps == 0
    assert re.search(error, done.error)


async def test_comments_in_a_held_stream_are_passed_over(workspace):
    text = 'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n'
    done = await replying(f": keep-alive\n\n{text}: keep-alive\n\ndata: [DONE]\n\n", 200, workspace).run("Say hi")
    assert done == Done(0, "hi")


async def test_a_model_that_never_ends_is_stopped(workspace):
    body = CALL % "{}" + END
    done = await replying(body, 200, workspace).run("Go on then")
    assert (done.steps, done.error) == (40, "the model had not finished after 40 turns")


async def test_no_gateway_is_an_end_and_no_crash(workspace):
    done = await ScriptedAgent("http://127.0.0.1:1", "k", workspace).run("Go on then")
    assert done.error


def test_it_only_passes_for_cline(workspace):
    with pytest.raises(ValueError, match="cline"):
        ScriptedAgent("http://model", "k", workspace, client="codex")
