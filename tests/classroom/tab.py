"""A browser's tab without a browser: it speaks Streamlit's protocol to a real server, and costs next to nothing."""

import contextlib
import http.client
import time
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

GONE = (OSError, WebSocketException, http.client.HTTPException)
"""What is raised where the server is gone."""
_PATIENCE = 300.0  # seconds; with thirty people on two cores some things take their time


class Tab:
    """What one person has open. Keeps its pass: after the server's end it comes in again, as a browser does."""

    def __init__(self, port: int, code: str, name: str = "") -> None:
        self.port = port
        self.host = f"localhost:{port}"
        self.cookie = self._join(code, name)
        self.query, self.page = "", ""
        self.reactions: list[float] = []
        """Seconds that each click took, until the page stood still again."""
        self._known: dict[str, ForwardMsg] = {}
        self.widgets: dict[str, str] = {}
        """The ids of the page's widgets, by key."""
        self.text = ""
        """What the page says."""
        self._socket: Any = None
        self._held = contextlib.ExitStack()

    def _join(self, code: str, name: str) -> str:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        head = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{self.host}"}
        connection.request("POST", "/join", urlencode({"code": code, "name": name}), head)
        response = connection.getresponse()
        assert response.status == 303, response.read()
        return str(response.getheader("set-cookie")).partition(";")[0]

    def run(self, clicked: str | None = None, page: str | None = None) -> None:
        """Let the script run, as after a click on the button with this key, or on a link to a page; wait for its end.

        When the server is gone, the tab connects again as soon as there is one, and asks again.
        """
        began = time.monotonic()
        name = page
        while True:
            try:
                if self._socket is None:
                    self._connect()
                    name = self.page if name is None else name
                self._ask(clicked, name)
                break
            except GONE:
                self.close()
                assert time.monotonic() - began < _PATIENCE, "no server"
                time.sleep(0.2)
        if clicked is not None:
            self.reactions.append(time.monotonic() - began)

    def drop(self, key: str, name: str, data: bytes) -> None:
        """Drop a file on the uploader with this key, or whose key begins so, and let the script run.

        Raises:
            GONE: the server is gone; `run` connects again.
        """
        found = self._named(key)
        assert found is not None, f"no {key} at {self.page}"
        if self._socket is None:
            raise ConnectionError("the server is gone")
        asked = BackMsg()
        asked.file_urls_request.request_id = "1"
        asked.file_urls_request.file_names.append(name)
        self._socket.send(asked.SerializeToString())
        while not (answer := ForwardMsg.FromString(self._socket.recv(timeout=_PATIENCE))).HasField(
            "file_urls_response"
        ):
            pass
        (urls,) = answer.file_urls_response.file_urls
        token = self._ask_http("GET", "/_stcore/health").getheader("set-cookie", "").partition(";")[0]
        head = {"X-Xsrftoken": token.partition("=")[2], "Content-Type": "multipart/form-data; boundary=part"}
        body = f'--part\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        sent = self._ask_http("PUT", urls.upload_url, body + data + b"\r\n--part--\r\n", head, token)
        assert sent.status == 204, (sent.status, sent.read())
        message = self._message(None)
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id = found
        file = widget.file_uploader_state_value.uploaded_file_info.add()
        file.name, file.size, file.file_id = name, len(data), urls.file_id
        file.file_urls.CopyFrom(urls)
        self._socket.send(message.SerializeToString())
        self._read()

    def _ask_http(
        self, method: str, path: str, body: bytes = b"", head: dict[str, str] | None = None, cookie: str = ""
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        cookies = "; ".join(filter(None, [self.cookie, cookie]))
        connection.request(method, path, body, {"Cookie": cookies} | (head or {}))
        return connection.getresponse()

    def has(self, key: str) -> bool:
        """Whether the page has a widget with this key (or one that begins so, if it ends in `_`) that can be used."""
        return self._named(key) is not None

    def _named(self, key: str) -> str | None:
        if key in self.widgets or not key.endswith("_"):
            return self.widgets.get(key)
        return next((found for one, found in self.widgets.items() if one.startswith(key)), None)

    def close(self) -> None:
        """Close the connection."""
        self._socket = None
        with contextlib.suppress(*GONE):
            self._held.close()

    def _connect(self) -> None:
        asked = connect(
            f"ws://{self.host}/_stcore/stream",
            origin=f"http://{self.host}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie},
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            open_timeout=60,
        )
        self._socket = self._held.enter_context(asked)
        self._known.clear()
        self.page_hash = ""

    def _ask(self, clicked: str | None, page: str | None) -> None:
        message = self._message(page)
        if clicked is not None:
            found = self._named(clicked)
            assert found is not None, f"no {clicked} at {self.page}: {sorted(self.widgets)}"
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.trigger_value = found, True
        self._socket.send(message.SerializeToString())
        self._read()

    def _message(self, page: str | None) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self.query
        if page is not None:
            state.page_name = page
        else:
            state.page_script_hash = self.page_hash
        state.cached_message_hashes.extend(self._known)
        return message

    def _read(self) -> None:
        while not self._take(ForwardMsg.FromString(self._socket.recv(timeout=_PATIENCE))):
            pass

    def _take(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message = self._known[message.ref_hash]
            kind = message.WhichOneof("type")
        elif message.hash:
            self._known[message.hash] = message
        if kind == "new_session":
            self.widgets, self.text = {}, ""
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "navigation":
            found = message.navigation
            self.page_hash = found.page_script_hash
            self.page = next(
                (page.url_pathname for page in found.app_pages if page.page_script_hash == found.page_script_hash), ""
            )
        elif kind == "delta" and message.delta.HasField("new_element"):
            element = message.delta.new_element
            shown = getattr(element, element.WhichOneof("type") or "empty")
            if (widget := getattr(shown, "id", "")) and not getattr(shown, "disabled", False):
                self.widgets[widget.split("-", 2)[-1]] = widget
            self.text += str(getattr(shown, "body", "")) + "\n"
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        )
