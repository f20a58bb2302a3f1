"""Which names of two documents become one, through the real resolver."""

import pytest

SAME = [
    ("Person", "J. Smith", "John Smith", "initials"),
    ("Person", "J Smith", "John Smith", "initials"),
    ("Person", "John A. Smith", "John Smith", "middle name"),
    ("Person", "John A. Smith", "John Albert Smith", "middle name"),
    ("Person", "J. R. R. Tolkien", "J.R.R. Tolkien", "equal key"),
    ("Person", "J.R.R. Tolkien", "John Ronald Reuel Tolkien", "initials"),
    ("Person", "JK Rowling", "J. K. Rowling", "spacing"),
    ("Person", "Smith, John", "John Smith", "equal key"),
    ("Person", "Dr. John Smith", "John Smith, Ph.D.", "equal key"),
    ("Person", "Sir Elton John", "Elton John", "equal key"),
    ("Person", "President Barack Obama", "Barack Obama", "equal key"),
    ("Person", "Martin Luther King", "Martin Luther King, Jr.", "middle name"),
    ("Person", "C. de Gaulle", "Charles de Gaulle", "initials"),
    ("Person", "Vladmir Putin", "Vladimir Putin", "edit distance"),
    ("Person", "Wilfred Schneider", "Wilfried Schneider", "edit distance"),
    ("Person", "Lech Wałęsa", "Lech Walesa", "equal key"),
    ("Person", "ALBERT EINSTEIN", "Albert Einstein", "equal key"),
    ("Person", "Sinead O’Connor", "Sinéad O'Connor", "equal key"),
    ("Person", "Ф. Достоевский", "Фёдор Достоевский", "initials"),
    ("Person", "أحمد زويل", "احمد زويل", "equal key"),
    ("Person", "アンゲラ・メルケル", "アンゲラ メルケル", "equal key"),
    ("Person", "Bill Gates", "William Gates", "short given name"),
    ("Person", "Liz Cheney", "Elizabeth Lynne Cheney", "short given name"),
    ("Person", "Willi Schneider", 'Wilfried "Willi" Schneider', "short given name"),
    ("Person", "Minnie Driver", 'Amelia "Minnie" Driver', "nickname"),
    ("Person", "Ted Kennedy", "Edward Moore (“Ted”) Kennedy", "short given name"),
    ("Person", 'Dwayne "The Rock" Johnson', "Dwayne Johnson", "equal key"),
    ("Person", "Robert ('Bobby') Orr", "Robert Orr", "equal key"),
    ("Person", "Albert Einstein (1879–1955)", "Albert Einstein", "equal key"),
    ("Person", "John Smith (footballer)", "John Smith", "parenthesis"),
    ("PER", "J. Smith", "John Smith", "initials"),
    ("FictionalCharacter", "J. Smith", "John Smith", "initials"),
    ("Organization", "IBM", "International Business Machines", "acronym"),
    ("Organization", "I.B.M.", "International Business Machines Corp.", "acronym"),
    ("Organization", "MIT", "the Massachusetts Institute of Technology", "acronym"),
    ("Organization", "Acme Corp.", "Acme", "equal key"),
    ("Organization", "ACME, Inc", "Acme Ltd.", "equal key"),
    ("Organization", "Siemens AG", "Siemens", "equal key"),
    ("Organization", "Telecom Italia S.p.A.", "Telecom Italia", "equal key"),
    ("Organization", "Tiffany & Co.", "Tiffany", "equal key"),
    ("Organization", "The Beatles", "Beatles", "equal key"),
    ("Organization", "AT&T", "AT & T", "equal key"),
    ("Organization", "Wal-Mart", "Walmart", "spacing"),
    ("Organization", "J.P. Morgan", "JPMorgan", "spacing"),
    ("Organization", "Untied Nations", "United Nations", "edit distance"),
    ("Organization", "UN", "United Nations", "equal key"),
    ("Organization", "Microsft", "Microsoft", "edit distance"),
    ("Organization", "World Health Organisation", "World Health Organization", "edit distance"),
    ("Organization", "Univ. of Vienna", "University of Vienna", "equal key"),
    ("Organization", "U.S. Navy", "United States Navy", "equal key"),
    ("Organization", "World Health Organization (WHO)", "World Health Organization", "equal key"),
    ("Organization", "WHO (World Health Organization)", "World Health Organization", "equal key"),
    ("Organization", "World Health Organization (WHO", "WHO", "acronym"),
    ("Organization", "Samsung Group", "Samsung", "organisation tail"),
    ("Organization", "Labour Party", "Labour", "organisation tail"),
    ("Organization", "Star Alliance", "Star", "organisation tail"),
    ("Organization", "Manchester United Football Club", "Manchester United F.C.", "organisation tail"),
    ("Organization", "FC Bayern Munich", "Bayern Munich", "organisation tail"),
    ("Team", "Arsenal FC", "FC Arsenal", "organisation tail"),
    ("Location", "Paris (Texas)", "Paris", "parenthesis"),
    ("Organization", "Department of Justice", "the Justice Department", "equal key"),
    ("Organization", "U.S. Department of the Treasury", "United States Treasury Department", "equal key"),
    ("Organization", "Parliament of India", "Indian Parliament", "equal key"),
    ("Organization", "Parliament of the United Kingdom", "UK parliament", "equal key"),
    ("Organization", "Labour Party of Ireland", "Irish Labour Party", "equal key"),
    ("Organization", "U.S. Immigration and Customs Enforcement", "ICE", "acronym"),
    ("Organization", "U.S. Citizenship and Immigration Services", "USCIS", "acronym"),
    ("Organization", "США", "Соединённые Штаты Америки", "acronym"),
    ("Location", "USA", "the United States of America", "equal key"),
    ("Location", "St. Petersburg", "Saint Petersburg", "equal key"),
    ("Location", "American", "America", "equal key"),
    ("Location", "American", "the U.S.", "equal key"),
    ("Location", "Americans", "United States of America", "equal key"),
    ("Place", "Brazilian", "Brazil", "equal key"),
    ("GPE", "the Dutch", "Holland", "equal key"),
    ("Country", "Burma", "Myanmar", "equal key"),
    ("Location", "Islamic Republic of Iran", "Iranians", "equal key"),
    ("Location", "Côte d’Ivoire", "IVORY COAST", "equal key"),
    ("Location", "Łódź", "Lodz", "equal key"),
    ("Location", "Germany’s", "Germany", "equal key"),
    ("Location", "ｔｏｋｙｏ", "Tokyo", "equal key"),
    ("Location", "Ἀθῆναι", "Αθηναι", "equal key"),
    ("Product", "F-16", "F16", "spacing"),
    ("Product", "Acme™ Rocket", "Acme Rocket", "equal key"),
    ("Date", "May 5, 2020", "May 5 2020", "equal key"),
]

