"""Numerals, their gender, fractions and Roman numerals in Brazilian Portuguese."""

from voice_server.text.fractions import Fractions
from voice_server.text.languages.tables import word_set, words
from voice_server.text.nouns import Nouns
from voice_server.text.numbers import Form, Numerals
from voice_server.text.quantities import Quantities
from voice_server.text.roman import Roman

_HUNDREDS = words("duzent trezent quatrocent quinhent seiscent setecent oitocent novecent")
_RANKS = words(
    "primeir segund terceir quart quint sext sétim oitav non décim vigésim trigésim quadragésim "
    "quinquagésim sexagésim septuagésim octogésim nonagésim centésim ducentésim tricentésim "
    "quadrigentésim quingentésim seiscentésim septigentésim octigentésim nongentésim milésim milionésim"
)

NUMERALS = Numerals(
    code="pt_BR",
    group=".",
    decimal=",",
    signs={"-": "menos", "+": "mais"},
    comma="vírgula",
    point="ponto",
    scales=(
        ("mil", "mil"),
        ("milhão", "milhões"),
        ("bilhão", "bilhões"),
        ("trilhão", "trilhões"),
        ("quatrilhão", "quatrilhões"),
        ("quintilhão", "quintilhões"),
    ),
    one_thousand="mil",
    joint_before_last=" e ",
    forms={
        Form.FEMININE: {"um": "uma", "dois": "duas"} | {f"{stem}os": f"{stem}as" for stem in _HUNDREDS},
    },
    ordinal_forms={Form.FEMININE: {f"{stem}o": f"{stem}a" for stem in _RANKS}},
    largest_ordinal=99_999,
    of_millions="de",
    singular_below_two=True,
    code_digits={"6": "meia"},
)

NOUNS = Nouns(
    joints=("a", "e", "ou", "até"),
    thousand="mil",
    singular_determiners=("à",),
    determiners=word_set(
        "as às das nas pelas essas estas aquelas nessas nestas naquelas dessas destas daquelas outras "
        "suas minhas nossas tuas umas algumas muitas poucas quantas todas duas últimas primeiras próximas "
        "mesmas"
    ),
    plural_endings=("as", "ções", "sões", "xões", "dades", "tades", "zades", "tudes", "gens"),
    plurals=word_set(
        "vezes mulheres mães noites tardes partes fontes mortes redes sedes chaves fases bases frases "
        "crises teses classes leis mãos colheres cruzes vozes luzes raízes atrizes flores cores dores "
        "árvores pontes torres naves greves paredes lentes mentes sementes enchentes febres ordens nuvens "
        "filiais matrizes diretrizes irmãs maçãs manhãs avós capitais catedrais artes estantes gestantes "
        "hélices multidões opiniões uniões reuniões rebeliões religiões regiões legiões tribos "
        "séries doses espécies fotos motos algemas gemas equipes gripes análises hipóteses próteses sínteses "
        "superfícies planícies catástrofes estrofes faces interfaces peles aves correntes serpentes patentes "
        "variantes vertentes frentes sortes posses preces grades"
    ),
    not_plurals=word_set(
        "dias mapas planetas cometas poetas profetas atletas colegas climas aromas sintomas dramas "
        "programas quilogramas miligramas gramas diagramas telegramas panoramas fantasmas plasmas traumas "
        "carismas prismas sofismas enigmas estigmas paradigmas dogmas pijamas corações caras guardas "
        "astronautas dentistas motoristas turistas jornalistas artistas cientistas especialistas "
        "economistas ciclistas alpinistas ativistas finalistas estilistas tenistas surfistas terroristas "
        "taxistas analistas eletricistas frentistas acionistas grevistas passistas pianistas guitarristas "
        "recepcionistas equilibristas mas apenas antes depois autarcas monarcas patriarcas papas "
        "camaradas vigias"
    ),
    masculine_endings=("emas", "omas", "oramas"),
    singular_endings=("a", "ção", "são", "xão", "dade", "tade", "zade", "tude", "gem"),
    singulars=word_set(
        "vez mulher mãe noite tarde parte fonte morte rede sede chave fase base frase crise tese classe "
        "lei mão colher cruz voz luz raiz atriz flor cor dor árvore ponte torre nave greve parede lente "
        "ordem nuvem filial matriz irmã maçã manhã avó opinião união reunião religião região opção legião "
        "tribo capital série dose espécie foto moto equipe gripe análise hipótese prótese síntese superfície "
        "planície catástrofe estrofe face interface pele ave corrente serpente patente variante vertente "
        "frente sorte posse prece grade delas dessas destas daquelas"
    ),
    not_singulars=word_set(
        "coração a à da na pela para pra contra era já dia mapa planeta cometa poeta profeta atleta colega clima "
        "aroma sintoma drama programa problema sistema tema esquema poema cinema lema dilema emblema "
        "teorema idioma diploma axioma quilograma miligrama grama diagrama telegrama panorama fantasma "
        "plasma trauma enigma estigma paradigma dogma pijama cara guarda astronauta dentista motorista "
        "turista jornalista artista cientista especialista economista ciclista ativista finalista tenista "
        "surfista terrorista taxista analista eletricista agora ainda cada fora nesta nessa desta dessa "
        "esta essa aquela ela dela nela uma tinha havia ia vinha seria teria fica custa vira passa "
        "continua estava ficava dava foi seja ora embora papa monarca camarada toda nada tanta"
    ),
    not_nouns=word_set(
        "arroba barra vírgula a à às ao aos as o os e é ou de do da dos das em no na nos nas por para pra "
        "com sem mas mais menos apenas antes depois atrás que se já nem até após entre contra sobre pelas "
        "pelos quais essas estas elas eles ambas mil mas das"
    ),
)

