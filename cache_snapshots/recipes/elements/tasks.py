"""The forty tasks: hand-written requests over the templates, filled from what was recorded.

Enters: the recorded snapshot. Leaves: the lines of `tasks.jsonl`, the split `handmade`. No template and no tool of this
snapshot is ever trained on.
"""

import json
from collections.abc import Mapping
from typing import Any

from tool_orch_env.snapshot import Snapshot

from ..tracing import Row, traced
from . import templates
from .templates import LEAST, MOST

ROWS: tuple[Row, ...] = (
    (
        templates.discoveries_counted,
        {"spans": ((1700, 1749), (1750, 1799), (1800, 1849))},
        "I'm drawing a bar chart for the school magazine: how many elements were discovered from 1700 to 1749, "
        "how many from 1750 to 1799, and how many from 1800 to 1849?",
    ),
    (
        templates.notebook_converted,
        {"readings": ((77.4, "kelvin", "celsius"), (4.22, "kelvin", "fahrenheit"))},
        "Two readings from an old cryogenics notebook, both in kelvin: 77.4, which I want in Celsius, and 4.22, "
        "which I want in Fahrenheit.",
    ),
    (
        templates.notebook_converted,
        {"readings": ((13.6, "eV", "kJ/mol"), (5.39, "eV", "kJ/mol"), (154, "pm", "angstrom"))},
        "Please convert 13.6 eV and 5.39 eV to kJ/mol, and a bond length of 154 pm to angstrom.",
    ),
    (
        templates.periods_listed,
        {"periods": (2, 5)},
        "Get me the complete list of elements in period 2 and the one for period 5, please. I'm making flash cards.",
    ),
    (
        templates.properties_compared,
        {"names": ("Osmium", "Iridium"), "field": "density_g_cm3"},
        "My pupils are arguing about which metal is denser, osmium or iridium. What are the two densities in g/cm³?",
    ),
    (
        templates.properties_compared,
        {"names": ("Cerium", "Lead", "Silver"), "field": "crust_mg_kg"},
        "Is cerium really commoner in the Earth's crust than lead? Give me the crustal abundance of both in mg/kg, "
        "and that of silver for comparison.",
    ),
    (
        templates.properties_compared,
        {"names": ("Chlorine", "Fluorine", "Bromine", "Iodine"), "field": "electron_affinity_ev"},
        "For a tutorial I need the electron affinities, in eV, of chlorine, fluorine, bromine and iodine.",
    ),
    (
        templates.electronegativities,
        {"names": ("Gold", "Cesium")},
        "How electronegative are gold and cesium on Pauling's scale? I want to show why they form a salt.",
    ),
    (
        templates.electronegativities,
        {"names": ("Oxygen", "Silicon", "Carbon"), "scale": "allen"},
        "Our lecturer prefers the Allen scale of electronegativity. What values does it give for oxygen, silicon and "
        "carbon?",
    ),
    (
        templates.discovery_labels,
        {"names": ("Gallium", "Phosphorus", "Rhenium")},
        "I'm writing museum labels for our samples of gallium, phosphorus and rhenium. In which year and in which "
        "country was each of them discovered?",
    ),
    (
        templates.stable_isotopes_counted,
        {"names": ("Tin", "Xenon", "Iodine")},
        "Quiz question for Friday: how many stable isotopes does tin have? I need the same count for xenon and for "
        "iodine.",
    ),
    (
        templates.most_abundant_isotope,
        {"name": "Antimony"},
        "Among the natural isotopes of antimony, which is the most abundant? Tell me its mass number, its mass in Da "
        "to at least three decimals, and its nuclear spin.",
    ),
    (
        templates.most_abundant_isotope,
        {"name": "Vanadium", "choose": LEAST},
        "We're tuning the mass spectrometer with vanadium. Of its natural isotopes, look up the one with the lowest "
        "abundance: which mass number has it, what is its exact mass in Da, and what is its spin?",
    ),
    (
        templates.longest_lived,
        {"names": ("Polonium", "Astatine")},
        "Take the radioactive isotopes of polonium and those of astatine. Which isotope lives longest in each "
        "case, and what is its half-life?",
    ),
    (
        templates.points_converted,
        {"name": "Gallium", "fields": ("melting_point", "boiling_point"), "to_unit": "celsius"},
        "For a demonstration I want to melt gallium in my hand. What are its melting point and its boiling point in "
        "degrees Celsius?",
    ),
    (
        templates.points_converted,
        {
            "name": "Aluminium",
            "fields": ("melting_point",),
            "to_unit": "fahrenheit",
            "listed": "Aluminum",
        },
        "The kiln's dial is in Fahrenheit. At what temperature on it does aluminium melt?",
    ),
    (
        templates.points_converted,
        {
            "name": "Xenon",
            "fields": ("melting_point", "boiling_point", "critical_temperature"),
            "to_unit": "celsius",
        },
        "The new xenon storage vessel needs a data sheet in degrees Celsius: melting point, boiling point and critical "
        "temperature.",
    ),
    (
        templates.ionization_converted,
        {"names": ("Sodium", "Magnesium"), "ordinal": 2},
        "I want to show my class why the second electron of sodium is so hard to remove. Compare the second ionisation "
        "energies of sodium and magnesium, both in kJ/mol.",
    ),
    (
        templates.member_of_group,
        {"text": "Chalcogens", "places": ("third", "fourth"), "field": "density_g_cm3"},
        "Count down the chalcogens from the top of their group: which elements are third and fourth, and what density "
        "(g/cm³) does each of the two have?",
    ),
    (
        templates.member_of_group,
        {"text": "Coinage metals", "places": ("first", "second"), "field": "molar_heat_capacity_j_mol_k"},
        "A question about the group called coinage metals. Name its first and its second element, counted from the "
        "top, and give their molar heat capacities in J/(mol K).",
    ),
    (
        templates.sides_of_element,
        {"name": "Tellurium", "sides": ("left", "right", "above")},
        "I've lost three jars that stood around tellurium on our periodic-table shelf: the one to its left, the one to "
        "its right and the one above it. Which elements were they, and what are their CAS numbers?",
    ),
    (
        templates.discovered_then_measured,
        {"span": (1875, 1878), "choose": LEAST, "to_unit": "celsius"},
        "Which was the earliest of the elements discovered between 1875 and 1878, and at how many degrees Celsius does "
        "it melt?",
    ),
    (
        templates.ion_in_angstrom,
        {"ions": (("Potassium", 1, "VI", None), ("Sodium", 1, "VI", None))},
        "Why does the channel tell them apart? Give me the ionic radii of K+ (potassium) and Na+ (sodium), six-fold "
        "coordination (VI), in angstrom.",
    ),
    (
        templates.decay_product,
        {"name": "Cobalt", "mass_number": 60},
        "Our irradiator holds cobalt of mass number 60. How does that isotope decay, and what is the exact mass (in "
        "Da) of the isotope it turns into?",
    ),
    (
        templates.decay_product,
        {"name": "Americium", "mass_number": 241},
        "Smoke detectors contain the americium isotope with mass number 241. By which mode does it mostly decay? Look "
        "up the isotope that this leads to as well: I want its mass in Da, with three decimals or more.",
    ),
    (
        templates.branches,
        {"name": "Copper", "mass_number": 64},
        "I'm preparing a PET tracer with copper, mass number 64. It decays along two branches: what percentage takes "
        "each of them, and what are the exact masses, in Da, of the two isotopes they end in?",
    ),
    (
        templates.neighbour_of_member,
        {"text": "Pnictogens", "place": "third", "side": "left"},
        "Take the pnictogens and go to the third element from the top. Which element sits immediately to the left of "
        "it in the periodic table, and when and in which country was that neighbour discovered?",
    ),
    (
        templates.neighbour_of_member,
        {"text": "Alkaline earths", "place": "fourth", "side": "right"},
        "A crossword clue reads 'to the right of the fourth', and the theme is the group called alkaline earths, "
        "counted from the top. Which element is it? The next clues are the year and the country of its discovery.",
    ),
    (
        templates.year_of_isotope,
        {"name": "Xenon", "mass_number": 133},
        "In what year was the xenon isotope with mass number 133 discovered? And which chemical elements were "
        "discovered in that very year?",
    ),
    (
        templates.year_of_isotope,
        {"name": "Radon", "mass_number": 222},
        "For a timeline: when was the radon isotope of mass number 222 identified, and which element was discovered in "
        "the same year?",
    ),
    (
        templates.family_of_element,
        {"name": "Neodymium", "choose": MOST, "field": "density_g_cm3"},
        "Neodymium belongs to which series of elements? Find the member of that series with the greatest atomic weight "
        "and give me its density in g/cm³.",
    ),
    (
        templates.family_of_element,
        {"name": "Antimony", "choose": LEAST, "field": "crust_mg_kg"},
        "Look up what series antimony is counted among. How much of the lightest element in that same series, by "
        "atomic weight, is there in the Earth's crust, in mg/kg, and which element is it?",
    ),
    (
        templates.row_of_element,
        {"name": "Rhodium", "place": "first", "field": "boiling_point", "to_unit": "fahrenheit"},
        "Rhodium's period in the table starts with an alkali metal. Which one, and what is that metal's boiling point "
        "in Fahrenheit?",
    ),
    (
        templates.element_of_product,
        {"name": "Polonium", "mass_number": 210, "aspect": "electronegativity"},
        "Suppose polonium of mass number 210 decays the way it usually does. How many neutrons does the product have, "
        "and what is the Pauling electronegativity of the element that it has become?",
    ),
    (
        templates.element_of_product,
        {"name": "Thallium", "mass_number": 201, "aspect": "cas"},
        "We store spent thallium scans, mass number 201, until they have decayed. The disposal form asks for the decay "
        "product: its number of neutrons, and the CAS number of the element it belongs to.",
    ),
    (
        templates.element_of_product,
        {"name": "Cesium", "mass_number": 137, "aspect": "discovery"},
        "The level gauge on our tank uses cesium with mass number 137. In what year was the element it decays into "
        "discovered, and how many neutrons are there in the nucleus of that decay product?",
    ),
    (
        templates.two_steps_down,
        {"name": "Plutonium", "mass_number": 241},
        "Follow plutonium, mass number 241, through two decays, always by the most frequent mode. What are the two "
        "modes called, and what is the mass in Da, to three decimals, of the isotope at the end?",
    ),
    (
        templates.isotope_of_family_member,
        {"text": "Noble gases", "place": "third"},
        "Start from the group of the noble gases and count to the third from the top. Which isotope of that element "
        "has the longest half-life that is known? I need its mass number, the half-life, and the year in which the "
        "isotope was discovered.",
    ),
    (
        templates.extreme_of_series,
        {"name": "Lanthanides", "choose": LEAST, "to_unit": "celsius"},
        "Which of the lanthanides has the smallest atomic weight, and at what temperatures in degrees Celsius does it "
        "melt and boil?",
    ),
    (
        templates.above_in_group,
        {"name": "Radium"},
        "Go up from radium to the topmost element of its group, then one place to the right of that. Which element do "
        "you land on, and what is its boiling point in kelvin?",
    ),
)

# what could do a golden tool's work another way is no distractor
SUBSTITUTES = {
    "search_group": ("search_series", "search_element"),
    "search_series": ("search_group", "search_element"),
    "search_discoveries": ("search_element",),
    "elements_in_group": ("elements_in_series",),
    "elements_in_series": ("elements_in_group",),
}


def text(snapshot: Snapshot) -> str:
    """The task file's content; raises `ValueError` where a golden call was not recorded."""

    def ask(tool: str, arguments: Mapping[str, Any]) -> tuple[int, Any]:
        found = snapshot.lookup(tool, dict(arguments))
        if found is None:
            raise ValueError(f"{tool} {arguments}: not recorded; add it to the plan in record.yaml")
        return found.status, json.loads(found.text)

    tasks = [
        traced("elements", f"elements-handmade-{number:03d}", row, snapshot.catalog, ask, SUBSTITUTES)
        for number, row in enumerate(ROWS, 1)
    ]
    return "".join(task.to_json() + "\n" for task in tasks)