OTHER = [
    ("Report", "SR-2023-052", "SR-2023-053"),
    ("Mission", "Apollo 11", "Apollo 12"),
    ("Product", "Boeing 737", "Boeing 747"),
    ("Product", "C++", "C#"),
    ("Product", "C++", "C"),
    ("Product", "A 380", "380"),
    ("Person", "Henry VIII", "Henry VII"),
    ("Person", "Henry VIII", "Henry"),
    ("Person", "Elizabeth I", "Elizabeth II"),
    ("Person", "John Smith", "Jane Smith"),
    ("Person", "J. Smith", "Mary Smith"),
    ("Person", "John A. Smith", "John B. Smith"),
    ("Person", "J. A. Smith", "J. B. Smith"),
    ("Person", "Smith", "John Smith"),
    ("Person", "Bill Gates", "Robert Gates"),
    ("Person", "Bill Gates", "Bob Gates"),
    ("Person", "Will Smith", "Bill Smith"),
    ("Person", 'Joe "Red" Smith', 'William "Red" Smith'),
    ("Person", "John Smith (footballer)", "John Smith (politician)"),
    ("Person", "Jack Smith", "John Smith"),
    ("Location", "Paris (Texas)", "Paris (France)"),
    ("Product", "Apollo (11)", "Apollo"),
    ("Organization", "National Party", "National"),
    ("Organization", "National Alliance", "National Party"),
    ("Organization", "Arsenal Party", "Arsenal Club"),
    ("Product", "Samsung Group", "Samsung"),
    ("Organization", "Council of Europe", "European Council"),
    ("Organization", "University of Washington", "Washington University"),
    ("Organization", "American Airlines", "United States Airlines"),
    ("Organization", "Bank of India", "Indian Bank"),
    ("Person", "John", "John Smith"),
    ("Person", "John Smith Jr.", "John Smith Sr."),
    ("Person", "George V", "George I"),
    ("Person", "Mr. Smith", "Mrs. Smith"),
    ("Person", "King Charles", "Prince Charles"),
    ("Person", "Martin Smith", "Marvin Smith"),
    ("Person", "Anderson", "Andersen"),
    ("Person", "John Anderson", "John Andersen"),
    ("Person", "Emma Johnson", "Emma Johnston"),
    ("Person", "An Na", "Anna"),
    ("Person", "Christian Berg", "Christina Berg"),
    ("Person", "王伟", "王伟明"),
    ("Person", "김민준", "김민수"),
    ("Organization", "Washington", "Washington Post"),
    ("Location", "New York", "New York City"),
    ("Entity", "New York", "New York Times"),
    ("Entity", "New York City", "New York Times"),
    ("Location", "North Korea", "South Korea"),
    ("Location", "Eastern Europe", "Western Europe"),
    ("Location", "Northern Ireland", "Ireland"),
    ("Organization", "University of Vienna", "University of Berlin"),
    ("Organization", "Bank of America", "Bank of Canada"),
    ("Organization", "Bank of Austria", "Bank of Australia"),
    ("Organization", "AB", "Associated British"),
    ("Location", "Austria", "Australia"),
    ("Location", "Iran", "Iraq"),
    ("Location", "Niger", "Nigeria"),
    ("Location", "Slovakia", "Slovenia"),
    ("Location", "Georgia", "George"),
    ("Location", "Gambia", "Zambia"),
    ("Location", "Colombia", "Columbia"),
    ("Location", "Iceland", "Ireland"),
    ("Location", "Charleston", "Charlestown"),
    ("Location", "Americans", "Americas"),
    ("Location", "Korean", "South Korean"),
    ("Location", "Ireland", "Northern Irish"),
    ("Location", "Indian", "American Indian"),
    ("Location", "us", "American"),
    ("Location", "Nigerien", "Nigerian"),
    ("Person", "American", "America"),
    ("Product", "American", "United States"),
    ("Chemical", "sodium sulfate", "sodium sulfite"),
    ("Event", "World War I", "World War II"),
    ("Event", "WWI", "World War II"),
    ("Event", "Super Bowl XXXVII", "Super Bowl XXXVIII"),
    ("Date", "June 2020", "July 2020"),
    ("Date", "September 2020", "Septembre 2020"),
    ("Date", "1999", "1998"),
    ("Number", "seventeen", "seventy"),
    ("Number", "1.5", "15"),
    ("Number", "-5", "5"),
    ("Number", "1,000", "1 000"),
    ("Money", "$5 million", "€5 million"),
    ("Location", "東京", "京都"),
    ("Location", "がく", "かく"),
    ("Symbol", "***", "???"),
]


