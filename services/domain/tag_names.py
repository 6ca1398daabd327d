"""What a tag is called in the table, while it is in use and afterwards. Pure.

A tag that was merged or removed keeps its row: journals go on naming it, and no other one gets its
id. Its word is free for a new one.
"""

_OUT = "\x1e"  # no word that people can type holds it


def in_use(stored: str) -> bool:
    """Whether cases can have the tag."""
    return _OUT not in stored


def retired(stored: str, tag_id: int) -> str:
    """The name of a tag that is no longer in use, different from all others."""
    return f"{stored}{_OUT}{tag_id}"


def told(stored: str) -> str:
    """What people are told that it is called."""
    name, out, _ = stored.partition(_OUT)
    return f"{name} (no longer in use)" if out else name
