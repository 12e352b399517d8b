"""The profile that a page counts: chosen, edited, sampled or loaded; it always stands in the URL.

``?profile=`` holds one of four: the name of a preset, the ballots themselves
(``3:A>B>C;2:B>C>A``), how it is sampled (``draw:mallows,4,25,0.8,7``: culture, candidates, voters,
parameter, seed), or the id of an uploaded file (``file-…``, with the number of a prompt). The same
profile stays when the reader goes to another page.
"""

from __future__ import annotations

import re

import streamlit as st

from scrl.scenarios import scenario_of_profile
from scrl.types import InputError, Ratings
from scrl.voting import (
    CULTURES,
    Profile,
    complete_ballots,
    draw_profile,
    profile_from_ratings,
)
from ui.shared import page, source_ids, uploads
from ui.voting import left_out, record_upload
from ui.voting.preset_profiles import PRESETS

#: Length of a profile in a link.
MAX_URL_LENGTH = 6_000
#: Candidates and voters of a sampled profile.
MAX_DRAWN = (12, 1_000)
#: Pixels of the box in which ballots are written.
EDIT_WIDTH = 410
_DRAW_PATTERN = re.compile(r"draw:([a-z-]+),([0-9]{1,2}),([0-9]{1,4}),([0-9.]{1,8}),([0-9]{1,6})")
_FILE_PATTERN = re.compile(r"(file-[0-9a-f]{16})(?:\.([0-9]{1,6}))?")
_BALLOT_HELP = (
    "Write one ballot a line, best first: 3: A > B = C is cast by three voters, and B and C are "
    "tied. A ballot may leave candidates out; the page then asks what that means. A name with a "
    "sign such as a comma stands in double quotes."
)


def choose(default: str = "tennessee") -> Profile:
    """As ``choose_as_cast``, with the choice of what a ballot says of candidates that it leaves
    out; the ballots that are returned state it."""
    return left_out.resolved(choose_as_cast(default))


def choose_as_cast(default: str = "tennessee") -> Profile:
    """Draw the controls and return the chosen profile, its ballots as they were cast.

    After a fault the previous profile stays, with a message; where it is gone too, the default.

    Args:
        default: the preset that the page starts with.
    """
    spec = st.query_params.get("profile") or st.session_state.get("profile") or default
    try:
        profile = read(spec)
    except InputError as error:
        spec = st.session_state.get("profile_good", default)
        spec = spec if _is_readable(spec) else default
        st.session_state["profile_good"] = spec
        st.warning(f"{page.escaped(str(error))} Shown is ‘{page.escaped(title(spec))}’.")
        profile = read(spec)
    else:
        st.session_state["profile_good"] = spec
        if spec != default:
            _set_spec(spec)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _pick(spec)
        # A wider box would reach over the sidebar.
        with st.popover("Edit", icon=":material/edit:"), st.container(width=EDIT_WIDTH):
            _edit(spec, profile)
        with st.popover("Draw at random", icon=":material/casino:"):
            _draw()
        with st.popover("Load", icon=":material/upload_file:"):
            _load(spec)
        _send_button(spec, profile)
    if fault := st.session_state.pop("profile_fault", ""):
        st.error(page.escaped(fault))
    return profile


def title(spec: str) -> str:
    """The title of a profile by its value in the URL."""
    if spec in PRESETS:
        return PRESETS[spec].title
    if match := _FILE_PATTERN.fullmatch(spec):
        upload = uploads.cache().get(match[1])
        return upload[0] if upload else "A file"
    if match := _DRAW_PATTERN.fullmatch(spec):
        culture = CULTURES[match[1]].title if match[1] in CULTURES else "Drawn"
        return f"{culture}, {match[3]} voters, seed {match[5]}"
    return "My ballots"


def note() -> str:
    """What the shown preset demonstrates; "" for another profile."""
    spec = st.session_state["profile_good"]
    return PRESETS[spec].note if spec in PRESETS else ""


def read(spec: str) -> Profile:
    """The profile of a value of ``?profile=``.

    Raises:
        InputError: the value names no profile.
    """
    if spec in PRESETS:
        return PRESETS[spec].profile
    if match := _FILE_PATTERN.fullmatch(spec):
        upload = uploads.cache().get(match[1])
        if upload is None or upload[1].is_scenario:
            raise InputError(
                "This file is no longer kept on the server. Load it again under ‘Load’, or choose "
                "other ballots."
            )
        prompt = int(match[2] or 0)
        if prompt >= len(upload[1].catalogue.prompts):
            raise InputError("This file has fewer prompts than the link asks for.")
        return _profile_of_file(match[1], prompt, upload[1])
    if match := _DRAW_PATTERN.fullmatch(spec):
        culture, m, n, parameter, seed = match.groups()
        if int(m) > MAX_DRAWN[0] or int(n) > MAX_DRAWN[1]:
            raise InputError(
                f"A link draws at most {MAX_DRAWN[0]} candidates and {MAX_DRAWN[1]:,} voters."
            )
        return draw_profile(culture, int(m), int(n), int(seed), _parse_number(parameter))
    return Profile.from_text(spec)


@st.cache_resource(max_entries=16, show_spinner=False)
def _profile_of_file(id: str, prompt: int, _ratings: Ratings) -> Profile:
    return profile_from_ratings(_ratings, prompt, as_cast=True)


def _is_readable(spec: str) -> bool:
    """Whether the value still names a profile; a file may have gone from the server."""
    try:
        read(spec)
    except InputError:
        return False
    return True


def _parse_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{text!r} in the link is not a number.") from None


