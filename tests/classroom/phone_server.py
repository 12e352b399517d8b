"""A server of the phones' routes alone, for tests: ``python -m tests.classroom.phone_server``."""

import sys

import uvicorn
from starlette.applications import Starlette

from ui.classroom.routes import routes


def application() -> Starlette:
    return Starlette(routes=routes())


if __name__ == "__main__":
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
