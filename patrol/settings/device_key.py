"""Secret from which the passwords of devices are derived: from the settings, else from a file created at first use."""

from patrol.settings import key_files
from patrol.settings.settings import Settings

FILE = "device.key"


def device_key(settings: Settings) -> str:
    """The key; the same for every process and command of an installation.

    Raises:
        SetupError: the file cannot be read or created, or has no key.
    """
    if settings.device_key is not None:
        return settings.device_key.get_secret_value()
    return key_files.read_or_make(
        settings.data_dir / FILE,
        "device key",
        "restore it from a backup, or set PATROL_DEVICE_KEY (openssl rand -hex 32), which changes all passwords.",
    )
