"""The router of its modules."""

from fastapi import APIRouter

router = APIRouter()
