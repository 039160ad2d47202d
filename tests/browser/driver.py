"""A browser for tests: chromedriver's HTTP protocol (W3C WebDriver), by the standard library alone."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from http.client import HTTPConnection
from typing import Any

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_KEYS = {"tab": "\ue004", "enter": "\ue007"}


def missing() -> str | None:
    """Why there can be no browser here; None when there can be one."""
    if not any(map(shutil.which, BROWSERS)):
        return "chromium is not installed: apt-get install chromium chromium-driver"
    if shutil.which("chromedriver") is None:
        return "chromedriver is not installed: apt-get install chromium-driver"
    return None


class Browser:
    """One headless browser with one window. To be closed by its maker."""

    def __init__(self, *, scripts: bool = True, dark: bool = False) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0", "--log-level=SEVERE"],
            stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        self._port = self._read_port()
        arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--lang=vi",
                     "--disable-dev-shm-usage", "--force-device-scale-factor=1"]  # fmt: skip
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        wanted: dict[str, Any] = {
            "binary": next(filter(None, map(shutil.which, BROWSERS))), "args": arguments,
        }  # fmt: skip
        if not scripts:
            wanted["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": wanted}}
        self._session = self._ask("POST", "/session", {"capabilities": capabilities})["sessionId"]

    def close(self) -> None:
        try:
            self._ask("DELETE", f"/session/{self._session}")
        finally:
            self._driver.terminate()
            self._driver.wait(10)
            assert self._driver.stdout is not None
            self._driver.stdout.close()
            self._log.close()

    def get(self, address: str) -> None:
        self._do("url", {"url": address})

    @property
    def address(self) -> str:
        return str(self._ask("GET", f"/session/{self._session}/url"))

    @property
    def title(self) -> str:
        return str(self._ask("GET", f"/session/{self._session}/title"))

    def resize(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)

    def devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._do("goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script of the test's own in the page; it works where the page's own may not."""
        return self._do("execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script: str, *arguments: Any) -> Any:
        return self._do("execute/async", {"script": script, "args": list(arguments)})

    def find(self, css: str) -> str:
        found = self._do("element", {"using": "css selector", "value": css})
        return str(found[_ELEMENT])

    def count(self, css: str) -> int:
        return len(self._do("elements", {"using": "css selector", "value": css}))

    def text(self, css: str = "body") -> str:
        path = f"/session/{self._session}/element/{self.find(css)}/text"
        return str(self._ask("GET", path))

    def attribute(self, css: str, name: str) -> str | None:
        path = f"/session/{self._session}/element/{self.find(css)}/attribute/{name}"
        found = self._ask("GET", path)
        return None if found is None else str(found)

    def click(self, css: str) -> None:
        self._do(f"element/{self.find(css)}/click", {})

    def type(self, css: str, text: str) -> None:
        self._do(f"element/{self.find(css)}/value", {"text": text})

    def press(self, key: str) -> None:
        """One key, to whatever has the focus."""
        presses = [{"type": kind, "value": _KEYS[key]} for kind in ("keyDown", "keyUp")]
        self._do("actions", {"actions": [{"type": "key", "id": "keys", "actions": presses}]})

    def link(self, text: str) -> None:
        """Follow the link of that text."""
        found = self._do("element", {"using": "partial link text", "value": text})
        self._do(f"element/{found[_ELEMENT]}/click", {})

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("GET", f"/session/{self._session}/screenshot"))

    def _do(self, what: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", f"/session/{self._session}/{what}", body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{method} {path}: {answer['error']}: {answer['message'][:300]}")
        return answer

    def _read_port(self) -> int:
        assert self._driver.stdout is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            line = self._driver.stdout.readline()
            if "started successfully on port" in line:
                return int(line.rstrip().rstrip(".").rsplit(" ", 1)[1])
            if not line:
                break
        raise AssertionError("chromedriver did not start")
