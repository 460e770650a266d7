"""What a route may ask for: the proof of its form, looked at before there is a session."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.deliveries import proofs
from app.deliveries.proofs import Proof
from app.errors import Refused
from app.web.uploads import Upload


@dataclass(frozen=True)
class Offered:
    """What became of a file: to be kept, or half a sentence why not; neither when none was chosen."""

    proof: Proof | None = None
    refused: str = ""


def offered_proof(upload: Upload) -> Offered:
    if upload is None:
        return Offered()
    try:
        return Offered(proofs.read(upload.name, upload.read()))
    except Refused as refused:
        return Offered(refused=refused.message)


# Of a route that is ``@in_lane("picturing")`` and ``@uploading``, before its session: a picture takes a second.
OfferedProof = Annotated[Offered, Depends(offered_proof)]
