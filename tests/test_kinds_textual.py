"""Fact kinds that are no quantities: what states a value, and what does not."""

import random
import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tool_orch_env.answers.kinds.base import Asked, Kind
from tool_orch_env.answers.kinds.textual import TEXTUAL
from tool_orch_env.answers.text import fold, folded

KINDS: dict[str, Kind] = {kind.name: kind for kind in TEXTUAL}


def asked_for(
    value: Any, request: str = "", candidates: tuple[str, ...] = (), aliases: tuple[str, ...] = ()
) -> Asked:
    return Asked(value, request=folded(request), candidates=candidates, aliases=aliases)


def stated(kind: Kind, text: str, asked: Asked) -> bool:
    return any(kind.same(said, asked) for said in kind.read(fold(text).text, asked))


CASES: list[tuple[str, bool, str, Any, dict[str, Any]]] = [
    # clock
    ("clock", True, "due to land at 7:01 PM.", "19:01", {}),
    ("clock", True, "7.01 pm", "19:01", {}),
    ("clock", True, "7:55 p.m.", "19:55", {}),
    ("clock", True, "7:23", "07:23", {}),
    ("clock", True, "07:23", "07:23", {}),
    ("clock", True, "0723 hours", "07:23", {}),
    ("clock", True, "19h01", "19:01", {}),
    ("clock", True, "21h27", "21:27", {}),
    ("clock", True, "at 19.01", "19:01", {}),
    ("clock", False, "it rose 19.01 points", "19:01", {}),
    ("clock", False, "at 19.01 euros", "19:01", {}),
    ("clock", True, "7 pm", "19:00", {}),
    ("clock", True, "noon", "12:00", {}),
    ("clock", True, "at midnight", "00:00", {}),
    ("clock", True, "half past seven", "07:30", {}),
    ("clock", True, "quarter to eight in the evening", "19:45", {}),
    ("clock", True, "8 o'clock", "08:00", {}),
    ("clock", True, "Landed 2013-05-04T19:55.", "19:55", {}),
    ("clock", True, "2013-05-04T19:55:00Z", "19:55", {}),
    ("clock", True, "2013-05-04T19:55:00-05:00", "19:55", {}),
    ("clock", False, "2013-05-04T19:55:00-05:00", "05:00", {}),
    ("clock", False, "10:15 PM", "10:15", {}),
    ("clock", True, "10:15 PM", "22:15", {}),
    ("clock", False, "7:55 AM", "19:55", {}),
    ("clock", False, "7:55", "19:55", {}),
    ("clock", True, "7:55 in the evening", "19:55", {}),
    ("clock", True, "7:55 tonight", "19:55", {}),
    ("clock", True, "in the afternoon at 1:03", "13:03", {}),
    ("clock", True, "24:00", "00:00", {}),
    ("clock", True, "09:00-17:00", "17:00", {}),
    ("clock", True, "09:00-17:00", "09:00", {}),
    ("clock", True, "9:00–17:00", "17:00", {}),
    ("clock", False, "a score of 2:1", "02:01", {}),
    ("clock", False, "2:25 h", "02:25", {}),
    ("clock", False, "it took 2h25", "02:25", {}),
    ("clock", True, "7:01–7:55 PM", "19:01", {}),
    ("clock", True, "11:00-1:00 pm", "11:00", {}),
    ("clock", True, "from 7:01 to 7:55 PM", "19:01", {}),
    ("clock", True, "7:55pm", "19:55", {}),
    ("clock", True, "7:55 PM.", "19:55", {}),
    ("clock", True, "**7:55 PM**", "19:55", {}),
    ("clock", True, "| 7:55 PM | 8:05 PM |", "19:55", {}),
    ("clock", True, "| 7:55 PM | 8:05 PM |", "20:05", {}),
    ("clock", True, "19:55Z", "19:55", {}),
    ("clock", True, "19:55 UTC", "19:55", {}),
    ("clock", False, "19:55 AM", "19:55", {}),
    ("clock", True, "12 noon", "12:00", {}),
    ("clock", True, "12:30 am", "00:30", {}),
    ("clock", True, "12:05 PM", "12:05", {}),
    ("clock", True, "8:05 a.m. and 9:05 a.m.", "08:05", {}),
    ("clock", True, "19:01:00", "19:01", {}),
    ("clock", True, "at 0723.", "07:23", {}),
    ("clock", False, "UTC-05:00", "05:00", {}),
    ("clock", True, "19:55+02:00", "19:55", {}),
    ("clock", True, '{"t":"19:55"}', "19:55", {}),
    ("clock", True, "18.45 Uhr", "18:45", {}),
    ("clock", True, "at 9 p.m", "21:00", {}),
    ("clock", False, "9 apples", "09:00", {}),
    ("clock", True, "10:18, on time", "10:18", {}),
    ("clock", False, "1:100", "01:10", {}),
    ("clock", False, "v1.10", "01:10", {}),
    ("clock", True, "ten past seven", "07:10", {}),
    ("clock", True, "depart 5:30 p. m.", "17:30", {}),
    ("clock", True, "19：55", "19:55", {}),
    ("clock", True, "7:55 in the morning", "07:55", {}),
    ("clock", True, "7:55 that evening", "19:55", {}),
    ("clock", True, "Monday evening at 7:55", "19:55", {}),
    ("clock", True, "12:30 in the morning", "00:30", {}),
    # date
    ("date", True, "2013-11-11", "2013-11-11", {}),
    ("date", True, "11 November 2013", "2013-11-11", {}),
    ("date", True, "November 11th, 2013.", "2013-11-11", {}),
    ("date", False, "Nov 11", "2013-11-11", {}),
    ("date", True, "Nov 11", "2013-11-11", {"request": "in 2013"}),
    ("date", False, "Nov 11", "2013-11-11", {"request": "in 2014"}),
    ("date", True, "Monday, November 11", "2013-11-11", {"request": "2013"}),
    ("date", True, "Tuesday, November 11", "2013-11-11", {"request": "2013"}),
    ("date", True, "11/11/2013", "2013-11-11", {}),
    ("date", True, "24.12.2014", "2014-12-24", {}),
    ("date", True, "12/24/2014", "2014-12-24", {}),
    ("date", True, "24/12/2014", "2014-12-24", {}),
    ("date", True, "the 24th of December 2014", "2014-12-24", {}),
    ("date", True, "2014/12/24", "2014-12-24", {}),
    ("date", False, "20141224", "2014-12-24", {}),
    ("date", True, "Monday, 12 November 2013", "2013-11-12", {}),
    ("date", True, "Tuesday, 12 November 2013", "2013-11-12", {}),
    ("date", True, "on 2014‑12‑24.", "2014-12-24", {}),
    ("date", True, "Nov. 11, 2013", "2013-11-11", {}),
    ("date", True, "11-Nov-2013", "2013-11-11", {}),
    ("date", True, "November 11 (Monday)", "2013-11-11", {"request": "2013"}),
    ("date", True, "November 11 (Sunday)", "2013-11-11", {"request": "2013"}),
    ("date", True, "11/12/2013", "2013-11-12", {}),
    ("date", True, "11/12/2013", "2013-12-11", {}),
    ("date", False, "11.12.2013", "2013-11-12", {}),
    ("date", True, "2013-11-11T10:00:00Z", "2013-11-11", {}),
    ("date", False, "2013-11-12", "2013-11-11", {}),
    ("date", True, "10 November and 11 November 2013", "2013-11-10", {}),
    ("date", True, "| Nov 11, 2013 | Mon |", "2013-11-11", {}),
    ("date", True, "Mon 11 Nov 2013", "2013-11-11", {}),
    ("date", True, "Mon, Nov 11, 2013; Tue, Nov 12, 2013", "2013-11-12", {}),
    ("date", True, "It was 2013-11-11, a Monday.", "2013-11-11", {}),
    ("date", True, "11th November 2013", "2013-11-11", {}),
    ("date", True, "January 1", "2014-01-01", {"request": "New Year 2014"}),
    ("date", True, "11/11/13", "2013-11-11", {}),
    ("date", False, "version 1.2.2013.4", "2013-02-01", {}),
    ("date", True, "11. November 2013", "2013-11-11", {}),
    ("date", True, "on November 11 2013 at 9", "2013-11-11", {}),
    ("date", True, "Sept. 5, 2013", "2013-09-05", {}),
    ("date", True, "November 11 of 2013", "2013-11-11", {}),
    ("date", False, "May 5 2013 to", "2013-05-06", {}),
    ("date", True, "(2013-11-11)", "2013-11-11", {}),
    ("date", True, '"2013-11-11"', "2013-11-11", {}),
    # weekday
    ("weekday", True, "Tuesday", "Tuesday", {}),
    ("weekday", True, "Tue", "Tuesday", {}),
    ("weekday", True, "Tues.", "Tuesday", {}),
    ("weekday", True, "It is Tuesday, 12 November", "Tuesday", {}),
    ("weekday", False, "Wednesday", "Tuesday", {}),
    ("weekday", False, "the sun is out", "Sunday", {}),
    ("weekday", True, "Sun", "Sunday", {}),
    ("weekday", True, "Sat.", "Saturday", {}),
    ("weekday", False, "he sat down", "Saturday", {}),
    ("weekday", True, "| Sun |", "Sunday", {}),
    ("weekday", False, "monetary", "Monday", {}),
    ("weekday", True, "on Thurs", "Thursday", {}),
    ("weekday", True, "Thursday's", "Thursday", {}),
    # moment
    ("moment", True, "It landed at 4:05 p.m. on July 10, 2013.", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "2013-07-10T16:05:00Z", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "2013-07-10 16:05", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "July 10 at 16:05", "2013-07-10T16:05:00Z", {"request": "2013"}),
    ("moment", False, "July 10 at 16:05", "2013-07-10T16:05:00Z", {}),
    ("moment", False, "July 11, 2013 at 16:05. On July 10, 2013 nothing.", "2013-07-10T16:05:00Z", {}),
    ("moment", False, "4:05 a.m. on July 10, 2013", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "Flights on 10 July 2013:\n- 16:05 UA1", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "16:05", "2013-07-10T16:05:00Z", {"request": "on 10 July 2013"}),
    ("moment", False, "16:05", "2013-07-10T16:05:00Z", {"request": "in 2013"}),
    ("moment", True, "On July 10, 2013, it left at 14:00 and landed at 16:05.", "2013-07-10T16:05:00Z", {}),
    ("moment", True, "| 2013-07-10 | 16:05 |", "2013-07-10T16:05:00Z", {}),
    # zone
    ("zone", True, "America/Los_Angeles", "America/Los_Angeles", {}),
    ("zone", True, "It is in the Los Angeles time zone", "America/Los_Angeles", {}),
    ("zone", True, "Pacific Time", "America/Los_Angeles", {}),
    ("zone", True, "PST", "America/Los_Angeles", {}),
    ("zone", True, "(PT)", "America/Los_Angeles", {}),
    ("zone", True, "US Pacific", "America/Los_Angeles", {}),
    ("zone", True, "UTC-8", "America/Los_Angeles", {}),
    ("zone", True, "UTC−08:00", "America/Los_Angeles", {}),
    ("zone", True, "GMT-7", "America/Los_Angeles", {}),
    ("zone", False, "UTC-6", "America/Los_Angeles", {}),
    ("zone", True, "Eastern Time", "America/New_York", {}),
    ("zone", True, "Eastern Time", "America/Detroit", {}),
    ("zone", False, "Central Time", "America/Los_Angeles", {}),
    ("zone", False, "America/New_York", "America/Los_Angeles", {}),
    ("zone", False, "America/Vancouver", "America/Los_Angeles", {}),
    ("zone", True, "America/Los Angeles is the zone", "America/Los_Angeles", {}),
    ("zone", True, "Central European Time (CET)", "Europe/Berlin", {}),
    ("zone", True, "CEST", "Europe/Berlin", {}),
    ("zone", True, "UTC+1", "Europe/Berlin", {}),
    ("zone", True, "Europe/Berlin", "Europe/Berlin", {}),
    ("zone", False, "Europe/Helsinki", "Europe/Berlin", {}),
    ("zone", True, "America/Indiana/Indianapolis", "America/Indiana/Indianapolis", {}),
    ("zone", True, "São Paulo time", "America/Sao_Paulo", {}),
    ("zone", True, "Mountain Standard Time", "America/Phoenix", {}),
    ("zone", False, "the flight time at 8", "America/Phoenix", {}),
    ("zone", True, "GMT", "Europe/London", {}),
    ("zone", True, "Japan Standard Time", "Asia/Tokyo", {}),
    ("zone", True, "Tokyo time", "Asia/Tokyo", {}),
    ("zone", True, "Pacific Daylight Time", "America/Los_Angeles", {}),
    ("zone", True, "pacific time zone", "America/Los_Angeles", {}),
    ("zone", True, "time zone: Pacific Time", "America/Los_Angeles", {}),
    ("zone", False, "departs at 8 and landed 9:05-8", "America/Los_Angeles", {}),
    ("zone", True, "US/Pacific", "America/Los_Angeles", {}),
    ("zone", True, "Turkey... Europe/Istanbul", "Europe/Istanbul", {}),
    ("zone", True, "It uses ET.", "America/New_York", {}),
    ("zone", False, "Eat at the café", "Africa/Nairobi", {}),
    ("zone", True, "UTC+3", "Europe/Istanbul", {}),
    ("zone", True, "The time zone is Europe/Paris.", "Europe/Paris", {}),
    ("zone", False, "It is 16:05 UTC", "America/Los_Angeles", {}),
    # name
    ("name", True, "Delta Airlines", "Delta Air Lines Inc.", {}),
    ("name", True, "United Airlines flew", "United Air Lines Inc.", {}),
    ("name", True, "Krakow", "Kraków", {}),
    ("name", True, "KRAKÓW", "Kraków", {}),
    ("name", True, "Chicago O’Hare International Airport", "Chicago O'Hare International Airport", {}),
    ("name", True, "Embraer", "EMBRAER", {}),
    ("name", True, "dollars", "Dollar", {}),
    ("name", True, "Kinopalatsi's", "Kinopalatsi", {}),
    ("name", True, "Raleigh Durham International", "Raleigh-Durham International Airport", {}),
    ("name", True, "Raleigh-Durham Airport", "Raleigh-Durham International Airport", {}),
    (
        "name",
        False,
        "Raleigh-Durham Airport",
        "Raleigh-Durham International Airport",
        {"candidates": ("Raleigh-Durham Airport",)},
    ),
    ("name", False, "the Hotel Savoy", "Savoy", {"candidates": ("Hotel Savoy",)}),
    ("name", True, "the Savoy", "Savoy", {"candidates": ("Hotel Savoy",)}),
    ("name", True, "Hotel Savoy", "Hotel Savoy", {"candidates": ("Savoy",)}),
    ("name", False, "Washingtonian", "Washington", {}),
    ("name", True, "Washington", "Washington", {}),
    ("name", True, "St. Louis", "Saint Louis", {}),
    ("name", True, "Marks & Spencer", "Marks and Spencer", {}),
    ("name", True, "Cleveland‑Hopkins International Airport", "Cleveland-Hopkins International Airport", {}),
    ("name", True, "__Turku__,", "Turku", {}),
    ("name", True, "Delta", "Delta Air Lines Inc.", {}),
    ("name", False, "Delta", "Delta Air Lines Inc.", {"candidates": ("Delta",)}),
    ("name", True, "United flight 15", "United Air Lines Inc.", {}),
    ("name", False, "the United States", "United Air Lines Inc.", {}),
    ("name", False, "in Alaska.", "Alaska Airlines Inc.", {}),
    ("name", True, "Chicago O'Hare", "Chicago O'Hare International Airport", {}),
    ("name", False, "Denver", "Denver International Airport", {}),
    ("date", True, "November 28 and 29, 2013", "2013-11-28", {}),
    ("date", True, "November 28 and 29, 2013", "2013-11-29", {}),
    ("date", True, "28–29 November 2013", "2013-11-28", {}),
    ("zone", True, "Eastern (UTC−5)", "America/New_York", {}),
    ("name", True, "Łódź", "Lodz", {}),
    ("name", True, "東京です", "東京", {}),
    ("name", True, "Foo SA", "Foo S.A.", {}),
    ("name", True, "Foo", "Foo S.A.", {}),
    ("name", True, "AirTran Airways", "AirTran Airways Corporation", {}),
    ("name", False, "New York", "York", {"candidates": ("New York",)}),
    ("name", True, "[Hotel X](http://x)", "Hotel X", {}),
    ("name", True, "😀", "😀", {}),
    ("name", True, 'Restaurant "Sea Horse"', "Restaurant Sea Horse", {}),
    # tag
    ("tag", True, "bus stop", "bus_stop", {}),
    ("tag", True, "It is a tram stop.", "tram_stop", {}),
    ("tag", True, "bus stops", "bus_stop", {}),
    ("tag", True, "pizza and burgers", "burger;pizza", {}),
    ("tag", False, "pizza", "burger;pizza", {}),
    ("tag", False, "pizza, burger, sushi", "burger;pizza", {"candidates": ("sushi",)}),
    ("tag", True, "Asian", "asian", {}),
    ("tag", False, "a bus stop", "tram_stop", {"candidates": ("bus_stop",)}),
    ("tag", True, "coffee_shop", "coffee_shop", {}),
    ("tag", True, "coffee shop; cake", "coffee_shop;cake", {}),
    # list
    ("list", True, "JFK, LGA and EWR", ("JFK", "LGA", "EWR"), {}),
    ("list", True, "- EWR\n- JFK\n- LGA", ("JFK", "LGA", "EWR"), {}),
    ("list", False, "JFK and LGA", ("JFK", "LGA", "EWR"), {}),
    ("list", False, "JFK, LGA, EWR, BOS", ("JFK", "LGA", "EWR"), {"candidates": ("BOS",)}),
    ("list", True, "English and Spanish", "English;Spanish", {}),
    # code
    ("code", True, "KFLL", "KFLL", {}),
    ("code", True, "(KFLL)", "KFLL", {}),
    ("code", True, "UA1195", 1195, {}),
    ("code", True, "UA 1195", 1195, {}),
    ("code", True, "flight 1195", "1195", {}),
    ("code", True, "#1195", 1195, {}),
    ("code", True, "no. 1195", 1195, {}),
    ("code", True, "1,195", 1195, {}),
    ("code", False, "1195th", 1195, {}),
    ("code", False, "11950", 1195, {}),
    ("code", False, "1195.5", 1195, {}),
    ("code", True, "1195.", 1195, {}),
    ("code", True, "00130", "00130", {}),
    ("code", False, "130", "00130", {}),
    ("code", True, "7440-36-0", "7440-36-0", {}),
    ("code", False, "7440-37-0", "7440-36-0", {}),
    ("code", True, "5/2", "5/2", {}),
    ("code", True, "B738", "B738", {}),
    ("code", True, "+358", "358", {}),
    ("code", True, "00358", "358", {}),
    ("code", True, "358", "+358", {}),
    ("code", True, "N814 UA", "N814UA", {}),
    ("code", True, "n814ua", "N814UA", {}),
    ("code", False, "N815UA", "N814UA", {}),
    ("code", False, "it is in Rome", "IN", {}),
    ("code", True, "(IN)", "IN", {}),
    ("code", True, "The country code is IN.", "IN", {}),
    ("code", True, "UA1195", "UA", {}),
    ("code", True, "9E 3457", "9E", {}),
    ("code", False, "739 miles", "739", {}),
    ("code", True, "flight 739", "739", {}),
    ("code", True, "739 (UA)", "739", {}),
    ("code", False, "at 7:39", "739", {}),
    ("code", True, "UA-1195", 1195, {}),
    ("code", True, "| 1195 |", 1195, {}),
    ("code", True, '"flight": 1195', 1195, {}),
    ("code", True, "+1-684", "+1-684", {}),
    ("code", True, "JFK", "JFK", {}),
    ("code", False, "JFKX", "JFK", {}),
    ("code", True, "flights 1195, 1196 and 12", "1196", {}),
    ("code", True, "Flight 2013", "2013", {}),
    ("code", True, "flight 15 from JFK", 15, {}),
    ("code", True, "B6 15", 15, {}),
    ("code", True, "B615", 15, {}),
    ("code", True, "DL 95.", 95, {}),
    # hours
    (
        "hours",
        True,
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    (
        "hours",
        True,
        "Monday to Friday 9 am to 9 pm, Saturday 9-19, Sunday 11:00–18:00",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    (
        "hours",
        True,
        "It is open Mon–Fri 9:00 AM – 9:00 PM, Sat 9:00 AM – 7:00 PM and Sun 11 AM–6 PM.",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    (
        "hours",
        False,
        "Monday to Friday 9 am to 9 pm, Saturday 9-18, Sunday 11:00–18:00",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    (
        "hours",
        False,
        "Monday to Friday 9 am to 9 pm",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    ("hours", True, "weekdays 9-5", "Mo-Fr 09:00-17:00", {}),
    ("hours", True, "weekdays from 9 to 5, closed on weekends", "Mo-Fr 09:00-17:00", {}),
    ("hours", True, "daily 10:00-18:00", "Mo-Su 10:00-18:00", {}),
    ("hours", True, "It is open daily from 10 am to 6 pm.", "Mo-Su 10:00-18:00", {}),
    ("hours", True, "open 24 hours", "24/7", {}),
    ("hours", True, "around the clock, every day", "24/7", {}),
    ("hours", True, "24/7", "24/7", {}),
    ("hours", True, "Mo–Su 09:00–17:00", "Mo-Su 09:00-17:00", {}),
    ("hours", True, "Mon-Sat 9-5, closed on Sundays", "Mo-Sa 09:00-17:00", {}),
    ("hours", True, "Sunday: closed\nMonday-Saturday: 9:00-17:00", "Mo-Sa 09:00-17:00", {}),
    (
        "hours",
        True,
        "- Monday: 9-17\n- Tuesday: 9-17\n- Wednesday: 9-17\n- Thursday: 9-17\n"
        "- Friday: 9-17\n- Saturday: closed\n- Sunday: closed",
        "Mo-Fr 09:00-17:00",
        {},
    ),
    (
        "hours",
        True,
        "| Day | Hours |\n|---|---|\n| Mon | 11:00–00:00 |\n| Tue | 11:00–00:00 |\n| Wed–Thu | 11:00–24:00 |\n"
        "| Fri–Sat | 11:00–04:00 |",
        "Mo-Th 11:00-24:00; Fr-Sa 11:00-04:00",
        {},
    ),
    (
        "hours",
        True,
        "Mo-Th 11:00-24:00; Fr-Sa 11:00-04:00; PH off",
        "Mo-Th 11:00-24:00; Fr-Sa 11:00-04:00",
        {},
    ),
    (
        "hours",
        True,
        "Monday to Thursday 11 am to midnight, Friday and Saturday 11 am to 4 am",
        "Mo-Th 11:00-24:00; Fr-Sa 11:00-04:00",
        {},
    ),
    (
        "hours",
        True,
        "9 am to 9 pm Monday to Friday, 9 am to 7 pm on Saturday, and 11 am to 6 pm on Sunday",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    ("hours", True, "Mon, Wed and Fri 9-5", "Mo,We,Fr 09:00-17:00", {}),
    (
        "hours",
        True,
        "Mo-Fr 11:00-14:30,17:00-00:00; Sa 12:00-00:00; Su 17:00-23:00",
        "Mo-Fr 11:00-14:30,17:00-00:00; Sa 12:00-00:00; Su 17:00-23:00",
        {},
    ),
    (
        "hours",
        True,
        "Monday to Friday from 11:00 to 14:30 and from 17:00 to midnight, Saturday noon to midnight, "
        "Sunday 5 pm - 11 pm",
        "Mo-Fr 11:00-14:30,17:00-00:00; Sa 12:00-00:00; Su 17:00-23:00",
        {},
    ),
    ("hours", False, "It flew 09:00-17:00", "Mo-Su 09:00-17:00", {}),
    ("hours", True, "Opening hours: 09:00-17:00", "Mo-Su 09:00-17:00", {}),
    ("hours", True, "Weekdays 8:00–20:00; weekends 10:00–18:00", "Mo-Fr 08:00-20:00; Sa-Su 10:00-18:00", {}),
    (
        "hours",
        True,
        "Shop A is open Mon-Fri 8-20. Shop B is open Mon-Fri 9:00-17:00.",
        "Mo-Fr 09:00-17:00",
        {},
    ),
    (
        "hours",
        True,
        "Tuesday through Sunday, 6 p.m. to 4 a.m. (Tuesday closes at 2)",
        "Tu-Su 18:00-04:00",
        {},
    ),
    (
        "hours",
        True,
        "**Mon–Fri:** 09:00–21:00, **Sat:** 09:00–19:00, **Sun:** 11:00–18:00",
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
    (
        "hours",
        True,
        '"opening_hours": "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00"',
        "Mo-Fr 09:00-21:00; Sa 09:00-19:00; Su 11:00-18:00",
        {},
    ),
]


@pytest.mark.parametrize(("name", "want", "text", "value", "more"), CASES)
def test_a_text_states_a_value_or_does_not(
    name: str, want: bool, text: str, value: Any, more: dict[str, Any]
) -> None:
    asked = asked_for(value, **more)
    assert stated(KINDS[name], text, asked) is want, KINDS[name].read(fold(text).text, asked)


POLARITIES = [
    ("yes", "Yes, it is", ()),
    ("no", "No.", ()),
    ("yes", "It is wheelchair accessible.", ()),
    ("yes", "it is fully wheelchair accessible", ()),
    ("yes", "It offers step-free access", ()),
    ("yes", "The entrance is accessible", ()),
    ("no", "It is not wheelchair accessible", ()),
    ("no", "It isn't wheelchair-accessible.", ()),
    ("no", "There is no wheelchair access.", ()),
    ("limited", "It is partially accessible", ()),
    ("limited", "It has limited wheelchair access", ()),
    ("limited", "Wheelchair access is limited.", ()),
    ("yes", "wheelchair: yes", ()),
    ("no", "| Wheelchair | no |", ()),
    ("limited", "Wheelchair: limited", ()),
    ("yes", "✅", ()),
    ("no", "❌", ()),
    ("yes", "true", ()),
    ("no", "The answer is no.", ()),
    ("no", "It doesn't have outdoor seating.", ("outdoor seating",)),
    ("yes", "It has outdoor seating.", ("outdoor seating",)),
    ("no", "Outdoor seating: no", ("outdoor seating",)),
    ("no", "Outdoor seating is not available", ("outdoor_seating",)),
    ("no", "it is inaccessible", ()),
    ("yes", "Yes — the café is wheelchair accessible.", ()),
    ("no", "No, it is not wheelchair-accessible", ()),
    ("limited", "It's not fully accessible.", ()),
    ("none", "No doubt 5", ()),
    ("no", "The hotel is not accessible for wheelchairs.", ()),
    ("limited", "The place is only partly wheelchair accessible", ()),
    ("none", "The flight landed at no. 5", ()),
    ("yes", "wheelchair-friendly", ()),
    ("yes", "wheelchair accessible: yes", ()),
    ("no", "wheelchair accessible: no", ()),
    ("limited", "It has limited wheelchair accessibility.", ()),
    ("no", "accessible: false", ()),
    ("no", '{"wheelchair": "no"}', ()),
    ("limited", '{"wheelchair": "limited"}', ()),
    ("no", "not step-free", ()),
    ("yes", "**Yes**", ()),
    ("no", "Unfortunately, no.", ()),
]


@pytest.mark.parametrize(("want", "text", "aliases"), POLARITIES)
def test_yes_no_and_limited_are_read_with_their_negation(
    want: str, text: str, aliases: tuple[str, ...]
) -> None:
    read = KINDS["yes_no"].read(fold(text).text, Asked("yes", aliases=aliases))
    assert {said.value for said in read} == ({want} if want != "none" else set())


def test_both_ends_of_a_range_are_said() -> None:
    read = KINDS["clock"].read("09:00-17:00", Asked("09:00"))
    assert [said.value for said in read] == [9 * 3600, 17 * 3600]


def test_a_rival_flight_number_is_read_and_a_measure_is_not() -> None:
    text = "flight 1195 left at 7:39 on 14 february 2013, 20 minutes late, for 739 miles; dl 95 did not."
    read = KINDS["code"].read(text, Asked(1195))
    assert [said.value for said in read] == ["1195", "95"]


def test_a_date_that_may_be_two_is_one_saying() -> None:
    assert len(KINDS["date"].read("11/12/2013", Asked("2013-12-11"))) == 1


def test_a_time_inside_a_date_time_is_not_its_offset() -> None:
    assert len(KINDS["clock"].read("2013-05-04t19:55:00-05:00", Asked("19:55"))) == 1


def test_two_shops_are_two_weeks() -> None:
    text = "shop a is open mon-fri 8-20. shop b is open mon-fri 9:00-17:00."
    assert len(KINDS["hours"].read(text, Asked("Mo-Fr 09:00-17:00"))) == 2


minutes = st.integers(0, 1439)
clock_values = minutes.map(lambda m: f"{m // 60:02d}:{m % 60:02d}")
day_values = st.dates(date(1950, 1, 1), date(2049, 12, 31)).map(lambda day: day.isoformat())
words = st.sampled_from(
    "Savoy Kraków O'Hare Delta United Park Café Oy Inc. Hotel Museum Royal Ålesund Saint-Denis 21 B&B Sea Horse".split()  # noqa: SIM905
)
names = st.lists(words, min_size=1, max_size=4).map(" ".join)
spans = st.tuples(st.integers(0, 23), st.integers(1, 23)).map(
    lambda p: f"{p[0]:02d}:00-{(p[0] + p[1]) % 24:02d}:30"
)
week_values = st.tuples(
    spans, spans, st.sampled_from(["Mo-Fr {}; Sa-Su {}", "Mo-Th {}; Fr {}", "Tu-Su {}; Mo {}"])
).map(lambda parts: parts[2].format(parts[0], parts[1]))
codes = st.from_regex(r"[A-Z]{1,4}[0-9]{1,4}[A-Z]{0,2}|[0-9]{2,5}|[0-9]{2,5}-[0-9]{2}-[0-9]", fullmatch=True)
VALUES = {
    "clock": clock_values,
    "date": day_values,
    "moment": st.tuples(day_values, clock_values).map(lambda p: f"{p[0]}T{p[1]}:00Z"),
    "weekday": st.sampled_from("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),  # noqa: SIM905
    "zone": st.sampled_from(
        ["America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Europe/London", "Asia/Kolkata"]
    ),
    "hours": week_values,
    "name": names,
    "code": codes,
    "tag": st.sampled_from(
        ["bus_stop", "tram_stop", "coffee_shop;cake", "asian", "ice_cream", "burger;pizza"]
    ),
    "yes_no": st.sampled_from(["yes", "no", "limited", True, False]),
    "list": st.lists(st.sampled_from(["JFK", "LGA", "EWR", "BOS"]), min_size=1, max_size=4, unique=True).map(
        tuple
    ),
}
FRAMES = ["{}", "It is {}, they say.", "It is {}.", "| it | {} |"]


@settings(deadline=None)
@given(
    st.data(),
    st.sampled_from(sorted(VALUES)),
    st.sampled_from(FRAMES),
    st.sampled_from(["", "Sometime in 2013."]),
)
def test_every_form_of_a_value_states_it(data: st.DataObject, name: str, frame: str, request: str) -> None:
    kind, asked = KINDS[name], asked_for(data.draw(VALUES[name]), request)
    for form in kind.forms(asked):
        assert stated(kind, frame.format(form), asked) or "\n" in form, form


def _alike(name: str, value: Any, other: Any) -> bool:
    """Whether forms of one value may rightly state the other: 07:30 without a mark, 3 April and 4 March in figures."""
    kind = KINDS[name]
    if name == "code":  # "N 814 UA" has 814 and N814 in it
        return bool(set(re.findall(r"\d+", value)) & set(re.findall(r"\d+", other)))
    if name in ("date", "moment"):
        return str(value)[:4] == str(other)[:4]
    return name == "name" or stated(kind, str(other), Asked(value)) or stated(kind, str(value), Asked(other))


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(VALUES)))
def test_forms_of_another_value_do_not_state_a_value(data: st.DataObject, name: str) -> None:
    kind, value, other = KINDS[name], data.draw(VALUES[name]), data.draw(VALUES[name])
    candidates = tuple(str(other).split(";")) if name in ("tag", "name") else other if name == "list" else ()
    if _alike(name, value, other):
        return
    for form in kind.forms(Asked(other)):
        assert not stated(kind, form, Asked(value, candidates=candidates)), form


def test_every_kind_has_at_least_four_forms_of_a_usual_value() -> None:
    usual = {
        "clock": "19:01", "date": "2013-11-11", "moment": "2013-07-10T16:05:00Z", "weekday": "Tuesday",
        "zone": "America/Los_Angeles", "hours": "Mo-Fr 09:00-21:00; Sa 09:00-19:00", "name": "Delta Air Lines Inc.",
        "code": "UA1195", "tag": "bus_stop", "yes_no": "limited", "list": ("JFK", "LGA"),
    }  # fmt: skip
    for name, value in usual.items():
        assert len(KINDS[name].forms(Asked(value))) >= 4, name


ODD: list[Any] = [
    "",
    " ",
    "☃",
    "²",
    "-",
    "'",
    True,
    0,
    -1,
    1.5,
    "24:61",
    "2013-02-30",
    "Mo",
    ";",
    "+",
    (),
    ("",),
    "no",
]


@given(st.text(), st.sampled_from(sorted(KINDS)), st.sampled_from(ODD))
def test_no_text_and_no_value_raises(text: str, name: str, value: Any) -> None:
    kind, asked = KINDS[name], Asked(value, candidates=("", "x"), aliases=("", "²"))
    for said in kind.read(text, asked) + kind.read(fold(text).text, asked):
        kind.same(said, asked)
    assert kind.forms(asked)


PIECES = [
    *(
        "7:05 pm",
        "nov 11",
        "2013-11-11",
        "mon",
        "mo-fr",
        "9-5",
        "closed",
        "time",
        "utc-8",
        "no ",
        "not ",
        "accessible",
    ),
    *("ua 12", ",", ". ", "-", "\n", "to ", "at ", "am", "(", "½", "é", "12"),
]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_sayings_are_in_order_and_apart(name: str) -> None:
    chance = random.Random(7)
    for _ in range(300):
        text = fold("".join(chance.choices(PIECES, k=20))).text
        read = KINDS[name].read(
            text, Asked("7:05" if name != "list" else ("am", "closed"), candidates=("time", "to"))
        )
        assert all(one.end <= two.start for one, two in pairwise(read)), text
        assert all(0 <= said.start < said.end <= len(text) for said in read)


LONG = [
    "7",
    "7:",
    "12 ",
    "a ",
    "nov 11 ",
    "mon ",
    "no ",
    "7 pm-",
    ", ",
    "america/a ",
    " time",
    "mo 9-5 ",
    "1. ",
    "1-1-",
    "\n- ",
    "é",
    "jfk ",
]


def test_days_in_a_row_are_told_apart_in_every_form() -> None:
    kind = KINDS["date"]
    for step in range(60):
        day = date(2013, 1, 1) + timedelta(step * 11)
        asked = Asked(day.isoformat())
        for other in (day + timedelta(1), day - timedelta(1)):
            wrong = [form for form in kind.forms(Asked(other.isoformat())) if "/" not in form]
            assert not any(stated(kind, form, asked) for form in wrong)
