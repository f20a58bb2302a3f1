"""The words that the rules know, as data. Change one and :data:`RULES_VERSION` must change with it.

All words are comparison forms (see :func:`relex_kg.canon.normalise.fold`): lower case, no diacritics, no punctuation.
"""

from collections.abc import Mapping

RULES_VERSION = 2


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PERSON_TYPES = _words(
    """
    actor artist athlete author celebrity character criminal employee executive founder human individual inventor
    journalist lawyer musicalartist musician patient peop people per person persona personname player poet
    politician politicalleader researcher ruler scholar scientist singer suspect victim witness writer
    """
)
"""Last words of type names ("Person", "fictional character") whose names are read as given names and a surname."""

ORGANIZATION_TYPES = _words(
    """
    agency airline association band bank brand business club college companies company corporation employer firm
    government institute institution manufacturer ministry newspaper organisation organization org orga party
    politicalparty publisher school sportsteam team university
    """
)
PLACE_TYPES = _words("area city continent country geopoliticalentity gpe loc location nation place region state town")
DATE_TYPES = _words("date datetime day time year")
"""Last words of type names, as above."""

MASCULINE_TITLES = _words("mr mister sir lord herr monsieur senor signor")
FEMININE_TITLES = _words("mrs ms miss madam madame mme mlle mademoiselle lady dame frau senora senorita signora")
NEUTRAL_TITLES = _words(
    """
    dr doctor prof professor president chancellor senator sen representative rep congressman congresswoman governor gov
    mayor minister premier secretary ambassador judge justice attorney general gen colonel col major maj captain capt
    lieutenant lt sergeant sgt corporal admiral adm commander officer inspector detective agent reverend rev rabbi imam
    cardinal bishop archbishop hon honorable excellency emeritus former vice prime
    ceo chairman chairwoman director the
    """
)
"""Titles that say nothing of the bearer's gender. All titles fall away wherever something else of the name remains.

King, Prince, Pope, Saint and the like are no such titles: with a given name alone they tell people apart.
"""

POSTNOMINALS = _words("phd md mba msc bsc dds jd llm esq obe cbe mbe kbe mp qc kc frs rn cpa")
GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr"}

SHORT_GIVEN_NAMES: Mapping[str, frozenset[str]] = {
    short: _words(names)
    for short, names in {
        "abe": "abraham",
        "al": "albert alfred",
        "alex": "alexander",
        "andy": "andrew",
        "barb": "barbara",
        "becky": "rebecca",
        "ben": "benjamin",
        "bernie": "bernard",
        "bert": "albert herbert robert",
        "beth": "elizabeth",
        "betsy": "elizabeth",
        "betty": "elizabeth",
        "bill": "william",
        "billy": "william",
        "bob": "robert",
        "bobby": "robert",
        "cathy": "catherine",
        "charlie": "charles",
        "chris": "christopher",
        "chuck": "charles",
        "cindy": "cynthia",
        "dan": "daniel",
        "danny": "daniel",
        "dave": "david",
        "deb": "deborah",
        "debbie": "deborah",
        "dick": "richard",
        "don": "donald",
        "doug": "douglas",
        "ed": "edward edwin edmund",
        "eddie": "edward",
        "ernie": "ernest",
        "frank": "francis franklin",
        "fred": "alfred frederick",
        "gene": "eugene",
        "geoff": "geoffrey",
        "gerry": "gerald gerard",
        "greg": "gregory",
        "gus": "augustus",
        "hank": "henry",
        "hans": "johannes johann",
        "jake": "jacob",
        "jeff": "jeffrey",
        "jen": "jennifer",
        "jenny": "jennifer",
        "jerry": "gerald jerome",
        "jim": "james",
        "jimmy": "james",
        "joe": "joseph",
        "joey": "joseph",
        "johnny": "john",
        "jon": "jonathan",
        "josh": "joshua",
        "judy": "judith",
        "kate": "catherine katherine",
        "kathy": "katherine kathleen",
        "katie": "katherine",
        "ken": "kenneth",
        "kenny": "kenneth",
        "kim": "kimberly",
        "larry": "laurence lawrence",
        "len": "leonard",
        "lenny": "leonard",
        "liz": "elizabeth",
        "lizzie": "elizabeth",
        "lou": "louis",
        "maggie": "margaret",
        "mandy": "amanda",
        "marty": "martin",
        "matt": "matthew",
        "meg": "margaret",
        "mick": "michael",
        "mickey": "michael",
        "mike": "michael",
        "mitch": "mitchell",
        "nate": "nathan nathaniel",
        "nick": "nicholas",
        "norm": "norman",
        "pam": "pamela",
        "pat": "patrick",
        "patty": "patricia",
        "peggy": "margaret",
        "pete": "peter",
        "phil": "philip phillip",
        "ray": "raymond",
        "rick": "richard",
        "ricky": "richard",
        "rob": "robert",
        "robbie": "robert",
        "ron": "ronald",
        "ronnie": "ronald",
        "russ": "russell",
        "sam": "samuel",
        "sandy": "alexander sandra",
        "sid": "sidney",
        "stan": "stanley",
        "steve": "stephen steven",
        "sue": "susan",
        "ted": "edward theodore",
        "terry": "terence terrence",
        "tim": "timothy",
        "tom": "thomas",
        "tommy": "thomas",
        "tony": "anthony antony",
        "trish": "patricia",
        "vicky": "victoria",
        "vince": "vincent",
        "walt": "walter",
        "wes": "wesley",
        "will": "william",
        "willi": "wilfried wilhelm",
        "willie": "william",
        "zach": "zachary",
    }.items()
}
"""Given names that stand for longer ones. Those that are as often names of their own are left out (Jack, Max)."""

