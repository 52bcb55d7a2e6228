"""Raw bytes of the parts of a JSON text."""

import pytest

from event_platform.ingest.json_splitter import split_array, split_object


def test_parts_keep_their_bytes() -> None:
    """Parts are the producer's bytes, whichever parser finds them; another type of value raises TypeError."""
    for odd in (b"1", b'"\\ud800"'):
        assert split_object(b'{"a": [1 , {"b":"},{"}] ,"c":%b}' % odd) == {"a": b'[1 , {"b":"},{"}]', "c": odd}
        assert split_array(b' [ %b , {"x" : [1,2]} ]' % odd) == [odd, b'{"x" : [1,2]}']
    for wrong in (b"[]", b'"\\ud800"'):
        with pytest.raises(TypeError):
            split_object(wrong)
