"""Sixty tasks written by hand over the templates, filled from what the server answers.

Enters: a function that asks a tool. Leaves: the first sixty tasks of the split `handmade`; what they ask is part of
what is recorded. Distractors and their order are drawn by a generator seeded with the task's id.
"""

from tool_orch_env.snapshot.catalog import Catalog
from tool_orch_env.task import Task

from ..tracing import Ask, Row, traced
from . import templates

F, L = templates.FIRST, templates.LAST
US = "United States"

ROWS: tuple[Row, ...] = (
    (
        templates.weather_at_hour,
        {"airports": ("JFK", "LGA"), "time_hour": "2013-03-06T12:00:00Z"},
        "How cold was it in Fahrenheit at JFK and at LaGuardia (LGA) on 6 March 2013 at 12:00 UTC?",
    ),
    (
        templates.rates_of_day,
        {"currencies": ("SEK", "NOK", "DKK"), "date": "2013-05-15"},
        "I'm reconciling old invoices. What were the euro reference rates of SEK, NOK and DKK on 15 May 2013?",
    ),
    (
        templates.conversions,
        {"amounts": ((500, "USD"), (320, "GBP"), (45000, "JPY"), (780, "CHF")), "date": "2013-09-10"},
        "An expense claim dated September 10, 2013 lists 500 USD, 320 GBP, 45,000 JPY and 780 CHF. Tell me "
        "what each of the four amounts came to in euros that day.",
    ),
    (
        templates.route_of_day,
        {"origins": ("JFK", "LGA", "EWR"), "dest": "ORD", "date": "2013-03-07"},
        "Please list every flight to ORD scheduled on 2013-03-07, from JFK, from LGA and from EWR.",
    ),
    (
        templates.one_flight,
        {"origin": "JFK", "dest": "SEA", "date": "2013-07-02", "pick": F},
        "When did the earliest scheduled JFK to SEA flight of July 2, 2013 really take off, and when did "
        "it land?",
    ),
    (
        templates.one_flight,
        {"origin": "LGA", "dest": "DEN", "date": "2013-04-30", "pick": L, "airline": True},
        "My cousin took the last scheduled flight of the day from LGA to DEN on 30 April 2013. At what times "
        "did it actually leave and arrive, and what is the full name of the airline?",
    ),
    (
        templates.holiday_dates,
        {"named": (("Finland", "Midsummer Day"), ("Sweden", "National Day")), "year": 2013},
        "For a 2013 retrospective calendar I need two dates: Midsummer Day in Finland and the National Day in "
        "Sweden.",
    ),
    (
        templates.countries_of_cities,
        {"cities": ("Porto", "Kraków")},
        "Which country is Porto in, and which one is Kraków in? Take the most populous city that bears "
        "exactly the name. Give me the capital and the population of both countries.",
    ),
    (
        templates.departure_in_hour,
        {"origin": "JFK", "date": "2013-07-04", "hour": 8, "number": 885},
        "On 4 July 2013 a flight numbered 885 was due out of JFK some time between 08:00 and 08:59. Look up "
        "the airport it was headed for, by its full name, and the airline behind it.",
    ),
    (
        templates.day_of_aircraft,
        {"tail_number": "N14177", "date": "2013-03-05"},
        "Trace the aircraft N14177 through 2013-03-05: how many seats does it have, and at what time did each "
        "of its departures from the New York airports actually leave?",
    ),
    (
        templates.flight_and_aircraft,
        {"origin": "EWR", "dest": "IAH", "date": "2013-03-07", "pick": F},
        "Take the first flight on the schedule from EWR to IAH on 7 March 2013. How many seats did the "
        "aircraft have, in which year was it built, and how strong was the wind (mph) at EWR in the hour of "
        "the scheduled departure?",
    ),
    (
        templates.flight_and_aircraft,
        {"origin": "LGA", "dest": "DEN", "date": "2013-09-11", "pick": L, "airline": True},
        "I want a full picture of the day's final scheduled LGA to DEN service on September 11, 2013: the "
        "airline's name, the aircraft's seat count and year of construction, and the wind speed in mph at LGA "
        "in its departure hour.",
    ),
    (
        templates.airports_of_cities,
        {"cities": ("Houston",), "radius_km": 30},
        "Which airports lie within 30 km of the centre of Houston?",
    ),
    (
        templates.airports_of_cities,
        {"cities": ("Chicago", "Dallas"), "radius_km": 40},
        "Show me all airports within 40 km of Chicago, and all within 40 km of Dallas (the biggest city of "
        "that name).",
    ),
    (
        templates.currencies_of_countries,
        {"countries": ("Norway",), "date": "2013-04-10"},
        "Look up which currency Norway has, and what one euro bought in it on 10 April 2013.",
    ),
    (
        templates.currencies_of_countries,
        {"countries": ("Poland", "Hungary"), "date": "2013-11-06"},
        "What money do people use in Poland, and what in Hungary? Check the name of each country's currency, "
        "then compare their rates against the euro on November 6, 2013.",
    ),
    (
        templates.rate_on_holiday,
        {"named": (("Japan", "Culture Day"),), "year": 2013},
        "On which date was Culture Day in Japan in 2013, what is the country's currency called, and how much "
        "of it was a euro worth on that very day?",
    ),
    (
        templates.first_and_last,
        {"origin": "EWR", "dest": "BOS", "date": "2013-05-03"},
        "Were the planes any different? For 3 May 2013, compare the seats on the aircraft of the first "
        "scheduled EWR to BOS flight with those on the aircraft of the last one.",
    ),
    (
        templates.first_and_last,
        {"origin": "EWR", "dest": "SFO", "date": "2013-07-03", "weather": True},
        "Looking back at 3 July 2013 on the route EWR to SFO: for the first and for the last scheduled "
        "departure, find the seat count of the aircraft and the temperature at EWR (°F) in the hour each was "
        "due to leave.",
    ),
    (
        templates.money_at_airport,
        {"iata": "ARN", "amount": 200, "currency": "USD", "date": "2013-07-05"},
        "Suppose I had landed at ARN with 200 USD on 5 July 2013 and changed them at the reference rate "
        "into the money of the country that airport is in. What is that currency, and how much would I have "
        "got?",
    ),
    (
        templates.neighbour_capitals,
        {"name": "Finland"},
        "Name the capitals of all the countries that share a land border with Finland.",
    ),
    (
        templates.neighbour_capitals,
        {"name": "Thailand"},
        "I'm planning an overland trip that starts in Thailand. What are the capitals of each of its land "
        "neighbours?",
    ),
    (
        templates.weather_at_last_leg,
        {"origin": "LGA", "dest": "FLL", "date": "2013-09-10", "craft": True},
        "How many seats did the aircraft of the earliest scheduled LGA to FLL flight on 10 September 2013 "
        "have? And when it made its last scheduled departure from a New York airport that day, which airport "
        "was that (IATA code), and how warm was it there, in °F, in the scheduled hour?",
    ),
    (
        templates.closest_airports,
        {"cities": ("Seattle", "Denver"), "radius_km": 50},
        "Look within 50 km of Seattle and within 50 km of Denver for the nearest airport to each centre, and "
        "give me both elevations in feet.",
    ),
    (
        templates.departure_on_holiday,
        {
            "country": US,
            "holiday": "Independence Day",
            "year": 2013,
            "origin": "LGA",
            "hour": 17,
            "number": 1499,
        },
        "First tell me on which date Independence Day fell in the United States in 2013. Then find the flight "
        "numbered 1499 on the LGA departure board of that day, in the hour from 17:00. What time did it get "
        "away?",
    ),
    (
        templates.flights_to_city,
        {"city": "Charlotte", "radius_km": 20, "origins": ("JFK",), "date": "2013-03-08"},
        "I need the JFK schedule for 8 March 2013 to whichever airport is closest to the centre of "
        "Charlotte; look within 20 km of it.",
    ),
    (
        templates.only_neighbour,
        {"name": "Canada", "date": "2013-02-14"},
        "Canada has a single neighbour by land. Look up that country's currency, and tell me its name and how "
        "much of it one euro bought on 14 February 2013.",
    ),
    (
        templates.rotation_of_flight,
        {"origin": "LGA", "dest": "DCA", "date": "2013-05-01"},
        "Find the aircraft that flew the first scheduled LGA to DCA service on 2013-05-01. How many seats "
        "does it have, and at what time did it actually set off on the last of its scheduled New York "
        "departures that day?",
    ),
    (
        templates.flight_to_city,
        {"city": "Houston", "radius_km": 30, "origin": "LGA", "date": "2013-07-03", "picks": (L,)},
        "Of the flights from LGA on July 3, 2013 to the airport nearest to central Houston (within 30 km), "
        "take the one scheduled to leave last. When did it arrive?",
    ),
    (
        templates.aircraft_on_holiday,
        {
            "country": US,
            "holiday": "Thanksgiving Day",
            "year": 2013,
            "origin": "EWR",
            "hour": 9,
            "number": 15,
            "more": 2,
        },
        "Look up the date of Thanksgiving Day 2013 in the United States. That day flight number 15 was "
        "scheduled out of EWR between 09:00 and 09:59: tell me the airline, the seats and the construction "
        "year of its aircraft, and the temperature at EWR (°F) in the scheduled hour.",
    ),
    (
        templates.weather_at_hour,
        {"airports": ("EWR", "JFK"), "time_hour": "2013-09-11T18:00:00Z"},
        "During the late heat, on 11 September 2013 at 18:00 UTC, how many degrees Fahrenheit did EWR and JFK "
        "report?",
    ),
    (
        templates.rates_of_day,
        {"currencies": ("GBP", "CHF", "CZK", "TRY"), "date": "2013-10-23"},
        "Give me the ECB's euro rates of October 23, 2013 for these: GBP, CHF, CZK, TRY.",
    ),
    (
        templates.one_flight,
        {"origin": "JFK", "dest": "LAS", "date": "2013-11-27", "pick": L, "airline": True},
        "Who operated the last flight of the day on the JFK to LAS schedule for 2013-11-27, and what were its "
        "true departure and arrival times?",
    ),
    (
        templates.holiday_dates,
        {"named": (("Denmark", "Great Prayer Day"),), "year": 2013},
        "What date did Great Prayer Day fall on in Denmark in 2013?",
    ),
    (
        templates.flight_and_aircraft,
        {"origin": "EWR", "dest": "PHX", "date": "2013-07-05", "pick": F, "airline": True},
        "Someone I know was on the first scheduled flight from EWR to PHX on 5 July 2013. Which airline "
        "was it, how many seats had the plane and when was it built, and what wind speed in mph did EWR "
        "measure that hour?",
    ),
    (
        templates.currencies_of_countries,
        {"countries": ("Brazil",), "date": "2013-06-19"},
        "Which currency is used in Brazil, and how much of it did a euro fetch on 19 June 2013?",
    ),
    (
        templates.first_and_last,
        {"origin": "EWR", "dest": "CLE", "date": "2013-03-05", "weather": True},
        "On March 5, 2013, how many degrees Fahrenheit did EWR have in the departure hours of the first and the "
        "last scheduled flight to CLE, and how many seats were there on each of the two aircraft?",
    ),
    (
        templates.closest_airports,
        {"cities": ("Austin",), "radius_km": 30},
        "What's the elevation in feet of the airport nearest to downtown Austin? Keep to a radius of 30 km.",
    ),
    (
        templates.departure_on_holiday,
        {
            "country": "Canada",
            "holiday": "Canada Day",
            "year": 2013,
            "origin": "JFK",
            "hour": 18,
            "number": 29,
            "more": True,
        },
        "I flew out on Canada Day of 2013 (look up when Canada keeps it), from JFK, in the hour from 18:00, flight "
        "number 29. What was the date, when did we really leave, which airline was it, and how many feet "
        "above the sea is the airport it went to?",
    ),
    (
        templates.flight_to_city,
        {
            "city": "Indianapolis",
            "radius_km": 20,
            "origin": "EWR",
            "date": "2013-05-02",
            "picks": (F, L),
        },
        "Find the airport closest to Indianapolis, within 20 km of the city. At what times did the first and "
        "the last flight on the EWR schedule to it on 2 May 2013 touch down?",
    ),
    (
        templates.airports_compared,
        {"airports": ("MEX", "DEN", "JFK")},
        "Rank these three by their elevation in feet: MEX, DEN, JFK.",
    ),
    (
        templates.weather_at_hour,
        {"airports": ("EWR", "JFK", "LGA"), "time_hour": "2013-11-30T09:00:00Z", "units": "metric"},
        "In metric units please: the temperatures measured at EWR, JFK and LGA on 30 November 2013 at 09:00 "
        "UTC.",
    ),
    (
        templates.conversions,
        {"amounts": ((1500, "MXN"), (900, "BRL")), "date": "2013-05-02", "to": "USD"},
        "What would 1,500 MXN and 900 BRL each have been worth in USD on May 2, 2013?",
    ),
    (
        templates.day_of_aircraft,
        {"tail_number": "N14907", "date": "2013-05-01"},
        "I once flew on the plane registered N14907. What's its seat count, and can you give me the actual "
        "departure time of every leg it flew out of New York on 1 May 2013?",
    ),
    (
        templates.holiday_dates,
        {
            "named": (
                ("South Africa", "Heritage Day"),
                ("New Zealand", "Waitangi Day"),
                ("Mexico", "Revolution Day"),
            ),
            "year": 2013,
        },
        "When, in 2013, were Heritage Day in South Africa, Waitangi Day in New Zealand and Revolution Day in "
        "Mexico?",
    ),
    (
        templates.departure_in_hour,
        {"origin": "LGA", "date": "2013-09-12", "hour": 15, "number": 1705, "flight": True},
        "On the LGA departure board of 2013-09-12, between 15:00 and 15:59, there is a flight with the number "
        "1705. Which airport was it going to (its full name), whose flight was it, and at what time did it "
        "leave in fact?",
    ),
    (
        templates.countries_of_cities,
        {"cities": ("Gdańsk", "Marrakesh", "Osaka")},
        "For a quiz I need the capital and the number of inhabitants of three countries: the ones where "
        "Gdańsk, Marrakesh and Osaka are, each time meaning the largest city of that name.",
    ),
    (
        templates.one_flight,
        {"origin": "LGA", "dest": "MIA", "date": "2013-11-29", "pick": F},
        "What were the real departure and arrival times of the earliest flight scheduled between LGA and MIA "
        "on November 29, 2013?",
    ),
    (
        templates.neighbour_capitals,
        {"name": "Czechia"},
        "I need every country bordering Czechia, each with its capital.",
    ),
    (
        templates.money_at_airport,
        {"iata": "CPH", "amount": 350, "currency": "CHF", "date": "2013-09-12"},
        "A traveller arrives at CPH on 12 September 2013 with 350 CHF. What is the currency of the country she is "
        "in, and how much of it is that?",
    ),
    (
        templates.rate_on_holiday,
        {"named": (("South Korea", "Hangul Day"), ("Turkey", "Republic Day")), "year": 2013},
        "For 2013, find the dates of Hangul Day in South Korea and of Republic Day in Turkey. What are the "
        "two countries' currencies called, and what was one euro worth in each of them on its own country's "
        "day?",
    ),
    (
        templates.flight_and_aircraft,
        {"origin": "JFK", "dest": "SJU", "date": "2013-12-01", "pick": F},
        "Consider the morning's first scheduled JFK to SJU flight on 1 December 2013. I'd like the year the "
        "aircraft was built, its number of seats, and the wind speed at JFK in mph for the scheduled hour.",
    ),
    (
        templates.flight_to_city,
        {
            "city": "Buffalo",
            "radius_km": 25,
            "origin": "JFK",
            "date": "2013-09-12",
            "picks": (F,),
            "airline": True,
        },
        "Someone left JFK on the first scheduled flight of September 12, 2013 for the airport closest to "
        "Buffalo, the largest city of the name; it is within 25 km. Who was the carrier, and what time was "
        "the arrival?",
    ),
    (
        templates.neighbour_rate_on_holiday,
        {"name": "Lesotho", "holiday": "Freedom Day", "year": 2013},
        "Lesotho is surrounded by one country. On what date did that neighbour celebrate Freedom Day in 2013, "
        "what is the neighbour's currency, and what did a euro cost in it on that date?",
    ),
    (
        templates.closest_airports,
        {"cities": ("Pittsburgh", "Salt Lake City"), "radius_km": 35},
        "Which of the two sits higher: the airport nearest to the centre of Pittsburgh or the one nearest to "
        "the centre of Salt Lake City? Search within 35 km of each and give both elevations in feet.",
    ),
    (
        templates.flights_to_city,
        {
            "city": "Fort Lauderdale",
            "radius_km": 15,
            "origins": ("JFK", "LGA", "EWR"),
            "date": "2013-05-01",
            "profile": True,
        },
        "Compare what JFK, LGA and EWR had on offer on 1 May 2013: how many flights did each schedule to the "
        "airport closest to Fort Lauderdale, looking no further than 15 km? And how many feet above sea level is "
        "that airport?",
    ),
    (
        templates.only_neighbour,
        {"name": "Ireland", "date": "2013-12-11"},
        "Only one state has a land border with Ireland. What is its currency, and at what rate to the euro "
        "did that trade on 11 December 2013?",
    ),
    (
        templates.capital_across_border,
        {"city": "Lisbon"},
        "Lisbon, the big one, lies in a country with just one land neighbour. What is the capital of that "
        "neighbour, and which time zone is the capital in? Where several cities share a name, I always mean "
        "the most populous.",
    ),
    (
        templates.aircraft_on_holiday,
        {
            "country": "Poland",
            "holiday": "National Day of the Third of May",
            "year": 2013,
            "origin": "LGA",
            "hour": 6,
            "number": 1433,
            "more": 3,
        },
        "Poland's National Day of the Third of May in 2013, LaGuardia (LGA), the hour between 06:00 and 06:59, flight "
        "number 1433. I want the lot: the date, the airline, the full name of the destination airport, the "
        "aircraft's seats and year of construction, and the temperature at LGA (°F) in the scheduled hour.",
    ),
    (
        templates.weather_at_last_leg,
        {"origin": "JFK", "dest": "BTV", "date": "2013-03-04"},
        "Follow the aircraft of the first scheduled JFK to BTV flight on March 4, 2013 to its last "
        "scheduled departure from any New York airport the same day. Which airport was it by then (IATA "
        "code), and what was the temperature there, in Fahrenheit, in that scheduled hour?",
    ),
)

# what could do a golden tool's work another way is no distractor
SUBSTITUTES = {"fx_rate": ("convert_currency",), "convert_currency": ("fx_rate",)}


def build(catalog: Catalog, ask: Ask) -> list[Task]:
    """All tasks; `ask` is called with every golden call, `catalog` holds the tools over tables."""
    return [
        traced("travel", f"travel-handmade-{number:03d}", row, catalog, ask, SUBSTITUTES)
        for number, row in enumerate(ROWS, 1)
    ]
