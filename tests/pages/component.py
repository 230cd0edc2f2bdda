"""What AppTest lacks for Components v2: reading what a component was given, and doing what its browser half would."""

import json
from typing import Any

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest

__all__ = ["fire", "given"]


def given(app: AppTest, key: str) -> dict[str, Any]:
    """The data the component `key` was last given."""
    return json.loads(_node(app, key).proto.json)


def fire(app: AppTest, key: str, event: str, value: object) -> AppTest:
    """Run the app as if the component `key` had called `setTriggerValue(event, value)`."""
    states = app._tree.get_widget_states()
    state = states.widgets.add()
    state.id = _make_trigger_id(_node(app, key).proto.id, "events")
    state.json_trigger_value = json.dumps([{"event": event, "value": value}])
    return app._run(states)


def _node(app: AppTest, key: str) -> Any:
    found = [node for node in app.get("bidi_component") if f"-{key}" in node.proto.id]
    assert found, f"no component {key} on the page"
    return found[0]
