"""Who plays in the demonstration. Every name is invented."""

from dataclasses import dataclass
from datetime import time

DOMAIN = "stridewell.test"
PASSWORD = "run-well-2026"  # noqa: S105 (printed on the first page of the demonstration)


@dataclass(frozen=True)
class Part:
    """A therapist: who they are, and the ranges they work ("0-4" is Monday to Friday) by the clock of their own zone."""

    name: str
    zone: str
    headline: str
    bio: str
    specialisations: tuple[str, ...]
    languages: tuple[str, ...]
    credentials: tuple[tuple[str, str, int], ...]
    week: tuple[tuple[tuple[int, ...], time, time, str], ...]
    in_the_clinic: bool = True

    def gives(self, offer: "Offer") -> bool:
        """Whether they offer it: where they work, and with the credential it needs."""
        holds = not offer.credential or offer.credential in [name for name, _, _ in self.credentials]
        return holds and (offer.place == "online" or self.in_the_clinic)


GAIT = "Running gait analysis"
MON_FRI, MON_THU, TUE_SAT = (0, 1, 2, 3, 4), (0, 1, 2, 3), (1, 2, 3, 4, 5)

THERAPISTS = (
    Part(
        "Nadia Okello",
        "Europe/London",
        "Physical therapist · marathon, 3:21",
        "Knee and hip pain, stride coaching. Helps people who have tried “just rest”. Runs along the harbour before work.",
        ("Knee", "Hip", "Gait analysis"),
        ("English", "Swahili"),
        (
            ("MSc Musculoskeletal physiotherapy", "University of the Avon Gorge", 2016),
            (GAIT, "Stride Academy", 2019),
        ),
        ((MON_FRI, time(8), time(13), "either"), (MON_FRI, time(14), time(18, 30), "either")),
    ),
    Part(
        "Tomas Reinholt",
        "Europe/Stockholm",
        "Physical therapist · trail, 50 km",
        "Achilles, calf and foot. Patient with stubborn tendons and stubborn owners. Works from Stockholm.",
        ("Achilles", "Calf", "Foot"),
        ("English", "German", "Swedish"),
        (("MSc Physiotherapy", "Mälarsund Institute", 2014), ("Tendon care", "Nordic Running School", 2020)),
        ((MON_THU, time(9), time(13), "online"), (MON_THU, time(14), time(19, 30), "online")),
        in_the_clinic=False,
    ),
    Part(
        "Ines Carvalho",
        "Europe/Lisbon",
        "Sports physical therapist · 800 m",
        "Hamstrings, speed work and the road back after a bone stress injury. Works from Lisbon, mostly early.",
        ("Hamstring", "Bone stress", "Return to run"),
        ("English", "Portuguese"),
        (("MSc Sports physiotherapy", "Tejo School of Health", 2017),),
        (((0, 2, 3, 4), time(7, 30), time(12, 30), "online"), ((0, 2, 3), time(13, 30), time(17), "online")),
        in_the_clinic=False,
    ),
    Part(
        "Aled Prosser",
        "Europe/London",
        "Physical therapist · parkrun, 214 starts",
        "Running after 50: knees, backs, and starting again after a long break. At the clinic on Saturdays too.",
        ("Back", "Knee", "New runners"),
        ("English", "Welsh"),
        (("BSc Physiotherapy", "Severnside College", 1998), ("Back pain in runners", "Stride Academy", 2018)),
        ((TUE_SAT, time(9), time(12, 30), "either"), ((1, 2, 3, 4), time(13, 30), time(17), "either")),
    ),
    Part(
        "Priya Raman",
        "Europe/London",
        "Physical therapist · half marathon, 1:34",
        "Pelvic health, running in and after pregnancy, hips that click. Sees people at the clinic and online.",
        ("Hip", "Pelvic health", "After pregnancy"),
        ("English", "Tamil", "Hindi"),
        (
            ("MSc Physiotherapy", "University of the Avon Gorge", 2018),
            ("Pelvic health in sport", "Quayside Courses", 2022),
            (GAIT, "Stride Academy", 2020),
        ),
        ((MON_FRI, time(8, 45), time(12, 30), "either"), (MON_FRI, time(13, 30), time(17, 15), "either")),
    ),
    Part(
        "Owen Castellane",
        "America/New_York",
        "Physical therapist · 100 km, twice",
        "Long distances, feet that give out late, pacing. Works from New York: evenings in Bristol.",
        ("Ultra", "Foot", "Pacing"),
        ("English", "Spanish"),
        (("DPT", "Hudson Palisades College", 2012), ("Endurance and load", "Trailhead Institute", 2021)),
        ((MON_THU, time(8), time(11, 30), "online"), (MON_THU, time(12, 30), time(15), "online")),
        in_the_clinic=False,
    ),
)

STAFF = ("Joan Tregear", "Marek Doležel", "Sunniva Aldous")

