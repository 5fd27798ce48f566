"""Abbreviations, letters, addresses and symbols in Spanish."""

from voice_server.text.abbreviations import Abbreviations
from voice_server.text.acronyms import Letters
from voice_server.text.languages.es.numbers import ROMAN
from voice_server.text.languages.tables import pairs, word_set, words
from voice_server.text.web import Web

ABBREVIATIONS = Abbreviations(
    anywhere=pairs("""
        sr       | señor
        sres     | señores
        sra      | señora
        sras     | señoras
        srta     | señorita
        dr       | doctor
        dra      | doctora
        prof     | profesor
        profa    | profesora
        ing      | ingeniero
        lic      | licenciado
        arq      | arquitecto
        av       | avenida
        avda     | avenida
        tel      | teléfono
        depto    | departamento
        dpto     | departamento
        cía      | compañía
        ltda     | limitada
        etc      | etcétera
        pág      | página
        págs     | páginas
        cap      | capítulo
        vol      | volumen
        núm      | número
        aprox    | aproximadamente
        máx      | máximo
        mín      | mínimo
        ud       | usted
        uds      | ustedes
        vd       | usted
        gral     | general
    """),
    before_names=pairs("""
        d        | don
        dña      | doña
        s        | san
        sta      | santa
        sto      | santo
        sr       | señor
        sra      | señora
        dr       | doctor
        dra      | doctora
    """),
    before_numbers=pairs("""
        p        | página
        pp       | páginas
        n        | número
        art      | artículo
        km       | kilómetro
    """),
    phrases=pairs(
        """
        p. ej.;p.ej.         | por ejemplo
        a. C.;a.C.           | antes de Cristo
        d. C.;d.C.           | después de Cristo
        EE. UU.;EE.UU.;EEUU  | Estados Unidos
        S. A.;S.A.           | ese a
        S. L.;S.L.           | ese ele
        n.º;N.º;nº;Nº;n°;N°  | número
        """,
        between=";",
    ),
    words={},
    regions={},
    closing=word_set("etc cía ltda uds ud S.A. S.L. a.C. d.C.") | {"S. A.", "S. L.", "a. C.", "d. C."},
    pointless=word_set("sr sra dr dra"),
)

LETTERS = Letters(
    names=dict(
        zip(
            "abcdefghijklmnñopqrstuvwxyz",
            words(
                "a be ce de e efe ge hache i jota ka ele eme ene eñe o pe cu erre ese te u uve uve-doble "
                "equis ye zeta"
            ),
            strict=True,
        )
    ),
    plural="s",
    alone="BCDFGHJKLMNPQRSTVWXZ",
    spelled=word_set("ADN DNI TV DVD CD USB GPS PDF API HTML URL SMS BBC CNN FBI CIA UE PP FMI IA TI PC"),
    as_words=word_set("ONU OTAN UNESCO UNICEF FIFA UEFA NASA SIDA COVID IVA PIB OPEP RAE RENFE AVE ONG PYME"),
    labels=ROMAN.parts | word_set("grupo bloque plan vitamina clase sala aula torre hepatitis opción"),
    common=word_set(
        "a al así aún bien con cual da dar de del día dos el él en era es eso esa ese fe fin fue ha hay "
        "he hoy ir ja la las le les ley lo los luz mal mar más me mi mil mis muy ni no nos o oh ojo ola "
        "olé os oye par paz pan por pues que qué rey río sal san se sé sea ser si sí sin sol son su sus "
        "tal tan te tu tú tus un una uno va van ve ver vez vi voy voz y ya yo"
    ),
    syllable="(?:[bcdfgptv][rl]|ch|ll|qu|gu|[bcdfghjklmnñpqrstvwxyz])?[aeiouy]{1,2}[lrsnzdx]?(?=$|[b-df-hj-np-tv-zñ])",
)

WEB = Web(
    marks={
        ".": "punto",
        "/": "barra",
        "-": "guion",
        "_": "guion bajo",
        "+": "más",
        "~": "tilde",
        "%": "por ciento",
    },
    at="arroba",
    hashtag="hashtag",
    domains=word_set("com org net gob gov edu io tv app dev info es mx ar cl co pe br online site blog"),
)

SYMBOLS = {
    "&": "y",
    "@": "arroba",
    "%": "por ciento",
    "$": "pesos",
    "€": "euros",
    "£": "libras",
    "¥": "yenes",
    "§": "sección",
    "+": "más",
    "=": "igual a",
    "×": "por",
    "÷": "dividido por",
    "±": "más o menos",
    "≤": "menor o igual a",
    "≥": "mayor o igual a",
    "≠": "distinto de",
    "≈": "aproximadamente",
    "∞": "infinito",
    "√": "raíz de",
    "°": "grados",
}