@pytest.mark.parametrize(("type", "one", "other", "rule"), SAME)
def test_one(resolve, type, one, other, rule):
    resolution = resolve([[(type, one)], [(type, other)]])
    left, right = sorted((one, other))
    assert [(merge.left, merge.right, merge.rule) for merge in resolution.merges] == [(left, right, rule)]
    assert len(resolution.clusters) == 1


@pytest.mark.parametrize(("type", "one", "other"), OTHER)
def test_two(resolve, type, one, other):
    resolution = resolve([[(type, one)], [(type, other)]])
    assert (len(resolution.clusters), resolution.merges) == (2, ())


def test_a_name_that_fits_two_others_joins_neither(apart):
    assert apart("Person", "J. Smith", "John Smith", "Jane Smith") == [["J. Smith"], ["Jane Smith"], ["John Smith"]]
    assert apart("Person", "George Bush", "George W. Bush", "George H. W. Bush") == [
        ["George Bush"],
        ["George H. W. Bush"],
        ["George W. Bush"],
    ]
    assert apart("Person", "Smith", "Mr. Smith", "Mrs. Smith") == [["Mr. Smith"], ["Mrs. Smith"], ["Smith"]]
    assert apart("Organization", "ABC", "American Broadcasting Company", "Australian Broadcasting Corporation") == [
        ["ABC"],
        ["American Broadcasting Company"],
        ["Australian Broadcasting Corporation"],
    ]


def test_a_name_without_what_tells_two_others_apart_joins_neither(apart):
    assert apart("Person", "John Smith", "John Smith (footballer)", "John Smith (politician)") == [
        ["John Smith"],
        ["John Smith (footballer)"],
        ["John Smith (politician)"],
    ]
    assert apart("Organization", "Arsenal", "Arsenal Club", "Arsenal Party") == [
        ["Arsenal"],
        ["Arsenal Club"],
        ["Arsenal Party"],
    ]
    assert apart("Person", "Ed Smith", "Edwin Smith", "Edmund Smith") == [
        ["Ed Smith"],
        ["Edmund Smith"],
        ["Edwin Smith"],
    ]


def test_a_name_that_fits_one_person_written_in_several_ways_joins_it(apart):
    assert apart("Person", "J. Smith", "John Smith", "John A. Smith", "Dr. Smith, John") == [
        ["John A. Smith", "Dr. Smith, John", "J. Smith", "John Smith"]
    ]
