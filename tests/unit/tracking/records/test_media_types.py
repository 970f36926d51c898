"""Only photographs and recordings are taken, by how they begin and not by what they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.records import media_types

TS = (b"\x47" + bytes(187)) * 4
TAKEN = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/jpg": b"\xff\xd8\xff\xe1Exif",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "image/webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "image/heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
    "video/mp4": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00",
    "Video/MP4; codecs=avc1": b"\x00\x00\x00\x18ftypmp42",
    "video/quicktime": b"\x00\x00\x00\x14ftypqt  ",
    "video/3gpp": b"\x00\x00\x00\x14ftyp3gp5",
    "audio/mp4": b"\x00\x00\x00\x14ftypM4A ",
    "video/webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm",
    "video/mp2t": TS,
    "video/x-msvideo": b"RIFF\x24\x00\x00\x00AVI LIST",
    "audio/wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "audio/mpeg": b"ID3\x04\x00",
    "audio/mp3": b"\xff\xfb\x90\x00",
    "audio/aac": b"\xff\xf1\x50\x80",
    "audio/amr": b"#!AMR\n<",
    "audio/ogg": b"OggS\x00\x02",
}


@pytest.mark.parametrize("announced", TAKEN)
def test_kinds_that_devices_make_are_taken(announced: str) -> None:
    """Each by its usual name, by another spelling of it too, and kept under a name of ours."""
    kept = media_types.kind(announced, TAKEN[announced])
    assert kept is not None
    assert kept == kept.lower()
    assert kept.split("/")[0] in ("image", "audio", "video")


@pytest.mark.parametrize("announced", TAKEN)
@pytest.mark.parametrize(
    "head",
    [b"", b"<html><script>", b"<svg xmlns=", b"%PDF-1.7", b"PK\x03\x04", b"MZ\x90", b"\x7fELF", b"GIF89a",
     b"\x00\x00\x00\x18ftypevil", b"RIFF\x24\x00\x00\x00EVIL", b"\x1a\x45\xdf\xa3evil", TS[:200]],
)  # fmt: skip
def test_other_files_are_refused_whatever_they_are_called(announced: str, head: bytes) -> None:
    """Pages, drawings that can run scripts, archives, programs, and containers of nothing we know."""
    assert media_types.kind(announced, head) is None


@pytest.mark.parametrize("announced", ["text/html", "image/svg+xml", "application/pdf", "", "image/png", "*/*"])
def test_photograph_under_a_wrong_name_is_refused(announced: str) -> None:
    """What is served is what was announced: it must be true."""
    assert media_types.kind(announced, TAKEN["image/jpeg"]) is None


@given(announced=st.text(max_size=40), head=st.binary(max_size=700))
def test_any_file_is_judged(announced: str, head: bytes) -> None:
    """Nothing is raised; what is taken is one of the kinds that its bytes allow."""
    kept = media_types.kind(announced, head)
    assert kept is None or kept in media_types.likely(head)
