"""Cast-vote records loaded on the page of rules."""

import re

import pytest

from scrl.types import InputError
from tests.election_records import record_builders as build
from ui.voting import record_upload


def test_a_published_election_is_offered_with_its_contests(open_page):
    id = record_upload.accept(build.packed(build.alaska_export()), "alaska 2024.zip")
    app = open_page("rules", profile=id)
    assert not app.exception
    contests = next(s for s in app.selectbox if s.label == "Prompt or contest")
    assert contests.options == ["U.S. Representative", "Court of Appeals - Judge"]
    assert re.search(r'^48: "?Begich,? Nick"?$', app.text_area[0].value, re.M)
    captions = "\n".join(c.value for c in app.caption)
    assert "124 ballots, 116 of them in the profile" in captions
    assert "a rank with several candidates ends the ballot" in captions
    presets = next(s for s in app.selectbox if s.key == "record_preset")
    assert presets.options[:3] == ["The usual settings", "Maine", "Alaska"]


def test_other_files_stay_what_they_are():
    assert record_upload.accept(b"rater,prompt,completion,rank\na,p,x,1\n", "r.csv") is None
    with pytest.raises(InputError, match="no ballot ranks a candidate"):
        record_upload.accept(b"choice_1,choice_2\nundervote,undervote\n", "r.csv")
