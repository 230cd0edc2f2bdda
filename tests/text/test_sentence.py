"""Sentences as data: kept in results, read back, and shown."""

import json

from transfer_core.text import Sentence, plural, restored, shown, stored


def test_a_result_keeps_its_sentences_at_any_depth_and_its_plain_texts() -> None:
    said = Sentence("{share:.0%} of {photos}", share=0.5, photos=plural("{n} photo", "{n} photos", 2))
    result = {"conclusion": said, "points": [said, "English of an earlier version"], "rows": {"a": [{"words": said}]}}
    on_disk = json.loads(json.dumps(stored(result)))
    assert on_disk["rows"]["a"][0]["words"]["id"] == said.id
    assert restored(on_disk) == result
    assert shown(result)["points"] == ["50% of 2 photos", "English of an earlier version"]
    assert shown(restored(on_disk)) == shown(result)


def test_what_only_looks_like_a_sentence_is_none() -> None:
    for value in ({"id": "a"}, {"values": {}}, {"id": "a", "values": {}, "more": 1}, ["id", "values"]):
        assert restored(value) == value
