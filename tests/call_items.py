"""A list of functions, a request for one of them, and its reply."""

from __future__ import annotations

LIBRARY = '''
def search_rooms(town: str, min_seats: int[1, 500] = 1, page: int = 1) -> {
    "rooms": list[{"room_id": str, "town": str, "seats": int}], "next_page": int | None
}:
    """Find rehearsal rooms of a town.

    town: name of the town
    min_seats: how many seats there have to be
    page: page of the list
    """

def book_room(
    room_id: str, day: date, start: time, note: str = "", equipment: list[str] = []
) -> {"booking_id": str, "room_id": str, "price": float}:
    """Book a rehearsal room for one evening.

    room_id: id of the room, as search_rooms returns it
    day: the day
    start: when it begins
    note: what the keeper should know
    equipment: what is to be there
    """

def cancel_booking(booking_id: str) -> {"booking_id": str, "refund": float}:
    """Cancel a booking.

    booking_id: id of the booking
    """

def get_booking(booking_id: str) -> {"booking_id": str, "room_id": str, "note": str | None}:
    """Look up a booking.

    booking_id: id of the booking
    """

def set_volume(booking_id: str, level: Literal["quiet", "loud"], limit_db: float[30, 110] = 80.0) -> {"ok": bool}:
    """Set how loud a band may be.

    booking_id: id of the booking
    level: how loud
    limit_db: limit in decibel
    """
'''
REQUEST = "Book the room RR-7 for 4 March 2026 at 7:30 pm, please."
BOOKED = (
    'book_room(room_id="RR-7", day="2026-03-04", start="19:30")',
    {"booking_id": "B-1", "room_id": "RR-7", "price": 20.0},
)
