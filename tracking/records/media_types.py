"""Type of a file by its first bytes: only photographs and recordings are accepted, whatever their name. Pure."""

HEAD_BYTES = 4_096
"""Bytes at the beginning of a file that identify its type."""

_ISO_VIDEO = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"})
"""Types of one container: only the tracks tell them apart, so the announced one is taken."""
_HEIF = frozenset({"image/heic", "image/heif"})
_MATROSKA = frozenset({"video/webm", "audio/webm", "video/x-matroska"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"dash", b"qt  ", b"MSNV", b"M4V ",
           b"M4A ", b"3gp", b"3g2", b"F4V ", b"XAVC")  # fmt: skip
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_ALIASES = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav", "audio/vnd.wave": "audio/wav", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4",
    "audio/aacp": "audio/aac", "audio/x-aac": "audio/aac", "audio/3gpp": "video/3gpp", "video/avi": "video/x-msvideo",
    "video/msvideo": "video/x-msvideo", "video/mkv": "video/x-matroska", "video/mpeg2ts": "video/mp2t",
    "video/x-m4v": "video/mp4", "audio/opus": "audio/ogg", "video/ogg": "audio/ogg",
}  # fmt: skip
_TS_PACKET = 188


def kind(announced: str, head: bytes) -> str | None:
    """Media type under which a file is kept: the announced one if the first bytes fit, else None.

    Args:
        announced: type given by the sender, such as `image/jpeg`.
        head: its first bytes, up to `HEAD_BYTES`.
    """
    named = announced.partition(";")[0].strip().lower()
    wanted = _ALIASES.get(named, named)
    return wanted if wanted in likely(head) else None


def likely(head: bytes) -> frozenset[str]:
    """Possible types of a file with this beginning; empty: not accepted."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return frozenset({media_type})
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return frozenset({_RIFF[head[8:12]]})
    if head[4:8] == b"ftyp":
        return _iso(head[8:12])
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _MATROSKA if b"webm" in head[:64] or b"matroska" in head[:64] else frozenset()
    packets = head[::_TS_PACKET]
    return frozenset({"video/mp2t"}) if len(packets) >= 3 and set(packets) == {0x47} else frozenset()


def _iso(brand: bytes) -> frozenset[str]:
    if brand in _HEIF_BRANDS:
        return _HEIF
    return _ISO_VIDEO if brand.startswith(_BRANDS) else frozenset()
