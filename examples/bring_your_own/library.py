"""A small library as Python functions: the tools of docs/bring-your-own-functions.md."""

from typing import Any, Literal

Genre = Literal["crime", "poetry", "science"]

_AUTHORS = {
    1: {"name": "Ada Lindqvist", "born": 1951, "country": "Sweden"},
    2: {"name": "Oskar Niemi", "born": 1968, "country": "Finland"},
    3: {"name": "Maren Dahl", "born": 1980, "country": "Norway"},
}
_BOOKS: dict[int, tuple[str, Genre, int, int, int]] = {
    11: ("The Quiet Harbour", "crime", 1, 312, 2009),
    12: ("A Cold Lamp", "crime", 2, 287, 2017),
    13: ("Nine Locks", "crime", 3, 401, 2021),
    21: ("Birch and Ember", "poetry", 2, 96, 2003),
    22: ("Letters to the Tide", "poetry", 3, 120, 2015),
    31: ("How Ice Remembers", "science", 1, 254, 2012),
    32: ("The Patient Moss", "science", 3, 198, 2019),
}
_COPIES = {11: 3, 12: 0, 13: 5, 21: 1, 22: 2, 31: 4, 32: 0}


def list_books(genre: Genre) -> dict[str, Any]:
    """List the books of a genre."""
    found = [(number, book) for number, book in _BOOKS.items() if book[1] == genre]
    return {"genre": genre, "books": [{"book_id": number, "title": book[0]} for number, book in found]}


def get_book(book_id: int) -> dict[str, Any]:
    """Get a book: its author, pages and year."""
    title, _, author_id, pages, year = _BOOKS[book_id]
    return {"title": title, "author_id": author_id, "pages": pages, "year": year}


def get_author(author_id: int) -> dict[str, Any]:
    """Get an author."""
    return _AUTHORS[author_id]


def get_copies(book_id: int) -> dict[str, int]:
    """Get the number of copies of a book on the shelf."""
    return {"copies": _COPIES[book_id]}


TOOLS = [list_books, get_book, get_author, get_copies]