def to_link(profile: Profile) -> str:
    """A profile as its value in the URL: without labels, utilities and spaces."""
    parts = re.split(r'("(?:[^"]|"")*")', profile.to_text(";"))  # quoted names stand at 1, 3 …
    parts[::2] = [re.sub(r"\s*([>=:,;])\s*", r"\1", part) for part in parts[::2]]
    return "".join(parts)


def cache_key(profile: Profile) -> str:
    """A key for caches: everything that a rule reads."""
    known = () if profile.utility is None else profile.utility.tolist()
    return repr((profile.names, profile.place.tolist(), profile.weight.tolist(), known))


def _set_spec(spec: str) -> None:
    """Put the value of a profile in the session and, where it differs, in the URL: each write is
    a step of the browser's history."""
    st.session_state["profile"] = spec
    if st.query_params.get("profile") != spec:
        st.query_params["profile"] = spec


def _pick(spec: str) -> None:
    """The choice of a preset."""
    chosen_file = _FILE_PATTERN.fullmatch(spec)
    files = source_ids.own_ratings_files()
    options = [*PRESETS, *(id for id in files if not chosen_file or id != chosen_file[1])]
    if spec not in options:
        options.append(spec)

    def picked() -> None:
        _set_spec(st.session_state["profile_pick"])

    # Kept in the URL by hand: a bound widget would write the title there, not the name.
    st.session_state["profile_pick"] = spec
    st.selectbox(
        "Ballots", options, format_func=lambda spec: files.get(spec) or title(spec),
        key="profile_pick", on_change=picked, width=320,
        label_visibility="collapsed" if page.presenting() else "visible",
    )  # fmt: skip


def _edit(spec: str, profile: Profile) -> None:
    # A value set in the session would be lost while the popover is closed, so every profile has its
    # own text field, which begins with it.
    """The text field of the ballots."""
    key = f"profile_text_{hash(spec):x}"

    def edited() -> None:
        try:
            written = to_link(Profile.from_text(st.session_state[key]))
            if len(written) > MAX_URL_LENGTH:
                raise InputError(
                    f"A link holds at most {MAX_URL_LENGTH:,} letters of ballots. Load more from a "
                    "file."
                )
        except InputError as error:
            st.session_state["profile_fault"] = f"{error} Shown are the ballots from before."
        else:
            _set_spec(written)

    st.text_area(
        "One ballot a line: number of voters, then candidates, best first",
        profile.to_text(),
        key=key,
        on_change=edited,
        height=190,
        help=_BALLOT_HELP,
    )
    page.note(_BALLOT_HELP)


def _draw() -> None:
    """The controls of a sampled profile."""
    state = st.session_state
    culture = st.selectbox(
        "How voters choose",
        list(CULTURES),
        format_func=lambda c: CULTURES[c].title,
        key="draw_culture",
    )
    culture_info = CULTURES[culture]
    page.note(f"{culture_info.summary} ({culture_info.reference})")
    m = st.slider("Candidates", 2, MAX_DRAWN[0], 4, key="draw_candidates")
    n = st.slider("Voters", 1, MAX_DRAWN[1], 25, key="draw_voters")
    value = culture_info.default
    if culture_info.parameter:
        step = 1.0 if culture_info.default == int(culture_info.default) else 0.05
        value = st.slider(
            culture_info.parameter.capitalize(),
            float(culture_info.low),
            float(culture_info.high),
            float(culture_info.default),
            step,
            key=f"draw_{culture}",
        )

    def drawn() -> None:
        seed = state["draw_seed"] = state.get("draw_seed", -1) + 1
        _set_spec(f"draw:{culture},{m},{n},{value:g},{seed}")

    st.button("Draw ballots", type="primary", on_click=drawn, key="draw_go")


def _load(spec: str) -> None:
    """The upload of ratings or of a published election, and the choice of its prompt or contest."""
    id = uploads.take_file(record_upload.LABEL, record_upload.SUFFIXES, "profile_file", _accept)
    if id is not None:
        _set_spec(id)
        st.rerun()
    record_upload.choose_preset()
    state = st.session_state
    match = _FILE_PATTERN.fullmatch(spec)
    upload = uploads.cache().get(match[1]) if match else None
    if match and upload:
        ratings = upload[1]
        prompts = ratings.catalogue.prompts
        if len(prompts) > 1:
            at, key = int(match[2] or 0), f"profile_prompt_{hash(spec):x}"

            def chosen() -> None:
                _set_spec(f"{match[1]}.{prompts.index(state[key])}")

            st.selectbox("Prompt or contest", prompts, at, key=key, on_change=chosen)
        record_upload.show_notes(ratings, prompts[int(match[2] or 0)])


def _accept(data: bytes, filename: str) -> str:
    """The id of a file of ratings, or of a published election, that can be counted."""
    id = record_upload.accept(data, filename) or uploads.cache().add(data, filename)
    read(id)
    return id


def _send_button(spec: str, profile: Profile) -> None:
    """A button that opens the profile as a scenario in the lab."""
    if page.presenting():
        return
    if st.button("Send to the lab", icon=":material/science:", key="profile_send"):
        try:
            meaning = st.session_state.get("left_out_pick", "last")
            profile = complete_ballots(profile) if meaning == "last" else profile
            scenario = scenario_of_profile(profile, title(spec))
            id = uploads.cache().add(scenario.to_yaml().encode(), f"{title(spec)}.yaml")
        except InputError as error:
            st.session_state["profile_fault"] = str(error)
            return
        st.session_state[page.RESET_CONTROLS] = True
        st.switch_page("pages/lab.py", query_params={"scenario": id})
