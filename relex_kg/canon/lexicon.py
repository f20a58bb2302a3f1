"""The words that the rules know, as data. Change one and :data:`RULES_VERSION` must change with it.

All words are comparison forms (see :func:`relex_kg.canon.normalise.fold`): lower case, no diacritics, no punctuation.
"""

from collections.abc import Mapping

RULES_VERSION = 1


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
