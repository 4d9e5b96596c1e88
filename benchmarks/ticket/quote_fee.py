    percent = data.amount * Decimal("0.015") + Decimal("0.30")
    fee = max(percent, Decimal("0.50")).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return Fee(fee=fee)