_MASCULINE = Form.MASCULINE, ""
_FEMININE = Form.FEMININE, ""

FRACTIONS = Fractions(
    half={Form.PLAIN: "meio", Form.MASCULINE: "meio", Form.FEMININE: "meia"},
    parts={
        2: ("meio", "meios"),
        3: ("terço", "terços"),
        4: ("quarto", "quartos"),
        5: ("quinto", "quintos"),
        6: ("sexto", "sextos"),
        7: ("sétimo", "sétimos"),
        8: ("oitavo", "oitavos"),
        9: ("nono", "nonos"),
        10: ("décimo", "décimos"),
        100: ("centésimo", "centésimos"),
        1000: ("milésimo", "milésimos"),
    },
    suffix=(" avos", " avos"),
    largest_part=99,
    and_="e",
    slash="barra",
    over="por",
    half_unit="{half} {unit}",
    part_unit="{share} de {unit}",
    mixed="{counted} e {share}",
    articled={},
)

QUANTITIES = Quantities(
    ordinals={
        "º": _MASCULINE,
        "o": _MASCULINE,
        "ª": _FEMININE,
        "a": _FEMININE,
        "ºs": (Form.MASCULINE, "s"),
        "os": (Form.MASCULINE, "s"),
        "ªs": (Form.FEMININE, "s"),
        "as": (Form.FEMININE, "s"),
    },
    degree_ordinals=(
        *words(
            "lugar turno andar dia de semestre trimestre bimestre ano colocado tempo grau ciclo batalhão "
            "distrito"
        ),
        *words(
            "tabelião sargento tenente juiz gol jogo mês século quartil round capítulo volume lote piso filho"
        ),
    ),
    to="a",
    by="por",
    against="a",
    sizes=("3x4", "4x4"),
    ratio="para",
    times="vezes",
    powers={"2": "ao quadrado", "3": "ao cubo"},
    power="elevado a",
    operators={
        "+": "mais",
        "=": "igual a",
        "*": "vezes",
        "÷": "dividido por",
        "±": "mais ou menos",
        "<": "menor que",
        ">": "maior que",
        "≤": "menor ou igual a",
        "≥": "maior ou igual a",
        "≠": "diferente de",
        "≈": "aproximadamente",
    },
)

_KINGS = words(
    "pedro joão paulo bento henrique luís luiz carlos afonso filipe felipe fernando napoleão nicolau "
    "ricardo jorge eduardo guilherme pio leão gregório clemente inocêncio ramsés sebastião sancho dinis "
    "manuel josé frederico alexandre césar leopoldo francisco juan harald gustavo cristiano bonifácio "
    "urbano sisto júlio tutmés"
)
_QUEENS = words(
    "elizabeth elisabeth isabel catarina maria vitória margarida joana mary ana cleópatra beatriz"
)

ROMAN = Roman(
    centuries={"século": Form.MASCULINE, "séculos": Form.MASCULINE, "milênio": Form.MASCULINE},
    rulers=dict.fromkeys(_KINGS, Form.MASCULINE) | dict.fromkeys(_QUEENS, Form.FEMININE),
    parts=word_set(
        "capítulo capítulos tomo volume volumes livro título anexo parte fase tipo ato cena artigo inciso "
        "nível grau classe grupo etapa módulo unidade seção figura tabela quadro lote bloco região "
        "estágio apêndice guerra"
    ),
    joints=("e", "a", "ao", "ou", "até"),
    largest_ordinal=10,
    of="de",
    before_nouns=True,
)
