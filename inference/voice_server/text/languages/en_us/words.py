"""Abbreviations, letters, addresses and symbols in American English."""

from voice_server.text.abbreviations import Abbreviations
from voice_server.text.acronyms import Letters
from voice_server.text.languages.en_us.numbers import ROMAN
from voice_server.text.languages.tables import pairs, word_set, words
from voice_server.text.web import Web

ABBREVIATIONS = Abbreviations(
    anywhere=pairs("""
        mr       | mister
        mrs      | missus
        ms       | miz
        dr       | doctor
        prof     | professor
        jr       | junior
        sr       | senior
        rev      | reverend
        gov      | governor
        sen      | senator
        rep      | representative
        gen      | general
        col      | colonel
        capt     | captain
        lt       | lieutenant
        sgt      | sergeant
        ave      | avenue
        blvd     | boulevard
        dept     | department
        est      | established
        vs       | versus
        etc      | et cetera
        inc      | incorporated
        corp     | corporation
        ltd      | limited
        co       | company
        approx   | approximately
        apt      | apartment
        vol      | volume
        fig      | figure
    """),
    before_names=pairs("""
        st       | saint
        mt       | mount
        ft       | fort
        mr       | mister
        mrs      | missus
        dr       | doctor
    """),
    before_numbers=pairs("""
        no       | number
        p        | page
        pp       | pages
        ch       | chapter
        art      | article
        sec      | section
    """),
    phrases=pairs(
        """
        e.g.             | for example
        i.e.             | that is
        w/o              | without
        w/               | with
        a.k.a.           | also known as
        Ph.D.            | pee aitch dee
        """,
        between=";",
    ),
    words={},
    regions={},
    closing=word_set("Ph.D. etc inc corp ltd co jr sr ave blvd"),
    pointless=word_set("mr mrs dr"),
)

LETTERS = Letters(
    names=dict(
        zip(
            "abcdefghijklmnopqrstuvwxyz",
            words(
                "ay bee see dee ee eff gee aitch eye jay kay ell em en oh pee cue ar ess tee you vee "
                "double-you ex why zee"
            ),
            strict=True,
        )
    ),
    plural="s",
    alone="BCDFGHJKLMNPQRSTUVWXYZ",
    spelled=word_set(
        "USA UK EU UN FBI CIA IRS CEO CFO CTO IBM HP TV DVD CD USB GPS PDF API HTML URL SMS AI IT HR DNA "
        "RNA HIV UFO ATM ID IQ PC GPU CPU NBA NFL MLB BBC CNN ABC NBC CBS LA NYC DC VIP FAQ DIY EV SUV "
        "MBA GDP IPO IMF LGBT AM PM FM TTS"
    ),
    as_words=word_set("NASA NATO UNESCO UNICEF AIDS COVID FIFA OPEC RAM ROM LASER RADAR PIN SWAT NAFTA"),
    labels=ROMAN.parts | word_set("plan vitamin group block hepatitis grade option team room gate"),
    common=word_set(
        "a an and are as at be but by can did do for get go got had has he her him his how i if in is it "
        "its let me my new no not now of off oh ok old on one or our out own put ran say see set she sit "
        "so the to too top try two up us use war was way we who why win yes yet you am all any ask bad "
        "big boy car cat cut dad day dog eat end far few fun god guy hey hi hot job kid law lot low man "
        "may men mom mr ms nor odd pay red run sad sea six sky son sun tax tea ten via wow won"
    ),
    syllable="(?:[bcdfgkpst][rlhw]|s[ckmnptw]r?|qu|[bcdfghjklmnpqrstvwxyz])?[aeiouy]{1,2}(?:n[dgt]|ck|r[dkmnt]|st|[bcdfgklmnprstxz])?",
)

WEB = Web(
    marks={
        ".": "dot",
        "/": "slash",
        "-": "dash",
        "_": "underscore",
        "+": "plus",
        "~": "tilde",
        "%": "percent",
    },
    at="at",
    hashtag="hashtag",
    domains=word_set("com org net gov edu io tv app dev info biz us uk co br es online site blog store shop"),
)

SYMBOLS = {
    "&": "and",
    "@": "at",
    "%": "percent",
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
    "¥": "yen",
    "§": "section",
    "+": "plus",
    "=": "equals",
    "×": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≤": "less than or equal to",
    "≥": "greater than or equal to",
    "≠": "not equal to",
    "≈": "approximately",
    "∞": "infinity",
    "√": "root of",
    "°": "degrees",
}
