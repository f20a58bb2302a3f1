"""What names count."""

from relex_kg.graph.names import NameRecord, NameUse, Role, counted, difference, dump_uses, load_uses, uses_of
from relex_kg.ids import DocumentId, EntityId, MentionId, NameId
from relex_kg.types import Mention, Naming, Span

ACME = NameId("n1")


def use(role, surface, name=ACME):
    return NameUse(name, "Company", "", role, surface)


def test_a_mention_uses_a_name_in_full_as_a_short_form_or_as_a_reference():
    def mention(id, text, antecedent=None):
        return Mention(MentionId(id), DocumentId("d"), Span(0, len(text)), text, "Company", 0.9, antecedent)

    mentions = [mention("a", "Acme  Ltd"), mention("b", "AL"), mention("c", "it", MentionId("a"))]
    namings = {
        MentionId("a"): Naming(ACME, None, None, None),
        MentionId("b"): Naming(ACME, None, "within document: acronym", 0.95),
        MentionId("c"): Naming(ACME, None, None, None),
    }
    assert uses_of(mentions, namings) == {
        use(Role.FULL, "Acme Ltd"): 1,
        use(Role.SHORT, "AL"): 1,
        use(Role.REFERENCE, ""): 1,
    }


def test_counts_go_up_and_down_and_a_name_without_forms_is_gone():
    added = {use(Role.FULL, "Acme"): 2, use(Role.FULL, "ACME"): 1, use(Role.SHORT, "A"): 1, use(Role.REFERENCE, ""): 3}
    [record] = counted({}, added).values()
    assert record == NameRecord(ACME, "Company", None, {"ACME": 1, "Acme": 2}, {"A": 1}, 3, (), None)
    assert record.mentions == 7
    settled = NameRecord(ACME, "Company", None, record.full, record.short, 3, ("k",), EntityId("e"))
    [fewer] = counted({ACME: settled}, {use(Role.FULL, "ACME"): -1, use(Role.SHORT, "A"): -1}).values()
    assert fewer == NameRecord(ACME, "Company", None, {"Acme": 2}, {}, 3, ("k",), EntityId("e"))
    assert counted({ACME: settled}, difference(added, {})) == {}


def test_uses_are_written_and_read_back():
    uses = {use(Role.FULL, 'Société "X"\n'): 2, use(Role.SHORT, "👩‍👩‍👧"): -1}
    assert load_uses(dump_uses(uses)) == uses


def test_a_name_that_its_document_tells_from_others_says_which():
    mention = Mention(MentionId("a"), DocumentId("d"), Span(0, 6), "Monday", "Date", 0.9)
    uses = uses_of([mention], {mention.id: Naming(NameId("n2"), DocumentId("d"), None, None)})
    assert uses == {NameUse(NameId("n2"), "Date", "d", Role.FULL, "Monday"): 1}
    [record] = counted({}, uses).values()
    assert record.document == DocumentId("d")
    assert load_uses(dump_uses(uses)) == uses
