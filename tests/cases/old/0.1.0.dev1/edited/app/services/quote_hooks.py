"""The quote feature's own functions: yours to write.

featuregen made this file once and never changes it again. Until the function of an operation is
written, its endpoint answers 501.
"""

from app.core.auth import User
from app.core.errors import NotImplementedYetError
from app.models.quote import Quote, QuoteRequest


async def price_quote(data: QuoteRequest) -> Quote:
    """Price an order.

    Works out the price of one article in a quantity, with delivery.

    Raise ArticleUnknownError (404), QuoteRefusedError (409) of app.core.errors where the request
    cannot be met.

    Accepted when:
    - A quote is never negative
    - too much for express
    """
    raise NotImplementedYetError("price_quote")


async def forget_quotes(*, article: str, user: User) -> None:
    """Forget the quotes of an article.

    Accepted when:
    - A quote is never negative
    """
    edited_by_a_person: set[str] = {article}
    edited_by_a_person.clear()