SURNAME_PARTICLES = _words(
    """
    af al bin bint da dal de del della den der di do dos du el ibn la le st ten ter van vande vanden vander von zu zum
    zur y
    """
)

ARTICLES = frozenset({"the"})
LOWER_CASE_ARTICLES = frozenset({"a", "an"})
"""Articles only where written in lower case: a capital letter A names something (Vitamin A, A 380)."""

LEGAL_SUFFIXES = _words(
    """
    inc incorporated corp corporation company co ltd limited llc llp plc gmbh mbh kgaa sarl sas srl pty pte oyj aps
    bhd tbk ооо зао пао
    """
)
CAPITAL_LEGAL_SUFFIXES = _words("ab ag as bv kg lp nv oy pt sa se spa")
"""Legal suffixes only where written with a capital after the first letter (SpA, AG), since they are words too."""

ORGANIZATION_TAILS: Mapping[tuple[str, ...], str] = {
    ("alliance",): "alliance",
    ("club",): "club",
    ("fc",): "club",
    ("football", "club"): "club",
    ("group",): "group",
    ("party",): "party",
}
"""Last words that an organisation's name may lack, and what they say it is: "Samsung Group", "Arsenal FC"."""

ORGANIZATION_HEADS: Mapping[tuple[str, ...], str] = {("fc",): "club"}
"""First words, as above: "FC Bayern Munich"."""

ORGANIZATION_WORDS = _words(
    """
    airline airlines airways alliance association band bank broadcasting center centre clan club college
    communications community company corporation dynasty entertainment facility family fc federation flight fm
    football foundation games group high holding holdings hotel industries institute international laboratories
    laboratory media motor museum music network orchestra park party publishing radio records research school
    society space system systems team technologies technology theater theatre trade trading trust university works
    """
)
"""Words that say what an organisation is, behind what it is called by: "Stanford University", "Epic Records"."""

PARTS_OF_ORGANIZATIONS = _words(
    """
    academy africa asia board branch bureau capital central chapter china church citizen command commission
    committee council court daily department directorate district division east eastern electronics england estate
    europe executive express france germany hd headquarters hospital india intelligence interactive japan journal
    judiciary library logistics magazine mobile motors news north northern office one online order oversight
    pictures police post press products regiment reserve review scotland secretariat service services south southern
    squadron station store studios subcommittee television three times today tribune tv two uk unit us usa ventures
    video west western wing women youth
    """
)
"""Last words that name a part of an organisation, or another one called after it: "BBC News", "Sony Pictures"."""

BODIES = _words(
    """
    assembly association board cabinet chamber commission committee conference congress council court courts front
    government house league legislature ministry movement office parliament party senate union
    """
)
"""What a body is called by alone, once it is told which: "the Council"."""

OFFICES = _words("department ministry")
"""Bodies called after what they are for, in either order: "Department of Justice", "Justice Department"."""

LINKS_OF_BODIES = _words("of for on against")
CONTINENTS = frozenset({("africa",), ("asia",), ("europe",)})
SCHOOLS = _words("university college school")

GENERAL_WORDS = _words(
    """
    african american anglican asian baptist british catholic central christian civic common country european
    evangelical federal first free general german global independent international islamic jewish left local
    lutheran methodist muslim national new orthodox people peoples popular progressive protestant public right royal
    second social united unity world
    """
)
"""Words that are nobody's name alone: "National" need not be the National Party."""

ABBREVIATIONS = {
    "assn": "association",
    "bros": "brothers",
    "dept": "department",
    "govt": "government",
    "inst": "institute",
    "intl": "international",
    "natl": "national",
    "univ": "university",
}
LEADING_ABBREVIATIONS = {"ft": "fort", "mt": "mount", "st": "saint"}

WELL_KNOWN_ACRONYMS: Mapping[str, tuple[str, ...]] = {
    "eu": ("european", "union"),
    "uk": ("united", "kingdom"),
    "un": ("united", "nations"),
    "us": ("united", "states"),
    "usa": ("united", "states"),
}
"""Read out wherever they stand in capitals, since two letters are too few to match an expansion by rule."""

WELL_KNOWN_PHRASES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("united", "states", "of", "america"): ("united", "states")
}

FUNCTION_WORDS = _words("a an and at by de der des di du for fur in la le of on the to und y")
"""Words that an acronym usually leaves out."""

TIME_WORDS = _words(
    """
    january february march april may june july august september october november december jan feb mar apr jun jul aug
    sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday day week month year years decade
    century centuries quarter spring summer autumn fall winter early mid late bc ad bce ce am pm
    """
)
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = _words(
    """
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays
    sundays mon tue tues wed thu thur thurs fri sat sun
    """
)
MOVING_TIMES = _words(
    """
    yesterday today tomorrow tonight now ago earlier later currently recently spring summer autumn fall winter morning
    afternoon evening
    """
)
TIME_POINTERS = _words("last this next previous same following past coming preceding current that")
"""Words that make a time depend on when it was written: "yesterday", "last year"."""

NUMBER_WORDS = _words(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth
    """
)

CONFUSABLE_ENDINGS = frozenset({("son", "ston"), ("ton", "town"), ("son", "sson"), ("man", "mann")})
"""Endings one letter apart that make two names and not a slip of the pen (Johnson, Johnston)."""

SPELLING_VARIANTS = frozenset({("c", "k"), ("i", "y"), ("s", "z"), ("v", "w")})
"""Letters that spellings of one word exchange. Any other exchanged letter usually makes another word."""
