"""What is chosen from in a delivery, and how it is called."""

# How it was handed over.
WAYS = {
    "hand": "en main propre",
    "audience": "au cours d’une audience",
    "post": "par courrier postal",
    "mail": "par courrier électronique",
    "form": "par le formulaire du destinataire",
}
# Kind of proof → its content type.
PROOF_KINDS = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
