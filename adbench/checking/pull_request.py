"""One comment on a pull request of GitHub's, written once and kept up to date afterwards."""

from __future__ import annotations

import json
import os
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adbench.cases.model import SpecError

MOST_CHARACTERS = 60_000
"""A comment may have 65,536 characters; what is longer is cut, and says so."""

PAGE_SIZE = 100
"""So many comments are asked for at once."""

LIMIT_S = 30.0
"""So long (s) the server may take to answer."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request, and what may write to it."""

    api: str
    """The address of GitHub's API."""
    repository: str
    """"owner/name"."""
    number: int
    """Its number."""
    token: str
    """What the server knows the writer by."""

    @classmethod
    def of_workflow(cls, environment: Mapping[str, str] = os.environ) -> PullRequest | None:
        """Return the pull request that a workflow runs for; None where it runs for none.

        environment: the variables that GitHub sets, with GITHUB_TOKEN. Raises SpecError where one
        is missing.
        """
        variables = ("GITHUB_REPOSITORY", "GITHUB_EVENT_PATH", "GITHUB_TOKEN")
        missing = [name for name in variables if not environment.get(name)]
        if missing:
            raise SpecError(
                f"{' and '.join(missing)} is not set; run this in a workflow of GitHub's, with "
                "env: GITHUB_TOKEN: ${{ github.token }}."
            )
        repository, event_path, token = (environment[name] for name in variables)
        try:
            event = json.loads(Path(event_path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SpecError(f"The event in {event_path} cannot be read ({error}).") from error
        number = event.get("pull_request", {}).get("number") if isinstance(event, dict) else None
        if not isinstance(number, int):
            return None
        api = environment.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        return cls(api, repository, number, token)

    def keep_comment(self, text: str, title: str) -> str:
        """Write a comment, in place of the one of the same title where there is one.

        text: Markdown. title: tells the comment from others, within an invisible mark. Returns
        "written" or "updated". Raises SpecError where the server refuses.
        """
        mark = f"<!-- adbench: {title.replace('--', '- -')} -->"
        body = f"{mark}\n{_cut(text)}"
        for comment in self._comments():
            if str(comment.get("body", "")).startswith(mark):
                self._ask("PATCH", f"issues/comments/{comment['id']}", {"body": body})
                return "updated"
        self._ask("POST", f"issues/{self.number}/comments", {"body": body})
        return "written"

    def _comments(self) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            query = urllib.parse.urlencode({"per_page": PAGE_SIZE, "page": page})
            comments = self._ask("GET", f"issues/{self.number}/comments?{query}")
            yield from comments
            if len(comments) < PAGE_SIZE:
                return
            page += 1

    def _ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.api}/repos/{self.repository}/{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/vnd.github+json",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return json.loads(answer.read() or b"null")
        except (OSError, ValueError) as error:
            raise SpecError(
                f"The comment on pull request {self.number} of {self.repository} was not written "
                f"({error}); the job needs `permissions: pull-requests: write`."
            ) from error


def _cut(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    return text[:MOST_CHARACTERS] + "\n\n... The rest is in the summary of the job.\n"
