"""Where this instance's keys come from: the settings, or a key file."""

from pathlib import Path

from app.crypto import Vault
from app.errors import SettingsError
from app.settings import Settings


def open_vault(settings: Settings) -> Vault:
    """Raises SettingsError when the key file is missing or empty, before anything is served."""
    if not settings.master_key_file:
        return Vault(settings.secret)
    path = Path(settings.master_key_file)
    try:
        lines = [line.strip() for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise SettingsError(
            f"SIGNONS_MASTER_KEY_FILE : {path} illisible ({error.strerror}). Sans cette clé, aucune signature"
            " ne peut être lue : remettez le fichier en place avant de démarrer."
        ) from None
    if not lines or len(lines[0]) < 32:
        raise SettingsError(
            f"SIGNONS_MASTER_KEY_FILE : {path} doit contenir une clé de 32 caractères au moins par ligne,"
            " la présente d’abord."
        )
    return Vault(settings.secret, lines)
