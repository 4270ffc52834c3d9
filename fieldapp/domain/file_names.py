"""Names that no file can have on Windows, wherever they are given: sticks and folders go from one system to another."""

_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{name}{number}" for name in ("COM", "LPT") for number in "0123456789¹²³"
}


def is_windows_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device, whatever its ending: ``con.txt``."""
    return name.partition(".")[0].rstrip(" ").upper() in _DEVICES
