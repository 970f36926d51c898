"""Enrolment, passwords, revoking and restoring of devices."""

from typing import Annotated, NoReturn

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from runtime import db
from schemas.broker import Broker
from schemas.enrolment import Credentials, Enrol
from tracking.city import device_grant
from tracking.city.device_grant import DeviceGrant
from tracking.store.records import event_log
from tracking.store.tracks import device_access
from web import context, problems
from web.http import handset, origin, params

router = APIRouter(prefix="/devices", tags=["devices"])

Pool = Annotated[db.Pool, Depends(context.pool)]


@router.post("", status_code=201)
async def enrol(request: Request, pool: Pool, device: Enrol) -> Credentials:
    """Enrol a device; the password is shown only in this answer."""
    key = device_key(request)
    server = Broker.parse(context.context(request).config.mqtt_url).user
    async with pool.acquire() as conn, conn.transaction():
        await device_access.note_server(conn, server)
        try:
            grant, log_items = await device_access.add(
                conn, device.name, device.unit, label=device.label, datum=device.datum
            )
        except device_access.ReservedError as fault:
            detail = f"The name of {fault} is reserved for the server; choose another."
            raise problems.ProblemError(422, detail) from fault
        except device_access.ExistsError as fault:
            detail = f"Device {device.name} is enrolled already; POST to /api/v1/devices/{device.name}/password."
            raise problems.ProblemError(409, detail) from fault
        await event_log.append(conn, log_items)
    return _credentials(request, grant, key)


@router.post("/{name}/password")
async def renew(request: Request, pool: Pool, name: params.DeviceName) -> Credentials:
    """Set a new password for a device; the old one stops working within seconds."""
    key = device_key(request)
    async with pool.acquire() as conn:
        try:
            grant = await device_access.renew(conn, name)
        except device_access.UnknownError:
            _unknown(name)
    return _credentials(request, grant, key)


@router.post("/{name}/revoke", status_code=204)
async def revoke(pool: Pool, name: params.DeviceName) -> Response:
    """Revoke a device: its messages are refused, and it is disconnected within seconds."""
    async with pool.acquire() as conn:
        try:
            await device_access.revoke(conn, name)
        except device_access.UnknownError:
            _unknown(name)
    return Response(status_code=204)


@router.post("/{name}/restore", status_code=204)
async def restore(pool: Pool, name: params.DeviceName) -> Response:
    """Restore a revoked device, with its previous password."""
    async with pool.acquire() as conn:
        try:
            await device_access.restore(conn, name)
        except device_access.UnknownError:
            _unknown(name)
    return Response(status_code=204)


def device_key(request: Request) -> str:
    """Key from which passwords are derived.

    Raises:
        ProblemError: the process was given none.
    """
    key = context.context(request).config.device_key
    if key is None:
        raise problems.ProblemError(503, "Device passwords need a key: set PATROL_DEVICE_KEY for web and worker.")
    return key


def _credentials(request: Request, grant: DeviceGrant, key: str) -> Credentials:
    try:
        broker = handset.broker(context.context(request).config.handset_url, origin.page(request))
    except ValueError as fault:
        raise problems.ProblemError(
            503, f"The address of the broker for handsets is not usable; set PATROL_HANDSET_URL: {fault}."
        ) from fault
    secret = device_grant.password(key, grant.name, grant.generation)
    link = handset.link(name=grant.name, unit=grant.unit, password=secret, broker=broker)
    return Credentials(
        device=grant.name,
        unit=grant.unit,
        password=secret,
        broker=handset.address(broker),
        link=link,
        qr=handset.code(link),
    )


def _unknown(name: str) -> NoReturn:
    raise problems.not_found(f"Device {name}")
