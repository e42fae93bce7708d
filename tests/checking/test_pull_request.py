"""The comment on a pull request: there is one, however often it is written."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from adbench.cases import SpecError
from adbench.checking.pull_request import MOST_CHARACTERS, PAGE_SIZE, PullRequest
from adbench.cli import main

PATH = "/repos/owner/name/issues/7/comments"


@contextmanager
def server(comments=(), status=200):
    """A server that plays GitHub's API, and keeps the comments of one pull request."""
    kept = [{"id": number, "body": body} for number, body in enumerate(comments, start=1)]

    class Api(BaseHTTPRequestHandler):
        def answer(self, content):
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def content(self):
            assert self.headers["Authorization"] == "Bearer secret"
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self):
            path, _, query = self.path.partition("?")
            assert path == PATH
            page = int(dict(part.split("=") for part in query.split("&"))["page"])
            self.answer(kept[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])

        def do_POST(self):
            assert self.path == PATH
            kept.append({"id": len(kept) + 1, **self.content()})
            self.answer(kept[-1])

        def do_PATCH(self):
            number = int(self.path.removeprefix("/repos/owner/name/issues/comments/"))
            kept[number - 1] |= self.content()
            self.answer(kept[number - 1])

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", kept
        finally:
            listening.shutdown()
            thread.join()


def bodies(kept):
    return [comment["body"] for comment in kept]


def test_the_first_comment_is_written_and_the_second_takes_its_place():
    with server(["Well done."]) as (api, kept):
        pull_request = PullRequest(api, "owner/name", 7, "secret")
        assert pull_request.keep_comment("two are wrong", "check") == "written"
        assert pull_request.keep_comment("all is right", "check") == "updated"
    assert bodies(kept) == ["Well done.", "<!-- adbench: check -->\nall is right"]


def test_comments_of_other_titles_stand_beside_each_other():
    with server() as (api, kept):
        pull_request = PullRequest(api, "owner/name", 7, "secret")
        pull_request.keep_comment("one", "torch")
        pull_request.keep_comment("two", "jax --> <script>")
    assert len(kept) == 2 and kept[1]["body"].startswith("<!-- adbench: jax - -> <script> -->\n")


def test_the_comment_is_found_behind_a_hundred_others():
    mark = "<!-- adbench: check -->\nold"
    with server([*["other"] * (PAGE_SIZE + 3), mark]) as (api, kept):
        assert PullRequest(api, "owner/name", 7, "secret").keep_comment("new", "check") == "updated"
    assert bodies(kept)[-1].endswith("\nnew")


def test_a_long_report_is_cut_and_says_so():
    with server() as (api, kept):
        PullRequest(api, "owner/name", 7, "secret").keep_comment("x" * 10**6, "check")
    assert len(kept[0]["body"]) < 65_536 and "summary of the job" in kept[0]["body"]
    assert MOST_CHARACTERS < 65_536


def test_a_server_that_refuses_ends_in_one_sentence():
    with (
        server(status=403) as (api, _),
        pytest.raises(SpecError, match=r"was not written .*403.*pull-requests: write"),
    ):
        PullRequest(api, "owner/name", 7, "secret").keep_comment("x", "check")


def workflow(monkeypatch, tmp_path, event, **variables):
    (tmp_path / "event.json").write_text(json.dumps(event))
    for name, value in {
        "GITHUB_REPOSITORY": "owner/name",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_TOKEN": "secret",
        **variables,
    }.items():
        monkeypatch.setenv(name, value)


def test_the_command_writes_to_the_pull_request_of_the_workflow(monkeypatch, tmp_path):
    (tmp_path / "report.md").write_text("# all is right")
    with server() as (api, kept):
        workflow(monkeypatch, tmp_path, {"pull_request": {"number": 7}}, GITHUB_API_URL=api)
        result = CliRunner().invoke(main, ["comment", str(tmp_path / "report.md")])
    assert result.exit_code == 0 and "pull request 7 is written" in result.output
    assert bodies(kept) == ["<!-- adbench: check -->\n# all is right"]


def test_outside_of_a_pull_request_nothing_is_written(monkeypatch, tmp_path):
    (tmp_path / "report.md").write_text("x")
    workflow(monkeypatch, tmp_path, {"ref": "refs/heads/main"})
    result = CliRunner().invoke(main, ["comment", str(tmp_path / "report.md")])
    assert result.exit_code == 0 and "no pull request" in result.output


def test_outside_of_a_workflow_a_sentence_says_what_is_missing(monkeypatch, tmp_path):
    (tmp_path / "report.md").write_text("x")
    for name in ("GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(main, ["comment", str(tmp_path / "report.md")])
    assert result.exit_code == 2 and "GITHUB_TOKEN is not set" in result.stderr
