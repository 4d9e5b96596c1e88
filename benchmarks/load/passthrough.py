"""The least that FastAPI and httpx2 can do for a payment: pass it on, and its answer back.

No token, no limit, no log, no metrics, no retry, no deadline: what a framework costs, and no more.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
from fastapi import FastAPI, Request
from pydantic import BaseModel


class PaymentRequest(BaseModel):
    amount: str
    currency: str = "USD"
    payment_method_id: str
    description: str | None = None


class PaymentResponse(BaseModel):
    payment_id: str
    status: str
    amount: str
    currency: str
    created_at: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with httpx2.AsyncClient(base_url=os.environ["PAYMENT_API_URL"]) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/api/v1/payments", status_code=201)
async def create_payment(data: PaymentRequest, request: Request) -> PaymentResponse:
    client: httpx2.AsyncClient = request.app.state.client
    body = {
        "amount": data.amount,
        "currency": data.currency,
        "payment_method": data.payment_method_id,
        "description": data.description,
    }
    answer = (await client.post("/payments", json=body)).json()
    return PaymentResponse(payment_id=answer["id"], **answer)
