"""The own record of an officer."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from web import context, problems
from web.export import own_record
from web.export.marks import FileMark

router = APIRouter(prefix="/me", tags=["me"])


@router.get(
    "/record",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Lines of JSON: export, officer, shift, alert, binding, stay, event, look, fix, end.",
            "content": {"application/x-ndjson": {}},
        }
    },
)
async def record(request: Request) -> StreamingResponse:
    """Everything stored about the officer of this account, and who viewed it."""
    who = context.principal(request)
    if who.officer is None:
        raise problems.ProblemError(
            404, "This account is not linked to an officer; ask an administrator to set its badge."
        )
    mark = FileMark(by=who.name, at=datetime.now(UTC), purpose="access to one's own record")
    headers = {"Content-Disposition": 'attachment; filename="own-record.ndjson"'}
    lines = own_record.lines(context.pool(request), who.officer, mark)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