RUNNERS = (
    ("Maya Lindqvist", "Europe/Stockholm"),
    ("Ruben Achterberg", "Europe/Amsterdam"),
    ("Leila Farouqi", "Europe/London"),
    ("Gordon Pell", "Europe/London"),
    ("Piet Vandermolen", "Europe/London"),
    ("Samuel Otieno", "Europe/London"),
    ("Bruno Haskell", "Europe/London"),
    ("Amara Boateng", "Europe/London"),
    ("Yusuf Demirel", "Europe/Berlin"),
    ("Karin Holmsund", "Europe/Stockholm"),
    ("Dele Adeyemi", "Europe/London"),
    ("Rosa Milanesi", "Europe/Rome"),
    ("Hanne Brandvold", "Europe/Oslo"),
    ("Josiah Okonjo", "Europe/London"),
    ("Silvio Marchetto", "Europe/London"),
    ("Delphine Anquetot", "Europe/Paris"),
    ("Tilda Whitcombe", "Europe/London"),
    ("Elias Sarkisjan", "Europe/London"),
    ("Kofi Osarebo", "Europe/London"),
    ("Brona Hallorane", "Europe/Dublin"),
    ("Nikola Petrovan", "Europe/London"),
    ("Florian Delacroy", "Europe/London"),
    ("Vera Kowalenka", "Europe/Warsaw"),
    ("Ingrid Bergvall", "Europe/London"),
    ("Maxim Deveraux-Lowe", "Europe/London"),
    ("Chidi Abarado", "Europe/London"),
    ("Wen Tranby", "Europe/London"),
    ("Orla Lindahane", "Europe/Dublin"),
    ("Fergus Mackelroy", "Europe/London"),
    ("Anouk Verstraten", "Europe/Brussels"),
    ("Tobias Ketterling", "Europe/London"),
    ("Saoirse Kilbraney", "Europe/London"),
    ("Mateo Villagrana", "Europe/Madrid"),
    ("Hedda Stormoen", "Europe/London"),
    ("Jasper Quillfeather", "Europe/London"),
    ("Noor el-Karimi", "Europe/London"),
    ("Calum Strathorne", "Europe/London"),
    ("Imogen Fairweald", "Europe/London"),
    ("Ravi Chandrakumar", "Europe/London"),
    ("Elspeth Dunmorrow", "Europe/London"),
    ("Lucas Bramerton", "America/New_York"),
    ("Freya Halvdansen", "Europe/London"),
    ("Adwoa Mensimah", "Europe/London"),
    ("Henrik Solbacken", "Europe/London"),
    ("Beatrix Longmarsh", "Europe/London"),
    ("Tariq Ben-Salim", "Europe/London"),
    ("Mirren Galbrae", "Europe/London"),
    ("Oskar Wielgosz", "Europe/London"),
    ("Thandi Nkosana", "Africa/Johannesburg"),
    ("Edwin Plumridge", "Europe/London"),
    ("Clara Winterhalde", "Europe/Zurich"),
    ("Dafydd Penhallow", "Europe/London"),
    ("Yara Haddadin", "Europe/London"),
    ("Simon Ottershaw", "Europe/London"),
    ("Lotte Zandvliet", "Europe/London"),
    ("Kenji Moriwake", "Australia/Sydney"),
    ("Agnes Tollerud", "Europe/London"),
    ("Marcus Brightwater", "Europe/London"),
    ("Paloma Serranova", "Europe/London"),
    ("Rhys Carreglas", "Europe/London"),
)
"""Name and zone. The first one is runner@; her story is written out in story.py."""


SHORT_HAIR, LONG_HAIR = (1, 3, 4, 8, 15, 16, 18, 20), (2, 5, 6, 7, 9, 10, 11, 12, 13, 14, 17, 19, 21, 22, 23, 24)
"""Numbers of the drawn portraits, by what they show."""

LEADS = {"Nadia Okello": 24, "Maya Lindqvist": 2, "Priya Raman": 21}

SHORT_HAIRED = frozenset(
    {
        "Tomas Reinholt",
        "Aled Prosser",
        "Owen Castellane",
        "Marek Doležel",
        "Ruben Achterberg",
        "Gordon Pell",
        "Piet Vandermolen",
        "Samuel Otieno",
        "Bruno Haskell",
        "Yusuf Demirel",
        "Dele Adeyemi",
        "Josiah Okonjo",
        "Silvio Marchetto",
        "Elias Sarkisjan",
        "Kofi Osarebo",
        "Nikola Petrovan",
        "Florian Delacroy",
        "Maxim Deveraux-Lowe",
        "Chidi Abarado",
        "Wen Tranby",
        "Fergus Mackelroy",
        "Tobias Ketterling",
        "Mateo Villagrana",
        "Jasper Quillfeather",
        "Calum Strathorne",
        "Ravi Chandrakumar",
        "Lucas Bramerton",
        "Henrik Solbacken",
        "Tariq Ben-Salim",
        "Oskar Wielgosz",
        "Edwin Plumridge",
        "Dafydd Penhallow",
        "Simon Ottershaw",
        "Kenji Moriwake",
        "Marcus Brightwater",
        "Rhys Carreglas",
    }
)


@dataclass(frozen=True)
class Offer:
    """A service of the demonstration. Minutes, pounds."""

    slug: str
    name: str
    summary: str
    minutes: int
    pounds: int
    place: str
    first: bool = False
    buffer_after: int = 15
    credential: str = ""


OFFERS = (
    Offer(
        "first-visit",
        "First visit",
        "We listen, watch you run on video, and agree on what to do first.",
        45,
        68,
        "online",
        first=True,
    ),
    Offer(
        "follow-up", "Follow-up", "How it went, what we change, and what comes next.", 30, 46, "online", buffer_after=0
    ),
    Offer(
        "first-visit-clinic",
        "First visit in the clinic",
        "We listen, measure, and watch you run on our treadmill.",
        60,
        78,
        "clinic",
        first=True,
    ),
    Offer(
        "follow-up-clinic",
        "Follow-up in the clinic",
        "Hands on: we re-measure and adjust your programme.",
        45,
        58,
        "clinic",
    ),
    Offer(
        "run-lab",
        "Run lab",
        "A full running assessment on the treadmill, from the side and from behind.",
        60,
        95,
        "clinic",
        credential=GAIT,
    ),
)
LAB = OFFERS[-1]
ROOMS = ("Room 2", "Run lab", "Room 3")
